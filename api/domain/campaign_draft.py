"""What a team says when it prepares a campaign; every wrong field is named before anything is written."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.domain.campaign import Campaign, CampaignKind, most_deposit
from api.domain.errors import InvalidRequest
from api.domain.money import Ladder
from api.domain.payment import DepositKind, PaymentTerms

Pieces = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Amount = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]


class LaterBatch(BaseModel):
    """From so many taken pieces on, another promise holds."""

    model_config = ConfigDict(extra="forbid")

    after_pieces: Pieces
    ship_from_on: date
    ship_by_on: date


class CampaignDraft(BaseModel):
    """A campaign to be; money in minor units of `currency`, moments with their time zone."""

    model_config = ConfigDict(extra="forbid")

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    style: str
    kind: CampaignKind
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    time_zone: str = "Asia/Shanghai"
    minimum: Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
    ladder: Annotated[list[tuple[Pieces, Amount]], Field(min_length=1, max_length=20)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    ship_from_on: date
    ship_by_on: date
    terms: Annotated[list[PaymentTerms], Field(min_length=1, max_length=3)] = [PaymentTerms.PREPAID]
    deposit_minor: Amount | None = None
    deposit_kind: DepositKind | None = None
    balance_days: Annotated[int, Field(ge=1, le=60, strict=True)] = 5
    expected_drop_percent: Annotated[int, Field(ge=0, le=100, strict=True)] = 3
    grace_seconds: Annotated[int, Field(ge=0, le=86_400, strict=True)] = 300
    group_size: Annotated[int, Field(ge=2, le=100, strict=True)] | None = None
    cap_pieces: Pieces | None = None
    later_batches: Annotated[list[LaterBatch], Field(max_length=10)] = []
    top_up_limit_minor: Annotated[int, Field(ge=0, le=100_000_000, strict=True)] = 0

    def checked(self) -> Self:
        """Itself; raises InvalidRequest naming every field that does not fit the others."""
        Ladder.from_json(self.ladder)
        problems = [
            {"field": field, "value": value, "detail": detail} for field, value, detail in self._wrong()
        ]
        if problems:
            raise InvalidRequest(problems)
        return self

    def _wrong(self) -> Iterator[tuple[str, Any, str]]:
        if self.opens_at >= self.closes_at:
            yield "closes_at", self.closes_at.isoformat(), "must be after opens_at"
        if self.time_zone not in available_timezones():
            yield "time_zone", self.time_zone, "is not a time zone"
        elif self.ship_from_on <= self._local_day(self.closes_at):
            yield "ship_from_on", self.ship_from_on.isoformat(), "must be after the close"
        if self.ship_by_on < self.ship_from_on:
            yield "ship_by_on", self.ship_by_on.isoformat(), "must not be before ship_from_on"
        if (self.kind == CampaignKind.TEAM_BUY) != (self.group_size is not None):
            yield "group_size", self.group_size, "belongs to a team_buy, and to no other kind"
        if len(set(self.terms)) < len(self.terms):
            yield "terms", [term.value for term in self.terms], "must be named once each"
        yield from self._wrong_deposit()
        yield from self._wrong_batches()

    def _local_day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def _wrong_deposit(self) -> Iterator[tuple[str, Any, str]]:
        wanted = PaymentTerms.DEPOSIT in self.terms
        if wanted != (self.deposit_minor is not None):
            yield "deposit_minor", self.deposit_minor, "is needed for the terms deposit, and for no other"
        if wanted != (self.deposit_kind is not None):
            yield "deposit_kind", self.deposit_kind, "is needed for the terms deposit, and for no other"
        if self.deposit_minor is None:
            return
        prices = Ladder.from_json(self.ladder)
        lowest, most = prices.tiers[-1].price_minor, most_deposit(prices)
        if self.deposit_kind == DepositKind.FORFEITABLE and self.deposit_minor > most:
            detail = f"a forfeitable deposit is at most a fifth of the lowest price: {most}"
            yield "deposit_minor", self.deposit_minor, detail
        elif self.deposit_minor >= lowest:
            yield "deposit_minor", self.deposit_minor, f"must be below the lowest price {lowest}"

    def _wrong_batches(self) -> Iterator[tuple[str, Any, str]]:
        sizes = [batch.after_pieces for batch in self.later_batches]
        if sizes != sorted(set(sizes)):
            yield "later_batches", sizes, "must ascend"
        starts = [self.ship_from_on, *(batch.ship_from_on for batch in self.later_batches)]
        if starts != sorted(starts):
            yield (
                "later_batches",
                [day.isoformat() for day in starts[1:]],
                "must not ship before earlier ones",
            )

    def to_campaign(self, **other: Any) -> Campaign:
        """The campaign it describes, in draft."""
        fields = self.model_dump(exclude={"style", "terms", "later_batches", "ladder"})
        return Campaign(
            **fields,
            terms=[term.value for term in self.terms],
            ladder=[list(tier) for tier in self.ladder],
            later_batches=[batch.model_dump(mode="json") for batch in self.later_batches],
            **other,
        )
