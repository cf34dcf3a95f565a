"""The server side of the sandbox provider: its own books, and the webhooks it owes us."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from api.domain.payment import PaymentKind, SandboxCharge
from api.payments.port import EventKind
from api.services import outbox


class Outcome(StrEnum):
    """How the buyer wants a charge at the sandbox to end."""

    PAY = "pay"
    FAIL = "fail"
    SLOW = "slow"


_DELAY = {Outcome.PAY: timedelta(0), Outcome.FAIL: timedelta(0), Outcome.SLOW: timedelta(seconds=20)}


def charge(
    session: Session, *, payment_id: UUID, amount_minor: int, currency: str, outcome: Outcome, at: datetime
) -> None:
    """Note how a charge ended and tell us by webhook; a charge that has succeeded is never charged again."""
    kind = EventKind.FAILED if outcome == Outcome.FAIL else EventKind.CONFIRMED
    words = "the card was declined" if outcome == Outcome.FAIL else "paid"
    if kind == EventKind.CONFIRMED and not _book(
        session, payment_id, PaymentKind.CHARGE, amount_minor, currency, at
    ):
        return
    _notify(session, payment_id, kind, words, at=at, not_before=at + _DELAY[outcome])


def refund(session: Session, *, payment_id: UUID, amount_minor: int, currency: str, at: datetime) -> None:
    """Pay money back and tell us by webhook; asked twice it is paid once."""
    if _book(session, payment_id, PaymentKind.REFUND, amount_minor, currency, at):
        _notify(session, payment_id, EventKind.CONFIRMED, "paid back", at=at, not_before=at)


def _book(
    session: Session, payment_id: UUID, kind: PaymentKind, amount_minor: int, currency: str, at: datetime
) -> bool:
    """Write the movement once; returns whether it is new."""
    row = {
        "reference": reference_of(payment_id),
        "payment_id": payment_id,
        "kind": kind,
        "amount_minor": amount_minor,
        "currency": currency,
        "at": at,
    }
    added = (
        insert(SandboxCharge).values(**row).on_conflict_do_nothing().returning(col(SandboxCharge.reference))
    )
    return session.execute(added).first() is not None


def _notify(
    session: Session, payment_id: UUID, kind: EventKind, why: str, *, at: datetime, not_before: datetime
) -> None:
    event = {
        "payment": str(payment_id),
        "kind": kind.value,
        "reference": reference_of(payment_id),
        "why": why,
    }
    outbox.record(
        session,
        "sandbox.notify",
        subject=str(payment_id),
        at=at,
        not_before=not_before,
        body=json.dumps(event),
    )


def reference_of(payment_id: UUID) -> str:
    """The sandbox's own number of a charge or refund."""
    return f"sbx_{payment_id.hex[:20]}"
