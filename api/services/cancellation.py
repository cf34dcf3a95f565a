"""The end of one pre-order: nothing more is asked for, what is not kept goes back, its places are free."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain import policy
from api.domain.campaign import Campaign, CampaignStatus
from api.domain.ledger import Account
from api.domain.lifecycle import SYSTEM
from api.domain.payment import DepositKind, PaymentPurpose, PaymentTerms
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, ledger, payments, places, scheduling

NOT_PAID_IN_TIME = "not paid while its pieces were reserved"
_PLANNED = (PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION, PreorderStatus.READY)


def locked(session: Session, preorder_id: UUID) -> Preorder:
    """The pre-order, locked after its campaign, as everywhere."""
    campaigns.get_for_update(session, session.get_one(Preorder, preorder_id).campaign_id)
    return session.exec(
        select(Preorder)
        .where(Preorder.id == preorder_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def forfeit(session: Session, campaign: Campaign, preorder: Preorder, *, at: datetime) -> int:
    """What a buyer who steps back from a deposit loses by the law of their place, in minor units."""
    kept = policy.forfeitable(preorder.region, at=at)
    return _earnest(session, campaign, preorder) if kept else 0


def twofold(session: Session, campaign: Campaign, preorder: Preorder, *, at: datetime) -> int:
    """What we pay on top of a deposit when we step back ourselves from a campaign that was decided."""
    doubled = policy.deposit_rule(preorder.region, at=at).twofold
    return _earnest(session, campaign, preorder) if doubled else 0


def _earnest(session: Session, campaign: Campaign, preorder: Preorder) -> int:
    """What was paid of a forfeitable deposit; money beyond it is never lost, nor doubled."""
    if campaign.deposit_kind != DepositKind.FORFEITABLE or preorder.terms != PaymentTerms.DEPOSIT:
        return 0
    agreed = preorder.deposit_minor * payments.pieces_of(session, preorder)
    return max(0, min(agreed, payments.credit(session, preorder)))


def end(
    session: Session,
    preorder: Preorder,
    *,
    by: str,
    why: str,
    purpose: PaymentPurpose,
    at: datetime,
    forfeit_minor: int = 0,
    compensation_minor: int = 0,
) -> int:
    """Cancel a pre-order that is locked; returns what goes back, in minor units.

    Of what was paid `forfeit_minor` is kept as ours by law; `compensation_minor` is paid on top. Pieces that
    a run makes for it already become the team's stock when the run ends.
    """
    places.free(session, preorder, at=at)
    if preorder.status == PreorderStatus.SHIPPED:
        ledger.unearn(session, preorder, why=why, at=at)
    payments.drop_charges(session, preorder, why=why, at=at)
    money = payments.of_preorder(session, preorder.id)
    back = ledger.owed(session, preorder.id) - payments.under_way_back(money) - forfeit_minor
    back += compensation_minor
    if preorder.status in _PLANNED:
        scheduling.leave_runs(session, preorder)
    preorder.move(PreorderStatus.CANCELLED, by=by, at=at, why=why)
    session.flush()
    for amount, account in ((forfeit_minor, Account.FORFEITS), (-compensation_minor, Account.COMPENSATION)):
        ledger.reclassify(
            session, preorder, amount, account, key=f"{account.value}:{preorder.id}", why=why, at=at
        )
    if back > 0:
        payments.give_back(session, preorder, back, purpose=purpose, why=why, at=at)
    elif any(payment.moved_minor for payment in money) and payments.received(money) == 0:
        preorder.move(PreorderStatus.REFUNDED, by=by, at=at, why=why)
    return max(0, back)


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
    preorder = locked(session, preorder_id)
    kept = preorder.paid_at is not None or preorder.pay_until is None
    if preorder.status != PreorderStatus.PLACED or kept:
        return False
    end(session, preorder, by=SYSTEM, why=NOT_PAID_IN_TIME, purpose=PaymentPurpose.CANCELLED, at=at)
    return True
