from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.orderbook import BookOrder, BookOrderStatus
from api.services import order_book

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


def _read(order: BookOrder) -> OrderRead:
    return OrderRead(**order.model_dump(include=set(OrderRead.model_fields)), line=order.line_code)
