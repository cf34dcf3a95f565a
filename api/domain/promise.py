from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from api.domain.types import Moment, one_of


class PromiseKind(StrEnum):
    """Whether a range was given with the order or agreed to later."""

    ORIGINAL = "original"
    REVISED = "revised"


class Promise(SQLModel, table=True):
    """A range of days a pre-order was ever promised, kept for good; the latest is the one that holds.

    The database writes the original when a pre-order comes, and refuses a range of a pre-order that has no
    row here: a promise cannot move silently.
    """

    __tablename__ = "promise"
    __table_args__ = (CheckConstraint("from_on <= by_on", name="promise_range"),)

    id: int | None = Field(default=None, primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    kind: PromiseKind = Field(sa_column=one_of(PromiseKind, "promise_kind"))
    from_on: date
    by_on: date
    given_by: str = Field(max_length=240)
    reason: str = Field(max_length=200)
    at: datetime = Field(sa_type=Moment)
