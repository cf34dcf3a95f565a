from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.campaign import CampaignRead
from api.services import campaign_changes, campaigns

router = APIRouter(prefix="/campaigns/{slug}", tags=["campaigns"])


class CancelRequest(BaseModel):
    """Why a campaign is given up; its buyers read it."""

    why: str = Field(min_length=3, max_length=200)


class ExtendRequest(CancelRequest):
    """Until when a campaign is to be open."""

    closes_at: AwareDatetime


@router.post("/extend")
def extend_campaign(
    slug: str, request: ExtendRequest, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """Take pre-orders for longer, once; who is in it already may leave free of charge."""
    campaign_changes.campaign_extend(
        session, slug, member=member, closes_at=request.closes_at, why=request.why, at=at
    )
    return campaigns.read(session, slug)


@router.post("/cancel")
def cancel_campaign(
    slug: str, request: CancelRequest, session: SessionDep, member: MemberDep, at: NowDep
) -> CampaignRead:
    """Give a campaign up: everything goes back, a deposit twofold where the law says so."""
    campaign_changes.campaign_cancel(session, slug, member=member, why=request.why, at=at)
    return campaigns.read(session, slug)
