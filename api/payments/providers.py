"""Which providers take the money here."""

from collections.abc import Callable
from functools import lru_cache

from api.domain.errors import Unknown
from api.payments.cash import Cash
from api.payments.port import PaymentProvider
from api.payments.sandbox import SandboxProvider
from api.payments.stripe import StripeProvider
from api.settings import Settings, settings


def provider() -> PaymentProvider:
    """The provider new charges go to. Raises Unknown where its keys are not set."""
    return named(settings().payment_provider)


def named(name: str) -> PaymentProvider:
    """The provider a payment belongs to, wherever new charges go by now. Raises Unknown."""
    make = _MAKERS.get(name)
    found = make(settings()) if make else None
    if found is None:
        raise Unknown("payment provider", name)
    return found


def _sandbox(configured: Settings) -> PaymentProvider:
    return SandboxProvider(base_url=configured.public_url, secret=configured.secret)


def _cash(_: Settings) -> PaymentProvider:
    return Cash()


def _stripe(configured: Settings) -> PaymentProvider | None:
    if not (configured.stripe_api_key and configured.stripe_webhook_secret):
        return None
    return _stripe_of(
        configured.stripe_api_key,
        configured.stripe_webhook_secret,
        configured.public_url,
        configured.stripe_api_base,
    )


@lru_cache
def _stripe_of(api_key: str, webhook_secret: str, public_url: str, api_base: str) -> StripeProvider:
    """One for a process: it keeps its connections."""
    return StripeProvider(
        api_key=api_key, webhook_secret=webhook_secret, public_url=public_url, api_base=api_base
    )


_MAKERS: dict[str, Callable[[Settings], PaymentProvider | None]] = {
    "sandbox": _sandbox,
    "cash": _cash,
    "stripe": _stripe,
}
