"""A provider's report held against our ledger, movement by movement; as it should be, nothing differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from api.domain.ledger import Account, LedgerEntry, LedgerPosting
from api.domain.payment import Payment, PaymentStatus
from api.domain.payment_exception import ExceptionKind
from api.domain.preorder import Preorder
from api.payments.port import Movement
from api.services import ledger, payment_exceptions

EARLIER = timedelta(days=3)
"""How much later than its movement a webhook may have confirmed a payment of ours."""
UNDER_WAY = timedelta(hours=1)
"""How long the message of a movement may take before nobody waits for it any more."""


class DifferenceKind(StrEnum):
    """How a movement differs between a provider's books and ours."""

    ONLY_THEIRS = "only_theirs"
    ONLY_OURS = "only_ours"
    AMOUNT = "amount"
    FEE = "fee"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Difference:
    """One movement on which the books do not agree; signed minor units, None where a side has none."""

    kind: DifferenceKind
    reference: str
    at: datetime
    currency: str
    theirs_minor: int | None
    ours_minor: int | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What comparing the books of one stretch of time gave; as it should be, no difference."""

    provider: str
    since: datetime
    until: datetime
    movements: int
    """Of their report."""
    fees: tuple[Movement, ...]
    """Movements whose fee only the report tells; `settle` books it."""
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _Ours:
    """A confirmed payment as the ledger has it."""

    payment: Payment
    amount_minor: int
    fee_minor: int


def report_from(since: datetime) -> datetime:
    """From when on a provider's report is needed to judge what we confirmed since a moment."""
    return since - EARLIER


def compare(
    session: Session, provider: str, report: Sequence[Movement], *, since: datetime, until: datetime
) -> Reconciliation:
    """Hold what happened from one moment up to another against a report from `report_from` on."""
    named = {line.reference for line in report}
    ours = _ours(session, provider, named, since=since, until=until)
    window = [line for line in report if since <= line.at < until]
    fees = tuple(line for line in window if _tells_fee(line, ours.get(line.reference)))
    found = [difference for line in window for difference in _differences(line, ours.get(line.reference))]
    only_ours = [one for reference, one in sorted(ours.items()) if reference not in named]
    found += [_only_ours(one) for one in only_ours if _confirmed_in(one.payment, since, until)]
    return Reconciliation(provider, since, until, len(window), fees, tuple(found))


def settle(session: Session, found: Reconciliation, *, at: datetime) -> None:
    """Book the fees that only the report told, and put what only they have on the exceptions desk, once.

    A movement whose event may still be under way is left for the next time.
    """
    for line in found.fees:
        _book_fee(session, found.provider, line, at=at)
    for each in found.differences:
        if each.kind == DifferenceKind.ONLY_THEIRS and each.at <= at - UNDER_WAY:
            _to_the_desk(session, found.provider, each, at=at)


def _ours(
    session: Session, provider: str, references: set[str], *, since: datetime, until: datetime
) -> dict[str, _Ours]:
    """Payments they name, whenever we heard of them, and those we confirmed in the time asked for."""
    amount = func.coalesce(
        func.sum(LedgerPosting.amount_minor).filter(col(LedgerPosting.account) == Account.BUYERS), 0
    )
    fee = func.coalesce(
        func.sum(LedgerPosting.amount_minor).filter(col(LedgerPosting.account) == Account.FEES), 0
    )
    in_time = (col(Payment.confirmed_at) >= since) & (col(Payment.confirmed_at) < until)
    rows = session.execute(
        sql_select(Payment, -amount, fee)
        .outerjoin(LedgerEntry, col(LedgerEntry.payment_id) == Payment.id)
        .outerjoin(LedgerPosting, col(LedgerPosting.entry_id) == LedgerEntry.id)
        .where(
            col(Payment.provider) == provider,
            col(Payment.status) == PaymentStatus.CONFIRMED,
            in_time | col(Payment.provider_reference).in_(references),
        )
        .group_by(col(Payment.id))
    )
    return {
        payment.provider_reference: _Ours(payment, int(amount), int(fee)) for payment, amount, fee in rows
    }


def _tells_fee(line: Movement, ours: _Ours | None) -> bool:
    if ours is None or line.currency != ours.payment.currency:
        return False
    return line.fee_minor != 0 and ours.fee_minor == 0


def _differences(line: Movement, ours: _Ours | None) -> list[Difference]:
    def differs(kind: DifferenceKind, theirs: int, mine: int | None) -> Difference:
        return Difference(kind, line.reference, line.at, line.currency, theirs, mine)

    if ours is None:
        return [differs(DifferenceKind.ONLY_THEIRS, line.amount_minor, None)]
    if line.currency != ours.payment.currency:
        return [differs(DifferenceKind.CURRENCY, line.amount_minor, ours.amount_minor)]
    found = []
    if line.amount_minor != ours.amount_minor:
        found.append(differs(DifferenceKind.AMOUNT, line.amount_minor, ours.amount_minor))
    if line.fee_minor != ours.fee_minor and not _tells_fee(line, ours):
        found.append(differs(DifferenceKind.FEE, line.fee_minor, ours.fee_minor))
    return found


def _only_ours(one: _Ours) -> Difference:
    payment = one.payment
    reference, at = payment.provider_reference or "", payment.confirmed_at or payment.requested_at
    return Difference(
        DifferenceKind.ONLY_OURS,
        reference,
        at,
        payment.currency,
        theirs_minor=None,
        ours_minor=one.amount_minor,
    )


def _confirmed_in(payment: Payment, since: datetime, until: datetime) -> bool:
    return payment.confirmed_at is not None and since <= payment.confirmed_at < until


def _book_fee(session: Session, provider: str, line: Movement, *, at: datetime) -> None:
    payment = session.exec(
        select(Payment).where(Payment.provider == provider, Payment.provider_reference == line.reference)
    ).one()
    ledger.post(
        session,
        session.get_one(Preorder, payment.preorder_id),
        {Account.FEES: line.fee_minor, Account.PROVIDER: -line.fee_minor},
        key=f"fee:{payment.id}",
        why="kept by the provider",
        at=at,
        payment=payment,
    )


def _to_the_desk(session: Session, provider: str, found: Difference, *, at: datetime) -> None:
    amount = found.theirs_minor or 0
    if amount == 0:
        return
    way = "came in" if amount > 0 else "went out"
    payment_exceptions.note(
        session,
        ExceptionKind.UNKNOWN,
        key=f"{provider}:{found.reference}:{ExceptionKind.UNKNOWN.value}",
        amount_minor=abs(amount),
        preorder=None,
        payment=None,
        words=f"{found.reference} {way} at {found.at:%Y-%m-%d %H:%M} UTC, and nobody here knows for what",
        at=at,
        currency=found.currency,
    )


def providers_used(session: Session) -> Sequence[str]:
    """Providers that have payments here, in the order of their names."""
    return session.exec(select(Payment.provider).distinct().order_by(Payment.provider)).all()
