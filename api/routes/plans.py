from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.member import Right
from api.domain.plan import PlanStatus
from api.services import plan_approval, plan_before, plans

router = APIRouter(prefix="/plans", tags=["plans"])


class PlanRead(BaseModel):
    """A plan with its record: what replays it and what it costs, in minor units."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    status: PlanStatus
    requested_at: datetime
    seconds: int
    seed: int
    day_zero: date
    from_scratch: bool
    begun_from: str | None
    digest: str | None
    cost: dict[str, Any] | None
    versions: dict[str, Any] | None
    progress: dict[str, Any] | None
    approved_at: datetime | None


class PlanRequest(BaseModel):
    """How long the planner may look, and the seed that makes it repeatable.

    It begins from the plan before, which is quick and keeps near to it, unless `from_scratch`.
    """

    seconds: int = Field(default=20, ge=1, le=plans.LONGEST_SECONDS)
    seed: int = Field(default=7, ge=0, le=2**31 - 1)
    from_scratch: bool = False


class Reason(BaseModel):
    """Why a person decided so."""

    why: str = Field(min_length=3, max_length=500)


@router.post("", status_code=202)
def request_plan(request: PlanRequest, session: SessionDep, member: MemberDep, at: NowDep) -> PlanRead:
    """Ask for a plan of everything confirmed; it is made by a worker, see its `progress`."""
    plan = plans.request(session, member=member, at=at, **request.model_dump())
    return PlanRead.model_validate(plan)


@router.get("/{number}")
def read_plan(number: str, session: SessionDep, member: MemberDep) -> PlanRead:
    """How a plan stands."""
    member.must_have(Right.SEE_CONSOLE)
    return PlanRead.model_validate(plans.get_by_number(session, number))


@router.get("/{number}/record")
def read_record(number: str, session: SessionDep, member: MemberDep) -> dict[str, Any]:
    """Problem, plan, baseline and the plan it began from, as JSON in the planner's contract.

    With `seed`, and `workers` and `iterations` among the `versions`, everything a replay needs.
    """
    member.must_have(Right.MAKE_PLAN)
    plan = plans.get_by_number(session, number)
    before = plan_before.read(session, plan)
    return {
        "problem": plan.problem,
        "plan": plan.answer,
        "baseline": plan.baseline,
        "seed": plan.seed,
        "versions": plan.versions,
        "before": before.to_json() if before else None,
    }


@router.post("/{number}/approve")
def approve_plan(number: str, session: SessionDep, member: MemberDep, at: NowDep) -> PlanRead:
    """Make exactly this plan happen."""
    return PlanRead.model_validate(plan_approval.approve(session, number, member=member, at=at))


@router.post("/{number}/reject")
def reject_plan(number: str, request: Reason, session: SessionDep, member: MemberDep, at: NowDep) -> PlanRead:
    """Put a plan away."""
    return PlanRead.model_validate(plans.reject(session, number, member=member, why=request.why, at=at))


@router.post("/{number}/stop")
def stop_plan(number: str, session: SessionDep, member: MemberDep) -> PlanRead:
    """Ask the planner to answer with the best it has."""
    return PlanRead.model_validate(plans.stop(session, number, member=member))
