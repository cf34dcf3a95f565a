from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.campaign import CampaignRead
from api.services import campaign_close, campaigns

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


@router.get("")
def list_campaigns(session: SessionDep) -> list[CampaignRead]:
    """Campaigns that take pre-orders, those that close first on top."""
    return [campaigns.read(session, campaign.slug) for campaign, _, _ in campaigns.listed(session)]


@router.get("/{slug}")
def read_campaign(slug: str, session: SessionDep) -> CampaignRead:
    """One campaign, with its paid pieces as of now."""
    return campaigns.read(session, slug)


class CloseRequest(BaseModel):
    """Why a campaign ends before its time."""

    why: str = Field(min_length=3, max_length=500)


@router.post("/{slug}/close")
def close_campaign(
    slug: str, request: CloseRequest, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """End an open campaign now; it is decided at once, or when the payments under way are in."""
    campaign_close.close_now(session, slug, member=member, why=request.why, at=at)
    session.flush()
    return campaigns.read(session, slug)
