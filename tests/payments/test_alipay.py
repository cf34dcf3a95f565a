"""Alipay's protocol, with keys made here and a server of our own in Alipay's place."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest

from api.domain.errors import SignatureNotValid
from api.domain.payment import Payment, PaymentKind, PaymentPurpose
from api.payments.alipay import Alipay, line_of
from api.payments.port import EventKind, PaymentEvent, ProviderRefused, ProviderUnavailable
from api.payments.rsa import Keys
from tests.fixtures import TODAY
from tests.payments.door import Answer, Asked, ProviderDoor, Sides, opened

CHARGE, REFUND = UUID(int=0xC), UUID(int=0xD)


@dataclass
class Bench:
    """Alipay as we know it, and the one in its place with its own keys."""

    alipay: Alipay
    theirs: Keys
    door: ProviderDoor

    def answers(self, method: str, *, by: Keys | None = None, **said: str) -> None:
        inner = json.dumps(said)
        signature = (by or self.theirs).sign(inner)
        text = f'{{"{method.replace(".", "_")}_response":{inner},"sign":"{signature}"}}'
        self.door.answer = lambda _: (200, {}, text)

    def read(self, *, by: Keys | None = None, **said: str) -> PaymentEvent | None:
        notice = {"app_id": "2021", "out_trade_no": CHARGE.hex, "trade_no": "T1", "total_amount": "200.05"}
        notice |= {"trade_status": "TRADE_SUCCESS", "notify_type": "trade_status_sync"} | said
        signed = notice | {"sign_type": "RSA2", "sign": (by or self.theirs).sign(line_of(notice))}
        return self.alipay.read_event({}, urlencode(signed).encode(), at=TODAY)


@pytest.fixture
def bench(sides: Sides) -> Iterator[Bench]:
    ours, theirs = sides.ours, sides.theirs

    def nothing(_: Asked) -> Answer:
        return 500, {}, ""

    with opened(nothing) as door:
        alipay = Alipay(
            app_id="2021",
            keys=ours,
            public_url="https://shop.example",
            gateway=f"{door.address}/gateway.do",
            now=lambda: TODAY,
        )
        yield Bench(alipay, theirs, door)


def payment(kind: PaymentKind = PaymentKind.CHARGE, *, currency: str = "CNY") -> Payment:
    return Payment(
        id=CHARGE if kind == PaymentKind.CHARGE else REFUND,
        preorder_id=uuid4(),
        kind=kind,
        purpose=PaymentPurpose.FULL,
        amount_minor=20_005,
        currency=currency,
        reason="pre-order P-1: full",
        provider="alipay",
        requested_at=TODAY,
    )


def test_the_page_is_asked_for_by_a_line_that_bears_our_signature(bench: Bench) -> None:
    url = urlsplit(bench.alipay.checkout_url(payment(), return_url="/o/x?placed=1"))
    said = dict(parse_qsl(url.query))
    signature = said.pop("sign")
    assert bench.theirs.signed_by_them(line_of(said), signature)
    assert said["timestamp"] == "2026-11-23 09:00:00", "Beijing's time"
    assert said["notify_url"] == "https://shop.example/api/payments/webhooks/alipay"
    wanted = json.loads(said["biz_content"])
    assert (wanted["total_amount"], UUID(wanted["out_trade_no"])) == ("200.05", CHARGE)


def test_a_signed_notice_confirms_a_charge_to_the_cent(bench: Bench) -> None:
    event = bench.read()
    assert event == PaymentEvent(CHARGE, EventKind.CONFIRMED, "T1", "paid", 20_005, "CNY")
    assert bench.alipay.acknowledgement == "success"


@pytest.mark.parametrize(
    ("status", "kind"), [("TRADE_FINISHED", EventKind.CONFIRMED), ("TRADE_CLOSED", EventKind.FAILED)]
)
def test_the_status_of_a_trade_says_how_a_charge_ended(bench: Bench, status: str, kind: EventKind) -> None:
    event = bench.read(trade_status=status)
    assert event is not None
    assert event.kind == kind


@pytest.mark.parametrize("said", [{"trade_status": "WAIT_BUYER_PAY"}, {"out_trade_no": "of another shop"}])
def test_a_notice_that_says_nothing_of_ours_is_no_event(bench: Bench, said: dict[str, str]) -> None:
    assert bench.read(**said) is None


def test_a_notice_of_others_or_for_others_is_refused(bench: Bench, sides: Sides) -> None:
    with pytest.raises(SignatureNotValid):
        bench.read(by=sides.stranger)
    with pytest.raises(SignatureNotValid):
        bench.read(app_id="2022")
    with pytest.raises(SignatureNotValid):
        bench.alipay.read_event({}, b"app_id=2021&sign=%00&sign_type=RSA2", at=TODAY)


def test_our_refund_is_confirmed_by_its_own_number(bench: Bench) -> None:
    event = bench.read(out_biz_no=REFUND.hex, refund_fee="200.05", gmt_refund="2026-11-23 09:10:00")
    assert event is not None
    assert (event.payment_id, event.kind, event.reference) == (
        REFUND,
        EventKind.CONFIRMED,
        f"T1:{REFUND.hex}",
    )
    assert event.amount_minor is None, "the notice tells the sum of all refunds so far"


def test_of_a_refund_that_is_not_ours_its_own_amount_is_asked_for(bench: Bench) -> None:
    bench.answers("alipay.trade.fastpay.refund.query", code="10000", refund_amount="12.30")
    event = bench.read(out_biz_no="HZ-1", refund_fee="50.00")
    assert event is not None
    assert (event.payment_id, event.kind, event.amount_minor) == (CHARGE, EventKind.REFUNDED, 1_230)


def test_a_refund_is_asked_for_under_our_number(bench: Bench) -> None:
    bench.answers("alipay.trade.refund", code="10000", fund_change="Y")
    bench.alipay.refund(payment(PaymentKind.REFUND), payment())
    said = dict(parse_qsl(bench.door.asked[0].body))
    signature = said.pop("sign")
    assert bench.theirs.signed_by_them(line_of(said), signature)
    wanted = json.loads(said["biz_content"])
    assert (wanted["out_request_no"], wanted["refund_amount"]) == (REFUND.hex, "200.05")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"code": "40004", "sub_code": "ACQ.TRADE_HAS_FINISHED", "sub_msg": "too late"}, ProviderRefused),
        ({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR", "sub_msg": "again"}, ProviderUnavailable),
        ({"code": "20000", "msg": "busy"}, ProviderUnavailable),
    ],
)
def test_a_refusal_is_for_a_person_and_a_fault_of_theirs_for_later(
    bench: Bench, said: dict[str, str], error: type[Exception]
) -> None:
    bench.answers("alipay.trade.refund", **said)
    with pytest.raises(error):
        bench.alipay.refund(payment(PaymentKind.REFUND), payment())


def test_an_answer_that_is_not_alipays_is_not_believed(bench: Bench, sides: Sides) -> None:
    bench.answers("alipay.trade.refund", by=sides.stranger, code="10000")
    with pytest.raises(ProviderUnavailable, match="signature"):
        bench.alipay.refund(payment(PaymentKind.REFUND), payment())
    bench.door.answer = lambda _: (200, {}, "<html>a proxy</html>")
    with pytest.raises(ProviderUnavailable):
        bench.alipay.refund(payment(PaymentKind.REFUND), payment())


def test_it_takes_its_own_currency_and_keeps_no_method(bench: Bench) -> None:
    with pytest.raises(ProviderRefused, match="not EUR"):
        bench.alipay.checkout_url(payment(currency="EUR"), return_url="/")
    with pytest.raises(ProviderRefused):
        bench.alipay.charge_stored(payment(), "a card")
