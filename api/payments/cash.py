"""Cash and other money that staff take themselves: a provider whose word is theirs.

Nothing here reaches anybody: a charge is confirmed by `api/services/cash.py`, a refund is a task for a
person at the exceptions desk, who pays it and confirms it with the number of the receipt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.payments.port import Movement, ProviderRefused

CASH = "cash"


class Cash:
    """The provider behind the counter."""

    name = CASH
    acknowledgement = ""

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        raise ProviderRefused(f"{charge.reason}: to be paid in cash, there is no page for {return_url}")

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        raise ProviderRefused(f"{preorder.number}: cash cannot be kept for {return_url}")

    def charge_stored(self, charge: Payment, method: str) -> None:
        raise ProviderRefused(f"{charge.reason}: cash cannot be taken from {method}")

    def refund(self, refund: Payment, charge: Payment) -> None:
        money = f"{refund.amount_minor / 100:.2f} {refund.currency}"
        receipt = charge.provider_reference
        raise ProviderRefused(f"pay {money} back in cash (it came with receipt {receipt}) and record it")

    def read_event(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> NoReturn:  # noqa: ARG002
        raise SignatureNotValid(self.name)

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        raise ProviderRefused(f"nobody but us keeps the cash book from {since} to {until}")
