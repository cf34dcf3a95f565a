"""Alipay: payment on a phone's page, refunds, and its signed notices (open platform, RSA2).

A request is a line of sorted parameters with our signature; so is a notice with theirs. Our ids travel as
`out_trade_no` and `out_request_no`, which Alipay takes as keys. What could not be tried without a merchant
account stands in README.md.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.payments.port import EventKind, Movement, PaymentEvent, ProviderRefused, ProviderUnavailable
from api.payments.rsa import Keys

GATEWAY = "https://openapi.alipay.com/gateway.do"
CURRENCY = "CNY"
_BEIJING = timezone(timedelta(hours=8))
_DONE = "10000"
_TRY_AGAIN = ("20000", "ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")
_PATIENCE_SECONDS = 15


class Alipay:
    """Our side of Alipay; `now` tells the moment that each request bears."""

    name = "alipay"
    acknowledgement = "success"

    def __init__(
        self, *, app_id: str, keys: Keys, public_url: str, gateway: str, now: Callable[[], datetime]
    ) -> None:
        self._app_id, self._keys, self._public_url = app_id, keys, public_url
        self._gateway, self._now = gateway or GATEWAY, now

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        wanted = {
            "out_trade_no": charge.id.hex,
            "total_amount": _yuan(charge.amount_minor, charge.currency),
            "subject": charge.reason,
            "product_code": "QUICK_WAP_WAY",
        }
        back = {
            "return_url": f"{self._public_url}{return_url}",
            "notify_url": f"{self._public_url}/api/payments/webhooks/{self.name}",
        }
        return f"{self._gateway}?{urlencode(self._signed('alipay.trade.wap.pay', wanted, **back))}"

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        raise ProviderRefused(f"{preorder.number}: Alipay keeps no method for us ({return_url})")

    def charge_stored(self, charge: Payment, method: str) -> None:
        raise ProviderRefused(f"{charge.reason}: Alipay keeps no method {method} for us")

    def refund(self, refund: Payment, charge: Payment) -> None:
        wanted = {
            "out_trade_no": charge.id.hex,
            "refund_amount": _yuan(refund.amount_minor, refund.currency),
            "out_request_no": refund.id.hex,
            "refund_reason": refund.reason,
        }
        self._ask("alipay.trade.refund", wanted)

    def read_event(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - its signature stands among the parameters
        body: bytes,
        *,
        at: datetime,  # noqa: ARG002 - it tells a notice again for 25 hours, as it was
    ) -> PaymentEvent | None:
        said = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        signature = said.pop("sign", "")
        said.pop("sign_type", None)
        ours = said.get("app_id") == self._app_id
        if not (ours and self._keys.signed_by_them(line_of(said), signature)):
            raise SignatureNotValid(self.name)
        charge = _ours(said.get("out_trade_no", ""))
        if charge is None:
            return None
        if said.get("out_biz_no") and Decimal(said.get("refund_fee", "0")):
            return self._refunded(charge, said)
        return _paid(charge, said)

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        raise ProviderRefused(f"Alipay's bill from {since} to {until} is not read: see the README")

    def _refunded(self, charge: UUID, said: Mapping[str, str]) -> PaymentEvent:
        """A notice tells the sum of all refunds so far: of one that is not ours we ask for its own amount."""
        request, reference = said["out_biz_no"], f"{said['trade_no']}:{said['out_biz_no']}"
        if ours := _ours(request):
            return PaymentEvent(ours, EventKind.CONFIRMED, reference, "paid back", currency=CURRENCY)
        wanted = {"out_trade_no": charge.hex, "out_request_no": request}
        found = self._ask("alipay.trade.fastpay.refund.query", wanted)
        return PaymentEvent(
            charge,
            EventKind.REFUNDED,
            reference,
            "given back by somebody at Alipay",
            amount_minor=_minor(found["refund_amount"]),
            currency=CURRENCY,
        )

    def _signed(self, method: str, wanted: Mapping[str, str], **more: str) -> dict[str, str]:
        parameters = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{self._now().astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "biz_content": json.dumps(wanted, ensure_ascii=False, separators=(",", ":")),
            **more,
        }
        return {**parameters, "sign": self._keys.sign(line_of(parameters))}

    def _ask(self, method: str, wanted: Mapping[str, str]) -> dict[str, Any]:
        """What Alipay answers, its signature checked. Raises ProviderUnavailable, ProviderRefused."""
        import httpx  # noqa: PLC0415 - workers ask; a web process starts a second sooner without it

        try:
            answer = httpx.post(self._gateway, data=self._signed(method, wanted), timeout=_PATIENCE_SECONDS)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"alipay: {error}") from error
        said = self._checked(answer.text, method)
        if said.get("code") == _DONE:
            return said
        words = (
            f"alipay: {said.get('sub_msg') or said.get('msg')} ({said.get('sub_code') or said.get('code')})"
        )
        if said.get("code") in _TRY_AGAIN or said.get("sub_code") in _TRY_AGAIN:
            raise ProviderUnavailable(words)
        raise ProviderRefused(words)

    def _checked(self, text: str, method: str) -> dict[str, Any]:
        """The signature is over the very characters of the answer's inner document."""
        name = f'"{method.replace(".", "_")}_response":'
        begin = text.find(name) + len(name)
        try:
            inner, end = json.JSONDecoder().raw_decode(text, begin)
            signature = json.loads(text)["sign"]
        except (ValueError, KeyError) as error:
            raise ProviderUnavailable("alipay: an answer that is not Alipay's") from error
        if not self._keys.signed_by_them(text[begin:end], signature):
            raise ProviderUnavailable("alipay: an answer whose signature is not Alipay's")
        said: dict[str, Any] = inner
        return said


def line_of(parameters: Mapping[str, str]) -> str:
    """What is signed: the parameters that have a value, in the order of their names."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if parameters[name])


def _paid(charge: UUID, said: Mapping[str, str]) -> PaymentEvent | None:
    reference, amount = said["trade_no"], _minor(said["total_amount"])
    match said["trade_status"]:
        case "TRADE_SUCCESS" | "TRADE_FINISHED":
            return PaymentEvent(charge, EventKind.CONFIRMED, reference, "paid", amount, CURRENCY)
        case "TRADE_CLOSED":
            return PaymentEvent(charge, EventKind.FAILED, reference, "not paid in time")
    return None


def _ours(number: str) -> UUID | None:
    try:
        return UUID(hex=number)
    except ValueError:
        return None


def _yuan(amount_minor: int, currency: str) -> str:
    if currency != CURRENCY:
        raise ProviderRefused(f"Alipay takes {CURRENCY}, not {currency}")
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def _minor(yuan: str) -> int:
    return int(Decimal(yuan) * 100)
