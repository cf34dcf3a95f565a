from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import MemberDep, SessionDep
from api.domain.member import Right
from api.domain.plan import RunStatus
from api.domain.production import OrderMode
from api.services import runs

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


def _read(view: runs.RunView) -> RunRead:
    return RunRead(
        **view.run.model_dump(include=set(RunRead.model_fields)),
        factory=view.factory.code,
        line=view.line.code,
        item=view.item.code,
        quantity=view.quantity,
        done=view.done,
    )
