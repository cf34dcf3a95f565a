"""Double entry, small and strict: every movement of money is one entry whose postings add up to nothing.

Amounts are signed minor units: what comes to an account is positive, what leaves it negative. Entries are
never changed or deleted, and the database refuses one that does not balance when its transaction commits.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from api.domain.types import Moment, one_of


class Account(StrEnum):
    """Where money stands, from our side of the table."""

    PROVIDER = "provider"  # with a payment provider, for us
    BUYERS = "buyers"  # negative: what we owe buyers, paid in and neither earned nor given back
    SALES = "sales"  # negative: earned with goods that left
    FORFEITS = "forfeits"  # negative: deposits that buyers lost
    COMPENSATION = "compensation"  # what we paid for stepping back ourselves
    FEES = "fees"  # what providers kept
    LOSSES = "losses"  # taken back by a bank after the goods had left


class LedgerEntry(SQLModel, table=True):
    """One thing that happened to the money of a pre-order; its key makes it happen once."""

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_entry_campaign", "campaign_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=120)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    campaign_id: UUID = Field(foreign_key="campaign.id")
    team_id: UUID = Field(foreign_key="team.id", index=True)
    payment_id: UUID | None = Field(default=None, foreign_key="payment.id", index=True)
    currency: str = Field(max_length=3)
    why: str = Field(max_length=200)
    at: datetime = Field(sa_type=Moment)


class LedgerPosting(SQLModel, table=True):
    """What one entry does to one account."""

    __tablename__ = "ledger_posting"
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="ledger_posting_amount"),)

    entry_id: int = Field(foreign_key="ledger_entry.id", primary_key=True)
    account: Account = Field(sa_column=one_of(Account, "ledger_posting_account", key=True))
    amount_minor: int
