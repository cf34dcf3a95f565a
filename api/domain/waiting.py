"""People who want pieces of a campaign that is full: asked once each, in the order they came."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of

OFFER_STANDS = timedelta(hours=12)
"""How long freed pieces are kept for the one they were offered to."""


class WaitingStatus(StrEnum):
    """An entry is offered pieces once."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"


_S = WaitingStatus
WAITING_LIFECYCLE = Lifecycle(
    noun="waiting entry",
    table="waiting_entry",
    moves={
        _S.WAITING: frozenset({_S.OFFERED, _S.LAPSED}),
        _S.OFFERED: frozenset({_S.TAKEN, _S.LAPSED}),
        _S.TAKEN: frozenset(),
        _S.LAPSED: frozenset(),
    },
)


class WaitingEntry(Stateful, SQLModel, table=True):
    """Pieces of one SKU that somebody wants as soon as they are free."""

    __tablename__ = "waiting_entry"
    __table_args__ = (CheckConstraint("quantity > 0", name="waiting_entry_quantity"),)
    lifecycle: ClassVar[Lifecycle] = WAITING_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id")
    quantity: int
    email: str = Field(max_length=200)
    language: str = Field(default="zh", max_length=2)
    status: WaitingStatus = Field(
        default=WaitingStatus.WAITING, sa_column=one_of(WaitingStatus, "waiting_entry_status")
    )
    joined_at: datetime = Field(sa_type=Moment)
    offered_until: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return str(self.id)[:8]
