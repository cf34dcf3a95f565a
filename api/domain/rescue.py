"""What would save a campaign that its close finds too small: offered to its team, for a while."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, json_column, one_of

ANSWER_WITHIN = timedelta(hours=24)


class RescueStatus(StrEnum):
    """From the offer to the team's answer; silence is a refusal."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


_S = RescueStatus
RESCUE_LIFECYCLE = Lifecycle(
    noun="rescue",
    table="rescue",
    moves={
        _S.OFFERED: frozenset({_S.ACCEPTED, _S.REFUSED, _S.LAPSED}),
        _S.ACCEPTED: frozenset(),
        _S.REFUSED: frozenset(),
        _S.LAPSED: frozenset(),
    },
)


class Rescue(Stateful, SQLModel, table=True):
    """The cheapest way to keep every minimum: whose consent is used, what the team adds, what ends."""

    __tablename__ = "rescue"
    __table_args__ = (
        Index("rescue_one_open", "campaign_id", unique=True, postgresql_where=text("status = 'offered'")),
        CheckConstraint("cost_minor >= 0", name="rescue_cost"),
    )
    lifecycle: ClassVar[Lifecycle] = RESCUE_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    status: RescueStatus = Field(
        default=RescueStatus.OFFERED, sa_column=one_of(RescueStatus, "rescue_status")
    )
    offered_at: datetime = Field(sa_type=Moment)
    answer_by: datetime = Field(sa_type=Moment)
    moves: list[dict[str, Any]] = Field(sa_column=json_column())
    """`[{"line", "from_sku", "to_sku", "pieces"}, …]`: lines served with another SKU, by consent."""
    top_ups: dict[str, int] = Field(sa_column=json_column())
    """Pieces by item that nobody has ordered: made for the team's stock."""
    dropped: dict[str, int] = Field(sa_column=json_column())
    """Paid pieces by item that are not made: their buyers get their money back."""
    cost_minor: int
    """What the pieces added and the cloth left over cost the team."""

    @property
    def name_for_people(self) -> str:
        return f"offer of {self.offered_at:%Y-%m-%d %H:%M}"
