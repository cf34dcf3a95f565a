"""The close: each due campaign is decided once, right, in the order of its deadline, after any outage."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind, PaymentStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.services import campaigns, payments


def due(session: Session, *, at: datetime) -> Sequence[UUID]:
    """Campaigns whose minute has come and that are not decided, the earliest deadline first.

    There is no look-back window: a campaign missed for a week is as due as one missed for a second.
    """
    return session.exec(
        select(Campaign.id)
        .where(
            col(Campaign.status).in_([CampaignStatus.OPEN, CampaignStatus.CLOSING]),
            col(Campaign.closes_at) <= at,
        )
        .order_by(col(Campaign.closes_at), col(Campaign.slug))
    ).all()


def close(session: Session, campaign_id: UUID, *, at: datetime) -> Campaign:
    """Close and decide a due campaign; calling again, or from two workers at once, changes nothing more.

    It waits in `closing` while a payment started before the cut-off may still be confirmed. With a go every
    paid pre-order is confirmed at one settled price and the difference goes back; with a no-go all does.
    """
    campaign = campaigns.get_for_update(session, campaign_id)
    if campaign.status == CampaignStatus.OPEN and campaign.closes_at <= at:
        campaign.start_closing(by=SYSTEM, at=at, why="its minute has come")
        session.flush()  # the database sees, and judges, every step
    if campaign.status == CampaignStatus.CLOSING and (
        campaign.grace_ended(at) or not _awaited(session, campaign)
    ):
        _decide(session, campaign, at)
    return campaign


def close_now(session: Session, slug: str, *, member: Member, why: str, at: datetime) -> Campaign:
    """End an open campaign before its time, by a member of its team with the right; the close follows."""
    member.must_have(Right.CLOSE_CAMPAIGN)
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    campaign.start_closing(by=member.actor, at=at, why=why)
    return close(session, campaign.id, at=at)


def _awaited(session: Session, campaign: Campaign) -> int:
    """Payments that were started and that nobody has answered for yet."""
    return session.exec(
        select(func.count())
        .select_from(Payment)
        .join(Preorder, col(Preorder.id) == Payment.preorder_id)
        .where(
            Preorder.campaign_id == campaign.id,
            Preorder.status == PreorderStatus.PLACED,
            Payment.kind == PaymentKind.CHARGE,
            Payment.status == PaymentStatus.STARTED,
        )
    ).one()


def _decide(session: Session, campaign: Campaign, at: datetime) -> None:
    pieces = campaigns.paid_pieces(session, campaign.id)
    go = campaign.decide(pieces, by=SYSTEM, at=at)
    placed = session.exec(
        select(Preorder)
        .where(Preorder.campaign_id == campaign.id, Preorder.status == PreorderStatus.PLACED)
        .order_by(Preorder.number)
        .with_for_update()
    ).all()
    charges = _confirmed_charges(session, campaign)
    ordered = _pieces_ordered(session, campaign)
    for preorder in placed:
        if preorder.paid_at is None:
            preorder.move(PreorderStatus.CANCELLED, by=SYSTEM, at=at, why="not paid before the cut-off")
        elif go:
            preorder.move(PreorderStatus.CONFIRMED, by=SYSTEM, at=at, why="the campaign runs")
            _give_back_difference(session, campaign, charges[preorder.id], ordered[preorder.id], at)
        else:
            why = f"the campaign ended with {pieces} of {campaign.minimum} pieces"
            preorder.move(PreorderStatus.CANCELLED, by=SYSTEM, at=at, why=why)
            charge = charges[preorder.id]
            payments.request_refund(session, charge, charge.amount_minor, why=why, at=at)


def _give_back_difference(
    session: Session, campaign: Campaign, charge: Payment, pieces: int, at: datetime
) -> None:
    settled = campaign.settled_price_minor or 0
    difference = charge.amount_minor - settled * pieces
    if difference > 0:
        why = f"{campaign.decided_pieces} pieces were ordered: each costs less than was paid"
        payments.request_refund(session, charge, difference, why=why, at=at)


def _confirmed_charges(session: Session, campaign: Campaign) -> dict[UUID, Payment]:
    rows = session.exec(
        select(Payment)
        .join(Preorder, col(Preorder.id) == Payment.preorder_id)
        .where(
            Preorder.campaign_id == campaign.id,
            Payment.kind == PaymentKind.CHARGE,
            Payment.status == PaymentStatus.CONFIRMED,
        )
    )
    return {charge.preorder_id: charge for charge in rows}


def _pieces_ordered(session: Session, campaign: Campaign) -> dict[UUID, int]:
    rows = session.execute(
        select(PreorderLine.preorder_id, func.sum(PreorderLine.quantity))
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(Preorder.campaign_id == campaign.id)
        .group_by(col(PreorderLine.preorder_id))
    )
    return {preorder_id: int(pieces) for preorder_id, pieces in rows}
