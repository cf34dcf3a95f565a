from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from api.domain.errors import CampaignFull, CampaignNotOpen
from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.money import Ladder
from api.domain.payment import DepositKind, PaymentTerms
from api.domain.types import Moment, json_column, one_of


class CampaignKind(StrEnum):
    """Why people order together; one state machine and one close serve them all."""

    PRE_ORDER = "pre_order"
    GROUP_BUY = "group_buy"  # a price ladder for everyone together
    TEAM_BUY = "team_buy"  # groups of N, each opened by a leader; only whole groups are served
    MADE_TO_ORDER = "made_to_order"  # a window without a minimum


class CampaignStatus(StrEnum):
    """Where a campaign stands; collecting means a go if the balances come, decided go, failed no-go."""

    DRAFT = "draft"
    SAMPLED = "sampled"
    OPEN = "open"
    CLOSING = "closing"
    COLLECTING = "collecting"
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
        _S.CLOSING: frozenset({_S.COLLECTING, _S.DECIDED, _S.FAILED}),
        _S.COLLECTING: frozenset({_S.DECIDED, _S.FAILED}),
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
            " OR status NOT IN ('collecting', 'decided', 'in_production', 'shipped', 'settled')",
            name="campaign_decided_has_price",
        ),
        CheckConstraint(
            "(deposit_minor IS NULL) = (deposit_kind IS NULL) AND deposit_minor > 0", name="campaign_deposit"
        ),
        CheckConstraint("(kind = 'team_buy') = (group_size IS NOT NULL)", name="campaign_group_size"),
        CheckConstraint("group_size > 1 AND cap_pieces > 0", name="campaign_sizes"),
        CheckConstraint("expected_drop_percent BETWEEN 0 AND 100", name="campaign_expected_drop"),
        CheckConstraint("top_up_limit_minor >= 0 AND taken_pieces >= 0", name="campaign_limits"),
        CheckConstraint("grace_seconds >= 0 AND balance_days > 0", name="campaign_windows"),
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
    terms: list[str] = Field(default_factory=lambda: [PaymentTerms.PREPAID.value], sa_column=json_column())
    """The `PaymentTerms` a buyer may choose from, the usual one first."""
    deposit_minor: int | None = None
    """What a piece costs at once on terms of a deposit."""
    deposit_kind: DepositKind | None = Field(
        default=None, sa_column=one_of(DepositKind, "campaign_deposit_kind", nullable=True)
    )
    balance_days: int = 5
    """How long balances may take after the price is settled."""
    expected_drop_percent: int = 3
    """Pieces not yet paid in full that are expected to fall away: go or no-go allows for them."""
    grace_seconds: int = 300
    """A payment started before the cut-off may still be confirmed this long after it."""
    group_size: int | None = None
    """Of a team buy: how many paid pre-orders make a group whole."""
    cap_pieces: int | None = None
    """Most pieces that are taken, paid or reserved for payment; None: as many as come."""
    taken_pieces: int = 0
    """Pieces paid or reserved for payment, counted where there is a cap or a second batch."""
    later_batches: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    """`[{"after_pieces", "ship_from_on", "ship_by_on"}, …]`: who comes later is promised later."""
    top_up_limit_minor: int = 0
    """What the team may spend on pieces nobody has ordered, to save the campaign, without asking."""
    extended_at: datetime | None = Field(default=None, sa_type=Moment)
    settled_price_minor: int | None = None
    balance_until: datetime | None = Field(default=None, sa_type=Moment)
    """When balances that are still missing are given up."""
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

    @property
    def counts_places(self) -> bool:
        """Whether it matters, while it is open, how many pieces are taken."""
        return self.cap_pieces is not None or bool(self.later_batches)

    @property
    def room(self) -> int | None:
        """Pieces that may still be taken; None for as many as come."""
        return None if self.cap_pieces is None else max(0, self.cap_pieces - self.taken_pieces)

    def take(self, pieces: int) -> None:
        """Reserve places. Raises CampaignFull and takes nothing where there are not so many."""
        if self.room is not None and pieces > self.room:
            raise CampaignFull(self.slug, pieces, self.room)
        self.taken_pieces += pieces

    def promise(self, taken_before: int) -> tuple[date, date]:
        """The days between which goods leave for who orders after so many pieces: those of their batch."""
        promised = (self.ship_from_on, self.ship_by_on)
        for batch in self.later_batches:
            if taken_before >= batch["after_pieces"]:
                promised = (
                    date.fromisoformat(batch["ship_from_on"]),
                    date.fromisoformat(batch["ship_by_on"]),
                )
        return promised

    def start_closing(self, *, by: str, at: datetime, why: str) -> None:
        """Take no more pre-orders; payments already started may still arrive within the grace."""
        self.closes_at = min(self.closes_at, at)
        self.move(CampaignStatus.CLOSING, by=by, at=at, why=why)

    def grace_ended(self, at: datetime) -> bool:
        """Whether a payment that is still missing is too late to count."""
        return at >= self.closes_at + timedelta(seconds=self.grace_seconds)

    def settle_price(self, pieces: int, *, at: datetime) -> int:
        """The price of a piece for everyone, on the pieces that go ahead; settled once and never again."""
        self.decided_pieces, self.decided_at = pieces, at
        if self.settled_price_minor is None:
            self.settled_price_minor = self.prices.price(pieces)
        return self.settled_price_minor

    @property
    def most_deposit_minor(self) -> int:
        """The largest forfeitable deposit: a fifth of the lowest price of the ladder (see `policy`)."""
        return most_deposit(self.prices)


def most_deposit(prices: Ladder) -> int:
    """The most a forfeitable deposit may be: a fifth of the lowest price a ladder may end at."""
    return prices.tiers[-1].price_minor // 5


class CampaignRead(BaseModel):
    """A campaign as everyone may see it; money in minor units of `currency`."""

    slug: str
    status: CampaignStatus
    kind: CampaignKind
    terms: list[PaymentTerms]
    deposit_minor: int | None
    deposit_kind: DepositKind | None
    group_size: int | None
    cap_pieces: int | None
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
