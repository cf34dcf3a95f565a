"""Which provider takes the money here."""

from api.payments.port import PaymentProvider
from api.payments.sandbox import SandboxProvider
from api.settings import settings


def provider() -> PaymentProvider:
    """The provider of this installation: the sandbox, until another is set up."""
    return SandboxProvider(base_url=settings().public_url, secret=settings().secret)
