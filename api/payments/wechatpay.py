"""WeChat Pay, API v3: payment on a phone's page (H5), refunds, and its signed and encrypted notices.

A request bears our signature in its `Authorization`; answers and notices bear theirs, over time, nonce and
body. Our ids travel as `out_trade_no` and `out_refund_no`, which it takes as keys. What could not be tried
without a merchant account stands in README.md.
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.payments.port import EventKind, Movement, PaymentEvent, ProviderRefused, ProviderUnavailable
from api.payments.rsa import Keys

API_BASE = "https://api.mch.weixin.qq.com"
SCHEME = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE = timedelta(minutes=5)
_LONGEST_REASON = 80
_PATIENCE_SECONDS = 15
_SERVER_ERRORS = 500
_TRY_AGAIN = (401, 429)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at WeChat Pay, and how we know it."""

    merchant_id: str
    app_id: str
    serial: str
    """Of our certificate."""
    public_key_id: str
    """Of its public key, or the serial of its platform certificate."""
    api_v3_key: str
    """32 characters that decrypt its notices."""
    keys: Keys


class WeChatPay:
    """Our side of WeChat Pay; `now` tells the moment that each request bears."""

    name = "wechatpay"
    acknowledgement = ""

    def __init__(
        self, merchant: Merchant, *, public_url: str, api_base: str, now: Callable[[], datetime]
    ) -> None:
        self._merchant, self._public_url = merchant, public_url
        self._api_base, self._now = api_base or API_BASE, now

    def checkout_url(self, charge: Payment, *, return_url: str) -> str:
        wanted = {
            "mchid": self._merchant.merchant_id,
            "appid": self._merchant.app_id,
            "description": charge.reason,
            "out_trade_no": charge.id.hex,
            "notify_url": self._webhook,
            "amount": {"total": charge.amount_minor, "currency": charge.currency},
            "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}},
        }
        page = self._ask("/v3/pay/transactions/h5", wanted)["h5_url"]
        back = quote(f"{self._public_url}{return_url}", safe="")
        return f"{page}&redirect_url={back}"

    def store_method_url(self, preorder: Preorder, *, return_url: str) -> str:
        raise ProviderRefused(f"{preorder.number}: WeChat Pay keeps no method for us ({return_url})")

    def charge_stored(self, charge: Payment, method: str) -> None:
        raise ProviderRefused(f"{charge.reason}: WeChat Pay keeps no method {method} for us")

    def refund(self, refund: Payment, charge: Payment) -> None:
        total = charge.moved_minor or charge.amount_minor
        wanted = {
            "out_trade_no": charge.id.hex,
            "out_refund_no": refund.id.hex,
            "reason": refund.reason[:_LONGEST_REASON],
            "notify_url": self._webhook,
            "amount": {"refund": refund.amount_minor, "total": total, "currency": refund.currency},
        }
        self._ask("/v3/refund/domestic/refunds", wanted)

    def read_event(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> PaymentEvent | None:
        text = body.decode(errors="replace")
        if not self._signed_by_them(headers, text) or not _of_this_moment(headers, at):
            raise SignatureNotValid(self.name)
        notice = json.loads(text)
        told = self._decrypted(notice["resource"])
        kind = str(notice["event_type"])
        if kind.startswith("REFUND."):
            return _refunded(told, kind)
        return _paid(told) if kind == "TRANSACTION.SUCCESS" else None

    def report(self, since: datetime, until: datetime) -> Sequence[Movement]:
        raise ProviderRefused(f"WeChat Pay's bill from {since} to {until} is not read: see the README")

    @property
    def _webhook(self) -> str:
        return f"{self._public_url}/api/payments/webhooks/{self.name}"

    def _authorization(self, verb: str, path: str, body: str) -> str:
        moment, nonce = int(self._now().timestamp()), secrets.token_hex(16)
        signature = self._merchant.keys.sign(f"{verb}\n{path}\n{moment}\n{nonce}\n{body}\n")
        facts = {
            "mchid": self._merchant.merchant_id,
            "nonce_str": nonce,
            "signature": signature,
            "timestamp": str(moment),
            "serial_no": self._merchant.serial,
        }
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in facts.items())

    def _ask(self, path: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What it answers, its signature checked. Raises ProviderUnavailable, ProviderRefused."""
        import httpx  # noqa: PLC0415 - a web process starts a second sooner without it

        body = json.dumps(wanted, ensure_ascii=False)
        headers = {
            "Authorization": self._authorization("POST", path, body),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Wechatpay-Serial": self._merchant.public_key_id,
        }
        try:
            answer = httpx.post(
                f"{self._api_base}{path}", content=body.encode(), headers=headers, timeout=_PATIENCE_SECONDS
            )
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"wechatpay: {error}") from error
        if answer.status_code >= _SERVER_ERRORS or answer.status_code in _TRY_AGAIN:
            raise ProviderUnavailable(f"wechatpay: {answer.status_code} {answer.text[:200]}")
        if not self._signed_by_them(answer.headers, answer.text):
            raise ProviderUnavailable("wechatpay: an answer whose signature is not WeChat Pay's")
        said: dict[str, Any] = answer.json()
        if answer.is_error:
            raise ProviderRefused(f"wechatpay: {said.get('message')} ({said.get('code')})")
        return said

    def _signed_by_them(self, headers: Mapping[str, str], body: str) -> bool:
        moment, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        return headers.get("wechatpay-serial") == self._merchant.public_key_id and (
            self._merchant.keys.signed_by_them(
                f"{moment}\n{nonce}\n{body}\n", headers.get("wechatpay-signature", "")
            )
        )

    def _decrypted(self, resource: Mapping[str, str]) -> dict[str, Any]:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            clear = AESGCM(self._merchant.api_v3_key.encode()).decrypt(
                resource["nonce"].encode(),
                base64.b64decode(resource["ciphertext"]),
                resource.get("associated_data", "").encode(),
            )
        except InvalidTag as error:
            raise SignatureNotValid(self.name) from error
        told: dict[str, Any] = json.loads(clear)
        return told


def _of_this_moment(headers: Mapping[str, str], at: datetime) -> bool:
    sent_at = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), UTC)
    return abs(at - sent_at) <= TOLERANCE


def _paid(told: Mapping[str, Any]) -> PaymentEvent | None:
    charge = _ours(told["out_trade_no"])
    if charge is None:
        return None
    amount = told["amount"]
    return PaymentEvent(
        charge, EventKind.CONFIRMED, told["transaction_id"], "paid", amount["total"], amount["currency"]
    )


def _refunded(told: Mapping[str, Any], kind: str) -> PaymentEvent | None:
    """Our own refund bears our number; another was made by somebody at the merchant's console."""
    refund, charge = _ours(told["out_refund_no"]), _ours(told["out_trade_no"])
    reference, amount = told["refund_id"], told["amount"]["refund"]
    if kind == "REFUND.SUCCESS":
        if refund is not None:
            return PaymentEvent(refund, EventKind.CONFIRMED, reference, "paid back", amount)
        words = "given back by somebody at WeChat Pay"
        return PaymentEvent(charge, EventKind.REFUNDED, reference, words, amount) if charge else None
    words = f"WeChat Pay: {kind.partition('.')[2].lower()}"
    return PaymentEvent(refund, EventKind.FAILED, reference, words) if refund else None


def _ours(number: str) -> UUID | None:
    try:
        return UUID(hex=number)
    except ValueError:
        return None
