"""Where a pre-order stands, from what happened to it and never from typed text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.payment import Payment, PaymentKind, PaymentStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, payments, preorders

_STAGES = (
    PreorderStatus.CONFIRMED,
    PreorderStatus.SCHEDULED,
    PreorderStatus.IN_PRODUCTION,
    PreorderStatus.READY,
    PreorderStatus.SHIPPED,
)
_NAMES = {PreorderStatus.CONFIRMED: "decided"}
_ENDS = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stop on the way: `state` is done, now, to_come or stopped; `at` when it was reached."""

    name: str
    state: str
    at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """All that a buyer may want to know of one pre-order; money in minor units."""

    status: PreorderStatus
    currency: str
    paid_minor: int
    refunded_minor: int
    refund_due_minor: int
    price_minor: int
    settled_price_minor: int | None
    pieces: int
    campaign_pieces: int
    pay_href: str | None
    payment: str
    open_minor: int
    """What is to be paid at this stage."""
    open_until: datetime | None
    """When a balance that is still missing is given up."""
    promise_from_on: date
    promise_by_on: date
    expected_on: date | None
    stages: tuple[Stage, ...]


def track(session: Session, preorder: Preorder) -> Tracking:
    """The pre-order with its money, its dates and its stages."""
    campaign = session.get_one(Campaign, preorder.campaign_id)
    money = payments.of_preorder(session, preorder.id)
    awaits = preorders.awaits_payment(session, preorder)
    return Tracking(
        status=preorder.status,
        currency=preorder.currency,
        paid_minor=_moved(money, PaymentKind.CHARGE),
        refunded_minor=_moved(money, PaymentKind.REFUND),
        refund_due_minor=payments.under_way_back(money),
        price_minor=preorder.price_minor,
        settled_price_minor=campaign.settled_price_minor if preorder.paid_at else None,
        pieces=sum(line.quantity for line in preorders.lines_of(session, preorder.id)),
        campaign_pieces=campaign.decided_pieces or campaigns.paid_pieces(session, campaign.id),
        pay_href=f"/o/{preorders.token(preorder)}/pay" if awaits else None,
        payment=_payment(money, awaits=awaits),
        open_minor=max(0, payments.open_minor(session, preorder)),
        open_until=campaign.balance_until if preorder.status == PreorderStatus.BALANCE_DUE else None,
        promise_from_on=preorder.promise_from_on,
        promise_by_on=preorder.promise_by_on,
        expected_on=preorder.expected_on,
        stages=tuple(_stages(session, preorder)),
    )


def _moved(money: Sequence[Payment], kind: PaymentKind) -> int:
    return sum(abs(payment.signed_minor) for payment in money if payment.kind == kind)


def _payment(money: Sequence[Payment], *, awaits: bool) -> str:
    if not awaits:
        return "paid"
    charges = [p.status for p in money if p.kind == PaymentKind.CHARGE]
    if not charges:
        return "method"  # nothing is taken yet, and nobody has said from where
    last = charges[-1]
    return {PaymentStatus.STARTED: "on_its_way", PaymentStatus.FAILED: "failed"}.get(last, "missing")


def _stages(session: Session, preorder: Preorder) -> list[Stage]:
    reached = {entry.after: entry for entry in _steps(session, preorder)}
    paid = Stage("paid", "done" if preorder.paid_at else "now", preorder.paid_at, "")
    if preorder.status in _ENDS:
        ends = [
            Stage(end.value, "stopped", reached[end].at, reached[end].why) for end in _ENDS if end in reached
        ]
        return [paid, *ends] if preorder.paid_at else ends
    order = list(PreorderStatus)
    here = order.index(preorder.status)
    coming = next((status for status in _STAGES if order.index(status) > here), None)
    stages = [paid]
    for status in _STAGES:
        passed = order.index(status) <= here
        following = preorder.paid_at is not None and status == coming
        state = "done" if passed else "now" if following else "to_come"
        entry = reached.get(status) if passed else None
        stages.append(Stage(_NAMES.get(status, status.value), state, entry.at if entry else None, ""))
    return stages


def _steps(session: Session, preorder: Preorder) -> Sequence[AuditEntry]:
    return session.exec(
        select(AuditEntry)
        .where(AuditEntry.noun == preorder.lifecycle.noun, AuditEntry.subject_id == preorder.id)
        .order_by(col(AuditEntry.id))
    ).all()
