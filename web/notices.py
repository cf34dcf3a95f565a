"""What a buyer was written, how they want to be written to, and letting go of pieces they waited for."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import NowDep, SessionDep
from api.domain.errors import InvalidRequest
from api.domain.notice import NoticeChannel
from api.domain.preorder import Preorder
from api.notices.doors import offered
from api.security import waiting_of_token
from api.services import notice_preferences, notices, preorders, waiting
from api.settings import settings
from web.pages import render

router = APIRouter()


@router.get("/o/{token}/notices")
def notices_page(
    request: Request,
    token: str,
    session: SessionDep,
    key: str = "",
    saved: bool = False,  # noqa: FBT001, FBT002 - a query flag
) -> Response:
    """What was told about one pre-order; who comes by a letter may choose the channels."""
    preorder = preorders.get_by_token(session, token)
    chosen = notice_preferences.of(session, preorder.email)
    typed = {
        "channels": list(map(NoticeChannel, chosen.channels)) if chosen else [NoticeChannel.EMAIL],
        "phone": chosen.phone if chosen else "",
    }
    return _page(request, session, preorder, token, key, typed, saved=saved)


@router.post("/o/{token}/notices")
def choose(
    request: Request,
    token: str,
    session: SessionDep,
    at: NowDep,
    key: Annotated[str, Form()],
    channels: Annotated[list[NoticeChannel], Form(default_factory=list)],
    phone: Annotated[str, Form()] = "",
) -> Response:
    """Keep the choice for every pre-order of the address."""
    preorder = preorders.get_by_token(session, token)
    try:
        notice_preferences.choose(session, preorder, key=key, channels=channels, phone=phone, at=at)
    except InvalidRequest as error:
        wrong = {one["field"] for one in error.problems}
        typed = {"channels": channels, "phone": phone}
        return _page(request, session, preorder, token, key, typed, wrong=wrong, status_code=422)
    return RedirectResponse(f"/o/{token}/notices?key={key}&saved=1", 303)


@router.get("/waiting/{token}")
def waiting_page(request: Request, token: str) -> Response:
    """One button, so that a program that looks at every link lets nothing go."""
    waiting_of_token(settings().secret, token)
    return render(request, "shop/waiting.html", form_action=f"/waiting/{token}", left=False)


@router.post("/waiting/{token}")
def leave(request: Request, token: str, session: SessionDep, at: NowDep) -> Response:
    """The pieces go to the next who waits."""
    waiting.leave(session, waiting_of_token(settings().secret, token), at=at)
    return render(request, "shop/waiting.html", form_action=f"/waiting/{token}", left=True)


def _page(
    request: Request,
    session: SessionDep,
    preorder: Preorder,
    token: str,
    key: str,
    typed: dict[str, Any],
    *,
    wrong: frozenset[str] | set[str] = frozenset(),
    saved: bool = False,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "shop/notices.html",
        status_code=status_code,
        number=preorder.number,
        preorder_href=f"/o/{token}",
        form_action=f"/o/{token}/notices",
        key=key if notice_preferences.reads_its_mail(preorder, key) else "",
        offered=[channel.value for channel in offered()],
        channels=[channel.value for channel in typed["channels"]],
        phone=typed["phone"],
        wrong=wrong,
        saved=saved,
        notices=[
            {
                "subject": told.notice.subject,
                "text": told.notice.text.partition("\n\n")[2].rpartition("\n\n")[0],
                "language": told.notice.language,
                "written_at": told.notice.written_at,
                "states": [(channel.value, state) for channel, state in told.states.items()],
            }
            for told in notices.told(session, preorder)
        ],
    )
