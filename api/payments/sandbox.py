"""A provider for trying things out that behaves like a real one.

The buyer chooses on its page how the charge ends; nothing is true before its signed webhook arrives, which
may be slow, may come twice, and may say that the charge failed. Its server side is `web/sandbox.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.payments.port import EventKind, Movement, PaymentEvent, ProviderUnavailable
from api.security import sign, signed_by

SIGNATURE_HEADER = "sandbox-signature"
_PURPOSE = "sandbox provider"


def signature(secret: str, body: str) -> str:
    """What the sandbox and we sign messages to each other with."""
    return sign(secret, _PURPOSE, body)


class SandboxProvider:
    """Our side of the sandbox; `base_url` is where it runs."""

    name = "sandbox"

    def __init__(self, *, base_url: str, secret: str) -> None:
        self._base_url, self._secret = base_url, secret

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        order = f"{charge.id}|{charge.amount_minor}|{charge.currency}|{return_url}"
        query = {
            "payment": str(charge.id),
            "amount": charge.amount_minor,
            "currency": charge.currency,
            "return_url": return_url,
            "signature": signature(self._secret, order),
        }
        return f"/sandbox/checkout?{urlencode(query)}"

    def charge_stored(self, charge: Payment, method: str) -> None:
        self._send("charges", charge, method=method)

    def refund(self, refund: Payment, charge: Payment) -> None:
        self._send("refunds", refund, charge=charge.provider_reference or "")

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        raise NotImplementedError

    def _send(self, door: str, payment: Payment, **more: str) -> None:
        import httpx  # noqa: PLC0415 - workers pay back; a web process starts a second sooner without it

        body = json.dumps(
            {
                "payment": str(payment.id),
                "amount": payment.amount_minor,
                "currency": payment.currency,
                **more,
            }
        )
        headers = {SIGNATURE_HEADER: signature(self._secret, body), "content-type": "application/json"}
        try:
            answer = httpx.post(f"{self._base_url}/sandbox/{door}", content=body, headers=headers, timeout=10)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"sandbox: {error}") from error

    def read_event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        if not signed_by(
            self._secret, _PURPOSE, body.decode(errors="replace"), headers.get(SIGNATURE_HEADER, "")
        ):
            raise SignatureNotValid(self.name)
        raw = json.loads(body)
        return PaymentEvent(
            payment_id=UUID(raw["payment"]),
            kind=EventKind(raw["kind"]),
            reference=raw["reference"],
            why=raw["why"],
        )
