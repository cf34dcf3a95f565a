"""Money of a pre-order through a provider: asked for, paid back, and what is still open."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.errors import NothingToPay
from api.domain.lifecycle import SYSTEM
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus, PaymentTerms
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.payments.providers import named, provider
from api.services import ledger, outbox

_ASKED = (PaymentStatus.REQUESTED, PaymentStatus.STARTED, PaymentStatus.FAILED)
_FIRST = {PaymentTerms.PREPAID: PaymentPurpose.FULL, PaymentTerms.DEPOSIT: PaymentPurpose.DEPOSIT}


def first_charge(session: Session, preorder: Preorder, pieces: int, *, at: datetime) -> Payment | None:
    """Ask for what a new pre-order pays at once; None on later terms, where nothing is due yet."""
    if preorder.terms == PaymentTerms.LATER:
        return None
    return ask(session, preorder, due_at_once(preorder, pieces), _FIRST[preorder.terms], at=at)


def due_at_once(preorder: Preorder, pieces: int) -> int:
    """What a new pre-order of so many pieces pays first, in minor units."""
    prepaid = preorder.terms == PaymentTerms.PREPAID
    return pieces * (preorder.price_minor if prepaid else preorder.deposit_minor)


def ask(
    session: Session,
    preorder: Preorder,
    amount_minor: int,
    purpose: PaymentPurpose,
    *,
    at: datetime,
    via: str | None = None,
) -> Payment:
    """Ask the buyer for an amount; nothing moves before they go to the provider's page.

    `via` names the provider, where it is not the one that new charges go to.
    """
    charge = Payment(
        preorder_id=preorder.id,
        kind=PaymentKind.CHARGE,
        purpose=purpose,
        amount_minor=amount_minor,
        currency=preorder.currency,
        reason=f"pre-order {preorder.number}: {purpose.value}",
        provider=via or provider().name,
        requested_at=at,
    )
    charge.begin(by=SYSTEM, at=at, why=charge.reason)
    session.add(charge)
    return charge


def ask_balance(session: Session, preorder: Preorder, amount_minor: int, *, at: datetime) -> Payment:
    """Ask for the rest; where the buyer let a method be stored, it is taken from there."""
    keeper, _, _ = (preorder.stored_method or "").partition(":")
    charge = ask(session, preorder, amount_minor, PaymentPurpose.BALANCE, at=at, via=keeper or None)
    if preorder.stored_method is not None:
        outbox.record(session, "payment.collect", subject=str(charge.id), at=at, payment_id=str(charge.id))
    return charge


def start(session: Session, preorder: Preorder, *, at: datetime, return_url: str) -> str:
    """The address of the provider's page where the buyer pays, or on later terms has a method stored.

    A failed charge may be started again. Raises NothingToPay, and CampaignNotOpen where a first payment
    would come too late.
    """
    if wants_method(preorder):
        session.get_one(Campaign, preorder.campaign_id).accept(at=at)
        return provider().store_method_url(preorder, return_url=return_url)
    charge = asked(session, preorder)
    if charge is None:
        raise NothingToPay(preorder.number)
    if charge.purpose != PaymentPurpose.BALANCE:
        session.get_one(Campaign, preorder.campaign_id).accept(at=at)
    if charge.status != PaymentStatus.STARTED:
        charge.move(PaymentStatus.STARTED, by="consumer", at=at, why="went to the payment page")
        charge.started_at = at
    return named(charge.provider).checkout_url(charge, return_url=return_url)


def wants_method(preorder: Preorder) -> bool:
    """Whether the buyer pays later and has not yet said from where."""
    later = preorder.terms == PaymentTerms.LATER and preorder.status == PreorderStatus.PLACED
    return later and preorder.stored_method is None


def method_name(provider_name: str, method: str) -> str:
    """A stored method as a pre-order remembers it: with who keeps it, whoever takes new charges by then."""
    return f"{provider_name}:{method}"


def asked(session: Session, preorder: Preorder) -> Payment | None:
    """The charge the buyer is asked for now."""
    return session.exec(
        select(Payment)
        .where(
            Payment.preorder_id == preorder.id,
            Payment.kind == PaymentKind.CHARGE,
            col(Payment.status).in_(_ASKED),
        )
        .order_by(col(Payment.requested_at).desc())
        .limit(1)
        .with_for_update()
    ).first()


def drop_charges(session: Session, preorder: Preorder, *, why: str, at: datetime) -> None:
    """Ask for nothing more; what the buyer pays nonetheless is an exception."""
    while (charge := asked(session, preorder)) is not None:
        charge.move(PaymentStatus.DROPPED, by=SYSTEM, at=at, why=why)
        session.flush()


def give_back(
    session: Session,
    preorder: Preorder,
    amount_minor: int,
    *,
    purpose: PaymentPurpose,
    why: str,
    at: datetime,
) -> list[Payment]:
    """Owe the buyer an amount: refunds of the latest charges first, sent by the outbox until they are taken.

    Of what no charge is left for (the second half of a deposit returned twofold) the first charge is refunded
    beyond itself, as far as the provider lets us. Nothing is owed for an amount of nothing.
    """
    money = of_preorder(session, preorder.id)
    charges = [p for p in money if p.kind == PaymentKind.CHARGE and p.status == PaymentStatus.CONFIRMED]
    refunds, left = list[Payment](), amount_minor
    for charge in reversed(charges):
        share = min(left, _refundable(charge, money))
        if share > 0:
            refunds.append(_request_refund(session, charge, share, purpose=purpose, why=why, at=at))
            left -= share
    if left > 0 and charges:
        refunds.append(_request_refund(session, charges[0], left, purpose=purpose, why=why, at=at))
    session.flush()
    return refunds


def _request_refund(
    session: Session, charge: Payment, amount_minor: int, *, purpose: PaymentPurpose, why: str, at: datetime
) -> Payment:
    refund = Payment(
        preorder_id=charge.preorder_id,
        kind=PaymentKind.REFUND,
        purpose=purpose,
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


def _refundable(charge: Payment, money: Iterable[Payment]) -> int:
    back = (p for p in money if p.refunds_id == charge.id and p.status != PaymentStatus.DROPPED)
    return (charge.moved_minor or 0) - sum(p.moved_minor or p.amount_minor for p in back)


def refund_to_send(session: Session, refund_id: UUID) -> tuple[Payment, Payment] | None:
    """A refund and the charge it returns, unless it is done or asked for no more."""
    refund = session.get_one(Payment, refund_id)
    if refund.status in (PaymentStatus.CONFIRMED, PaymentStatus.DROPPED):
        return None
    return refund, session.get_one(Payment, refund.refunds_id)


def charge_to_collect(session: Session, charge_id: UUID, *, at: datetime) -> tuple[Payment, str] | None:
    """A balance to take from a stored method, and the method; None where it is no longer asked for."""
    charge = for_update(session, charge_id)
    keeper, _, method = (session.get_one(Preorder, charge.preorder_id).stored_method or "").partition(":")
    if charge.status in (PaymentStatus.CONFIRMED, PaymentStatus.DROPPED) or keeper != charge.provider:
        return None
    if charge.status != PaymentStatus.STARTED:
        charge.move(PaymentStatus.STARTED, by=SYSTEM, at=at, why="taken from the stored method")
        charge.started_at = at
    return charge, method


def mark_refund_sent(session: Session, refund_id: UUID, *, at: datetime) -> None:
    """The provider took the refund; its webhook confirms it."""
    refund = for_update(session, refund_id)
    if refund.status in (PaymentStatus.REQUESTED, PaymentStatus.FAILED):
        refund.move(PaymentStatus.STARTED, by=SYSTEM, at=at, why=f"sent to {refund.provider}")
        refund.started_at = at


def of_preorder(session: Session, preorder_id: UUID) -> Sequence[Payment]:
    """Charges and refunds of a pre-order in the order they were asked for."""
    return session.exec(
        select(Payment)
        .where(Payment.preorder_id == preorder_id)
        .order_by(col(Payment.requested_at), col(Payment.id))
    ).all()


def received(money: Iterable[Payment]) -> int:
    """What came in and did not go back, in minor units."""
    return sum(payment.signed_minor for payment in money)


def under_way_back(money: Iterable[Payment]) -> int:
    """What was promised back and has not gone yet."""
    waiting = (PaymentStatus.REQUESTED, PaymentStatus.STARTED, PaymentStatus.FAILED)
    return sum(p.amount_minor for p in money if p.kind == PaymentKind.REFUND and p.status in waiting)


def credit(session: Session, preorder: Preorder) -> int:
    """What counts as paid: received and not on its way back, and what we bore for the buyer."""
    money = of_preorder(session, preorder.id)
    return ledger.credit(session, preorder.id) - under_way_back(money)


def open_minor(session: Session, preorder: Preorder) -> int:
    """What a buyer owes at this stage, in minor units, what is on its way back counted as gone.

    Negative is what we owe them and have not promised back; an ended pre-order owes nothing either way.
    """
    if preorder.status in (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED):
        return 0
    return due_minor(session, preorder) - credit(session, preorder)


def surplus_minor(session: Session, preorder: Preorder) -> int:
    """What we hold of a buyer's beyond what is due and not yet promised back, in minor units."""
    if preorder.status in (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED):
        money = of_preorder(session, preorder.id)
        return max(0, ledger.owed(session, preorder.id) - under_way_back(money))
    return max(0, -open_minor(session, preorder))


def due_minor(session: Session, preorder: Preorder) -> int:
    """What a living pre-order costs at this stage, all in all."""
    if preorder.status == PreorderStatus.PLACED and preorder.terms != PaymentTerms.PREPAID:
        return preorder.deposit_minor * pieces_of(session, preorder)
    settled = session.get_one(Campaign, preorder.campaign_id).settled_price_minor
    price = preorder.price_minor if settled is None else settled
    money = of_preorder(session, preorder.id)
    given_up = sum(p.amount_minor for p in money if p.purpose == PaymentPurpose.SHORT)
    return price * pieces_of(session, preorder) - given_up


def pieces_of(session: Session, preorder: Preorder) -> int:
    """Pieces over all lines of a pre-order."""
    total = session.exec(
        select(func.coalesce(func.sum(PreorderLine.quantity), 0)).where(
            PreorderLine.preorder_id == preorder.id
        )
    ).one()
    return int(total)


def for_update(session: Session, payment_id: UUID) -> Payment:
    """The payment, locked."""
    return session.exec(
        select(Payment)
        .where(Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
