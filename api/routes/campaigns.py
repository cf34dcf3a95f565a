from datetime import datetime
from typing import Any, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.campaign import CampaignRead
from api.domain.campaign_draft import CampaignDraft
from api.domain.member import Right
from api.domain.preorder import MOST_PIECES_OF_A_SKU, Email
from api.domain.rescue import Rescue
from api.services import campaign_close, campaign_drafts, campaigns, rescues, waiting

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


@router.get("")
def list_campaigns(session: SessionDep) -> list[CampaignRead]:
    """Campaigns that take pre-orders, those that close first on top."""
    return [campaigns.read(session, campaign.slug) for campaign, _, _ in campaigns.listed(session)]


@router.get("/{slug}")
def read_campaign(slug: str, session: SessionDep) -> CampaignRead:
    """One campaign, with its paid pieces as of now."""
    return campaigns.read(session, slug)


class Reason(BaseModel):
    """Why a person decides so; kept in the audit."""

    why: str = Field(min_length=3, max_length=500)


@router.post("", status_code=201)
def draft_campaign(wanted: CampaignDraft, session: SessionDep, member: MemberDep, at: NowDep) -> CampaignRead:
    """Draft a campaign of a style of one's own team."""
    campaign_drafts.draft(session, wanted, member=member, at=at)
    return campaigns.read(session, wanted.slug)


@router.post("/{slug}/sample")
def approve_sample(
    slug: str, request: Reason, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """Say that the sample is as it shall be."""
    campaign_drafts.approve_sample(session, slug, member=member, why=request.why, at=at)
    return campaigns.read(session, slug)


@router.post("/{slug}/publish")
def publish_campaign(slug: str, session: SessionDep, member: MemberDep, at: NowDep) -> CampaignRead:
    """Take pre-orders from its opening on."""
    campaign_drafts.publish(session, slug, member=member, at=at)
    return campaigns.read(session, slug)


@router.post("/{slug}/close")
def close_campaign(
    slug: str, request: Reason, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """End an open campaign now; it is decided at once, or when the payments under way are in."""
    campaign_close.close_now(session, slug, member=member, why=request.why, at=at)
    session.flush()
    return campaigns.read(session, slug)


class RescueRead(BaseModel):
    """A rescue that its team may accept; pieces by item, `cost_minor` in minor units."""

    moves: list[dict[str, Any]]
    top_ups: dict[str, int]
    dropped: dict[str, int]
    cost_minor: int
    answer_by: datetime

    @classmethod
    def of(cls, rescue: Rescue) -> Self:
        return cls.model_validate(rescue.model_dump(include=set(cls.model_fields)))


class Surplus(BaseModel):
    """Cloth a dye-lot minimum leaves over, in centimetres, and the pieces it would still give."""

    units: int
    pieces: int


class VerdictRead(BaseModel):
    """What the close would find now; pieces by item, cloth left over by fabric, cost in minor units."""

    pieces: int
    go: bool
    top_ups: dict[str, int]
    dropped: dict[str, int]
    surplus: dict[str, Surplus]
    cost_minor: int | None


@router.get("/{slug}/verdict")
def read_verdict(slug: str, session: SessionDep, member: MemberDep) -> VerdictRead:
    """Go or no-go over style, colours and cloth as of now, for a campaign of one's own team."""
    member.must_have(Right.SEE_CONSOLE)
    verdict = campaign_close.verdict_now(session, campaigns.get_of_member(session, slug, member))
    way = verdict.way
    return VerdictRead(
        pieces=verdict.pieces,
        go=verdict.go,
        top_ups=dict(way.top_ups) if way else {},
        dropped=dict(verdict.dropped),
        surplus={
            fabric: Surplus(units=left.units, pieces=left.pieces)
            for fabric, left in (way.surplus.items() if way else ())
        },
        cost_minor=way.spent if way else None,
    )


@router.get("/{slug}/rescue")
def read_rescue(slug: str, session: SessionDep, member: MemberDep) -> RescueRead:
    """The rescue that stands for a campaign of one's own team."""
    member.must_have(Right.SEE_CONSOLE)
    return RescueRead.of(rescues.read(session, campaigns.get_of_member(session, slug, member)))


@router.post("/{slug}/rescue/accept")
def accept_rescue(slug: str, session: SessionDep, member: MemberDep, at: NowDep) -> CampaignRead:
    """Carry the rescue out; its cost is the team's."""
    campaign_close.accept_rescue(session, slug, member=member, at=at)
    session.flush()
    return campaigns.read(session, slug)


@router.post("/{slug}/rescue/refuse")
def refuse_rescue(
    slug: str, request: Reason, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """Let the campaign fail; everybody is paid back."""
    campaign_close.refuse_rescue(session, slug, member=member, why=request.why, at=at)
    session.flush()
    return campaigns.read(session, slug)


class WaitingCreate(BaseModel):
    """Pieces somebody wants as soon as they are free."""

    model_config = ConfigDict(extra="forbid")

    sku: str
    quantity: int = Field(ge=1, le=MOST_PIECES_OF_A_SKU, strict=True)
    email: Email
    language: Literal["zh", "en"] = "zh"


@router.post("/{slug}/waiting", status_code=201)
def join_waiting_list(slug: str, wanted: WaitingCreate, session: SessionDep, at: NowDep) -> None:
    """Wait for pieces of a full campaign; freed ones are offered once, by e-mail."""
    waiting.join(
        session,
        slug,
        wanted.sku,
        quantity=wanted.quantity,
        email=wanted.email,
        language=wanted.language,
        at=at,
    )
