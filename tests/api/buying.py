"""Buyers, a provider's webhooks and a team at the console, all through the public API."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.domain.member import Member
from api.domain.payment import Payment, PaymentKind
from api.payments.sandbox import SIGNATURE_HEADER, signature
from api.settings import settings
from tests.factories import PASSWORD
from tests.fixtures import TODAY


def draft(**other: Any) -> dict[str, Any]:
    """A campaign of the style TEE as a team drafts it: open from today for a week."""
    return {
        "slug": "spring-tee",
        "style": "TEE",
        "kind": "group_buy",
        "opens_at": TODAY.isoformat(),
        "closes_at": (TODAY + timedelta(days=7)).isoformat(),
        "minimum": 1,
        "ladder": [[1, 20_000]],
        "ship_from_on": (TODAY + timedelta(days=40)).date().isoformat(),
        "ship_by_on": (TODAY + timedelta(days=50)).date().isoformat(),
    } | other


@dataclass
class Shop:
    """One client for buyers and staff; `session` only finds what a provider would know of."""

    client: TestClient
    session: Session
    _count: int = field(default=0)

    def sign_in(self, member: Member) -> None:
        body = {"email": member.email, "password": PASSWORD}
        assert self.client.post("/api/sessions", json=body).status_code < 300

    def open(self, **other: Any) -> dict[str, Any]:
        """Draft, sample and publish a campaign, by the member signed in."""
        wanted = draft(**other)
        path = f"/api/campaigns/{wanted['slug']}"
        self.ask("POST", "/api/campaigns", json=wanted)
        self.ask("POST", f"{path}/sample", json={"why": "fits and does not pill"})
        return self.ask("POST", f"{path}/publish")

    def ask(self, method: str, path: str, *, status: int | None = None, **more: Any) -> Any:
        """The JSON of an answer that is as expected: a success unless said otherwise."""
        answer = self.client.request(method, path, **more)
        fits = answer.status_code < 300 if status is None else answer.status_code == status
        assert fits, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def place(self, sku: str, quantity: int = 1, *, status: int | None = None, **other: Any) -> Any:
        """A new buyer's pre-order; consents and terms go into `other`."""
        self._count += 1
        line: dict[str, Any] = {"sku": sku, "quantity": quantity}
        for consent in ("accept_other_colour", "only_colours", "accept_next_size"):
            if consent in other:
                line[consent] = other.pop(consent)
        body = {
            "campaign": "spring-tee",
            "lines": [line],
            "name": f"Buyer {self._count}",
            "email": f"buyer{self._count}@example.com",
            "region": "east",
            "address": "12 Harbour Road, Ningbo",
        } | other
        headers = {"Idempotency-Key": f"order-{self._count}"}
        return self.ask("POST", "/api/preorders", json=body, headers=headers, status=status)

    def pay(self, preorder: dict[str, Any]) -> dict[str, Any]:
        """Go to the provider's page and pay what it asks for; the webhook arrives at once."""
        url = self.ask("POST", f"/api/preorders/{token_of(preorder)}/pay")["checkout_url"]
        query = parse_qs(urlparse(url).query)
        self.hear(query["payment"][0], "confirmed", reference=f"sbx_{query['payment'][0][:20]}")
        return self.read(preorder)

    def hear(
        self, payment: str, kind: str, *, reference: str, status: int | None = None, **more: Any
    ) -> None:
        """The sandbox's signed word on a payment."""
        known = self.session.get_one(Payment, UUID(payment))
        told = {"payment": payment, "kind": kind, "reference": reference, "why": kind, "fee": 0}
        told |= {"amount": known.amount_minor, "currency": known.currency}
        body = json.dumps(told | more)
        headers = {SIGNATURE_HEADER: signature(settings().secret, body)}
        self.ask("POST", "/api/payments/webhooks/sandbox", content=body, headers=headers, status=status)

    def confirm_refunds(self) -> list[int]:
        """Let the provider confirm every refund that is asked for; returns their amounts, ascending."""
        waiting = self.session.exec(
            select(Payment).where(Payment.kind == PaymentKind.REFUND, col(Payment.confirmed_at).is_(None))
        ).all()
        for refund in waiting:
            self.hear(str(refund.id), "confirmed", reference=f"sbx_{refund.id.hex[:20]}")
        return sorted(refund.amount_minor for refund in waiting)

    def read(self, preorder: dict[str, Any]) -> dict[str, Any]:
        return dict(self.ask("GET", f"/api/preorders/{token_of(preorder)}"))


def token_of(preorder: dict[str, Any]) -> str:
    """The secret part of a pre-order's link."""
    return str(preorder["link"]).rsplit("/", 1)[1]
