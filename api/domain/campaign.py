from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from api.domain.errors import CampaignNotOpen
from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.money import Ladder
from api.domain.types import Moment, json_column, one_of

PAYMENT_GRACE = timedelta(minutes=5)
"""A payment started before the cut-off may still be confirmed this long after it."""


class CampaignKind(StrEnum):
    """Why people order together; one state machine and one close serve all three."""

    PRE_ORDER = "pre_order"
    GROUP_BUY = "group_buy"
    MADE_TO_ORDER = "made_to_order"


class CampaignStatus(StrEnum):
    """Where a campaign stands; decided means go, failed means no-go."""

    DRAFT = "draft"
    SAMPLED = "sampled"
    OPEN = "open"
    CLOSING = "closing"
    DECIDED = "decided"
    FAILED = "failed"
    IN_PRODUCTION = "in_production"
    SHIPPED = "shipped"
    SETTLED = "settled"
    CANCELLED = "cancelled"


_S = CampaignStatus
CAMPAIGN_LIFECYCLE = Lifecycle(
    noun="campaign",
    table="campaign",
    moves={
        _S.DRAFT: frozenset({_S.SAMPLED, _S.CANCELLED}),
        _S.SAMPLED: frozenset({_S.OPEN, _S.CANCELLED}),
        _S.OPEN: frozenset({_S.CLOSING, _S.CANCELLED}),
        _S.CLOSING: frozenset({_S.DECIDED, _S.FAILED}),
        _S.DECIDED: frozenset({_S.IN_PRODUCTION, _S.CANCELLED}),
        _S.IN_PRODUCTION: frozenset({_S.SHIPPED}),
        _S.SHIPPED: frozenset({_S.SETTLED}),
        _S.FAILED: frozenset(),
        _S.SETTLED: frozenset(),
        _S.CANCELLED: frozenset(),
    },
)


class Campaign(Stateful, SQLModel, table=True):
    """A dated offer of one style in its colours and sizes: open while `opens_at <= t < closes_at`."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="campaign_opens_before_it_closes"),
        CheckConstraint("ship_from_on <= ship_by_on", name="campaign_ship_range"),
        CheckConstraint("minimum >= 0", name="campaign_minimum"),
        CheckConstraint(
            "settled_price_minor IS NOT NULL"
            " OR status NOT IN ('decided', 'in_production', 'shipped', 'settled')",
            name="campaign_decided_has_price",
        ),
    )
    lifecycle: ClassVar[Lifecycle] = CAMPAIGN_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    slug: str = Field(unique=True, max_length=60)
    team_id: UUID = Field(foreign_key="team.id", index=True)
    style_id: UUID = Field(foreign_key="style.id", index=True)
    kind: CampaignKind = Field(sa_column=one_of(CampaignKind, "campaign_kind"))
    status: CampaignStatus = Field(
        default=CampaignStatus.DRAFT, sa_column=one_of(CampaignStatus, "campaign_status", index=True)
    )
    opens_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment, index=True)
    time_zone: str = Field(default="Asia/Shanghai", max_length=40)
    minimum: int
    """Fewest paid pieces of the style, over all colours, for the campaign to run."""
    ladder: list[list[int]] = Field(sa_column=json_column())
    """`[[from pieces, price in minor units], …]`, see `money.Ladder`."""
    currency: str = Field(default="CNY", max_length=3)
    ship_from_on: date
    ship_by_on: date
    settled_price_minor: int | None = None
    decided_pieces: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return self.slug

    @property
    def prices(self) -> Ladder:
        return Ladder.from_json(self.ladder)

    def is_open(self, at: datetime) -> bool:
        return self.status == CampaignStatus.OPEN and self.opens_at <= at < self.closes_at

    def accept(self, *, at: datetime) -> None:
        """Raises CampaignNotOpen unless pre-orders are taken at this moment."""
        if not self.is_open(at):
            raise CampaignNotOpen(self.slug, self.status.value, self.opens_at, self.closes_at)

    def start_closing(self, *, by: str, at: datetime, why: str) -> None:
        """Take no more pre-orders; payments already started may still arrive within the grace."""
        self.closes_at = min(self.closes_at, at)
        self.move(CampaignStatus.CLOSING, by=by, at=at, why=why)

    def grace_ended(self, at: datetime) -> bool:
        """Whether a payment that is still missing is too late to count."""
        return at >= self.closes_at + PAYMENT_GRACE

    def decide(self, paid_pieces: int, *, by: str, at: datetime) -> bool:
        """Go or no-go on paid pieces, and the price for everyone; returns whether it is a go."""
        go = paid_pieces > 0 and paid_pieces >= self.minimum
        self.decided_pieces, self.decided_at = paid_pieces, at
        why = f"{paid_pieces} paid pieces, minimum {self.minimum}"
        if go:
            self.settled_price_minor = self.prices.price(paid_pieces)
        self.move(CampaignStatus.DECIDED if go else CampaignStatus.FAILED, by=by, at=at, why=why)
        return go


class CampaignRead(BaseModel):
    """A campaign as everyone may see it; money in minor units of `currency`."""

    slug: str
    status: CampaignStatus
    kind: CampaignKind
    style: str
    opens_at: datetime
    closes_at: datetime
    time_zone: str
    minimum: int
    paid_pieces: int
    currency: str
    price_minor: int
    ladder: list[list[int]]
    next_tier_from_pieces: int | None
    next_price_minor: int | None
    settled_price_minor: int | None
    ship_from_on: date
    ship_by_on: date
    skus: list[dict[str, Any]]
