"""Messages to buyers, kept as they were written, and through which channels each of them went."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity
from sqlmodel import Field, SQLModel

from api.domain.types import Moment, json_column, one_of

_NAMES = UUID("6f0c7c2e-3f0e-5d39-9f0a-0d0a6b4c9a51")


class NoticeKind(StrEnum):
    """What is told; each has its words in every language (`api/notices/words_*.py`)."""

    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    CONFIRMED = "confirmed"
    BALANCE_DUE = "balance_due"
    ENDED = "ended"
    SURPLUS = "surplus"
    REFUNDED = "refunded"
    TAKEN_AT_CONSENT = "taken_at_consent"
    CHANGED = "changed"
    EXTENDED = "extended"
    DATED = "dated"
    DELAYED = "delayed"
    IN_TIME_AGAIN = "in_time_again"
    PROMISE_REVISED = "promise_revised"
    PERIOD_SET = "period_set"
    WITHDRAWN = "withdrawn"
    WAITING_OFFER = "waiting_offer"


class NoticeChannel(StrEnum):
    """How a buyer is written to."""

    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"


def notice_id(about: str, kind: NoticeKind, key: str) -> UUID:
    """The id of what is told once: telling the same again finds it."""
    return uuid5(_NAMES, f"{about}\0{kind.value}\0{key}")


class Notice(SQLModel, table=True):
    """One message to a buyer, written in the transaction of the change it tells; never rewritten."""

    __tablename__ = "notice"

    id: UUID = Field(primary_key=True)
    """Made of what it is about, its kind and its key, so that the same is told once."""
    number: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    """Their order: of one moment there may be several."""
    preorder_id: UUID | None = Field(default=None, foreign_key="preorder.id", index=True)
    """None for people of a waiting list."""
    about: str = Field(max_length=40)
    """The pre-order's number, or the waiting entry."""
    kind: str = Field(max_length=30)
    language: str = Field(max_length=2)
    subject: str = Field(max_length=200)
    text: str
    link: str = Field(max_length=400)
    leave_link: str | None = Field(default=None, max_length=400)
    """Where its reader says that no more of this kind is wanted; money and dates have none."""
    addresses: dict[NoticeChannel, str] = Field(sa_column=json_column())
    """Where it goes, by channel: at least one."""
    day_told: date | None = None
    """The day of arrival it tells, where it tells one."""
    written_at: datetime = Field(sa_type=Moment)


class NoticeDelivery(SQLModel, table=True):
    """What became of a notice on one channel; without a row it was not tried yet."""

    __tablename__ = "notice_delivery"
    __table_args__ = (CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="notice_delivery_end"),)

    notice_id: UUID = Field(foreign_key="notice.id", primary_key=True)
    channel: NoticeChannel = Field(sa_column=one_of(NoticeChannel, "notice_delivery_channel", key=True))
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    failed_at: datetime | None = Field(default=None, sa_type=Moment)
    words: str = Field(default="", max_length=500)
    """Why the last attempt failed, in the words of the other side."""

    @property
    def state(self) -> str:
        """`queued` until it is taken, then `sent`; `failed` once it was refused for good."""
        if self.sent_at is not None:
            return "sent"
        return "queued" if self.failed_at is None else "failed"


class NoticePreference(SQLModel, table=True):
    """How the owner of an e-mail address wants to be written to, by who proved to read its mail."""

    __tablename__ = "notice_preference"

    email: str = Field(primary_key=True, max_length=200)
    """In small letters."""
    channels: list[NoticeChannel] = Field(sa_column=json_column())
    phone: str = Field(default="", max_length=20)
    """With its country's code, `+8613800000000`."""
    wechat_openid: str = Field(default="", max_length=64)
    """What WeChat calls this person before our official account, which learns it from a page opened there."""
    chosen_at: datetime = Field(sa_type=Moment)

    def addresses(self) -> dict[NoticeChannel, str]:
        """Where to write, by channel chosen and known."""
        known = {
            NoticeChannel.EMAIL: self.email,
            NoticeChannel.SMS: self.phone,
            NoticeChannel.WECHAT: self.wechat_openid,
        }
        return {channel: known[channel] for channel in map(NoticeChannel, self.channels) if known[channel]}
