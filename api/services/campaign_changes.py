"""What a team may do to a campaign that people are in: extend it once, or give it up and pay for that."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.errors import AboveLimit, ExtendedBefore, invalid
from api.domain.member import RIGHTS, Member, Right
from api.domain.payment import PaymentPurpose
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, cancellation, notices

LONGEST_EXTENSION = timedelta(days=30)
_LIVING = (PreorderStatus.PLACED, PreorderStatus.BALANCE_DUE, PreorderStatus.CONFIRMED)


def campaign_extend(
    session: Session, slug: str, *, member: Member, closes_at: datetime, why: str, at: datetime
) -> Campaign:
    """Let an open campaign take pre-orders for longer, once; who is in it is told and may leave freely.

    Raises RoleMissing, CampaignNotOpen, ExtendedBefore, and InvalidRequest for a wrong moment.
    """
    member.must_have(Right.EXTEND_CAMPAIGN)
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    campaign.accept(at=at)
    if campaign.extended_at is not None:
        raise ExtendedBefore(slug)
    if not campaign.closes_at < closes_at <= campaign.closes_at + LONGEST_EXTENSION:
        detail = f"must be later than before, by {LONGEST_EXTENSION.days} days at most"
        raise invalid("closes_at", closes_at.isoformat(), detail)
    facts = {"before": campaign.closes_at.isoformat(), "closes_at": closes_at.isoformat(), "why": why}
    campaign.closes_at, campaign.extended_at = closes_at, at
    for preorder in _living(session, campaign):
        notices.tell(session, preorder, "extended", key=f"extended:{preorder.id}", at=at, **facts)
    session.flush()
    return campaign


def campaign_cancel(session: Session, slug: str, *, member: Member, why: str, at: datetime) -> Campaign:
    """Give a campaign up before anything is made: everyone gets everything back.

    Of one that was decided a forfeitable deposit is returned twofold, where the law of the buyer's place says
    so. Raises RoleMissing, IllegalMove once runs are approved, and AboveLimit where the compensation is more
    than the team may spend without asking.
    """
    member.must_have(Right.CLOSE_CAMPAIGN)
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    decided = campaign.status == CampaignStatus.DECIDED
    campaign.move(CampaignStatus.CANCELLED, by=member.actor, at=at, why=why)
    session.flush()
    living = _living(session, campaign)
    owed = [cancellation.twofold(session, campaign, one, at=at) if decided else 0 for one in living]
    if sum(owed) > campaign.top_up_limit_minor and Right.SPEND_ABOVE_LIMIT not in RIGHTS[member.role]:
        raise AboveLimit(sum(owed), campaign.top_up_limit_minor, campaign.currency)
    for preorder, compensation in zip(living, owed, strict=True):
        _end(session, preorder, compensation, by=member.actor, why=why, at=at)
    session.flush()
    return campaign


def _living(session: Session, campaign: Campaign) -> Sequence[Preorder]:
    return session.exec(
        select(Preorder)
        .where(Preorder.campaign_id == campaign.id, col(Preorder.status).in_(_LIVING))
        .order_by(Preorder.number)
        .with_for_update()
    ).all()


def _end(
    session: Session, preorder: Preorder, compensation_minor: int, *, by: str, why: str, at: datetime
) -> None:
    back = cancellation.end(
        session,
        preorder,
        by=by,
        why=why,
        purpose=PaymentPurpose.CANCELLED,
        at=at,
        compensation_minor=compensation_minor,
    )
    facts = {"amount_minor": back, "compensation_minor": compensation_minor, "why": why}
    notices.tell(session, preorder, "ended", key=f"ended:{preorder.id}", at=at, **facts)
