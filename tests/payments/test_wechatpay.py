"""WeChat Pay's protocol, with keys made here and a server of our own in its place."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment, PaymentKind, PaymentPurpose
from api.payments.port import EventKind, PaymentEvent, ProviderRefused, ProviderUnavailable
from api.payments.rsa import Keys
from api.payments.wechatpay import SCHEME, TOLERANCE, Merchant, WeChatPay
from tests.fixtures import TODAY
from tests.payments.door import Answer, Asked, ProviderDoor, Sides, opened

CHARGE, REFUND = UUID(int=0xC), UUID(int=0xD)
API_V3_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0114"
PAID = {
    "out_trade_no": CHARGE.hex,
    "transaction_id": "4200",
    "amount": {"total": 20_005, "currency": "CNY"},
}


@dataclass
class Bench:
    """WeChat Pay as we know it, and the one in its place with its own keys."""

    wechatpay: WeChatPay
    theirs: Keys
    door: ProviderDoor

    def signed(self, body: str, *, moment: int = int(TODAY.timestamp())) -> dict[str, str]:
        return {
            "wechatpay-timestamp": str(moment),
            "wechatpay-nonce": "n-1",
            "wechatpay-serial": KEY_ID,
            "wechatpay-signature": self.theirs.sign(f"{moment}\nn-1\n{body}\n"),
        }

    def answers(self, status: int, said: dict[str, Any]) -> None:
        text = json.dumps(said)
        self.door.answer = lambda _: (status, self.signed(text), text)

    def read(
        self, kind: str, told: dict[str, Any], *, key: str = API_V3_KEY, **sent: Any
    ) -> PaymentEvent | None:
        hidden = AESGCM(key.encode()).encrypt(b"nonce-of-12b", json.dumps(told).encode(), b"transaction")
        resource = {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(hidden).decode(),
            "nonce": "nonce-of-12b",
            "associated_data": "transaction",
        }
        body = json.dumps({"id": "e-1", "event_type": kind, "resource": resource})
        return self.wechatpay.read_event(self.signed(body, **sent), body.encode(), at=TODAY)


@pytest.fixture
def bench(sides: Sides) -> Iterator[Bench]:
    ours, theirs = sides.ours, sides.theirs
    merchant = Merchant("1900", "wx1", "5F3A", KEY_ID, API_V3_KEY, ours)

    def nothing(_: Asked) -> Answer:
        return 500, {}, ""

    with opened(nothing) as door:
        wechatpay = WeChatPay(
            merchant, public_url="https://shop.example", api_base=door.address, now=lambda: TODAY
        )
        yield Bench(wechatpay, theirs, door)


def payment(kind: PaymentKind = PaymentKind.CHARGE) -> Payment:
    return Payment(
        id=CHARGE if kind == PaymentKind.CHARGE else REFUND,
        preorder_id=uuid4(),
        kind=kind,
        purpose=PaymentPurpose.FULL,
        amount_minor=20_005,
        currency="CNY",
        reason="pre-order P-1: full",
        provider="wechatpay",
        requested_at=TODAY,
    )


def test_a_request_bears_our_signature_over_its_verb_address_moment_nonce_and_body(bench: Bench) -> None:
    bench.answers(200, {"h5_url": "https://wx.tenpay.example/checkmweb?prepay_id=wx05"})
    page = bench.wechatpay.checkout_url(payment(), return_url="/o/x")
    assert page.endswith("prepay_id=wx05&redirect_url=https%3A%2F%2Fshop.example%2Fo%2Fx")
    (asked,) = bench.door.asked
    scheme, _, facts = asked.headers["authorization"].partition(" ")
    said = dict(re.findall(r'(\w+)="([^"]*)"', facts))
    line = f"POST\n/v3/pay/transactions/h5\n{said['timestamp']}\n{said['nonce_str']}\n{asked.body}\n"
    assert bench.theirs.signed_by_them(line, said["signature"])
    assert (scheme, said["mchid"], said["serial_no"]) == (SCHEME, "1900", "5F3A")
    wanted = json.loads(asked.body)
    assert (wanted["out_trade_no"], wanted["amount"]["total"]) == (CHARGE.hex, 20_005)
    assert wanted["notify_url"] == "https://shop.example/api/payments/webhooks/wechatpay"


def test_a_signed_and_encrypted_notice_confirms_a_charge(bench: Bench) -> None:
    event = bench.read("TRANSACTION.SUCCESS", PAID)
    assert event == PaymentEvent(CHARGE, EventKind.CONFIRMED, "4200", "paid", 20_005, "CNY")


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        ("REFUND.SUCCESS", REFUND.hex, (REFUND, EventKind.CONFIRMED, 500)),
        ("REFUND.SUCCESS", "50300-by-hand", (CHARGE, EventKind.REFUNDED, 500)),
        ("REFUND.ABNORMAL", REFUND.hex, (REFUND, EventKind.FAILED, None)),
        ("REFUND.CLOSED", REFUND.hex, (REFUND, EventKind.FAILED, None)),
    ],
)
def test_a_notice_of_a_refund_says_whose_it_was_and_how_it_ended(
    bench: Bench, kind: str, number: str, said: tuple[object, ...]
) -> None:
    told = {"out_trade_no": CHARGE.hex, "out_refund_no": number, "refund_id": "503"}
    event = bench.read(kind, told | {"amount": {"total": 20_005, "refund": 500}})
    assert event is not None
    assert (event.payment_id, event.kind, event.amount_minor) == said


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("TRANSACTION.SUCCESS", PAID | {"out_trade_no": "of another shop"}),
        ("MCHTRANSFER.BILL.FINISHED", {}),
        (
            "REFUND.CLOSED",
            {"out_trade_no": "x", "out_refund_no": "y", "refund_id": "1", "amount": {"refund": 1}},
        ),
    ],
)
def test_a_notice_of_nothing_of_ours_is_no_event(bench: Bench, kind: str, told: dict[str, Any]) -> None:
    assert bench.read(kind, told) is None


def test_a_notice_that_is_stale_or_altered_or_not_for_us_is_refused(bench: Bench) -> None:
    stale = int((TODAY - TOLERANCE - timedelta(seconds=1)).timestamp())
    with pytest.raises(SignatureNotValid):
        bench.read("TRANSACTION.SUCCESS", PAID, moment=stale)
    with pytest.raises(SignatureNotValid):
        bench.read("TRANSACTION.SUCCESS", PAID, key=API_V3_KEY[::-1])
    with pytest.raises(SignatureNotValid):
        bench.wechatpay.read_event(bench.signed("{}"), b"{ }", at=TODAY)
    headers = bench.signed("{}") | {"wechatpay-serial": "another key"}
    with pytest.raises(SignatureNotValid):
        bench.wechatpay.read_event(headers, b"{}", at=TODAY)


def test_a_refund_is_asked_for_under_our_number_and_of_the_whole_charge(bench: Bench) -> None:
    bench.answers(200, {"refund_id": "503", "status": "PROCESSING"})
    refund = payment(PaymentKind.REFUND)
    refund.amount_minor = 500
    bench.wechatpay.refund(refund, payment())
    wanted = json.loads(bench.door.asked[0].body)
    assert (wanted["out_refund_no"], wanted["out_trade_no"]) == (REFUND.hex, CHARGE.hex)
    assert wanted["amount"] == {"refund": 500, "total": 20_005, "currency": "CNY"}


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, ProviderRefused), (404, ProviderRefused), (429, ProviderUnavailable), (502, ProviderUnavailable)],
)
def test_a_refusal_is_for_a_person_and_a_fault_of_theirs_for_later(
    bench: Bench, status: int, error: type[Exception]
) -> None:
    bench.answers(status, {"code": "NOT_ENOUGH", "message": "the balance does not suffice"})
    with pytest.raises(error):
        bench.wechatpay.refund(payment(PaymentKind.REFUND), payment())


def test_an_answer_that_is_not_wechats_is_not_believed(bench: Bench) -> None:
    bench.door.answer = lambda _: (200, {}, '{"h5_url": "https://elsewhere.example"}')
    with pytest.raises(ProviderUnavailable, match="signature"):
        bench.wechatpay.checkout_url(payment(), return_url="/")


def test_it_keeps_no_method(bench: Bench) -> None:
    with pytest.raises(ProviderRefused):
        bench.wechatpay.charge_stored(payment(), "a card")
