"""A plan, its runs, and which pre-order line each piece is meant for."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy import Sequence as Numbers
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.production import OrderMode
from api.domain.types import Moment, json_column, one_of

PLAN_NUMBERS = Numbers("plan_number", metadata=SQLModel.metadata)
RUN_NUMBERS = Numbers("run_number", metadata=SQLModel.metadata)


class PlanStatus(StrEnum):
    """How far a plan is, from the wish for one to the decision over it."""

    REQUESTED = "requested"
    COMPUTING = "computing"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    FAILED = "failed"


_P = PlanStatus
PLAN_LIFECYCLE = Lifecycle(
    noun="plan",
    table="plan",
    moves={
        _P.REQUESTED: frozenset({_P.COMPUTING, _P.FAILED}),
        _P.COMPUTING: frozenset({_P.PROPOSED, _P.FAILED}),
        _P.PROPOSED: frozenset({_P.APPROVED, _P.REJECTED}),
        _P.APPROVED: frozenset(),
        _P.REJECTED: frozenset(),
        _P.FAILED: frozenset(),
    },
)


class Plan(Stateful, SQLModel, table=True):
    """One answer of the planner with everything that replays it: problem, seed, seconds, versions."""

    __tablename__ = "plan"
    lifecycle: ClassVar[Lifecycle] = PLAN_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: str = Field(unique=True, max_length=20)
    status: PlanStatus = Field(
        default=PlanStatus.REQUESTED, sa_column=one_of(PlanStatus, "plan_status", index=True)
    )
    requested_at: datetime = Field(sa_type=Moment)
    seconds: int
    seed: int
    day_zero: date
    """Day 0 of the problem: a Monday."""
    from_scratch: bool = False
    """Whether it was asked for without a plan to begin from."""
    begun_from: str | None = Field(default=None, max_length=20)
    """The number of the plan whose runs the search began with, once the planner took this one up."""
    problem: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    digest: str | None = Field(default=None, max_length=64)
    """SHA-256 of the problem in canonical JSON."""
    answer: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    baseline: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    cost: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """What our own checker states: `{"plan": {part: amount, …}, "baseline": {…}}`."""
    outcome: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """What becomes of the wanted pieces, as a list of plans shows it: `plan_reading.Outcome` as JSON."""
    versions: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    prices: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """What more line time and cloth would be worth to it: see `api.services.plan_worth`."""
    progress: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    stop_requested: bool = False
    weighs: str | None = Field(default=None, max_length=20, index=True)
    """The run whose proposed change it weighs; None where it plans everything that waits."""
    approved_at: datetime | None = Field(default=None, sa_type=Moment)


class RunStatus(StrEnum):
    """How far a run is; released means that the factory's orders exist."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RELEASED = "released"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


_R = RunStatus
RUN_LIFECYCLE = Lifecycle(
    noun="run",
    table="run",
    moves={
        _R.PROPOSED: frozenset({_R.APPROVED, _R.CANCELLED}),
        _R.APPROVED: frozenset({_R.RELEASED, _R.CANCELLED}),
        _R.RELEASED: frozenset({_R.STARTED, _R.DONE, _R.CANCELLED}),
        _R.STARTED: frozenset({_R.DONE, _R.CANCELLED}),
        _R.DONE: frozenset(),
        _R.CANCELLED: frozenset(),
    },
)


class Run(Stateful, SQLModel, table=True):
    """One item on one production line in one bucket, in several sizes: what a factory makes in one go."""

    __tablename__ = "run"
    __table_args__ = (CheckConstraint("start_on <= finish_on", name="run_days"),)
    lifecycle: ClassVar[Lifecycle] = RUN_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: str = Field(unique=True, max_length=20)
    revision: int = 1
    """How often it was sent as another order, because the one before could not be changed or was gone."""
    plan_id: UUID = Field(foreign_key="plan.id", index=True)
    item_id: UUID = Field(foreign_key="item.id", index=True)
    line_id: UUID = Field(foreign_key="production_line.id", index=True)
    status: RunStatus = Field(
        default=RunStatus.PROPOSED, sa_column=one_of(RunStatus, "run_status", index=True)
    )
    bucket_on: date
    """First day of the bucket (a Monday)."""
    start_on: date
    finish_on: date
    mode: OrderMode = Field(sa_column=one_of(OrderMode, "run_mode"))
    channel: str | None = Field(default=None, max_length=20)
    """Where its orders went, an `OrderChannel`; None until it is released."""
    documents: list[str] = Field(default_factory=list, sa_column=json_column())
    """Names of the ERP orders it became."""
    expected_on: date | None = None
    """The factory's own word on when it is finished."""

    @property
    def reference(self) -> str:
        """Our external reference, `R-000123` or in a later revision `R-000123-2`: it finds the ERP order."""
        return self.number if self.revision == 1 else f"{self.number}-{self.revision}"

    @property
    def ready_on(self) -> date:
        """The last day of the plan's week, or the factory's later word."""
        planned = self.bucket_on + timedelta(days=6)
        return max(planned, self.expected_on or planned)


class RunSku(SQLModel, table=True):
    """How many of a size a run makes, how many of them are overs, and what the factory reported done."""

    __tablename__ = "run_sku"
    __table_args__ = (
        CheckConstraint(
            "quantity > 0 AND overs BETWEEN 0 AND quantity AND done >= 0", name="run_sku_amounts"
        ),
        CheckConstraint("scrapped >= 0", name="run_sku_scrapped"),
    )

    run_id: UUID = Field(foreign_key="run.id", primary_key=True)
    sku_id: UUID = Field(foreign_key="sku.id", primary_key=True)
    quantity: int
    overs: int = 0
    done: int = 0
    scrapped: int = 0
    """Thrown away there, beside those done; 0 where the factory's side keeps no count."""


class Pegging(SQLModel, table=True):
    """The pieces of one run and SKU meant for one pre-order line. Sums exceed neither."""

    __tablename__ = "pegging"
    __table_args__ = (
        UniqueConstraint("run_id", "preorder_line_id", "sku_id", name="pegging_once"),
        CheckConstraint("quantity > 0", name="pegging_quantity"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(foreign_key="run.id", index=True)
    preorder_line_id: UUID = Field(foreign_key="preorder_line.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id")
    """The SKU that is made: the line's own, or one the buyer consented to."""
    lot: str = Field(max_length=120)
    """The demand lot of the plan that the pieces came through."""
    quantity: int
