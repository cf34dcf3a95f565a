from typing import Annotated

from fastapi import APIRouter, Cookie, Response
from pydantic import BaseModel, Field

from api.deps import SIGN_IN_COOKIE, NowDep, SessionDep
from api.services import members

router = APIRouter(prefix="/sessions", tags=["sign-in"])


class Credentials(BaseModel):
    """Who one is."""

    email: str = Field(max_length=200)
    password: str = Field(max_length=200)


@router.post("", status_code=204)
def sign_in(credentials: Credentials, response: Response, session: SessionDep, at: NowDep) -> None:
    """Open a session; its key is in the cookie."""
    key = members.sign_in(session, email=credentials.email, password=credentials.password, at=at)
    keep_cookie(response, key)


@router.delete("", status_code=204)
def sign_out(
    response: Response, session: SessionDep, counterflow_sign_in: Annotated[str, Cookie()] = ""
) -> None:
    """End the session everywhere its key is."""
    members.sign_out(session, counterflow_sign_in)
    response.delete_cookie(SIGN_IN_COOKIE)


def keep_cookie(response: Response, key: str) -> None:
    """Hand the key to the browser, out of reach of scripts and of other sites' forms."""
    seconds = int(members.SIGN_IN_LASTS.total_seconds())
    response.set_cookie(SIGN_IN_COOKIE, key, max_age=seconds, httponly=True, samesite="lax")
