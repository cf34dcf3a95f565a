"""A provider for trying things out that behaves like a real one.

The buyer chooses on its page how the charge ends; nothing is true before its signed webhook arrives, which
may be slow, may come twice, and may say that the charge failed. Its server side is `web/sandbox.py`, and its
books are kept by `api/services/sandbox.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.payments.port import EventKind, MethodStored, Movement, PaymentEvent, ProviderUnavailable
from api.security import sign, signed_by

SIGNATURE_HEADER = "sandbox-signature"
STORED = "stored"
"""The kind of a webhook that says a method was stored; the others are those of `EventKind`."""
_PURPOSE = "sandbox provider"
_PATIENCE_SECONDS = 10


def signature(secret: str, body: str) -> str:
    """What the sandbox and we sign messages to each other with."""
    return sign(secret, _PURPOSE, body)


def order(door: str, facts: Mapping[str, object]) -> str:
    """What is signed of an address: the door, and what it was asked, in the order of the names."""
    return "|".join([door, *(f"{name}={facts[name]}" for name in sorted(facts))])


class SandboxProvider:
    """Our side of the sandbox; `base_url` is where it runs."""

    name = "sandbox"
    acknowledgement = ""

    def __init__(self, *, base_url: str, secret: str) -> None:
        self._base_url, self._secret = base_url, secret

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        asked = {
            "payment": str(charge.id),
            "amount": charge.amount_minor,
            "currency": charge.currency,
            "return_url": return_url,
        }
        return self._address("checkout", asked)

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        return self._address("methods", {"preorder": str(preorder.id), "return_url": return_url})

    def charge_stored(self, charge: Payment, method: str) -> None:
        self._send("charges", charge, method=method)

    def refund(self, refund: Payment, charge: Payment) -> None:
        self._send("refunds", refund, charge=charge.provider_reference or "")

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        address = self._address("report", {"since": since.isoformat(), "until": until.isoformat()})
        return [
            Movement(
                reference=line["reference"],
                at=datetime.fromisoformat(line["at"]),
                amount_minor=line["amount"],
                fee_minor=line["fee"],
                currency=line["currency"],
            )
            for line in json.loads(self._ask("GET", address))
        ]

    def read_event(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        at: datetime,  # noqa: ARG002 - its webhooks may be as late as they like
    ) -> PaymentEvent | MethodStored:
        text = body.decode(errors="replace")
        if not signed_by(self._secret, _PURPOSE, text, headers.get(SIGNATURE_HEADER, "")):
            raise SignatureNotValid(self.name)
        raw = json.loads(body)
        if raw["kind"] == STORED:
            return MethodStored(UUID(raw["preorder"]), raw["method"])
        return PaymentEvent(
            payment_id=UUID(raw["payment"]),
            kind=EventKind(raw["kind"]),
            reference=raw["reference"],
            why=raw["why"],
            amount_minor=raw["amount"],
            currency=raw["currency"],
            fee_minor=raw["fee"],
        )

    def _address(self, door: str, asked: Mapping[str, object]) -> str:
        signed = signature(self._secret, order(door, asked))
        return f"/sandbox/{door}?{urlencode({**asked, 'signature': signed})}"

    def _send(self, door: str, payment: Payment, **more: str) -> None:
        wanted = {"payment": str(payment.id), "amount": payment.amount_minor, "currency": payment.currency}
        body = json.dumps({**wanted, **more})
        headers = {SIGNATURE_HEADER: signature(self._secret, body), "content-type": "application/json"}
        self._ask("POST", f"/sandbox/{door}", content=body, headers=headers)

    def _ask(self, verb: str, address: str, **more: Any) -> bytes:
        import httpx  # noqa: PLC0415 - workers ask; a web process starts a second sooner without it

        try:
            answer = httpx.request(verb, f"{self._base_url}{address}", timeout=_PATIENCE_SECONDS, **more)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"sandbox: {error}") from error
        return answer.content
