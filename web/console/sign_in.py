"""The door of console and factory pages."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import SIGN_IN_COOKIE, NowDep, SessionDep
from api.domain.errors import InvalidRequest
from api.domain.member import Role
from api.routes.sessions import keep_cookie
from api.services import members
from web.pages import render

router = APIRouter()


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "") -> Response:  # noqa: A002 - the word in the address
    """E-mail and password."""
    return _door(request, email="", wanted=next, refused=False)


@router.post("/sign-in")
def sign_in(
    request: Request,
    session: SessionDep,
    at: NowDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the word in the form
) -> Response:
    """Open a session and go on to where the member was heading."""
    try:
        key = members.sign_in(session, email=email, password=password, at=at)
    except InvalidRequest:
        return _door(request, email=email, wanted=next, refused=True)
    session.flush()
    member = members.of_key(session, key, at=at)
    home = "/factory" if member.role == Role.FACTORY else "/console"
    answer = RedirectResponse(next if _is_of_this_site(next) else home, 303)
    keep_cookie(answer, key)
    return answer


@router.post("/sign-out")
def sign_out(session: SessionDep, counterflow_sign_in: Annotated[str, Cookie()] = "") -> Response:
    """End the session everywhere its key is."""
    members.sign_out(session, counterflow_sign_in)
    answer = RedirectResponse("/console/sign-in", 303)
    answer.delete_cookie(SIGN_IN_COOKIE)
    return answer


def _door(request: Request, *, email: str, wanted: str, refused: bool) -> Response:
    return render(
        request,
        "console/sign_in.html",
        status_code=422 if refused else 200,
        form={"email": email, "next": wanted},
        refused=refused,
        demo=[],
    )


def _is_of_this_site(path: str) -> bool:
    """Whether a browser takes it for a path here: behind two slashes, of either kind, stands a host."""
    return path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable()
