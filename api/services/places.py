"""Places of a campaign that takes no more than so many pieces: taken, given free, offered to who waits."""

from datetime import datetime, timedelta

from sqlmodel import Session

from api.domain.campaign import Campaign
from api.domain.preorder import Preorder
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
