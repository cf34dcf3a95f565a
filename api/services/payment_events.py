"""A provider's word on money: believed once, whatever its order; what nobody asked for goes to a person."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.errors import Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.domain.payment_exception import ExceptionKind, Resolution
from api.domain.preorder import Preorder, PreorderStatus
from api.payments.port import EventKind, MethodStored, PaymentEvent
from api.services import ledger, notices, payment_exceptions, payments

AFTER_THE_CUT_OFF = "the payment arrived after the campaign was decided"
_UNASKED = {
    EventKind.REFUNDED: (PaymentPurpose.EXTERNAL, ExceptionKind.EXTERNAL_REFUND),
    EventKind.DISPUTED: (PaymentPurpose.DISPUTE, ExceptionKind.DISPUTE),
}


def apply(session: Session, event: PaymentEvent, *, at: datetime, by: str | None = None) -> Payment:
    """Believe a provider's verified event; a repeated or late one changes nothing twice. Raises Unknown.

    `by` names the provider who says so: nobody has a say in the payments of another.
    The campaign is locked before the payment: the close counts either with this payment or without it.
    """
    known = session.get(Payment, event.payment_id)
    if known is None or by not in (None, known.provider):
        raise Unknown("payment", str(event.payment_id))
    preorder = session.get_one(Preorder, known.preorder_id)
    campaign = session.exec(
        select(Campaign).where(Campaign.id == preorder.campaign_id).with_for_update(read=True)
    ).one()
    payment = payments.for_update(session, event.payment_id)
    session.refresh(preorder, with_for_update=True)
    heard = _Heard(session, event, payment, preorder, campaign, at)
    if event.currency is not None and event.currency != payment.currency:
        heard.note(ExceptionKind.UNKNOWN, event.amount_minor or payment.amount_minor, f"in {event.currency}")
    elif event.kind in _UNASKED:
        heard.taken_back()
    elif event.kind == EventKind.FAILED:
        heard.failed()
    elif payment.status == PaymentStatus.CONFIRMED:
        heard.again()
    else:
        heard.confirmed()
    session.flush()
    return payment


def store_method(session: Session, provider: str, stored: MethodStored) -> Preorder:
    """Believe that a buyer on later terms let a provider keep a method: the pre-order stands. Raises Unknown.

    One that is over by then keeps none; another method takes the place of the first.
    """
    known = session.get(Preorder, stored.preorder_id)
    if known is None:
        raise Unknown("pre-order", str(stored.preorder_id))
    session.exec(select(Campaign).where(Campaign.id == known.campaign_id).with_for_update(read=True)).one()
    session.refresh(known, with_for_update=True)
    if known.status in (PreorderStatus.PLACED, PreorderStatus.BALANCE_DUE):
        known.stored_method = payments.method_name(provider, stored.method)
        known.pay_until = None
    return known


@dataclass(frozen=True, slots=True)
class _Heard:
    """One event with all it concerns, locked."""

    session: Session
    event: PaymentEvent
    payment: Payment
    preorder: Preorder
    campaign: Campaign
    at: datetime

    def failed(self) -> None:
        if self.payment.status in (PaymentStatus.REQUESTED, PaymentStatus.STARTED):
            self.payment.move(PaymentStatus.FAILED, by=self.payment.provider, at=self.at, why=self.event.why)
            if self.payment.kind == PaymentKind.REFUND:
                self.note(ExceptionKind.REFUND_FAILED, self.payment.amount_minor, self.event.why)
            elif self.payment.purpose == PaymentPurpose.BALANCE:
                self._tell("payment_failed")
        elif self.payment.kind == PaymentKind.REFUND and self.payment.status == PaymentStatus.CONFIRMED:
            self.note(ExceptionKind.REFUND_FAILED, self.payment.amount_minor, self.event.why)

    def again(self) -> None:
        """The same movement once more changes nothing; another one of the same charge was paid twice."""
        if self.payment.kind == PaymentKind.REFUND or self.event.reference == self.payment.provider_reference:
            return
        second = self._book(PaymentKind.CHARGE, self.payment.purpose, refunds=None)
        if second is not None:
            self.note(ExceptionKind.DOUBLE, second.moved_minor or 0, "paid twice", payment=second)

    def taken_back(self) -> None:
        """Money of a charge went without our asking, or a bank took it."""
        purpose, kind = _UNASKED[self.event.kind]
        taken = self._book(PaymentKind.REFUND, purpose, refunds=self.payment)
        if taken is not None:
            self.note(kind, taken.moved_minor or 0, self.event.why, payment=taken)
            if purpose == PaymentPurpose.EXTERNAL:
                self._tell("refunded", taken)

    def confirmed(self) -> None:
        payment = self.payment
        payment.provider_reference = self.event.reference
        payment.moved_minor = self.event.amount_minor or payment.amount_minor
        payment.confirmed_at = self.at
        payment.move(PaymentStatus.CONFIRMED, by=payment.provider, at=self.at, why=self.event.why)
        ledger.moved(self.session, self.preorder, payment, fee_minor=self.event.fee_minor, at=self.at)
        if payment.kind == PaymentKind.REFUND:
            self._paid_back()
        elif not self._in_time():
            self._too_late()
        else:
            self._count()

    def _in_time(self) -> bool:
        if self.payment.purpose == PaymentPurpose.BALANCE:
            return self.preorder.status == PreorderStatus.BALANCE_DUE
        undecided = self.campaign.status in (CampaignStatus.OPEN, CampaignStatus.CLOSING)
        placed = self.preorder.status == PreorderStatus.PLACED
        return placed and undecided and not self.campaign.grace_ended(self.at)

    def _count(self) -> None:
        """What it leaves open is asked for; what it brings beyond is a case; else the pre-order is paid."""
        moved = self.payment.moved_minor or 0
        rest = payments.open_minor(self.session, self.preorder)
        if rest > 0:
            self.note(ExceptionKind.TOO_LITTLE, rest, f"{rest} less than was asked for")
            payments.ask(self.session, self.preorder, rest, self.payment.purpose, at=self.at)
            return
        if -rest >= moved:
            self.note(ExceptionKind.DOUBLE, moved, "paid when nothing was owed")
            return
        if rest < 0:
            self.note(ExceptionKind.TOO_MUCH, -rest, f"{-rest} more than was asked for")
        self.preorder.paid_at = self.preorder.paid_at or self.at
        self._tell("paid")

    def _too_late(self) -> None:
        """After the cut-off it goes back by rule; before it a person may still find room."""
        moved = self.payment.moved_minor or 0
        if self.campaign.status == CampaignStatus.OPEN and self.preorder.status == PreorderStatus.CANCELLED:
            self.note(ExceptionKind.LATE, moved, "the pieces were no longer reserved")
            return
        if self.preorder.status == PreorderStatus.PLACED:
            self.preorder.move(PreorderStatus.CANCELLED, by=SYSTEM, at=self.at, why=AFTER_THE_CUT_OFF)
        self.note(ExceptionKind.LATE, moved, AFTER_THE_CUT_OFF)
        payment_exceptions.resolve_by_rule(
            self.session, self._key(ExceptionKind.LATE), Resolution.REFUND, at=self.at
        )

    def _paid_back(self) -> None:
        money = payments.of_preorder(self.session, self.preorder.id)
        if self.preorder.status == PreorderStatus.CANCELLED and payments.received(money) == 0:
            self.preorder.move(
                PreorderStatus.REFUNDED, by=self.payment.provider, at=self.at, why=self.payment.reason
            )
        self._tell("refunded")

    def _book(self, kind: PaymentKind, purpose: PaymentPurpose, *, refunds: Payment | None) -> Payment | None:
        """Write down a movement nobody asked for, once."""
        reference, amount = self.event.reference, self.event.amount_minor or self.payment.amount_minor
        same = (Payment.provider == self.payment.provider, Payment.provider_reference == reference)
        if self.session.exec(select(Payment).where(*same)).first() is not None:
            return None
        moved = Payment(
            preorder_id=self.preorder.id,
            kind=kind,
            purpose=purpose,
            status=PaymentStatus.CONFIRMED,
            amount_minor=amount,
            moved_minor=amount,
            currency=self.payment.currency,
            reason=self.event.why[:200],
            provider=self.payment.provider,
            provider_reference=reference,
            refunds_id=refunds.id if refunds else None,
            requested_at=self.at,
            confirmed_at=self.at,
        )
        moved.begin(by=self.payment.provider, at=self.at, why=self.event.why)
        self.session.add(moved)
        self.session.flush()
        ledger.moved(self.session, self.preorder, moved, fee_minor=self.event.fee_minor, at=self.at)
        return moved

    def _key(self, kind: ExceptionKind) -> str:
        return f"{self.payment.provider}:{self.event.reference}:{kind.value}"

    def note(
        self, kind: ExceptionKind, amount_minor: int, words: str, *, payment: Payment | None = None
    ) -> None:
        payment_exceptions.note(
            self.session,
            kind,
            key=self._key(kind),
            amount_minor=amount_minor,
            preorder=self.preorder,
            payment=payment or self.payment,
            words=words,
            at=self.at,
        )

    def _tell(self, what: str, payment: Payment | None = None) -> None:
        moved = payment or self.payment
        facts = {"amount_minor": moved.moved_minor or moved.amount_minor}
        notices.tell(self.session, self.preorder, what, key=f"payment:{moved.id}", at=self.at, **facts)
