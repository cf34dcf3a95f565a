"""Amounts, days and moments as each language says them, on pages and in messages alike."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_interval, get_timezone_name
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
PLATFORM_ZONE = "Asia/Shanghai"

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one language says amounts, days and moments.

    Money is whole minor units with an ISO 4217 code; moments are aware; a range includes its last day.
    """

    code: str

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
