"""What a request is given: a session, the moment, and who is asking."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Cookie, Depends
from sqlmodel import Session

from api.db import transaction
from api.domain.member import Member
from api.services import members

SIGN_IN_COOKIE = "counterflow_sign_in"


def open_transaction() -> Iterator[Session]:
    with transaction() as session:
        yield session


# scope="function" commits before the answer leaves; with the default the client reads 201 and the commit may
# still fail.
SessionDep = Annotated[Session, Depends(open_transaction, scope="function")]


async def moment() -> datetime:
    """When this request is; everything below is told it."""
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(moment)]


def signed_in(
    session: SessionDep, at: NowDep, counterflow_sign_in: Annotated[str | None, Cookie()] = None
) -> Member:
    """The member of the sign-in cookie; raises NotSignedIn."""
    return members.of_key(session, counterflow_sign_in, at=at)


MemberDep = Annotated[Member, Depends(signed_in)]
