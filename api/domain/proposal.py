"""A factory's counter-proposal: another day or other quantities, weighed by a plan before it is answered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, json_column, one_of


class ProposalStatus(StrEnum):
    """From the factory's word to our answer; only what a plan has weighed can be accepted."""

    MADE = "made"
    WEIGHED = "weighed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_S = ProposalStatus
PROPOSAL_LIFECYCLE = Lifecycle(
    noun="proposal",
    table="proposal",
    moves={
        _S.MADE: frozenset({_S.WEIGHED, _S.REFUSED, _S.WITHDRAWN}),
        _S.WEIGHED: frozenset({_S.MADE, _S.ACCEPTED, _S.REFUSED, _S.WITHDRAWN}),
        _S.ACCEPTED: frozenset(),
        _S.REFUSED: frozenset(),
        _S.WITHDRAWN: frozenset(),
    },
)
OPEN = (ProposalStatus.MADE, ProposalStatus.WEIGHED)


class Proposal(Stateful, SQLModel, table=True):
    """One counter-proposal, with the terms it wants to change; an order has at most one that is open."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index(
            "proposal_one_open",
            "order_id",
            unique=True,
            postgresql_where=text("status IN ('made', 'weighed')"),
        ),
    )
    lifecycle: ClassVar[Lifecycle] = PROPOSAL_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    order_id: UUID = Field(foreign_key="book_order.id", index=True)
    reference: str = Field(max_length=20, index=True)
    status: ProposalStatus = Field(
        default=ProposalStatus.MADE, sa_column=one_of(ProposalStatus, "proposal_status", index=True)
    )
    finish_on: date
    quantities: dict[str, Any] = Field(sa_column=json_column())
    """Pieces the factory offers to make, of every SKU of the order."""
    ordered_finish_on: date
    ordered_quantities: dict[str, Any] = Field(sa_column=json_column())
    reason: str = Field(max_length=500)
    made_at: datetime = Field(sa_type=Moment)
    plan_id: UUID = Field(foreign_key="plan.id")
    """The plan that weighs it; another one where it was weighed again."""
    effects: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """What accepting it does, as the plan says: `proposals.Effects` as JSON."""
    answer: str | None = Field(default=None, max_length=500)
    """Our words to the factory."""
    answered_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return self.reference

    @property
    def pieces(self) -> int:
        return sum(self.quantities.values())

    @property
    def ordered_pieces(self) -> int:
        return sum(self.ordered_quantities.values())

    @property
    def in_words(self) -> str:
        """What it changes, for the audit."""
        changed = []
        if self.finish_on != self.ordered_finish_on:
            changed.append(f"finished {self.finish_on} instead of {self.ordered_finish_on}")
        for sku, pieces in self.quantities.items():
            if pieces != self.ordered_quantities[sku]:
                changed.append(f"{sku} {pieces} instead of {self.ordered_quantities[sku]}")
        return "; ".join(changed)
