"""What needs a person about money: exceptions, rescues to answer, balances to come."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import Style
from api.domain.member import Member
from api.domain.need import Need, NeedKind
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, payment_exceptions, rescues

_UNPAID = (PaymentStatus.REQUESTED, PaymentStatus.STARTED, PaymentStatus.FAILED)


def exceptions(session: Session, member: Member, _: datetime) -> Iterator[Need]:
    """Money that moved otherwise than asked, until somebody decides."""
    for case, preorder in payment_exceptions.open_cases(session, member):
        campaign = session.get_one(Campaign, preorder.campaign_id) if preorder else None
        yield Need(
            NeedKind.EXCEPTION,
            preorder.number if preorder else "",
            case.noted_at,
            case.amount_minor,
            facts={"id": str(case.id), "kind": case.kind.value},
            team_id=campaign.team_id if campaign else None,
            currency=case.currency,
        )


def rescue_offers(session: Session, member: Member, at: datetime) -> Iterator[Need]:
    """Campaigns that their team may still save; at stake is what their paid pieces bring."""
    for rescue, campaign in rescues.open_offers(session, member.team_id):
        if at >= rescue.answer_by:
            continue
        pieces = campaigns.paid_pieces(session, campaign.id) - sum(rescue.dropped.values())
        yield Need(
            NeedKind.RESCUE,
            campaign.slug,
            rescue.offered_at,
            campaign.prices.price(pieces) * pieces,
            session.get_one(Style, campaign.style_id),
            {"cost_minor": rescue.cost_minor},
            campaign.team_id,
            rescue.answer_by,
            campaign.currency,
        )


def balances(session: Session, member: Member, at: datetime) -> Iterator[Need]:
    """Campaigns that wait for balances: how many, how much, and how long they still may take."""
    owing = PreorderStatus.BALANCE_DUE
    asked = and_(
        col(Payment.preorder_id) == Preorder.id,
        col(Payment.kind) == PaymentKind.CHARGE,
        col(Payment.purpose) == PaymentPurpose.BALANCE,
        col(Payment.status).in_(_UNPAID),
    )
    mine = [col(Campaign.team_id) == member.team_id] if member.team_id else []
    rows = session.execute(
        sql_select(Campaign, Style, func.count(func.distinct(Preorder.id)), func.sum(Payment.amount_minor))
        .join(Preorder, col(Preorder.campaign_id) == Campaign.id)
        .join(Style, col(Style.id) == Campaign.style_id)
        .join(Payment, asked)
        .where(col(Campaign.status) == CampaignStatus.COLLECTING, col(Preorder.status) == owing)
        .where(*mine)
        .group_by(col(Campaign.id), col(Style.id))
        .order_by(col(Campaign.slug))
    )
    for campaign, style, count, amount in rows:
        since = campaign.decided_at or at
        facts = {"preorders": count}
        until = campaign.balance_until
        yield Need(
            NeedKind.BALANCES,
            campaign.slug,
            since,
            int(amount),
            style,
            facts,
            campaign.team_id,
            until,
            campaign.currency,
        )
