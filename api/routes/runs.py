from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.member import Right
from api.domain.plan import RunStatus
from api.domain.production import OrderMode
from api.services import flags, proposals, runs

router = APIRouter(prefix="/runs", tags=["runs"])


class RunRead(BaseModel):
    """A run: one item on one production line in one week, and the ERP orders it became."""

    number: str
    status: RunStatus
    factory: str
    line: str
    item: str
    start_on: date
    finish_on: date
    expected_on: date | None
    mode: OrderMode
    channel: str | None
    documents: list[str]
    quantity: int
    done: int


class Answer(BaseModel):
    """Our words."""

    reason: str = Field(min_length=3, max_length=500)


@router.get("")
def list_runs(session: SessionDep, member: MemberDep, plan: str | None = None) -> list[RunRead]:
    """Runs of approved plans, the next to start first; `plan` asks for those of one plan."""
    member.must_have(Right.SEE_CONSOLE)
    return [_read(view) for view in runs.listed(session, plan=plan)]


@router.get("/{number}")
def read_run(number: str, session: SessionDep, member: MemberDep) -> RunRead:
    """One run."""
    member.must_have(Right.SEE_CONSOLE)
    return _read(runs.get(session, number))


@router.post("/{number}/proposal/accept", status_code=204)
def accept_proposal(number: str, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Agree to what the factory proposes, as the planner has weighed it."""
    proposals.accept(session, number, member=member, at=at)


@router.post("/{number}/proposal/refuse", status_code=204)
def refuse_proposal(number: str, request: Answer, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Say no; the factory reads the reason."""
    proposals.refuse(session, number, why=request.reason, member=member, at=at)


@router.post("/{number}/proposal/weigh", status_code=204)
def weigh_proposal(number: str, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Have the planner look again at what it would mean."""
    proposals.weigh_again(session, number, member=member, at=at)


@router.post("/{number}/flags/{flag_id}/settle", status_code=204)
def settle_flag(
    number: str, flag_id: UUID, request: Answer, session: SessionDep, member: MemberDep, at: NowDep
) -> None:
    """Somebody has seen to a factory's warning on this run, and says how."""
    flags.settle(session, number, flag_id, why=request.reason, member=member, at=at)


def _read(view: runs.RunView) -> RunRead:
    return RunRead(
        **view.run.model_dump(include=set(RunRead.model_fields)),
        factory=view.factory.code,
        line=view.line.code,
        item=view.item.code,
        quantity=view.quantity,
        done=view.done,
    )
