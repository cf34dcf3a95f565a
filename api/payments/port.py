"""The door to payment providers: narrow enough that each is one file beside this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from api.domain.payment import Payment
from api.domain.preorder import Preorder


class ProviderUnavailable(Exception):
    """The provider did not answer or asked us to come back: trying again later is safe."""


class ProviderRefused(Exception):
    """The provider says no in words, and would say so again: a person is needed."""


class EventKind(StrEnum):
    """What a provider may tell us of a payment."""

    CONFIRMED = "confirmed"  # a charge or a refund of ours is done
    FAILED = "failed"  # it did not come about
    REFUNDED = "refunded"  # money of a charge went back without our asking, by somebody at the provider
    DISPUTED = "disputed"  # the buyer's bank took money of a charge back


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """A provider's word on one payment, its signature verified."""

    payment_id: UUID
    """Ours: the charge or the refund; of money that went without our asking, the charge."""
    kind: EventKind
    reference: str
    """The provider's own number of the movement of money: two movements never share one."""
    why: str
    amount_minor: int | None = None
    """What really moved; None where the provider does not say, and it is what we asked for."""
    currency: str | None = None
    fee_minor: int = 0
    """What the provider kept of it for itself; 0 where only its report says so."""


@dataclass(frozen=True, slots=True)
class MethodStored:
    """A provider's word that a buyer let it keep a method of payment, its signature verified."""

    preorder_id: UUID
    method: str
    """The provider's name of it, which `charge_stored` takes."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a provider's report: money that came in (positive) or went out (negative)."""

    reference: str
    """The number that the event of this movement carried."""
    at: datetime
    amount_minor: int
    fee_minor: int
    currency: str


class PaymentProvider(Protocol):
    """Somebody who moves money. Whatever it does is true only when its signed event arrives."""

    @property
    def name(self) -> str:
        """Stands in `Payment.provider` and in the address of its webhook."""

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        """Where the buyer pays this charge; the same charge gives the same page.

        Raises ProviderUnavailable, ProviderRefused.
        """

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        """Where a buyer who pays later lets a method be stored; `MethodStored` says that it is.

        Raises ProviderUnavailable, ProviderRefused.
        """

    def charge_stored(self, charge: Payment, method: str) -> None:
        """Take a charge from a method stored earlier, the buyer absent. The charge's id is the key.

        Raises ProviderUnavailable, ProviderRefused.
        """

    def refund(self, refund: Payment, charge: Payment) -> None:
        """Ask for money to go back. The refund's id is the key: asked twice, it is paid once.

        Raises ProviderUnavailable, ProviderRefused.
        """

    def read_event(
        self, headers: Mapping[str, str], body: bytes, *, at: datetime
    ) -> PaymentEvent | MethodStored | None:
        """The event in a webhook that arrives at a moment; None where it concerns nothing of ours.

        Raises SignatureNotValid unless it is the provider's own, whole and not stale, ProviderUnavailable.
        """

    @property
    def acknowledgement(self) -> str:
        """What it wants to read once we have taken an event; empty where the status says enough."""

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        """Every movement of money from ``since`` up to ``until``.

        Raises ProviderUnavailable, ProviderRefused.
        """
