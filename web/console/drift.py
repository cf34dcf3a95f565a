"""The drift desk: what the ERP holds otherwise than we released it, and whose word counts."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from api.domain.drift import Decision, Drift, DriftKind, DriftRule, RuleName
from api.domain.errors import Refusal
from api.domain.member import Right
from api.domain.plan import Run
from api.services import drift, drift_decisions
from web.console.desk import Desk, DeskDep, attempt, errors_of, minutes_since, said_why
from web.reader import Reader

router = APIRouter(prefix="/drift")

LATEST = 20


@router.get("")
def drift_page(desk: DeskDep) -> Response:
    """Every difference there is, the rules, and what was settled lately; everyone sees, some decide."""
    return _show_all(desk)


def _show_all(desk: Desk, refused: Refusal | None = None) -> Response:
    return desk.show(
        "drift",
        "console/drift.html",
        refused=refused,
        rows=[_row(desk, found) for found in drift.live(desk.session)],
        settled=[_row(desk, found) for found in drift.settled(desk.session, limit=LATEST)],
        rules=[_rule(desk.reader, rule) for rule in drift.rules(desk.session)],
        may_decide=desk.may(Right.DECIDE_DRIFT),
        errors=errors_of(refused),
    )


@router.get("/{drift_id}")
def difference_page(desk: DeskDep, drift_id: UUID) -> Response:
    """One difference, with what each answer would mean."""
    return _show_one(desk, drift_id)


def _show_one(desk: Desk, drift_id: UUID, refused: Refusal | None = None) -> Response:
    desk.member.must_have(Right.DECIDE_DRIFT)
    found = drift.get(desk.session, drift_id)
    run = desk.session.get_one(Run, found.run_id)
    takes = Decision.TAKE in found.decisions
    return desk.show(
        "drift",
        "console/difference.html",
        refused=refused,
        difference=_row(desk, found)
        | {
            "run": run.number,
            "run_href": f"/console/runs/{run.number}",
            "next_reference": f"{run.number}-{run.revision + 1}",
            "anew": found.kind not in (DriftKind.DATE, DriftKind.UNKNOWN) and found.theirs != "waiting",
            "decisions": [decision.value for decision in found.decisions],
            "action": f"/console/drift/{found.id}",
        },
        effects=drift_decisions.effects(desk.session, found, at=desk.at) if takes else None,
        errors=errors_of(refused),
    )


@router.post("/{drift_id}")
def decide(
    desk: DeskDep, drift_id: UUID, decision: Annotated[Decision, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """Take theirs, keep ours, or leave both with a reason."""

    def step() -> None:
        why = said_why(reason)
        drift_decisions.decide(desk.session, drift_id, decision, reason=why, member=desk.member, at=desk.at)

    desk.member.must_have(Right.DECIDE_DRIFT)
    if refused := attempt(desk.session, step):
        return _show_one(desk, drift_id, refused)
    return RedirectResponse("/console/drift", 303)


@router.post("/rules/{name}")
def set_rule(
    desk: DeskDep, name: RuleName, after_hours: Annotated[int, Form()], enabled: Annotated[str, Form()] = ""
) -> Response:
    """Switch a rule on or off."""

    def step() -> None:
        drift_decisions.set_rule(
            desk.session,
            name,
            enabled=bool(enabled),
            after_hours=after_hours,
            member=desk.member,
            at=desk.at,
        )

    desk.member.must_have(Right.DECIDE_DRIFT)
    if refused := attempt(desk.session, step):
        return _show_all(desk, refused)
    return RedirectResponse("/console/drift#rules", 303)


def _row(desk: Desk, found: Drift) -> dict[str, Any]:
    return {
        "reference": found.reference,
        "href": f"/console/drift/{found.id}",
        "kind": found.kind.value,
        "part": found.part,
        "ours": value(desk.reader, found.kind, found.ours),
        "theirs": value(desk.reader, found.kind, found.theirs),
        "status": found.status.value,
        "awaits_erp": found.awaits_erp,
        "touched_by": found.touched_by,
        "touched_at": found.touched_at,
        "found_at": found.found_at,
        "age_minutes": minutes_since(found.found_at, desk.at),
        "settled_at": found.settled_at,
        "words": found.words,
    }


def value(reader: Reader, kind: DriftKind, written: str) -> str:
    """What stands on one side, as people say it."""
    say = reader.gettext
    match kind:
        case DriftKind.QUANTITY | DriftKind.MERGED | DriftKind.UNKNOWN:
            return say("%(count)s pieces", count=reader.spoken.number(int(written)))
        case DriftKind.DATE:
            return reader.spoken.day(date.fromisoformat(written))
        case DriftKind.PLACE:
            return written
        case DriftKind.STATE | DriftKind.MISSING:
            return {
                "confirmed": say("ordered"),
                "waiting": say("a draft"),
                "cancelled": say("cancelled"),
                "missing": say("nothing"),
            }[written]


def _rule(reader: Reader, rule: DriftRule) -> dict[str, Any]:
    words = {
        RuleName.CANCELLED_THERE: reader.gettext(
            "A run cancelled or deleted in the ERP ends here too; its pre-orders wait for a plan."
        ),
        RuleName.WITHIN_PROMISE: reader.gettext(
            "Another last day in the ERP is taken over where nobody gets later than promised by it."
        ),
    }
    return {
        "name": rule.name.value,
        "words": words[rule.name],
        "enabled": rule.enabled,
        "after_hours": rule.after_hours,
        "action": f"/console/drift/rules/{rule.name.value}",
    }
