"""The two languages of the pages: words from the catalogue beside what `api.spoken` says in each."""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from api.spoken import LOCALES, Spoken

LANGUAGES = tuple(LOCALES)
COOKIE = "lang"

_CATALOGUES = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Language(Spoken):
    """One language of the pages: what it says amounts and days like, and its words."""

    words: gettext.NullTranslations


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
