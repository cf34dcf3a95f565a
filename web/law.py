"""What a buyer does with a pre-order alone: change it, answer a delay, step back, withdraw without a link."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session

from api.deps import NowDep, SessionDep
from api.domain.campaign import Campaign
from api.domain.errors import AmountChanged, InvalidRequest, NoRightToStepBack, Refusal, Unknown
from api.domain.policy import DelayChoice
from api.domain.preorder import Preorder
from api.domain.preorder_change import PreorderChange
from api.services import campaigns, delays, preorders, self_service, withdrawal
from api.services.delays import SHORTEST_PERIOD
from web.pages import render
from web.reader import Reader, ReaderDep

router = APIRouter()


def may(session: Session, preorder: Preorder, *, at: datetime) -> dict[str, Any]:
    """What `shop/preorder.html` offers its owner to do: addresses of pages, or None."""
    choices = self_service.choices(session, preorder, at=at)
    href = f"/o/{preorders.token(preorder)}"
    return {
        "change_href": f"{href}/change" if choices.change_until else None,
        "change_until": choices.change_until,
        "cancel_href": f"{href}/cancel" if choices.cancel.ground else None,
        "delay_href": f"{href}/delay" if choices.delay else None,
        "delay": choices.delay,
        "promises": choices.promises if len(choices.promises) > 1 else [],
    }


@router.get("/o/{token}/change")
def change_page(request: Request, reader: ReaderDep, token: str, session: SessionDep, at: NowDep) -> Response:
    """Another size, colour or address, until the cut-off."""
    return _change_page(request, reader, session, preorders.get_by_token(session, token), at, {})


@router.post("/o/{token}/change")
def change(
    request: Request,
    reader: ReaderDep,
    token: str,
    session: SessionDep,
    at: NowDep,
    from_sku: Annotated[list[str], Form()],
    to_sku: Annotated[list[str], Form()],
    address: Annotated[str, Form()] = "",
) -> Response:
    """Take what differs from what is there; back to the pre-order."""
    preorder = preorders.get_by_token(session, token)
    swaps = [{"from_sku": a, "to_sku": b} for a, b in zip(from_sku, to_sku, strict=False) if a != b]
    moved = address.strip() != preorder.address
    try:
        wanted = PreorderChange.model_validate({"lines": swaps, "address": address if moved else None})
        if swaps or moved:
            self_service.change(session, preorder, wanted, at=at)
    except ValidationError:
        return _change_page(request, reader, session, preorder, at, {"address": address}, status_code=422)
    except InvalidRequest:
        return _change_page(request, reader, session, preorder, at, {"lines": ""}, status_code=422)
    return RedirectResponse(f"/o/{token}", 303)


def _change_page(
    request: Request,
    reader: Reader,
    session: Session,
    preorder: Preorder,
    at: datetime,
    wrong: dict[str, str],
    status_code: int = 200,
) -> Response:
    campaign = session.get_one(Campaign, preorder.campaign_id)
    offer = campaigns.offer(session, campaign.slug)
    return render(
        request,
        "shop/change.html",
        status_code=status_code,
        number=preorder.number,
        back_href=f"/o/{preorders.token(preorder)}",
        until=self_service.choices(session, preorder, at=at).change_until,
        time_zone=campaign.time_zone,
        lines=preorders.lines_of(session, preorder.id),
        skus=[
            (sku.code, f"{reader.colour(item)} · {sku.size}")
            for item in offer.items
            for sku in offer.skus_of(item)
        ],
        region=preorder.region.value,
        address=wrong.get("address", preorder.address),
        wrong=wrong,
    )


@router.get("/o/{token}/cancel")
def cancel_page(request: Request, token: str, session: SessionDep, at: NowDep) -> Response:
    """What goes back, before anything is confirmed."""
    return _cancel_page(request, session, preorders.get_by_token(session, token), at)


@router.post("/o/{token}/cancel")
def cancel(
    request: Request, token: str, session: SessionDep, at: NowDep, back_minor: Annotated[int, Form()]
) -> Response:
    """Step back for the amount that was shown."""
    preorder = preorders.get_by_token(session, token)
    try:
        withdrawal.step_back(session, preorder, shown_minor=back_minor, at=at)
    except (AmountChanged, NoRightToStepBack) as refusal:
        return _cancel_page(request, session, preorder, at, refusal)
    return RedirectResponse(f"/o/{token}", 303)


def _cancel_page(
    request: Request, session: Session, preorder: Preorder, at: datetime, refusal: Refusal | None = None
) -> Response:
    return render(
        request,
        "shop/cancel.html",
        status_code=409 if refusal else 200,
        right=withdrawal.weigh(session, preorder, at=at),
        back_href=f"/o/{preorders.token(preorder)}",
        changed=isinstance(refusal, AmountChanged),
    )


@router.get("/o/{token}/delay")
def delay_page(request: Request, token: str, session: SessionDep, at: NowDep) -> Response:
    """A delay, and what its buyer may do about it."""
    return _delay_page(request, session, preorders.get_by_token(session, token), at)


@router.post("/o/{token}/delay")
def answer_delay(
    request: Request,
    token: str,
    session: SessionDep,
    at: NowDep,
    answer: Annotated[DelayChoice, Form()],
    until: Annotated[str, Form()] = "",
) -> Response:
    """Wait, leave, or set a last day."""
    preorder = preorders.get_by_token(session, token)
    try:
        delays.answer(session, preorder, answer, until=_day(until), at=at)
    except InvalidRequest:
        return _delay_page(request, session, preorder, at, wrong=True)
    return RedirectResponse(f"/o/{token}", 303)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _delay_page(
    request: Request, session: Session, preorder: Preorder, at: datetime, *, wrong: bool = False
) -> Response:
    delay = delays.standing(session, preorder)
    if delay is None:
        raise Unknown("delay", preorder.number)
    return render(
        request,
        "shop/delay.html",
        status_code=422 if wrong else 200,
        number=preorder.number,
        delay=delay,
        right=withdrawal.weigh(session, preorder, at=at),
        back_href=f"/o/{preorders.token(preorder)}",
        form_action=f"/o/{preorders.token(preorder)}/delay",
        time_zone=session.get_one(Campaign, preorder.campaign_id).time_zone,
        earliest_on=(at + SHORTEST_PERIOD).date(),
        wrong=wrong,
    )


@router.get("/withdraw")
def withdraw_page(request: Request) -> Response:
    """The withdrawal function: no account, no link needed."""
    return _withdraw_page(request, "ask")


@router.post("/withdraw")
def look(
    request: Request,
    session: SessionDep,
    at: NowDep,
    number: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
) -> Response:
    """The first step: what goes back, or why the law gives no right now."""
    try:
        right = withdrawal.by_law(session, number, email, at=at)
    except (Unknown, NoRightToStepBack) as refusal:
        return _withdraw_page(request, "ask", number, email, refusal=refusal)
    return _withdraw_page(request, "confirm", number, email, right=right)


@router.post("/withdraw/confirm")
def withdraw(
    request: Request,
    session: SessionDep,
    at: NowDep,
    number: Annotated[str, Form()],
    email: Annotated[str, Form()],
    back_minor: Annotated[int, Form()],
) -> Response:
    """The second step; the receipt goes out by e-mail as well."""
    try:
        right = withdrawal.withdraw(session, number, email, shown_minor=back_minor, at=at)
    except (Unknown, NoRightToStepBack, AmountChanged) as refusal:
        return _withdraw_page(request, "ask", number, email, refusal=refusal)
    return _withdraw_page(request, "done", number, email, right=right, at=at)


def _withdraw_page(
    request: Request,
    step: str,
    number: str = "",
    email: str = "",
    *,
    right: withdrawal.StepBack | None = None,
    refusal: Refusal | None = None,
    at: datetime | None = None,
) -> Response:
    status = {"unknown": 404}.get(refusal.code, 409) if refusal else 200
    return render(
        request,
        "shop/withdraw.html",
        status_code=status,
        step=step,
        number=number,
        email=email,
        right=right,
        code=refusal.code if refusal else "",
        reason=refusal.reason if isinstance(refusal, NoRightToStepBack) else "",
        at=at,
    )
