"""What a factory says of a run, and our answer: proposals, warnings, photographs, the printed card."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from sqlmodel import select

from api.domain.errors import Refusal
from api.domain.money import CURRENCY
from api.domain.orderbook import BookOrder, FlagStatus, WorkStage
from api.domain.plan import Plan, PlanStatus
from api.domain.production import OrderChannel
from api.domain.proposal import OPEN, Proposal, ProposalStatus
from api.services import audit, flags, photos, proposals, runs
from api.services.runs import RunView
from api.services.weighing import Effects
from api.settings import settings
from web import photographs
from web.console.desk import Desk, DeskDep, attempt, said_why
from web.pages import render

router = APIRouter(prefix="/runs")


@router.post("/{number}/proposal/accept")
def accept(desk: DeskDep, number: str) -> Response:
    """Agree to what the factory proposes, as the planner has weighed it."""
    return _after(
        desk,
        number,
        attempt(desk.session, lambda: proposals.accept(desk.session, number, member=desk.member, at=desk.at)),
    )


@router.post("/{number}/proposal/refuse")
def refuse(desk: DeskDep, number: str, reason: Annotated[str, Form()] = "") -> Response:
    """Say no, with words that the factory reads."""

    def step() -> None:
        why = said_why(reason)
        proposals.refuse(desk.session, number, why=why, member=desk.member, at=desk.at)

    return _after(desk, number, attempt(desk.session, step))


@router.post("/{number}/proposal/weigh")
def weigh_again(desk: DeskDep, number: str) -> Response:
    """Ask the planner once more what it would mean."""

    def step() -> None:
        proposals.weigh_again(desk.session, number, member=desk.member, at=desk.at)

    return _after(desk, number, attempt(desk.session, step))


@router.post("/{number}/flags/{flag_id}/settle")
def settle(desk: DeskDep, number: str, flag_id: UUID, reason: Annotated[str, Form()] = "") -> Response:
    """Somebody has seen to a warning, and says how."""

    def step() -> None:
        why = said_why(reason)
        flags.settle(desk.session, number, flag_id, why=why, member=desk.member, at=desk.at)

    return _after(desk, number, attempt(desk.session, step))


@router.get("/{number}/photos/{name}")
def run_photo(desk: DeskDep, number: str, name: str) -> Response:
    """A photograph that the factory took of this run."""
    order = _order_of(desk, runs.get(desk.session, number))
    return photographs.served(photos.get(photos.of_order(desk.session, order.id) if order else (), name))


@router.get("/{number}/card")
def run_card(desk: DeskDep, number: str) -> Response:
    """A run as a card to print, wherever its factory reads its orders."""
    view = runs.get(desk.session, number)
    run = view.run
    here = f"/factory/orders/{number}" if _order_of(desk, view) else f"/console/runs/{number}"
    card = {
        "href": f"/console/runs/{number}",
        "link": f"{settings().public_url}{here}",
        "reference": number,
        "style_code": view.style.code,
        "title": desk.reader.title(view.style),
        "colour": desk.reader.colour(view.item),
        "colour_hex": view.item.colour_hex,
        "factory": view.factory.name,
        "line": view.line.code,
        "pieces": view.quantity,
        "sizes": [{"sku": s.code, "size": s.size, "pieces": made.quantity} for s, made in view.sizes],
        "start_on": run.start_on,
        "finish_on": run.finish_on,
    }
    viewer = {"name": desk.member.name, "factory": view.factory.name}
    return render(desk.request, "factory/card.html", card=card, viewer=viewer)


def shown(desk: Desk, view: RunView) -> dict[str, Any] | None:
    """What the page of a run says of its factory's words; None where the factory reads an ERP."""
    order = _order_of(desk, view)
    if order is None:
        return None
    number = view.run.number
    may = proposals.may_answer(desk.session, view.run, desk.member)
    found = proposals.of_run(desk.session, number)
    latest = found[0] if found else None
    return {
        "currency": CURRENCY,
        "may_answer": may,
        "stages": [(stage.value, order.pieces(stage)) for stage in WorkStage],
        "proposal": _proposal(desk, latest, view) if latest else None,
        "flags": [
            flag.model_dump(include={"expected_on", "words", "raised_at"})
            | {
                "kind": flag.kind.value,
                "settle_action": f"/console/runs/{number}/flags/{flag.id}/settle"
                if may and flag.status == FlagStatus.RAISED
                else None,
                "open": flag.status == FlagStatus.RAISED,
            }
            for flag in flags.of_order(desk.session, order.id)
        ],
        "photos": [
            photographs.shown(one, f"/console/runs/{number}")
            for one in photos.of_order(desk.session, order.id)
        ],
        "trail": _trail(desk, number),
    }


def _order_of(desk: Desk, view: RunView) -> BookOrder | None:
    if view.run.channel != OrderChannel.ORDER_BOOK.value:
        return None
    return desk.session.exec(select(BookOrder).where(BookOrder.reference == view.run.number)).first()


def _proposal(desk: Desk, proposal: Proposal, view: RunView) -> dict[str, Any]:
    plan = desk.session.get_one(Plan, proposal.plan_id)
    here = f"/console/runs/{proposal.reference}/proposal"
    sizes = {sku.code: sku.size for sku, _ in view.sizes}
    open_ = proposal.status in OPEN
    failed = plan.status == PlanStatus.FAILED
    return {
        "status": proposal.status.value,
        "open": open_,
        "made_at": proposal.made_at,
        "reason": proposal.reason,
        "answer": proposal.answer or "",
        "finish": (proposal.ordered_finish_on, proposal.finish_on),
        "pieces": [
            (sizes.get(sku, sku), ordered, proposal.quantities[sku])
            for sku, ordered in proposal.ordered_quantities.items()
        ],
        "effects": Effects(**proposal.effects) if proposal.effects else None,
        "plan": plan.number,
        "plan_href": f"/console/plans/{plan.number}",
        "no_plan": audit.history(desk.session, "plan", plan.number)[-1].why if failed else "",
        "accept_action": f"{here}/accept" if proposal.status == ProposalStatus.WEIGHED else None,
        "refuse_action": f"{here}/refuse" if open_ else None,
        "weigh_action": f"{here}/weigh" if open_ and (failed or proposal.effects) else None,
    }


def _trail(desk: Desk, number: str) -> list[dict[str, Any]]:
    """Order, proposals and warnings together, the latest first."""
    entries = [
        entry for noun in ("order", "proposal", "flag") for entry in audit.history(desk.session, noun, number)
    ]
    return desk.named(sorted(entries, key=lambda entry: entry.id or 0, reverse=True))


def _after(desk: Desk, number: str, refused: Refusal | None) -> Response:
    if refused is None:
        return RedirectResponse(f"/console/runs/{number}", 303)
    from web.console.runs import show_run  # noqa: PLC0415 - the page shows this, and this shows the page

    return show_run(desk, number, refused)
