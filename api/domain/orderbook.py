"""Our own order book: the ERP of factories that have none."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
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


_NOTHING: Mapping[str, int] = MappingProxyType({})
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


class WorkStage(StrEnum):
    """What a factory counts pieces by; the order of the members is the order of the work."""

    CUT = "cut"
    SEWN = "sewn"
    PACKED = "packed"

    @property
    def field(self) -> str:
        """The column of its pieces, and their name in forms and requests."""
        return "done" if self is WorkStage.PACKED else self.value


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
    cut: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    sewn: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    done: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    """Pieces reported good and packed by SKU code."""
    start_on: date
    finish_on: date
    expected_on: date | None = None
    changed_at: datetime = Field(sa_type=Moment, index=True)

    @property
    def name_for_people(self) -> str:
        return self.reference

    def made(self, stage: WorkStage) -> dict[str, int]:
        """Good pieces so far by SKU code."""
        found: dict[str, int] = getattr(self, stage.field)
        return found

    def pieces(self, stage: WorkStage) -> int:
        """Pieces of all sizes that have passed the stage."""
        return sum(self.made(stage).values())

    def report(
        self,
        done: Mapping[str, int],
        *,
        sewn: Mapping[str, int] = _NOTHING,
        cut: Mapping[str, int] = _NOTHING,
    ) -> None:
        """Note good pieces so far at each stage by SKU code; raises InvalidRequest for what cannot be.

        What is packed was sewn and what is sewn was cut: a stage that is not counted follows the next one.
        """
        said = {WorkStage.CUT: cut, WorkStage.SEWN: sewn, WorkStage.PACKED: done}
        for stage, made in said.items():
            for sku, pieces in made.items():
                self._check(f"{stage.field}.{sku}", sku, pieces)
        following: dict[str, int] = {}
        for stage in reversed(WorkStage):
            counted = {**self.made(stage), **said[stage]}
            skus = {**counted, **following}
            following = {sku: max(counted.get(sku, 0), following.get(sku, 0)) for sku in skus}
            setattr(self, stage.field, following)

    def _check(self, field: str, sku: str, pieces: int) -> None:
        if sku not in self.quantities:
            raise invalid(field, pieces, f"the order {self.reference} has no such SKU")
        if not 0 <= pieces <= 2 * self.quantities[sku]:
            raise invalid(field, pieces, f"must be between 0 and {2 * self.quantities[sku]}")


class OrderPhoto(SQLModel, table=True):
    """A photograph that a factory took of an order; its file is in the data folder, under `name`."""

    __tablename__ = "order_photo"

    name: str = Field(primary_key=True, max_length=64)
    """Random, so that it tells nothing and cannot be guessed."""
    order_id: UUID = Field(foreign_key="book_order.id", index=True)
    stage: WorkStage = Field(sa_column=one_of(WorkStage, "order_photo_stage"))
    media_type: str = Field(max_length=20)
    width: int
    height: int
    added_by: str = Field(max_length=240)
    added_at: datetime = Field(sa_type=Moment)


class FlagKind(StrEnum):
    """What a factory warns of before it happens."""

    LATE = "late"
    SHORT = "short"


class FlagStatus(StrEnum):
    """Whether a person on our side has seen to it."""

    RAISED = "raised"
    SETTLED = "settled"


FLAG_LIFECYCLE = Lifecycle(
    noun="flag",
    table="order_flag",
    moves={FlagStatus.RAISED: frozenset({FlagStatus.SETTLED}), FlagStatus.SETTLED: frozenset()},
)


class OrderFlag(Stateful, SQLModel, table=True):
    """The factory's early word that an order will be late or short, in its own words."""

    __tablename__ = "order_flag"
    lifecycle: ClassVar[Lifecycle] = FLAG_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    order_id: UUID = Field(foreign_key="book_order.id", index=True)
    reference: str = Field(max_length=20)
    kind: FlagKind = Field(sa_column=one_of(FlagKind, "order_flag_kind"))
    status: FlagStatus = Field(
        default=FlagStatus.RAISED, sa_column=one_of(FlagStatus, "order_flag_status", index=True)
    )
    expected_on: date
    """When everything that will come is finished."""
    words: str = Field(max_length=500)
    raised_at: datetime = Field(sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return self.reference
