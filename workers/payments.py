"""What must reach a payment provider, and what the sandbox provider owes us."""

from uuid import UUID

import httpx

from api.db import transaction
from api.payments.port import ProviderUnavailable
from api.payments.providers import provider
from api.payments.sandbox import SIGNATURE_HEADER, signature
from api.services import payments
from api.settings import settings
from workers.outbox import TryAgainLater, handles, now


@handles("payment.refund")
def refund(payment_id: str) -> None:
    """Send a refund to the provider; its id is the key, so sending again pays once."""
    with transaction() as session:
        pair = payments.refund_to_send(session, UUID(payment_id))
    if pair is None:
        return
    try:
        provider().refund(*pair)
    except ProviderUnavailable as error:
        raise TryAgainLater(str(error)) from error
    with transaction() as session:
        payments.mark_refund_sent(session, UUID(payment_id), at=now())


@handles("sandbox.notify")
def notify(body: str) -> None:
    """Be the sandbox provider: bring one signed webhook to our own door, until it is taken."""
    headers = {SIGNATURE_HEADER: signature(settings().secret, body), "content-type": "application/json"}
    try:
        answer = httpx.post(
            f"{settings().public_url}/api/payments/webhooks/sandbox",
            content=body,
            headers=headers,
            timeout=10,
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise TryAgainLater(str(error)) from error
