"""Money in and out through a provider: asked for here, true when the provider's signed word says so."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.errors import Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.payment import Payment, PaymentKind, PaymentStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.payments.port import EventKind, PaymentEvent
from api.payments.providers import provider
from api.services import outbox


def request_charge(session: Session, preorder: Preorder, amount_minor: int, *, at: datetime) -> Payment:
    """Ask the buyer for an amount; nothing moves before they go to the provider's page."""
    payment = Payment(
        preorder_id=preorder.id,
        kind=PaymentKind.CHARGE,
        amount_minor=amount_minor,
        currency=preorder.currency,
        reason=f"pre-order {preorder.number}",
        provider=provider().name,
        requested_at=at,
    )
    payment.begin(by=SYSTEM, at=at, why=payment.reason)
    session.add(payment)
    return payment


def start(session: Session, preorder: Preorder, *, at: datetime, return_url: str) -> str:
    """The address of the provider's page where the buyer pays; a failed charge may be started again."""
    charge = session.exec(
        select(Payment)
        .where(Payment.preorder_id == preorder.id, Payment.kind == PaymentKind.CHARGE)
        .with_for_update()
    ).one()
    if charge.status in (PaymentStatus.REQUESTED, PaymentStatus.FAILED):
        session.get_one(Campaign, preorder.campaign_id).accept(at=at)
        charge.move(PaymentStatus.STARTED, by="consumer", at=at, why="went to the payment page")
        charge.started_at = at
    return provider().checkout_url(charge, return_url=return_url)


def request_refund(
    session: Session, charge: Payment, amount_minor: int, *, why: str, at: datetime
) -> Payment:
    """Owe the buyer an amount of a confirmed charge; the outbox sends it until the provider has taken it."""
    refund = Payment(
        preorder_id=charge.preorder_id,
        kind=PaymentKind.REFUND,
        amount_minor=amount_minor,
        currency=charge.currency,
        reason=why,
        provider=charge.provider,
        refunds_id=charge.id,
        requested_at=at,
    )
    refund.begin(by=SYSTEM, at=at, why=why)
    session.add(refund)
    outbox.record(session, "payment.refund", subject=str(refund.id), at=at, payment_id=str(refund.id))
    return refund


def refund_to_send(session: Session, refund_id: UUID) -> tuple[Payment, Payment] | None:
    """A refund and the charge it returns, unless the provider has confirmed it already."""
    refund = session.get_one(Payment, refund_id)
    if refund.status == PaymentStatus.CONFIRMED:
        return None
    return refund, session.get_one(Payment, refund.refunds_id)


def mark_refund_sent(session: Session, refund_id: UUID, *, at: datetime) -> None:
    """The provider took the refund; its webhook confirms it."""
    refund = _for_update(session, refund_id)
    if refund.status in (PaymentStatus.REQUESTED, PaymentStatus.FAILED):
        refund.move(PaymentStatus.STARTED, by=SYSTEM, at=at, why=f"sent to {refund.provider}")
        refund.started_at = at


def of_preorder(session: Session, preorder_id: UUID) -> Sequence[Payment]:
    """Charges and refunds of a pre-order in the order they were asked for."""
    return session.exec(
        select(Payment).where(Payment.preorder_id == preorder_id).order_by(col(Payment.requested_at))
    ).all()


def confirmed_charge(session: Session, preorder_id: UUID) -> Payment:
    """The charge that a paid pre-order was paid with."""
    return session.exec(
        select(Payment).where(
            Payment.preorder_id == preorder_id,
            Payment.kind == PaymentKind.CHARGE,
            Payment.status == PaymentStatus.CONFIRMED,
        )
    ).one()


def apply_event(session: Session, event: PaymentEvent, *, at: datetime) -> Payment:
    """Believe a provider's verified event; a repeated or late one changes nothing twice.

    The campaign is locked before the payment: the close counts either with this payment or without it.
    """
    known = session.get(Payment, event.payment_id)
    if known is None:
        raise Unknown("payment", str(event.payment_id))
    preorder = session.get_one(Preorder, known.preorder_id)
    campaign = session.exec(
        select(Campaign).where(Campaign.id == preorder.campaign_id).with_for_update(read=True)
    ).one()
    payment = _for_update(session, event.payment_id)
    if payment.status == PaymentStatus.CONFIRMED:
        return payment
    if event.kind == EventKind.FAILED:
        if payment.status != PaymentStatus.FAILED:
            payment.move(PaymentStatus.FAILED, by=payment.provider, at=at, why=event.why)
        return payment
    payment.provider_reference = event.reference
    payment.confirmed_at = at
    payment.move(PaymentStatus.CONFIRMED, by=payment.provider, at=at, why=event.why)
    session.refresh(preorder, with_for_update=True)
    if payment.kind == PaymentKind.CHARGE:
        _charge_confirmed(session, payment, preorder, campaign, at)
    else:
        _refund_confirmed(session, payment, preorder, at)
    return payment


def _charge_confirmed(
    session: Session, charge: Payment, preorder: Preorder, campaign: Campaign, at: datetime
) -> None:
    undecided = campaign.status in (CampaignStatus.OPEN, CampaignStatus.CLOSING)
    if preorder.status == PreorderStatus.PLACED and undecided and not campaign.grace_ended(at):
        preorder.paid_at = at
        return
    why = "the payment arrived after the campaign was decided"
    if preorder.status == PreorderStatus.PLACED:
        preorder.move(PreorderStatus.CANCELLED, by=SYSTEM, at=at, why=why)
    request_refund(session, charge, charge.amount_minor, why=why, at=at)


def _refund_confirmed(session: Session, refund: Payment, preorder: Preorder, at: datetime) -> None:
    session.flush()
    money = of_preorder(session, preorder.id)
    confirmed = [p for p in money if p.status == PaymentStatus.CONFIRMED]
    balance = sum(p.amount_minor if p.kind == PaymentKind.CHARGE else -p.amount_minor for p in confirmed)
    if preorder.status == PreorderStatus.CANCELLED and balance == 0:
        preorder.move(PreorderStatus.REFUNDED, by=refund.provider, at=at, why=refund.reason)


def _for_update(session: Session, payment_id: UUID) -> Payment:
    return session.exec(
        select(Payment)
        .where(Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
