"""The two languages of the pages: words from the catalogue, and amounts, dates and numbers said in each."""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_interval, get_timezone_name
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
LANGUAGES = tuple(LOCALES)
COOKIE = "lang"
PLATFORM_ZONE = "Asia/Shanghai"

_MINUS = "\N{MINUS SIGN}"
_CATALOGUES = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says words, amounts, days and moments.

    Money is whole minor units with an ISO 4217 code; moments are aware; a range includes its last day.
    """

    code: str
    words: gettext.NullTranslations

    @property
    def locale(self) -> str:
        return LOCALES[self.code]

    def money(self, minor: int, currency: str) -> str:
        """``16000, "CNY"`` is "¥160.00" in both languages; a debt has a minus sign before it."""
        digits = get_currency_precision(currency)
        symbol = get_currency_symbol(currency, "zh_Hans_CN" if currency == "CNY" else self.locale)
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        amount = format_decimal(Decimal(abs(minor)).scaleb(-digits), pattern, locale=self.locale)
        return f"{_MINUS if minor < 0 else ''}{symbol}{amount}"

    def number(self, value: float) -> str:
        """Grouped by thousands, at most one digit after the point."""
        return format_decimal(value, "#,##0.#", locale=self.locale)

    def day(self, value: date) -> str:
        pattern = "y年M月d日" if self.code == "zh" else "d MMM y"
        return format_date(value, pattern, locale=self.locale)

    def short_day(self, value: date) -> str:
        """Without the year, where the year is clear: "3 Mar", "3月3日"."""
        return format_date(value, "M月d日" if self.code == "zh" else "d MMM", locale=self.locale)

    def days(self, first: date, last: date) -> str:
        """Both days included, "2027年3月3日至9日"; one day alone is said once."""
        return self.day(first) if first == last else format_interval(first, last, "yMMMd", locale=self.locale)

    def moment(self, value: datetime, zone: str = PLATFORM_ZONE) -> str:
        pattern = "y年M月d日 HH:mm" if self.code == "zh" else "d MMM y, HH:mm"
        return format_datetime(value, pattern, tzinfo=ZoneInfo(zone), locale=self.locale)

    def zone(self, zone: str = PLATFORM_ZONE) -> str:
        """The name people give a time zone: "China Time", "中国时间"."""
        return get_timezone_name(ZoneInfo(zone), locale=self.locale)


@cache
def language(code: str) -> Language:
    """One of `LANGUAGES`; English is the language the templates are written in and needs no catalogue."""
    if code == "en":
        return Language(code, gettext.NullTranslations())
    binary = io.BytesIO()
    write_mo(binary, catalogue(code))
    binary.seek(0)
    return Language(code, gettext.GNUTranslations(binary))


def catalogue(code: str) -> Catalog:
    """The translated messages as they stand in the repository."""
    with (_CATALOGUES / code / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def choose(query: Mapping[str, str], cookies: Mapping[str, str], accept: str, *, default: str = "en") -> str:
    """The reader's language: what is asked for now, else was asked before, else the browser's wish."""
    for asked in (query.get("lang"), cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return _accepted(accept) or default


def _accepted(header: str) -> str | None:
    """The first of our languages in order of an Accept-Language header's weights."""
    weighted: list[tuple[float, str]] = []
    for entry in header.split(","):
        tag, _, weight = entry.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), Locale.parse(tag.strip(), sep="-").language))
        except (ValueError, UnknownLocaleError):
            continue  # browsers may send anything here; what cannot be read expresses no wish
    return next(
        (code for weight, code in sorted(weighted, key=lambda pair: pair[0]) if code in LANGUAGES), None
    )
