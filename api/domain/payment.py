"""Orders and payments are separate: many payments and refunds may belong to one pre-order."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of


class PaymentTerms(StrEnum):
    """When a buyer pays: all at once, a part at once and the rest after the close, or all after the close."""

    PREPAID = "prepaid"
    DEPOSIT = "deposit"
    LATER = "later"


class DepositKind(StrEnum):
    """What becomes of a deposit by law: see the policy of each jurisdiction."""

    FORFEITABLE = "forfeitable"  # 定金: lost by a buyer who defaults, returned twofold by a seller who does
    REFUNDABLE = "refundable"  # 订金, prepayment: comes back whoever steps back


class PaymentKind(StrEnum):
    """Which way the money goes: to us, or back to the buyer."""

    CHARGE = "charge"
    REFUND = "refund"


class PaymentPurpose(StrEnum):
    """What a charge pays for, or why a refund goes back."""

    FULL = "full"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    DIFFERENCE = "difference"  # the settled price is below what was paid
    NO_GO = "no_go"  # the campaign, or the colour, does not run
    CANCELLED = "cancelled"  # the buyer stepped back, or we did
    SURPLUS = "surplus"  # paid late, twice or too much
    SHORT = "short"  # pieces that were not made
    COMPENSATION = "compensation"  # the second half of a deposit returned twofold
    EXTERNAL = "external"  # somebody at the provider gave it back
    DISPUTE = "dispute"  # the buyer's bank took it back


class PaymentStatus(StrEnum):
    """How far the provider is with it."""

    REQUESTED = "requested"
    STARTED = "started"  # the buyer is at the provider, or the refund was sent to it
    CONFIRMED = "confirmed"
    FAILED = "failed"
    DROPPED = "dropped"  # asked for no more


_S = PaymentStatus
PAYMENT_LIFECYCLE = Lifecycle(
    noun="payment",
    table="payment",
    moves={
        _S.REQUESTED: frozenset({_S.STARTED, _S.CONFIRMED, _S.FAILED, _S.DROPPED}),
        _S.STARTED: frozenset({_S.CONFIRMED, _S.FAILED, _S.DROPPED}),
        _S.FAILED: frozenset({_S.STARTED, _S.CONFIRMED, _S.DROPPED}),
        _S.DROPPED: frozenset({_S.CONFIRMED}),  # the provider's word is stronger than ours
        _S.CONFIRMED: frozenset(),
    },
)


class Payment(Stateful, SQLModel, table=True):
    """One movement of money between a buyer and us; its id is the provider's idempotency key."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="payment_amount"),
        CheckConstraint("moved_minor > 0", name="payment_moved"),
        CheckConstraint("(kind = 'refund') = (refunds_id IS NOT NULL)", name="payment_refunds_a_charge"),
        UniqueConstraint("provider", "provider_reference", name="payment_provider_reference"),
    )
    lifecycle: ClassVar[Lifecycle] = PAYMENT_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    kind: PaymentKind = Field(sa_column=one_of(PaymentKind, "payment_kind"))
    purpose: PaymentPurpose = Field(sa_column=one_of(PaymentPurpose, "payment_purpose"))
    status: PaymentStatus = Field(
        default=PaymentStatus.REQUESTED, sa_column=one_of(PaymentStatus, "payment_status")
    )
    amount_minor: int
    """What we asked for."""
    moved_minor: int | None = None
    """What moved, as the provider confirmed it; None before."""
    currency: str = Field(max_length=3)
    reason: str = Field(max_length=200)
    provider: str = Field(max_length=20)
    provider_reference: str | None = Field(default=None, max_length=120)
    refunds_id: UUID | None = Field(default=None, foreign_key="payment.id", index=True)
    """The charge that a refund returns."""
    requested_at: datetime = Field(sa_type=Moment)
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def name_for_people(self) -> str:
        return f"{self.kind.value} {self.id}"

    @property
    def signed_minor(self) -> int:
        """What it has moved: positive to us, negative to the buyer, nothing before it is confirmed."""
        moved = self.moved_minor or 0
        return moved if self.kind == PaymentKind.CHARGE else -moved


class SandboxCharge(SQLModel, table=True):
    """The sandbox provider's own books: what it was asked to charge or refund, under our payment's id."""

    __tablename__ = "sandbox_charge"

    reference: str = Field(primary_key=True, max_length=80)
    payment_id: UUID = Field(index=True)
    kind: PaymentKind = Field(sa_column=one_of(PaymentKind, "sandbox_charge_kind"))
    amount_minor: int
    currency: str = Field(max_length=3)
    at: datetime = Field(sa_type=Moment)
