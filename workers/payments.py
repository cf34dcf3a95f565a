"""What must reach a payment provider, and what the sandbox provider owes us."""

from datetime import timedelta
from uuid import UUID

import httpx
import structlog

from api.db import transaction
from api.domain.errors import Unknown
from api.payments.port import EventKind, PaymentEvent, ProviderRefused, ProviderUnavailable
from api.payments.providers import named
from api.payments.sandbox import SIGNATURE_HEADER, signature
from api.services import payment_events, payment_exceptions, payments, reconciliation
from api.settings import settings
from workers.app import app
from workers.outbox import TryAgainLater, handles, now

NIGHTLY = timedelta(days=2)
"""How far back each night looks: what was late for one is seen by the next."""
log = structlog.get_logger()


@handles("payment.refund")
def refund(payment_id: str) -> None:
    """Send a refund to the provider; its id is the key, so sending again pays once."""
    with transaction() as session:
        pair = payments.refund_to_send(session, UUID(payment_id))
    if pair is None:
        return
    try:
        named(pair[0].provider).refund(*pair)
    except ProviderUnavailable as error:
        raise TryAgainLater(str(error)) from error
    except ProviderRefused as error:
        with transaction() as session:
            payment_exceptions.refund_refused(session, UUID(payment_id), words=str(error), at=now())
        return
    with transaction() as session:
        payments.mark_refund_sent(session, UUID(payment_id), at=now())


@handles("payment.collect")
def collect(payment_id: str) -> None:
    """Take a balance from the method its buyer let be stored; the webhook says how it went."""
    with transaction() as session:
        taken = payments.charge_to_collect(session, UUID(payment_id), at=now())
    if taken is None:
        return
    charge, method = taken
    try:
        named(charge.provider).charge_stored(charge, method)
    except ProviderUnavailable as error:
        raise TryAgainLater(str(error)) from error
    except ProviderRefused as error:
        failed = PaymentEvent(charge.id, EventKind.FAILED, reference="", why=str(error))
        with transaction() as session:
            payment_events.apply(session, failed, at=now())


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


@app.task(name="payments.reconcile")
def reconcile() -> None:
    """Hold the report of every provider that has payments here against the ledger; say what differs."""
    at = now()
    until = at - reconciliation.UNDER_WAY
    with transaction() as session:
        providers = reconciliation.providers_used(session)
    for provider in providers:
        try:
            report = named(provider).report(reconciliation.report_from(until - NIGHTLY), until)
        except (ProviderUnavailable, ProviderRefused, Unknown) as error:
            log.warning("not reconciled", provider=provider, error=str(error))
            continue
        with transaction() as session:
            found = reconciliation.compare(session, provider, report, since=until - NIGHTLY, until=until)
            reconciliation.settle(session, found, at=at)
        log.info("reconciled", provider=provider, movements=found.movements, fees=len(found.fees))
        for each in found.differences:
            log.warning("books differ", provider=provider, kind=each.kind.value, reference=each.reference)
