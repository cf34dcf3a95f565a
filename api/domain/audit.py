from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from api.domain.types import Moment, json_column

OWN_TRANSACTION = "(pg_current_xact_id()::text::bigint)"
"""The number of the transaction that writes, which PostgreSQL gives once and never again (64 bits)."""


class AuditEntry(SQLModel, table=True):
    """One state change: what, from and to, who, when, why. Never updated or deleted (a trigger refuses)."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "noun", "subject_id", "at"),
        Index("ix_audit_entry_written_in", "written_in", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    noun: str = Field(max_length=20)
    subject_id: UUID
    subject: str = Field(max_length=60)
    before: str | None = Field(default=None, max_length=20)
    after: str = Field(max_length=20)
    actor: str = Field(max_length=240)
    why: str = Field(max_length=1000)
    at: datetime = Field(sa_type=Moment, index=True)
    written_in: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=False, server_default=text(OWN_TRANSACTION))
    )
    """The transaction that wrote it: what a seal is bounded by. Given by the database."""


class AuditSeal(SQLModel, table=True):
    """A link of the chain: every entry of the transactions `from_transaction <= t < to_transaction`.

    A seal is made when all of them are over, so nothing can join them later. Its digest covers the digest
    before it and a digest of each entry; never updated or deleted (a trigger refuses).
    """

    __tablename__ = "audit_seal"
    __table_args__ = (CheckConstraint("from_transaction < to_transaction", name="audit_seal_span"),)

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    from_transaction: int = Field(sa_type=BigInteger)
    to_transaction: int = Field(sa_type=BigInteger)
    leaves: list[Any] = Field(sa_column=json_column())
    """The id and the digest of each entry, in the order of ids."""
    digest: str = Field(max_length=64)
    sealed_at: datetime = Field(sa_type=Moment)
