"""Places of a campaign that takes no more than so many pieces: taken, given free, offered to who waits."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.lifecycle import SYSTEM
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, payments, waiting

PAY_WITHIN = timedelta(minutes=15)
"""How long pieces of a campaign with a cap are reserved for a payment."""


def take(session: Session, campaign: Campaign, pieces: int) -> int:
    """Take places of a campaign that is locked; returns how many were taken before. Raises CampaignFull."""
    before = campaign.taken_pieces
    campaign.take(pieces)
    session.add(campaign)
    return before


def free(session: Session, preorder: Preorder, *, at: datetime) -> None:
    """Give a pre-order's places back, and offer them once to the first who fits."""
    campaign = campaigns.get_for_update(session, preorder.campaign_id)
    if not campaign.counts_places:
        return
    campaign.taken_pieces -= payments.pieces_of(session, preorder)
    session.flush()
    if campaign.is_open(at):
        waiting.offer_free(session, campaign, at=at)


def expire_unpaid(session: Session, *, at: datetime, limit: int = 200) -> int:
    """End pre-orders whose time to pay is over while their campaign is open; returns how many."""
    overdue = session.exec(
        select(Preorder.id)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .where(
            Preorder.status == PreorderStatus.PLACED,
            col(Preorder.paid_at).is_(None),
            col(Preorder.pay_until) <= at,
            Campaign.status == CampaignStatus.OPEN,
        )
        .order_by(col(Preorder.pay_until), Preorder.number)
        .limit(limit)
    ).all()
    return sum(_expire(session, preorder_id, at=at) for preorder_id in overdue)


def _expire(session: Session, preorder_id: UUID, *, at: datetime) -> bool:
    campaign_id = session.get_one(Preorder, preorder_id).campaign_id
    campaigns.get_for_update(session, campaign_id)  # locked before the pre-order, as everywhere
    preorder = session.exec(
        select(Preorder)
        .where(Preorder.id == preorder_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    kept = preorder.paid_at is not None or preorder.pay_until is None
    if preorder.status != PreorderStatus.PLACED or kept:
        return False
    why = "not paid while its pieces were reserved"
    payments.drop_charges(session, preorder, why=why, at=at)
    preorder.move(PreorderStatus.CANCELLED, by=SYSTEM, at=at, why=why)
    free(session, preorder, at=at)
    return True
