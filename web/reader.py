"""Who reads a page: their language, and what a team or a colour is called in it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.domain.catalogue import Fabric, Item, Style
from web import i18n


@dataclass(frozen=True, slots=True)
class Reader:
    """The language a request is answered in."""

    spoken: i18n.Language

    def gettext(self, english: str, **facts: object) -> str:
        """A sentence from the catalogue with its facts filled in."""
        said = self.spoken.words.gettext(english)
        return said % facts if facts else said

    def ngettext(self, one: str, many: str, count: int, **facts: object) -> str:
        """A sentence on a counted thing; `count` is among its facts as the language writes numbers."""
        said = self.spoken.words.ngettext(one, many, count)
        return said % ({"count": self.spoken.number(count)} | facts)

    def title(self, style: Style) -> str:
        return style.name_zh if self.spoken.code == "zh" else style.name_en

    def about(self, style: Style) -> str:
        return style.about_zh if self.spoken.code == "zh" else style.about_en

    def cloth(self, fabric: Fabric) -> str:
        return fabric.name_zh if self.spoken.code == "zh" else fabric.name_en

    def colour(self, item: Item) -> str:
        return item.colour_zh if self.spoken.code == "zh" else item.colour


def reader_of(request: Request) -> Reader:
    """The reader as address, cookie and browser describe them, in this order."""
    accepted = request.headers.get("accept-language", "")
    return Reader(i18n.language(i18n.choose(request.query_params, request.cookies, accepted)))


ReaderDep = Annotated[Reader, Depends(reader_of)]
