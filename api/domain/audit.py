from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from api.domain.types import Moment


class AuditEntry(SQLModel, table=True):
    """One state change: what, from and to, who, when, why. Never updated or deleted (a trigger refuses)."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "noun", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    noun: str = Field(max_length=20)
    subject_id: UUID
    subject: str = Field(max_length=60)
    before: str | None = Field(default=None, max_length=20)
    after: str = Field(max_length=20)
    actor: str = Field(max_length=240)
    why: str = Field(max_length=1000)
    at: datetime = Field(sa_type=Moment, index=True)
