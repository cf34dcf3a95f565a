"""The double-entry ledger: what is written into it, once each, and the statements that come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, text
from sqlalchemy import insert as sql_insert
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.ledger import Account, LedgerEntry, LedgerPosting
from api.domain.payment import Payment
from api.domain.preorder import Preorder

_OURS = (Account.PROVIDER, Account.FEES, Account.LOSSES, Account.COMPENSATION)


def post(
    session: Session,
    preorder: Preorder,
    postings: Mapping[Account, int],
    *,
    key: str,
    why: str,
    at: datetime,
    payment: Payment | None = None,
) -> bool:
    """Write an entry whose signed minor units add up to nothing; a key is written once, whoever comes twice.

    Returns whether it was new.
    """
    amounts = {account: amount for account, amount in postings.items() if amount}
    if not amounts:
        return False
    session.flush()  # the entry points at rows of this transaction
    row = {
        "key": key,
        "preorder_id": preorder.id,
        "campaign_id": preorder.campaign_id,
        "team_id": session.get_one(Campaign, preorder.campaign_id).team_id,
        "payment_id": payment.id if payment else None,
        "currency": preorder.currency,
        "why": why,
        "at": at,
    }
    added = insert(LedgerEntry).values(**row).on_conflict_do_nothing().returning(col(LedgerEntry.id))
    entry_id = session.execute(added).scalar()
    if entry_id is None:
        return False
    session.execute(
        sql_insert(LedgerPosting),
        [{"entry_id": entry_id, "account": account, "amount_minor": n} for account, n in amounts.items()],
    )
    return True


def moved(session: Session, preorder: Preorder, payment: Payment, *, fee_minor: int, at: datetime) -> None:
    """A payment is confirmed: money came to the provider for a buyer, or went back."""
    amount = payment.signed_minor
    postings = {
        Account.PROVIDER: amount - fee_minor,
        Account.BUYERS: -amount,
        Account.FEES: fee_minor,
    }
    post(session, preorder, postings, key=f"payment:{payment.id}", why=payment.reason, at=at, payment=payment)


_CATCH_UP = text(
    """
    WITH entry AS (
        INSERT INTO ledger_entry (key, preorder_id, campaign_id, team_id, payment_id, currency, why, at)
        SELECT 'payment:' || p.id, o.id, c.id, c.team_id, p.id, p.currency, p.reason, p.confirmed_at
        FROM payment p JOIN preorder o ON o.id = p.preorder_id JOIN campaign c ON c.id = o.campaign_id
        WHERE p.status = 'confirmed' AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.payment_id = p.id)
        ORDER BY p.confirmed_at, p.id
        RETURNING id, payment_id
    )
    INSERT INTO ledger_posting (entry_id, account, amount_minor)
    SELECT e.id, side.account, side.sign * p.moved_minor * CASE p.kind WHEN 'charge' THEN 1 ELSE -1 END
    FROM entry e JOIN payment p ON p.id = e.payment_id
    CROSS JOIN (VALUES ('provider', 1), ('buyers', -1)) AS side (account, sign)
    """
)


def catch_up(session: Session) -> None:
    """Enter confirmed payments that no event brought: the past of a demonstration, thousands in one go."""
    session.flush()
    session.execute(_CATCH_UP)


def reclassify(
    session: Session,
    preorder: Preorder,
    amount_minor: int,
    to: Account,
    *,
    key: str,
    why: str,
    at: datetime,
) -> None:
    """What we owed a buyer becomes ours (earned, forfeited), or what was ours is owed (a negative amount)."""
    post(session, preorder, {Account.BUYERS: amount_minor, to: -amount_minor}, key=key, why=why, at=at)


def earn(session: Session, preorder: Preorder, amount_minor: int, *, at: datetime) -> None:
    """The goods have left: their price is ours; what was paid beyond it stays the buyer's."""
    key = f"sale:{preorder.id}"
    reclassify(session, preorder, amount_minor, Account.SALES, key=key, why="goods left", at=at)


def unearn(session: Session, preorder: Preorder, *, why: str, at: datetime) -> None:
    """The goods come back: what was earned with them is owed again."""
    sold = -_standing(session, preorder.id, Account.SALES)
    reclassify(session, preorder, -sold, Account.SALES, key=f"returned:{preorder.id}", why=why, at=at)


def credit(session: Session, preorder_id: UUID) -> int:
    """What stands to a buyer's credit, in minor units: paid and not gone back, and what we bore for them."""
    return _standing(session, preorder_id, *_OURS)


def owed(session: Session, preorder_id: UUID) -> int:
    """What we owe a buyer, in minor units: their credit that is neither earned nor forfeited."""
    return -_standing(session, preorder_id, Account.BUYERS)


def _standing(session: Session, preorder_id: UUID, *accounts: Account) -> int:
    """What stands in accounts for a pre-order."""
    total = session.execute(
        sql_select(func.coalesce(func.sum(LedgerPosting.amount_minor), 0))
        .join(LedgerEntry, col(LedgerEntry.id) == LedgerPosting.entry_id)
        .where(col(LedgerEntry.preorder_id) == preorder_id, col(LedgerPosting.account).in_(accounts))
    ).scalar_one()
    return int(total)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a statement with what it did to each account it touched."""

    at: datetime
    preorder: str
    why: str
    postings: Mapping[Account, int]


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries in the order they were written, and what stands in each account: together always nothing."""

    currency: str
    lines: tuple[Line, ...]
    balances: Mapping[Account, int]
    entries: int
    """How many there are; `lines` may be only the latest of them."""


def of_preorder(session: Session, preorder: Preorder, *, latest: int | None = None) -> Statement:
    return _statement(session, col(LedgerEntry.preorder_id) == preorder.id, preorder.currency, latest)


def of_campaign(session: Session, campaign: Campaign, *, latest: int | None = None) -> Statement:
    return _statement(session, col(LedgerEntry.campaign_id) == campaign.id, campaign.currency, latest)


def of_team(session: Session, team_id: UUID, currency: str, *, latest: int | None = None) -> Statement:
    of_currency = col(LedgerEntry.currency) == currency
    return _statement(session, (col(LedgerEntry.team_id) == team_id) & of_currency, currency, latest)


def _statement(session: Session, which: ColumnElement[bool], currency: str, latest: int | None) -> Statement:
    """The balances are of all entries, however few lines are asked for."""
    newest = select(LedgerEntry.id).where(which).order_by(col(LedgerEntry.id).desc()).limit(latest)
    rows = session.exec(
        select(LedgerEntry, Preorder.number, LedgerPosting)
        .join(LedgerPosting, col(LedgerPosting.entry_id) == LedgerEntry.id)
        .join(Preorder, col(Preorder.id) == LedgerEntry.preorder_id)
        .where(col(LedgerEntry.id).in_(newest))
        .order_by(col(LedgerEntry.id), col(LedgerPosting.account))
    )
    lines: dict[Any, tuple[LedgerEntry, str, dict[Account, int]]] = {}
    for entry, number, posting in rows:
        lines.setdefault(entry.id, (entry, number, {}))[2][posting.account] = posting.amount_minor
    return Statement(
        currency,
        tuple(Line(entry.at, number, entry.why, postings) for entry, number, postings in lines.values()),
        dict.fromkeys(Account, 0) | _balances(session, which),
        session.exec(select(func.count()).select_from(LedgerEntry).where(which)).one(),
    )


def _balances(session: Session, which: ColumnElement[bool]) -> dict[Account, int]:
    rows = session.execute(
        sql_select(col(LedgerPosting.account), func.sum(LedgerPosting.amount_minor))
        .join(LedgerEntry, col(LedgerEntry.id) == LedgerPosting.entry_id)
        .where(which)
        .group_by(col(LedgerPosting.account))
    )
    return {account: int(total) for account, total in rows}
