"""Money that staff take or pay back themselves, under the number of a receipt: each receipt counts once."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.errors import Unknown, invalid
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind, PaymentPurpose
from api.domain.preorder import Preorder, PreorderStatus
from api.payments.cash import CASH
from api.payments.port import EventKind, PaymentEvent
from api.services import payment_events, payment_exceptions, payments


def record(
    session: Session, preorder_number: str, amount_minor: int, *, receipt: str, member: Member, at: datetime
) -> Payment:
    """Believe a member that a buyer paid in cash; the same receipt again changes nothing.

    What was asked for through another provider is asked for no more. An amount that differs from it, or is
    not owed, goes to the exceptions desk like any other.

    Raises RoleMissing, Unknown, and InvalidRequest for a receipt that was used for something else.
    """
    member.must_have(Right.RECORD_CASH)
    preorder = _locked(session, preorder_number, member)
    known = _of_receipt(session, receipt)
    if known is not None:
        if (known.preorder_id, known.moved_minor, known.kind) != (
            preorder.id,
            amount_minor,
            PaymentKind.CHARGE,
        ):
            raise invalid("receipt", receipt, "was recorded for other money")
        return known
    asked = payments.asked(session, preorder)
    owed, purpose = (asked.amount_minor, asked.purpose) if asked else (amount_minor, _purpose(preorder))
    payments.drop_charges(session, preorder, why=f"paid in cash, receipt {receipt}", at=at)
    charge = payments.ask(session, preorder, owed, purpose, at=at, via=CASH)
    session.flush()
    return _confirm(session, charge, amount_minor, receipt, member, at=at)


def confirm_refund(
    session: Session, refund_id: UUID, *, receipt: str, member: Member, at: datetime
) -> Payment:
    """Believe a member that a refund was paid in cash; its task at the exceptions desk is settled.

    Raises RoleMissing, Unknown, and InvalidRequest for a receipt that was used before.
    """
    member.must_have(Right.RECORD_CASH)
    refund = session.get(Payment, refund_id)
    if refund is None or refund.provider != CASH or refund.kind != PaymentKind.REFUND:
        raise Unknown("refund in cash", str(refund_id))
    preorder = session.get_one(Preorder, refund.preorder_id)
    _locked(session, preorder.number, member)
    known = _of_receipt(session, receipt)
    if known is not None:
        if known.id != refund_id:
            raise invalid("receipt", receipt, "was recorded for other money")
        return known
    paid = _confirm(session, refund, refund.amount_minor, receipt, member, at=at)
    payment_exceptions.settled_by_hand(session, refund_id, by=member.actor, at=at)
    return paid


def _confirm(
    session: Session, payment: Payment, amount_minor: int, receipt: str, member: Member, *, at: datetime
) -> Payment:
    event = PaymentEvent(
        payment.id,
        EventKind.CONFIRMED,
        reference=receipt,
        why=f"receipt {receipt}, recorded by {member.actor}",
        amount_minor=amount_minor,
    )
    return payment_events.apply(session, event, at=at, by=CASH)


def _locked(session: Session, number: str, member: Member) -> Preorder:
    """The pre-order of a number, its campaign locked before it is touched."""
    preorder = session.exec(select(Preorder).where(Preorder.number == number)).first()
    if preorder is None:
        raise Unknown("pre-order", number)
    campaign = session.exec(
        select(Campaign).where(Campaign.id == preorder.campaign_id).with_for_update(read=True)
    ).one()
    if member.team_id not in (None, campaign.team_id):
        raise Unknown("pre-order", number)
    return preorder


def _of_receipt(session: Session, receipt: str) -> Payment | None:
    return session.exec(
        select(Payment).where(Payment.provider == CASH, col(Payment.provider_reference) == receipt)
    ).first()


def _purpose(preorder: Preorder) -> PaymentPurpose:
    """What cash that nobody asked for was meant to pay."""
    return PaymentPurpose.FULL if preorder.status == PreorderStatus.PLACED else PaymentPurpose.BALANCE
