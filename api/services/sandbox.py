"""The server side of the sandbox provider: its own books, and the webhooks it owes us.

It can do everything to a payment that a real provider may: see `Outcome`. What it says may come late, twice
and in any order, and is delivered by the outbox.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from api.domain.errors import invalid
from api.domain.payment import PaymentKind, SandboxCharge
from api.payments.port import EventKind, Movement
from api.payments.sandbox import STORED
from api.services import outbox


class Outcome(StrEnum):
    """How a charge at the sandbox ends: as wished, or in one of the ways that need somebody."""

    PAY = "pay"
    FAIL = "fail"
    SLOW = "slow"  # the confirmation comes after 20 s
    LATE = "late"  # the confirmation comes after a day
    TWICE = "twice"  # two movements of the same charge
    TOO_LITTLE = "too_little"  # a tenth less than was asked for
    TOO_MUCH = "too_much"  # a tenth more
    GIVEN_BACK = "given_back"  # paid, then given back by hand at the provider
    DISPUTED = "disputed"  # paid, then taken back by the buyer's bank
    SHUFFLED = "shuffled"  # declined, then paid; each said three times, in any order


FAULTS = tuple(Outcome)[3:]
"""What no buyer wishes for."""


@dataclass(frozen=True, slots=True)
class _Act:
    """One thing the sandbox does to a charge, and says."""

    kind: EventKind
    words: str
    suffix: str = ""
    """Of the reference: what the charge's own movement does not have."""
    percent: int = 100
    after: timedelta = timedelta(0)
    times: int = 1


_PAID = _Act(EventKind.CONFIRMED, "paid")
_DECLINED = _Act(EventKind.FAILED, "the card was declined", "_failed")
_ACTS: dict[Outcome, tuple[_Act, ...]] = {
    Outcome.PAY: (_PAID,),
    Outcome.FAIL: (_DECLINED,),
    Outcome.SLOW: (replace(_PAID, after=timedelta(seconds=20)),),
    Outcome.LATE: (replace(_PAID, after=timedelta(days=1)),),
    Outcome.TWICE: (_PAID, _Act(EventKind.CONFIRMED, "paid once more", "_twice")),
    Outcome.TOO_LITTLE: (replace(_PAID, percent=90),),
    Outcome.TOO_MUCH: (replace(_PAID, percent=110),),
    Outcome.GIVEN_BACK: (_PAID, _Act(EventKind.REFUNDED, "given back by hand at the provider", "_back")),
    Outcome.DISPUTED: (_PAID, _Act(EventKind.DISPUTED, "the buyer's bank took it back", "_dispute")),
    Outcome.SHUFFLED: (replace(_DECLINED, times=3), replace(_PAID, times=3)),
}
_BOOKED = {
    EventKind.CONFIRMED: PaymentKind.CHARGE,
    EventKind.REFUNDED: PaymentKind.REFUND,
    EventKind.DISPUTED: PaymentKind.REFUND,
}


def charge(
    session: Session, *, payment_id: UUID, amount_minor: int, currency: str, outcome: Outcome, at: datetime
) -> None:
    """Let a charge end in one way and tell us; what was done to it before is never done again."""
    told = list[_Notice]()
    for act in _ACTS[outcome]:
        amount = max(1, amount_minor * act.percent // 100)
        reference = reference_of(payment_id) + act.suffix
        kind = _BOOKED.get(act.kind)
        if kind is None or _book(session, payment_id, kind, reference, amount, currency, at):
            fee = fee_of(kind, amount) if kind else 0
            notice = _Notice(
                payment_id, act.kind, reference, act.words, amount, currency, at + act.after, fee
            )
            told += [notice] * act.times
    if outcome == Outcome.SHUFFLED:
        random.Random(payment_id.int).shuffle(told)
    for number, notice in enumerate(told):
        _notify(session, replace(notice, on=notice.on + timedelta(milliseconds=number)), at=at)


def charge_stored(
    session: Session, *, payment_id: UUID, amount_minor: int, currency: str, method: str, at: datetime
) -> None:
    """Charge a stored method: its name says how that ends. Raises InvalidRequest."""
    outcome = method.partition("-")[0]
    if outcome not in list(Outcome):
        raise invalid("method", method, "is not a method of the sandbox")
    charge(
        session,
        payment_id=payment_id,
        amount_minor=amount_minor,
        currency=currency,
        outcome=Outcome(outcome),
        at=at,
    )


def store_method(session: Session, *, preorder_id: UUID, outcome: Outcome, at: datetime) -> None:
    """Keep a method whose every charge will end in one way, and tell us its name."""
    method = f"{outcome.value}-{preorder_id.hex[:12]}"
    body = {"kind": STORED, "preorder": str(preorder_id), "method": method}
    outbox.record(session, "sandbox.notify", subject=str(preorder_id), at=at, body=json.dumps(body))


def refund(session: Session, *, payment_id: UUID, amount_minor: int, currency: str, at: datetime) -> None:
    """Pay money back and tell us by webhook; asked twice it is paid once."""
    reference = reference_of(payment_id)
    if _book(session, payment_id, PaymentKind.REFUND, reference, amount_minor, currency, at):
        confirmed = _Notice(
            payment_id, EventKind.CONFIRMED, reference, "paid back", amount_minor, currency, at
        )
        _notify(session, confirmed, at=at)


def report(session: Session, *, since: datetime, until: datetime) -> Sequence[Movement]:
    """The books from one moment up to another, in the order of their movements."""
    rows = session.exec(
        select(SandboxCharge)
        .where(col(SandboxCharge.at) >= since, col(SandboxCharge.at) < until)
        .order_by(col(SandboxCharge.at), SandboxCharge.reference)
    )
    return [
        Movement(
            reference=row.reference,
            at=row.at,
            amount_minor=row.amount_minor if row.kind == PaymentKind.CHARGE else -row.amount_minor,
            fee_minor=fee_of(row.kind, row.amount_minor),
            currency=row.currency,
        )
        for row in rows
    ]


def reference_of(payment_id: UUID) -> str:
    """The sandbox's own number of a charge or refund."""
    return f"sbx_{payment_id.hex[:20]}"


def fee_of(kind: PaymentKind, amount_minor: int) -> int:
    """What the sandbox keeps: 0.6 % of a charge, rounded up; nothing comes back with a refund."""
    return -(-amount_minor * 6 // 1000) if kind == PaymentKind.CHARGE else 0


def _book(
    session: Session,
    payment_id: UUID,
    kind: PaymentKind,
    reference: str,
    amount_minor: int,
    currency: str,
    at: datetime,
) -> bool:
    """Write the movement once; returns whether it is new."""
    row = {
        "reference": reference,
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


@dataclass(frozen=True, slots=True)
class _Notice:
    """What a webhook will say, and when."""

    payment_id: UUID
    kind: EventKind
    reference: str
    words: str
    amount_minor: int
    currency: str
    on: datetime
    fee_minor: int = 0


def _notify(session: Session, notice: _Notice, *, at: datetime) -> None:
    event = {
        "payment": str(notice.payment_id),
        "kind": notice.kind.value,
        "reference": notice.reference,
        "why": notice.words,
        "amount": notice.amount_minor,
        "currency": notice.currency,
        "fee": notice.fee_minor,
    }
    outbox.record(
        session,
        "sandbox.notify",
        subject=str(notice.payment_id),
        at=at,
        not_before=notice.on,
        body=json.dumps(event),
    )
