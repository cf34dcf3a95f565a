"""The frame of every factory page: who looks, and the form that came."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from api.deps import SIGN_IN_COOKIE, MemberDep, NowDep, SessionDep
from api.domain.errors import InvalidRequest, NotSignedIn, Refusal
from api.domain.member import Member, Right
from api.domain.picture import LARGEST_BYTES
from api.services import order_book, photos
from web.console.desk import refusal_status
from web.pages import render
from web.reader import Reader, ReaderDep

LARGEST_FORM = photos.MOST_AT_ONCE * LARGEST_BYTES + 1024**2
"""Bytes of a report with as many photographs as may come with it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One factory member's request."""

    request: Request
    session: Session
    member: Member
    at: datetime
    reader: Reader

    def show(self, template: str, *, refused: Refusal | None = None, **values: Any) -> Response:
        factory = order_book.factory_of(self.session, self.member)
        viewer = {"name": self.member.name, "factory": factory.name}
        return render(self.request, template, status_code=refusal_status(refused), viewer=viewer, **values)


def at_the_bench(
    request: Request, session: SessionDep, member: MemberDep, at: NowDep, reader: ReaderDep
) -> Bench:
    """The bench of a signed-in member of a factory; raises RoleMissing for everyone else."""
    member.must_have(Right.REPORT_PROGRESS)
    return Bench(request, session, member, at, reader)


BenchDep = Annotated[Bench, Depends(at_the_bench)]


async def sent_form(request: Request) -> AsyncIterator[FormData]:
    """The fields of a form whose names are not known beforehand; how much will come must be said first.

    A route asks for it before anything of the database: a slow phone holds no connection.
    """
    if SIGN_IN_COOKIE not in request.cookies:
        raise NotSignedIn
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(HTTPStatus.LENGTH_REQUIRED)
    if int(length) > LARGEST_FORM:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    async with request.form(max_files=photos.MOST_AT_ONCE, max_fields=200) as form:
        yield form


FormDep = Annotated[FormData, Depends(sent_form)]


def typed_in(form: FormData) -> dict[str, str]:
    """What was typed, by field, so that a refused form is shown again as it was sent."""
    return {name: value.strip() for name, value in form.items() if not isinstance(value, UploadFile)}


def files_of(form: FormData, field: str) -> list[bytes]:
    """The files chosen for a field; a field without a choice arrives as one empty, nameless file."""
    chosen = [one for one in form.getlist(field) if isinstance(one, UploadFile) and one.filename]
    return [one.file.read(LARGEST_BYTES + 1) for one in chosen]


def pieces_of(typed: dict[str, str], name: str) -> dict[str, int]:
    """The numbers in the fields `<name>.<SKU>`, by SKU; raises InvalidRequest naming each that is none."""
    found = {field: text for field, text in typed.items() if field.startswith(f"{name}.")}
    wrong = [
        {"field": field, "value": text, "detail": "is not a whole number"}
        for field, text in found.items()
        if not (text.isascii() and text.isdigit() and len(text) <= 7)  # noqa: PLR2004 - millions of pieces are none
    ]
    if wrong:
        raise InvalidRequest(wrong)
    return {field.removeprefix(f"{name}."): int(text) for field, text in found.items()}
