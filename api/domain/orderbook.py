"""Our own order book: the ERP of factories that have none."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from api.domain.errors import invalid
from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, json_column, one_of


class BookOrderStatus(StrEnum):
    """What the factory said of an order."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


_S = BookOrderStatus
BOOK_ORDER_LIFECYCLE = Lifecycle(
    noun="order",
    table="book_order",
    moves={
        _S.OFFERED: frozenset({_S.ACCEPTED, _S.CANCELLED}),
        _S.ACCEPTED: frozenset({_S.STARTED, _S.CANCELLED}),
        _S.STARTED: frozenset({_S.DONE, _S.CANCELLED}),
        _S.DONE: frozenset(),
        _S.CANCELLED: frozenset(),
    },
)


class BookOrder(Stateful, SQLModel, table=True):
    """A run as the factory sees it: sizes and days, and no consumer's name. Found by our reference."""

    __tablename__ = "book_order"
    lifecycle: ClassVar[Lifecycle] = BOOK_ORDER_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    reference: str = Field(unique=True, max_length=20)
    factory_id: UUID = Field(foreign_key="factory.id", index=True)
    line_code: str = Field(max_length=20)
    status: BookOrderStatus = Field(
        default=BookOrderStatus.OFFERED, sa_column=one_of(BookOrderStatus, "book_order_status")
    )
    quantities: dict[str, Any] = Field(sa_column=json_column())
    """Pieces wanted by SKU code."""
    done: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    """Pieces reported good by SKU code."""
    start_on: date
    finish_on: date
    expected_on: date | None = None
    changed_at: datetime = Field(sa_type=Moment, index=True)

    @property
    def name_for_people(self) -> str:
        return self.reference

    def report(self, done: Mapping[str, int]) -> None:
        """Note finished pieces by SKU code; raises InvalidRequest for what cannot be."""
        for sku, pieces in done.items():
            if sku not in self.quantities:
                raise invalid(f"done.{sku}", pieces, f"the order {self.reference} has no such SKU")
            if not 0 <= pieces <= 2 * self.quantities[sku]:
                raise invalid(f"done.{sku}", pieces, f"must be between 0 and {2 * self.quantities[sku]}")
        self.done = {**self.done, **done}
