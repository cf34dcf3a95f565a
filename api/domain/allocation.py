"""Who gets the pieces of a run that ended short, by a policy with a version; and what is left over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of


class AllocationPolicy(StrEnum):
    """In which order people are served, with the version of the rule: a changed rule is another word."""

    EARLIEST_PAID = "earliest_paid/1"  # who paid first, then the lower number
    EARLIEST_PROMISE = "earliest_promise/1"  # who was promised the earlier day, then who paid first


@dataclass(frozen=True, slots=True)
class Claim:
    """Pieces of one SKU of a run that a pre-order line waits for."""

    line_id: UUID
    pieces: int
    paid_at: datetime
    promise_by_on: date
    number: str


_ORDER: dict[AllocationPolicy, Callable[[Claim], tuple[Any, ...]]] = {
    AllocationPolicy.EARLIEST_PAID: lambda claim: (claim.paid_at, claim.number),
    AllocationPolicy.EARLIEST_PROMISE: lambda claim: (claim.promise_by_on, claim.paid_at, claim.number),
}


def allocate(policy: AllocationPolicy, made: int, claims: Sequence[Claim]) -> dict[UUID, int]:
    """Pieces each claim lacks, of those that lack any: the same ones however the claims are given.

    Served strictly in the policy's order: the first for whom too little is left gets what is left, and nobody
    behind gets any. The lacking pieces add up to what was claimed less what was made, or to nothing.
    """
    lacking = {}
    for claim in sorted(claims, key=_ORDER[policy]):
        given = min(claim.pieces, made)
        made -= given
        if given < claim.pieces:
            lacking[claim.line_id] = claim.pieces - given
    return lacking


class ShortfallStatus(StrEnum):
    """What became of the pieces a buyer lacks."""

    OPEN = "open"
    REFUNDED = "refunded"
    RECUT = "recut"


_S = ShortfallStatus
SHORTFALL_LIFECYCLE = Lifecycle(
    noun="shortfall",
    table="shortfall",
    moves={
        _S.OPEN: frozenset({_S.REFUNDED, _S.RECUT}),
        _S.REFUNDED: frozenset(),
        _S.RECUT: frozenset(),
    },
)


class Shortfall(Stateful, SQLModel, table=True):
    """Pieces of a pre-order line that a finished run did not yield: refunded or made anew, by a person."""

    __tablename__ = "shortfall"
    __table_args__ = (
        UniqueConstraint("run_id", "preorder_line_id", "sku_id", name="shortfall_once"),
        CheckConstraint("pieces > 0", name="shortfall_pieces"),
    )
    lifecycle: ClassVar[Lifecycle] = SHORTFALL_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(foreign_key="run.id", index=True)
    preorder_line_id: UUID = Field(foreign_key="preorder_line.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id")
    preorder_number: str = Field(max_length=20)
    pieces: int
    policy: AllocationPolicy = Field(sa_column=one_of(AllocationPolicy, "shortfall_policy"))
    status: ShortfallStatus = Field(
        default=ShortfallStatus.OPEN, sa_column=one_of(ShortfallStatus, "shortfall_status", index=True)
    )
    noted_at: datetime = Field(sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return self.preorder_number


class StockEntry(SQLModel, table=True):
    """Pieces a run yielded beyond what buyers wait for: the team's stock, at what they cost."""

    __tablename__ = "stock_entry"
    __table_args__ = (CheckConstraint("pieces > 0 AND unit_cost_minor >= 0", name="stock_entry_amounts"),)

    run_id: UUID = Field(foreign_key="run.id", primary_key=True)
    sku_id: UUID = Field(foreign_key="sku.id", primary_key=True)
    team_id: UUID = Field(foreign_key="team.id", index=True)
    pieces: int
    unit_cost_minor: int
    currency: str = Field(max_length=3)
    entered_at: datetime = Field(sa_type=Moment)
