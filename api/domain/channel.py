"""The systems behind the channels: whether they answer, and what they hold under our codes."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from api.domain.types import Moment, json_column, one_of


class ChannelStatus(StrEnum):
    """How a channel was when it was last asked."""

    ANSWERS = "answers"
    SILENT = "silent"
    REFUSES = "refuses"


class ChannelState(SQLModel, table=True):
    """A channel as it was when it was last asked, and since when it has been so."""

    __tablename__ = "channel_state"

    channel: str = Field(primary_key=True, max_length=20)
    """An `OrderChannel`."""
    status: ChannelStatus = Field(sa_column=one_of(ChannelStatus, "channel_status"))
    since: datetime = Field(sa_type=Moment)
    asked_at: datetime = Field(sa_type=Moment)
    words: str = ""
    """Why it does not answer, or refuses."""
    notices: list[str] = Field(default_factory=list, sa_column=json_column())
    """What it sent that cannot be read."""


class MasterRecord(SQLModel, table=True):
    """One of our codes at a channel when its catalogue was last read: mapped, or what stands in the way."""

    __tablename__ = "master_record"

    channel: str = Field(primary_key=True, max_length=20)
    noun: str = Field(primary_key=True, max_length=20)
    """product, fabric, firm, line, or a warehouse of theirs."""
    code: str = Field(primary_key=True, max_length=60)
    name: str = ""
    """As the other side calls it."""
    barcode: str = ""
    trouble: str | None = Field(default=None, max_length=20)
    """None: mapped, and orders with it can be made."""
    detail: str = ""
    read_at: datetime = Field(sa_type=Moment)
