"""What is offered when: each campaign opened by its team, with moments relative to the day of loading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from api.domain.campaign import Campaign, CampaignKind, CampaignStatus
from api.domain.member import Member
from api.local.demonstration.catalogue import Design
from api.local.demonstration.dice import Dice, sheet

SHANGHAI = ZoneInfo("Asia/Shanghai")
PIECES_PER_PREORDER = 1.9
"""What the draw in `demand` comes to, on average."""


class Story(StrEnum):
    """How far a campaign is when the demonstration begins."""

    OPEN = "open"
    MISSED = "missed"
    WAITING = "waiting"  # decided, no plan yet
    MAKING = "making"
    LATE = "late"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A campaign, what it sells, how many pre-orders it gets and how its story goes."""

    campaign: Campaign
    design: Design
    story: Story
    orders: int


def waiting_seconds(designs: Mapping[str, Design]) -> int:
    """Sewing seconds that the first plan has to find a place for, set-ups apart."""
    seconds: float = 0
    for raw in sheet("campaigns")["campaign"]:
        if raw["story"] == Story.WAITING:
            seconds += raw["orders"] * PIECES_PER_PREORDER * designs[raw["style"]].seconds
    return round(seconds)


def write(
    session: Session, designs: Mapping[str, Design], members: list[Member], *, at: datetime, dice: Dice
) -> list[Chapter]:
    """The campaigns, each opened; closing them is left to history."""
    actors = {member.team_id: member.actor for member in reversed(members) if member.team_id}
    chapters = []
    for raw in sheet("campaigns")["campaign"]:
        design = designs[raw["style"]]
        campaign = _campaign(raw, design, at, dice)
        _open(campaign, by=actors[campaign.team_id])
        chapters.append(Chapter(campaign, design, Story(raw["story"]), raw["orders"]))
    session.add_all([chapter.campaign for chapter in chapters])
    session.flush()
    return chapters


def _campaign(raw: dict[str, Any], design: Design, at: datetime, dice: Dice) -> Campaign:
    today = at.astimezone(SHANGHAI).date()
    ship_from, ship_by = raw["ship"]
    return Campaign(
        id=dice.uuid(),
        slug=raw["slug"],
        team_id=design.style.team_id,
        style_id=design.style.id,
        kind=CampaignKind(raw["kind"]),
        opens_at=_opens_at(raw, at),
        closes_at=_closes_at(raw, at),
        minimum=raw["minimum"],
        ladder=raw["ladder"],
        ship_from_on=today + timedelta(days=ship_from),
        ship_by_on=today + timedelta(days=ship_by),
        **{field: raw[field] for field in _TERMS if field in raw},
    )


_TERMS = ("terms", "deposit_minor", "deposit_kind", "group_size")


def _opens_at(raw: dict[str, Any], at: datetime) -> datetime:
    if "opened_minutes_ago" in raw:
        return _on_the_minute(at - timedelta(minutes=raw["opened_minutes_ago"]))
    return moment(at, *raw["opens"])


def _closes_at(raw: dict[str, Any], at: datetime) -> datetime:
    if "closes_in_minutes" in raw:
        return _on_the_minute(at + timedelta(minutes=raw["closes_in_minutes"]))
    return moment(at, *raw["closes"])


def _on_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def moment(at: datetime, days: int, hour: int) -> datetime:
    """So many days from the day of `at` in Shanghai, on the hour there."""
    day = at.astimezone(SHANGHAI).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), SHANGHAI).astimezone(at.tzinfo)


def _open(campaign: Campaign, *, by: str) -> None:
    """Drafted three weeks before opening, sampled ten days before, published four days before."""
    opens = campaign.opens_at
    campaign.begin(by=by, at=opens - timedelta(days=21), why="drafted")
    campaign.move(CampaignStatus.SAMPLED, by=by, at=opens - timedelta(days=10), why="sample approved")
    campaign.move(CampaignStatus.OPEN, by=by, at=opens - timedelta(days=4), why="published")
