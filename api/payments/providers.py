"""Which providers take the money here."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from api.domain.errors import Unknown
from api.payments.alipay import Alipay
from api.payments.cash import Cash
from api.payments.port import PaymentProvider
from api.payments.rsa import Keys
from api.payments.sandbox import SandboxProvider
from api.payments.stripe import StripeProvider
from api.payments.wechatpay import Merchant, WeChatPay
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


def _alipay(configured: Settings) -> PaymentProvider | None:
    ours, theirs = configured.alipay_private_key_file, configured.alipay_public_key_file
    if not configured.alipay_app_id or ours is None or theirs is None:
        return None
    return Alipay(
        app_id=configured.alipay_app_id,
        keys=Keys(private=ours, public=theirs),
        public_url=configured.public_url,
        gateway=configured.alipay_gateway,
        now=_now,
    )


def _wechatpay(configured: Settings) -> PaymentProvider | None:
    ours, theirs = configured.wechatpay_private_key_file, configured.wechatpay_public_key_file
    if not configured.wechatpay_merchant_id or ours is None or theirs is None:
        return None
    merchant = Merchant(
        merchant_id=configured.wechatpay_merchant_id,
        app_id=configured.wechatpay_app_id,
        serial=configured.wechatpay_serial,
        public_key_id=configured.wechatpay_public_key_id,
        api_v3_key=configured.wechatpay_api_v3_key,
        keys=Keys(private=ours, public=theirs),
    )
    return WeChatPay(
        merchant, public_url=configured.public_url, api_base=configured.wechatpay_api_base, now=_now
    )


def _now() -> datetime:
    """What a request to a provider bears: the machine's clock, which the provider compares with its own."""
    return datetime.now(UTC)


_MAKERS: dict[str, Callable[[Settings], PaymentProvider | None]] = {
    "sandbox": _sandbox,
    "cash": _cash,
    "stripe": _stripe,
    "alipay": _alipay,
    "wechatpay": _wechatpay,
}
