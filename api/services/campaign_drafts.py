"""From an idea to an open campaign: drafted by its team, sampled, published."""

from datetime import datetime

from sqlmodel import Session, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.campaign_draft import CampaignDraft
from api.domain.catalogue import Style
from api.domain.errors import Unknown, invalid
from api.domain.member import Member, Right
from api.services import campaigns


def draft(session: Session, wanted: CampaignDraft, *, member: Member, at: datetime) -> Campaign:
    """Write a draft of a style of the member's own team. Raises RoleMissing, Unknown, InvalidRequest."""
    member.must_have(Right.PREPARE_CAMPAIGN)
    style = session.exec(select(Style).where(Style.code == wanted.style)).first()
    if style is None or member.team_id not in (None, style.team_id):
        raise Unknown("style", wanted.style)
    wanted.checked()
    if session.exec(select(Campaign.id).where(Campaign.slug == wanted.slug)).first() is not None:
        raise invalid("slug", wanted.slug, "is taken")
    campaign = wanted.to_campaign(style_id=style.id, team_id=style.team_id)
    campaign.begin(by=member.actor, at=at, why="drafted")
    session.add(campaign)
    session.flush()
    return campaign


def approve_sample(session: Session, slug: str, *, member: Member, why: str, at: datetime) -> Campaign:
    """Price and fabric are agreed on a sample somebody has held in their hands."""
    return _move(session, slug, CampaignStatus.SAMPLED, member=member, why=why, at=at)


def publish(session: Session, slug: str, *, member: Member, at: datetime) -> Campaign:
    """Pre-orders are taken from `opens_at` on; only a sampled campaign opens."""
    return _move(session, slug, CampaignStatus.OPEN, member=member, why="published", at=at)


def _move(
    session: Session, slug: str, to: CampaignStatus, *, member: Member, why: str, at: datetime
) -> Campaign:
    member.must_have(Right.PREPARE_CAMPAIGN)
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    campaign.move(to, by=member.actor, at=at, why=why)
    return campaign
