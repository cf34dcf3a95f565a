"""Which providers take the money here."""

from api.domain.errors import Unknown
from api.payments.port import PaymentProvider
from api.payments.sandbox import SandboxProvider
from api.settings import settings


def provider() -> PaymentProvider:
    """The provider new charges go to."""
    return SandboxProvider(base_url=settings().public_url, secret=settings().secret)


def named(name: str) -> PaymentProvider:
    """The provider a payment belongs to; raises Unknown."""
    taker = provider()
    if name != taker.name:
        raise Unknown("payment provider", name)
    return taker
