from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.orderbook import BookOrder, BookOrderStatus, FlagKind
from api.domain.proposal import ProposalStatus
from api.services import flags, order_book, proposals

router = APIRouter(prefix="/orders", tags=["order book"])


class OrderRead(BaseModel):
    """An order as its factory sees it; pieces by SKU code, `done` are those packed."""

    reference: str
    status: BookOrderStatus
    line: str
    quantities: dict[str, int]
    cut: dict[str, int]
    sewn: dict[str, int]
    done: dict[str, int]
    start_on: date
    finish_on: date
    expected_on: date | None


class Report(BaseModel):
    """Good pieces so far by SKU code, packed (`done`), sewn and cut, and whether more will come."""

    done: dict[str, int] = Field(max_length=50)
    sewn: dict[str, int] = Field(default_factory=dict, max_length=50)
    cut: dict[str, int] = Field(default_factory=dict, max_length=50)
    finished: bool = False


class Proposing(BaseModel):
    """Other terms for an order: its last day, pieces by SKU code where they differ, and why."""

    finish_on: date
    quantities: dict[str, int] = Field(default_factory=dict, max_length=50)
    reason: str = Field(max_length=proposals.LONGEST_REASON)


class ProposalRead(BaseModel):
    """A proposal and what became of it; `answer` are our words where we did not agree."""

    reference: str
    status: ProposalStatus
    finish_on: date
    quantities: dict[str, int]
    reason: str
    answer: str | None


class EarlyWarning(BaseModel):
    """An order will be late or short, and when what will come is finished."""

    kind: FlagKind
    expected_on: date
    words: str = Field(max_length=flags.LONGEST_WORDS)


@router.get("")
def list_orders(session: SessionDep, member: MemberDep) -> list[OrderRead]:
    """Orders of one's own factory."""
    return [_read(view.order) for view in order_book.of_factory(session, member)]


@router.post("/{reference}/accept")
def accept_order(reference: str, session: SessionDep, member: MemberDep, at: NowDep) -> OrderRead:
    """Take the order as it stands."""
    return _read(order_book.accept(session, reference, member=member, at=at))


@router.post("/{reference}/start")
def start_order(reference: str, session: SessionDep, member: MemberDep, at: NowDep) -> OrderRead:
    """Cutting has begun."""
    return _read(order_book.start(session, reference, member=member, at=at))


@router.post("/{reference}/report")
def report_order(
    reference: str, request: Report, session: SessionDep, member: MemberDep, at: NowDep
) -> OrderRead:
    """Good pieces so far."""
    return _read(order_book.report(session, reference, **request.model_dump(), member=member, at=at))


@router.post("/{reference}/propose")
def propose(
    reference: str, request: Proposing, session: SessionDep, member: MemberDep, at: NowDep
) -> ProposalRead:
    """Propose another day or other quantities; a plan weighs them before anyone answers."""
    made = proposals.propose(session, reference, **request.model_dump(), member=member, at=at)
    return ProposalRead.model_validate(made, from_attributes=True)


@router.post("/{reference}/withdraw", status_code=204)
def withdraw(reference: str, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Take the open proposal back."""
    proposals.withdraw(session, reference, member=member, at=at)


@router.post("/{reference}/flag", status_code=204)
def flag(reference: str, request: EarlyWarning, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Warn that the order will be late or short."""
    flags.raise_flag(session, reference, **request.model_dump(), member=member, at=at)


def _read(order: BookOrder) -> OrderRead:
    return OrderRead(**order.model_dump(include=set(OrderRead.model_fields)), line=order.line_code)
