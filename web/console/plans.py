"""Plans: the list, one being made, and one beside its baseline with the decision over it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from api.domain.errors import Refusal
from api.domain.member import Right
from api.domain.money import CURRENCY
from api.domain.plan import Plan, PlanStatus
from api.services import (
    audit,
    members,
    needs,
    plan_approval,
    plan_before,
    plan_reading,
    plan_review,
    plan_worth,
    plans,
)
from web.console import plan_sheet
from web.console.desk import Desk, DeskDep, attempt, errors_of, said_why
from web.console.plan_worth import worth
from web.pages import render

router = APIRouter(prefix="/plans")

SEED = 7
_LATEST = 20
_BEING_MADE = (PlanStatus.REQUESTED, PlanStatus.COMPUTING)


@router.get("")
def plans_page(desk: DeskDep) -> Response:
    """The latest plans, and the one that is being made."""
    return _list(desk)


@router.post("")
def make_plan(
    desk: DeskDep, seconds: Annotated[str, Form()] = "", from_scratch: Annotated[str, Form()] = ""
) -> Response:
    """Ask for a plan of everything confirmed, from the plan before unless the box is ticked."""
    limit, anew = int(seconds) if seconds.isdecimal() else 0, bool(from_scratch)
    refused = attempt(
        desk.session,
        lambda: plans.request(
            desk.session, member=desk.member, seconds=limit, seed=SEED, at=desk.at, from_scratch=anew
        ),
    )
    if refused:
        return _list(desk, refused, typed=seconds, from_scratch=anew)
    return RedirectResponse("/console/plans", 303)


@router.get("/live")
def plans_live(desk: DeskDep, number: str = "") -> Response:
    """How far the plan that is being made is; afterwards, where it lies."""
    plan = plans.get_by_number(desk.session, number) if number else None
    ended = plan is not None and plan.status not in _BEING_MADE
    return render(
        desk.request,
        "console/_plan_progress.html",
        running=_running(desk),
        ended={"number": number, "href": f"/console/plans/{number}"} if ended else None,
        currency=CURRENCY,
    )


@router.get("/{number}")
def plan_page(desk: DeskDep, number: str) -> Response:
    """One plan beside what a spreadsheet would have done."""
    return _plan(desk, number)


@router.post("/{number}/approve")
def approve_plan(desk: DeskDep, number: str) -> Response:
    """Make exactly this plan happen."""
    refused = attempt(
        desk.session,
        lambda: plan_approval.approve(desk.session, number, member=desk.member, at=desk.at),
    )
    return _plan(desk, number, refused) if refused else RedirectResponse(f"/console/plans/{number}", 303)


@router.post("/{number}/reject")
def reject_plan(desk: DeskDep, number: str, reason: Annotated[str, Form()] = "") -> Response:
    """Put a plan away, with a reason for the audit."""

    def reject() -> None:
        plans.reject(desk.session, number, member=desk.member, why=said_why(reason), at=desk.at)

    refused = attempt(desk.session, reject)
    return _plan(desk, number, refused) if refused else RedirectResponse("/console/plans", 303)


@router.post("/{number}/stop")
def stop_plan(desk: DeskDep, number: str) -> Response:
    """Ask the planner to answer with the best it has."""
    plans.stop(desk.session, number, member=desk.member)
    return RedirectResponse("/console/plans", 303)


def _list(
    desk: Desk, refused: Refusal | None = None, *, typed: str = "30", from_scratch: bool = False
) -> Response:
    running = _running(desk)
    overtaken = plans.last_approved_at(desk.session)
    names = members.names(desk.session)
    live = f"?number={running['number']}" if running else ""
    return desk.show(
        "plans",
        "console/plans.html",
        refused=refused,
        plans=[_row(desk, plan, overtaken, names) for plan in plans.listed(desk.session, limit=_LATEST)],
        currency=CURRENCY,
        waiting_pieces=needs.unplanned_pieces(desk.session),
        may_make=desk.may(Right.MAKE_PLAN),
        make_action="/console/plans",
        seconds=typed,
        from_scratch=from_scratch,
        begins_from=plan_before.find(desk.session, at=desk.at),
        errors=errors_of(refused),
        running=running,
        ended=None,
        live_href=f"/console/plans/live{live}",
    )


def _running(desk: Desk) -> dict[str, Any] | None:
    """The plan the planner is at, or the one it takes up next."""
    plan = plans.being_made(desk.session)
    if plan is None:
        return None
    progress = plan.progress or {}
    cost, bound = progress.get("best_cost"), progress.get("bound")
    return {
        "number": plan.number,
        "status": _word(plan, None),
        "seconds": min(progress.get("elapsed_seconds", 0), plan.seconds),
        "limit_seconds": plan.seconds,
        "cost_minor": cost,
        "bound_minor": None if bound is None else int(bound),
        "gap_percent": plan_sheet.gap_percent(cost, bound),
        "words": _doing(desk, plan, progress.get("doing")),
        "stop_action": _stop_action(desk, plan),
    }


def _stop_action(desk: Desk, plan: Plan) -> str | None:
    wanted = plan.status == PlanStatus.COMPUTING and not plan.stop_requested
    return f"/console/plans/{plan.number}/stop" if wanted and desk.may(Right.MAKE_PLAN) else None


def _doing(desk: Desk, plan: Plan, doing: str | None) -> str:
    if plan.stop_requested:
        return desk.reader.gettext("It ends with the best plan found so far.")
    if plan.status == PlanStatus.REQUESTED:
        return desk.reader.gettext("Waiting for the planner.")
    if doing is None:
        return desk.reader.gettext("Reading the orders.")
    if doing == plans.EXPLAINING:
        return desk.reader.gettext("Trying out what would free the rest.")
    return desk.reader.gettext("Looking for a cheaper plan.")


def _word(plan: Plan, overtaken: datetime | None) -> str:
    """The page's word for the state of a plan; superseded when one was approved after it was asked for."""
    if plan.status == PlanStatus.PROPOSED:
        return "superseded" if overtaken and overtaken > plan.requested_at else "ready"
    return {PlanStatus.COMPUTING: "running"}.get(plan.status, plan.status.value)


def _row(desk: Desk, plan: Plan, overtaken: datetime | None, names: dict[str, str]) -> dict[str, Any]:
    row = {
        "href": f"/console/plans/{plan.number}",
        "number": plan.number,
        "status": _word(plan, overtaken),
        "made_at": plan.requested_at,
        "made_by": _made_by(desk, plan, names),
    }
    if plan.outcome is None or plan.cost is None:
        nothing = dict.fromkeys(("cost_minor", "baseline_minor", "gap_percent"))
        return row | nothing | {"runs": 0, "pieces": 0, "late_pieces": 0, "unfilled_pieces": 0}
    outcome, cost = plan.outcome, plan.cost["plan"]["total"]
    return row | {
        "runs": outcome["runs"],
        "pieces": outcome["pieces"],
        "cost_minor": cost,
        "baseline_minor": plan.cost["baseline"]["total"],
        "gap_percent": plan_sheet.gap_percent(cost, outcome["lower_bound"]),
        "late_pieces": outcome["late"],
        "unfilled_pieces": outcome["unfilled"],
    }


def _made_by(desk: Desk, plan: Plan, names: dict[str, str]) -> str:
    first = audit.history(desk.session, "plan", plan.number)[:1]
    return names.get(first[0].actor, first[0].actor) if first else ""


def _plan(desk: Desk, number: str, refused: Refusal | None = None) -> Response:
    plan = plans.get_by_number(desk.session, number)
    trail = desk.trail("plan", number)
    head = {
        "number": number,
        "status": _word(plan, plans.last_approved_at(desk.session)),
        "currency": CURRENCY,
        "made_at": plan.requested_at,
        "made_by": trail[-1]["actor"] if trail else "",
        "begun_from": plan.begun_from,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "digest": plan.digest or "",
        "versions": sorted((plan.versions or {}).items()),
        "approved_at": plan.approved_at,
        "approved_by": trail[0]["actor"] if plan.approved_at else None,
    }
    shown: dict[str, Any] = {"plan": head, "trail": trail, "errors": errors_of(refused), "sheet": False}
    if plan.answer is None or plan.cost is None:
        return desk.show("plans", "console/plan.html", refused=refused, **shown, may_reject=False)
    reading = plan_reading.read(desk.session, plan)
    open_ = plan.status == PlanStatus.PROPOSED
    by_itself = open_ and plan.weighs is None  # what weighs a proposal is decided with it
    may_decide = by_itself and desk.may(Right.APPROVE_PLAN)
    outdated = _outdated(desk, plan, desk.at) if by_itself else ""
    board = plan_sheet.board(desk.reader, plan, reading)
    return desk.show(
        "plans",
        "console/plan.html",
        refused=refused,
        **shown | {"plan": head | plan_sheet.sheet(desk.reader, plan, reading), "sheet": True},
        board_view=board,
        worth=worth(desk.reader, plan, plan_worth.read(desk.session, plan), weeks=board.weeks),
        may_approve=may_decide,
        approve_action=f"/console/plans/{number}/approve",
        may_reject=may_decide,
        reject_action=f"/console/plans/{number}/reject",
        consequence=plan_sheet.consequence(desk.reader, plan, reading),
        outdated=outdated,
        against=f"/console/plans/{number}/against"
        if plan_review.earlier(desk.session, plan, limit=1)
        else None,
    )


def _outdated(desk: Desk, plan: Plan, at: datetime) -> str:
    found = plan_approval.outdated(desk.session, plan, at=at)
    if found is None:
        return ""
    if desk.reader.spoken.code == "en":
        return str(found)
    return desk.reader.gettext("This plan is no longer up to date. Make a new one.")
