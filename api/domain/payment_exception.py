"""What happened to money that nobody asked for: each case once, with the money at stake."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of


class ExceptionKind(StrEnum):
    """In what a movement of money differs from what we asked for."""

    LATE = "late"  # paid when its pre-order or its campaign was over
    DOUBLE = "double"  # paid when nothing was owed any more
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    EXTERNAL_REFUND = "external_refund"  # given back by somebody at the provider
    DISPUTE = "dispute"  # taken back by the buyer's bank
    REFUND_FAILED = "refund_failed"  # the provider will not pay back
    UNKNOWN = "unknown"  # the provider's report has it, we do not


class ExceptionStatus(StrEnum):
    """Whether a person still has to look."""

    OPEN = "open"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """What a person, or a stated rule, made of it."""

    REFUND = "refund"  # give the surplus back
    ACCEPT = "accept"  # let it count: the late buyer is re-admitted, the missing amount waived
    CANCEL = "cancel"  # the pre-order ends, what is left of its money goes back
    RETRY = "retry"  # ask the provider again
    WRITTEN_OFF = "written_off"  # the loss is ours


PAYMENT_EXCEPTION_LIFECYCLE = Lifecycle(
    noun="exception",
    table="payment_exception",
    moves={
        ExceptionStatus.OPEN: frozenset({ExceptionStatus.RESOLVED}),
        ExceptionStatus.RESOLVED: frozenset(),
    },
)

#: What may be made of each kind; the first is what most people would.
CHOICES: dict[ExceptionKind, tuple[Resolution, ...]] = {
    ExceptionKind.LATE: (Resolution.REFUND, Resolution.ACCEPT),
    ExceptionKind.DOUBLE: (Resolution.REFUND,),
    ExceptionKind.TOO_MUCH: (Resolution.REFUND,),
    ExceptionKind.TOO_LITTLE: (Resolution.CANCEL, Resolution.ACCEPT),
    ExceptionKind.EXTERNAL_REFUND: (Resolution.CANCEL, Resolution.WRITTEN_OFF),
    ExceptionKind.DISPUTE: (Resolution.CANCEL, Resolution.WRITTEN_OFF),
    ExceptionKind.REFUND_FAILED: (Resolution.RETRY,),
    ExceptionKind.UNKNOWN: (Resolution.WRITTEN_OFF,),
}


class PaymentException(Stateful, SQLModel, table=True):
    """One movement of money that needs a decision; the same movement never becomes two."""

    __tablename__ = "payment_exception"
    __table_args__ = (
        UniqueConstraint("key", name="payment_exception_once"),
        CheckConstraint("amount_minor > 0", name="payment_exception_amount"),
    )
    lifecycle: ClassVar[Lifecycle] = PAYMENT_EXCEPTION_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key: str = Field(max_length=160)
    kind: ExceptionKind = Field(sa_column=one_of(ExceptionKind, "payment_exception_kind"))
    status: ExceptionStatus = Field(
        default=ExceptionStatus.OPEN,
        sa_column=one_of(ExceptionStatus, "payment_exception_status", index=True),
    )
    preorder_id: UUID | None = Field(default=None, foreign_key="preorder.id", index=True)
    payment_id: UUID | None = Field(default=None, foreign_key="payment.id")
    amount_minor: int
    """The money at stake."""
    currency: str = Field(max_length=3)
    words: str = Field(max_length=500)
    noted_at: datetime = Field(sa_type=Moment)
    resolution: Resolution | None = Field(
        default=None, sa_column=one_of(Resolution, "payment_exception_resolution", nullable=True)
    )

    @property
    def name_for_people(self) -> str:
        return f"{self.kind.value} {self.key[:40]}"
