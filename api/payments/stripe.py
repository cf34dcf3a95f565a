"""Stripe, by its official SDK, at one version of its API whatever the account's default is.

A charge is a Checkout Session, or a PaymentIntent off session where a card was stored before. Our own ids
travel as metadata and as idempotency keys; the numbers of movements are those of Stripe's charges, refunds
and disputes, which its balance transactions name too. Holds (`capture_method=manual`) are not used: they
end after seven days, campaigns last for weeks.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.payments.port import (
    EventKind,
    MethodStored,
    Movement,
    PaymentEvent,
    ProviderRefused,
    ProviderUnavailable,
)

if TYPE_CHECKING:
    import stripe

API_VERSION = "2026-10-28.endive"
TOLERANCE = timedelta(minutes=5)
"""How old a webhook may be, and how far the clocks may differ."""
_PATIENCE_SECONDS = 20
_NOT_PAYMENTS = frozenset(
    {"payout", "payout_failure", "payout_cancel", "stripe_fee", "topup", "topup_reversal", "transfer"}
)
_COMES_AGAIN = frozenset({"refund_failure", "payment_failure_refund", "payment_reversal"})
"""Types of balance transactions that name the same source as an earlier one."""
_TRY_AGAIN = frozenset({401, 403, 409, 429})
"""A key that is not accepted says nothing about the payment; 409 and 429 ask to come back."""
_SERVER_ERRORS = 500


class StripeProvider:
    """Our side of Stripe; `api_base` is empty for Stripe's own address."""

    name = "stripe"
    acknowledgement = ""

    def __init__(self, *, api_key: str, webhook_secret: str, public_url: str, api_base: str = "") -> None:
        self._key, self._webhook_secret, self._public_url = api_key, webhook_secret, public_url
        self._api_base = api_base
        self._made: stripe.StripeClient | None = None

    @property
    def _client(self) -> "stripe.StripeClient":
        if self._made is None:
            import stripe  # noqa: PLC0415 - half a second that a web process pays when a buyer does

            self._made = stripe.StripeClient(
                self._key,
                stripe_version=API_VERSION,
                base_addresses={"api": self._api_base} if self._api_base else None,
                max_network_retries=0,  # the outbox tries again
                http_client=stripe.RequestsClient(timeout=_PATIENCE_SECONDS),
            )
        return self._made

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        back, ours = f"{self._public_url}{return_url}", {"payment": str(charge.id)}
        key = f"{charge.id}:{charge.started_at}:{back}"  # begun again after a failure it is another page
        with _translated():
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": str(charge.id),
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": charge.currency.lower(),
                                "unit_amount": charge.amount_minor,
                                "product_data": {"name": charge.reason},
                            },
                        }
                    ],
                    "metadata": ours,
                    "payment_intent_data": {"metadata": ours, "description": charge.reason},
                    "success_url": back,
                    "cancel_url": back,
                },
                {"idempotency_key": hashlib.sha256(key.encode()).hexdigest()},
            )
        return _page(session.url)

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        back, ours = f"{self._public_url}{return_url}", {"preorder": str(preorder.id)}
        with _translated():
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "currency": preorder.currency.lower(),
                    "customer_creation": "always",
                    "customer_email": preorder.email,
                    "metadata": ours,
                    "setup_intent_data": {"metadata": ours},
                    "success_url": back,
                    "cancel_url": back,
                }
            )
        return _page(session.url)

    def charge_stored(self, charge: Payment, method: str) -> None:
        customer, _, card = method.partition("/")
        with _translated():
            self._client.v1.payment_intents.create(
                {
                    "amount": charge.amount_minor,
                    "currency": charge.currency.lower(),
                    "customer": customer,
                    "payment_method": card,
                    "off_session": True,
                    "confirm": True,
                    "description": charge.reason,
                    "metadata": {"payment": str(charge.id), "stored": "yes"},
                },
                {"idempotency_key": str(charge.id)},
            )

    def refund(self, refund: Payment, charge: Payment) -> None:
        with _translated():
            self._client.v1.refunds.create(
                {
                    "charge": charge.provider_reference or "",
                    "amount": refund.amount_minor,
                    "metadata": {"payment": str(refund.id)},
                },
                {"idempotency_key": str(refund.id)},
            )

    def read_event(
        self, headers: Mapping[str, str], body: bytes, *, at: datetime
    ) -> PaymentEvent | MethodStored | None:
        event = self._verified(headers.get("stripe-signature", ""), body, at=at)
        kind, thing = str(event["type"]), event["data"]["object"]
        if kind in _READERS:
            return _READERS[kind](thing)
        if kind in _REFUNDS:
            return self._refunded(thing)
        return self._disputed(thing) if kind == _DISPUTED else None

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        with _translated():
            found = self._client.v1.balance_transactions.list(
                {
                    "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
                    "limit": 100,
                }
            )
            return [_movement(each) for each in found.auto_paging_iter() if each["type"] not in _NOT_PAYMENTS]

    def _verified(self, header: str, body: bytes, *, at: datetime) -> dict[str, Any]:
        """What the SDK's own check lets through; it would read the machine's clock for the age."""
        import stripe  # noqa: PLC0415 - as above

        try:
            stripe.WebhookSignature.verify_header(body, header, self._webhook_secret)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise SignatureNotValid(self.name) from error
        sent_at = next(int(part[2:]) for part in header.split(",") if part.startswith("t="))
        if abs(at - datetime.fromtimestamp(sent_at, UTC)) > TOLERANCE:
            raise SignatureNotValid(self.name)
        event: dict[str, Any] = json.loads(body)
        return event

    def _refunded(self, refund: dict[str, Any]) -> PaymentEvent | None:
        """Our own refund bears the id we gave it; another was made by somebody at Stripe."""
        said = {
            "reference": refund["id"],
            "amount_minor": refund["amount"],
            "currency": refund["currency"].upper(),
        }
        if ours := _ours(refund, "payment"):
            match refund["status"]:
                case "succeeded":
                    return PaymentEvent(ours, EventKind.CONFIRMED, why="paid back", **said)
                case "failed" | "canceled":
                    why = f"Stripe: {refund.get('failure_reason') or refund['status']}"
                    return PaymentEvent(ours, EventKind.FAILED, why=why, **said)
            return None
        charge = self._charge_of(refund) if refund["status"] == "succeeded" else None
        words = "given back by somebody at Stripe"
        return PaymentEvent(charge, EventKind.REFUNDED, why=words, **said) if charge else None

    def _disputed(self, dispute: dict[str, Any]) -> PaymentEvent | None:
        charge = self._charge_of(dispute)
        if charge is None:
            return None
        return PaymentEvent(
            charge,
            EventKind.DISPUTED,
            reference=dispute["id"],
            why=f"the buyer's bank took it back: {dispute['reason']}",
            amount_minor=dispute["amount"],
            currency=dispute["currency"].upper(),
            fee_minor=sum(each["fee"] for each in dispute.get("balance_transactions") or ()),
        )

    def _charge_of(self, thing: dict[str, Any]) -> UUID | None:
        """Our charge behind a refund or dispute that does not name it; None where it is not ours."""
        if not thing.get("payment_intent"):
            return None
        with _translated():
            intent = self._client.v1.payment_intents.retrieve(thing["payment_intent"])
        return _ours({"metadata": intent.metadata}, "payment")


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the SDK in the words of the port."""
    import stripe  # noqa: PLC0415 - as above

    try:
        yield
    except stripe.APIConnectionError as error:
        raise ProviderUnavailable(f"stripe: {error}") from error
    except stripe.StripeError as error:
        status = error.http_status or _SERVER_ERRORS
        if status >= _SERVER_ERRORS or status in _TRY_AGAIN:
            raise ProviderUnavailable(f"stripe: {error}") from error
        raise ProviderRefused(error.user_message or str(error)) from error


def _page(url: str | None) -> str:
    if url is None:
        raise ProviderRefused("stripe: the checkout has no page any more")
    return url


def _ours(thing: Mapping[str, Any], name: str) -> UUID | None:
    """The id of ours among a thing's metadata; an account may serve other shops too."""
    try:
        return UUID((thing.get("metadata") or {})[name])
    except (KeyError, ValueError):
        return None


def _paid(intent: dict[str, Any]) -> PaymentEvent | None:
    ours = _ours(intent, "payment")
    if ours is None:
        return None
    return PaymentEvent(
        ours,
        EventKind.CONFIRMED,
        reference=intent["latest_charge"],
        why="paid",
        amount_minor=intent["amount_received"],
        currency=intent["currency"].upper(),
    )


def _declined(intent: dict[str, Any]) -> PaymentEvent | None:
    """At a checkout the buyer sees the refusal and tries again there; off session nobody sees it."""
    ours = _ours(intent, "payment")
    if ours is None or "stored" not in intent["metadata"]:
        return None
    words = (intent.get("last_payment_error") or {}).get("message") or "the card was declined"
    return PaymentEvent(ours, EventKind.FAILED, reference=intent["id"], why=words)


def _given_up(session: dict[str, Any]) -> PaymentEvent | None:
    ours = _ours(session, "payment")
    words = "not paid in time" if session["status"] == "expired" else "the payment did not come about"
    return PaymentEvent(ours, EventKind.FAILED, reference=session["id"], why=words) if ours else None


def _stored(intent: dict[str, Any]) -> MethodStored | None:
    ours = _ours(intent, "preorder")
    return MethodStored(ours, f"{intent['customer']}/{intent['payment_method']}") if ours else None


_READERS: dict[str, Callable[[dict[str, Any]], PaymentEvent | MethodStored | None]] = {
    "payment_intent.succeeded": _paid,
    "payment_intent.payment_failed": _declined,
    "checkout.session.expired": _given_up,
    "checkout.session.async_payment_failed": _given_up,
    "setup_intent.succeeded": _stored,
}
_REFUNDS = frozenset({"refund.created", "refund.updated", "refund.failed"})
_DISPUTED = "charge.dispute.funds_withdrawn"


def _movement(line: "stripe.BalanceTransaction") -> Movement:
    source = str(line.source or line.id)
    again = line.type in _COMES_AGAIN or (line.type == "adjustment" and line.amount > 0)
    return Movement(
        reference=f"{source}:{line.type}" if again else source,
        at=datetime.fromtimestamp(line.created, UTC),
        amount_minor=line.amount,
        fee_minor=line.fee,
        currency=line.currency.upper(),
    )
