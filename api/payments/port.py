"""The door to payment providers: narrow enough that each is one file beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from api.domain.payment import Payment


class ProviderUnavailable(Exception):
    """The provider did not answer or asked us to come back: trying again later is safe."""


class EventKind(StrEnum):
    """What a provider may tell us of a payment."""

    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """A provider's word on one payment, its signature verified."""

    payment_id: UUID
    kind: EventKind
    reference: str
    """The provider's own number of the charge or refund."""
    why: str


class PaymentProvider(Protocol):
    """Somebody who moves money. Whatever it does is true only when its signed event arrives."""

    @property
    def name(self) -> str:
        """Stands in `Payment.provider` and in the address of its webhook."""

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        """Where the buyer pays this charge; the same charge gives the same page."""

    def refund(self, refund: Payment, charge: Payment) -> None:
        """Ask for money to go back. The refund's id is the key: asked twice, it is paid once.

        Raises ProviderUnavailable.
        """

    def read_event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """The event in a webhook. Raises SignatureNotValid unless it is the provider's own and whole."""
