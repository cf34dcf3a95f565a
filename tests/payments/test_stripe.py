"""Stripe through its own SDK and our own webhook, against a Stripe that runs as a process of its own."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.domain.ledger import Account
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.local import processes
from api.payments.port import PaymentProvider, ProviderRefused, ProviderUnavailable
from api.payments.providers import named
from api.payments.stripe import API_VERSION, TOLERANCE
from api.services import campaign_close, ledger, payments, preorders
from api.settings import settings
from tests.fixtures import TODAY
from tests.payments.stage import Stage
from tests.running import eventually
from workers.outbox import TryAgainLater
from workers.payments import refund as send_refund

ROOT = Path(__file__).parents[2]
SECRET = "whsec_of_the_tests"  # noqa: S105 - of a Stripe that exists in tests only


class FakeStripe:
    """What a test does at Stripe: as a buyer, as somebody with its dashboard, as a bank."""

    def __init__(self, address: str) -> None:
        self.address = address

    def do(self, what: str, **how: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.address}/test/{what}", data=how, timeout=60)
        found: dict[str, Any] = answer.json()
        assert answer.status_code == 200, found
        return found

    def refund_by_hand(self, charge: str, amount_minor: int) -> None:
        httpx.post(f"{self.address}/v1/refunds", data={"charge": charge, "amount": amount_minor})

    def deliver(self, *, times: int = 1, backwards: bool = False) -> None:
        statuses = self.do("deliver", times=times, backwards="yes" if backwards else "")["statuses"]
        assert set(statuses) <= {204}

    def pay(self, page: str, *, with_: str = "a card") -> None:
        self.do("pay", session=page.rpartition("/")[2], **{"with": with_})

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.address}/test/state").json()
        return found


@pytest.fixture
def account(stage: Stage) -> Iterator[FakeStripe]:
    port = processes.free_port()
    address = f"http://127.0.0.1:{port}"
    webhook = f"{stage.address}/api/payments/webhooks/stripe"
    module = [sys.executable, "-m", "tests.payments.fake_stripe"]
    command = [*module, str(port), webhook, SECRET, str(int(TODAY.timestamp()))]
    os.environ |= {
        "COUNTERFLOW_PAYMENT_PROVIDER": "stripe",
        "STRIPE_API_KEY": "sk_test_of_the_tests",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": address,
    }
    settings.cache_clear()
    stage.open_campaign(terms=["prepaid", "later"], minimum=1)
    with subprocess.Popen(processes.leashed(command), cwd=ROOT) as process:
        eventually(lambda: not processes.is_free(port), "Stripe listens")
        yield FakeStripe(address)
        process.kill()


@pytest.fixture
def stripe(account: FakeStripe) -> PaymentProvider:
    del account
    return named("stripe")


def paid(stage: Stage, account: FakeStripe) -> UUID:
    preorder = stage.place()
    account.pay(stage.checkout(preorder))
    account.deliver()
    return preorder


def give_back(stage: Stage, preorder: UUID, amount_minor: int) -> UUID:
    def ask(session: Any) -> UUID:
        found = session.get_one(Preorder, preorder)
        (asked,) = payments.give_back(
            session, found, amount_minor, purpose=PaymentPurpose.DIFFERENCE, why="a difference", at=TODAY
        )
        return asked.id

    refund: UUID = stage.look(ask)
    return refund


def test_a_charge_is_paid_at_stripe_and_true_once_its_webhook_says_so(
    stage: Stage, account: FakeStripe
) -> None:
    preorder = stage.place()
    page = stage.checkout(preorder)
    assert page == stage.checkout(preorder), "the same charge has the same page"
    account.pay(page)
    assert stage.preorder(preorder).paid_at is None
    account.deliver(times=3)
    charge = stage.charge(preorder)
    assert (charge.status, charge.moved_minor, charge.provider) == (PaymentStatus.CONFIRMED, 20_000, "stripe")
    assert stage.preorder(preorder).paid_at == TODAY
    assert account.state["versions"] == [API_VERSION]
    assert stage.desk() == []


def test_a_card_declined_at_the_checkout_is_between_the_buyer_and_stripe(
    stage: Stage, account: FakeStripe
) -> None:
    preorder = stage.place()
    page = stage.checkout(preorder)
    account.pay(page, with_="declined")
    account.deliver()
    assert stage.charge(preorder).status == PaymentStatus.STARTED
    account.pay(page)
    account.deliver(backwards=True)
    assert stage.charge(preorder).status == PaymentStatus.CONFIRMED


def test_a_page_nobody_paid_on_makes_room_for_another(stage: Stage, account: FakeStripe) -> None:
    preorder = stage.place()
    page = stage.checkout(preorder)
    account.do("expire", session=page.rpartition("/")[2])
    account.deliver()
    assert stage.charge(preorder).status == PaymentStatus.FAILED
    stage.clock.go(minutes=1)
    assert stage.checkout(preorder) != page


def test_our_refund_is_asked_for_once_however_often_its_answer_is_lost(
    stage: Stage, account: FakeStripe
) -> None:
    preorder = paid(stage, account)
    refund = give_back(stage, preorder, 5_000)
    account.do("lose", answers=2)
    for _ in range(2):
        with pytest.raises(TryAgainLater):
            send_refund(str(refund))
    send_refund(str(refund))
    account.deliver(times=2, backwards=True)
    assert account.state["counts"]["refund"] == 1
    found: Payment = stage.look(lambda session: session.get_one(Payment, refund))
    assert (found.status, found.moved_minor) == (PaymentStatus.CONFIRMED, 5_000)
    assert stage.desk() == []


@pytest.mark.parametrize("backwards", [False, True])
def test_a_refund_that_a_bank_sends_back_later_is_a_task_whichever_message_comes_first(
    stage: Stage, account: FakeStripe, stripe: PaymentProvider, *, backwards: bool
) -> None:
    preorder = paid(stage, account)
    send_refund(str(give_back(stage, preorder, 5_000)))
    (line,) = (each for each in stripe.report(TODAY, TODAY + timedelta(1)) if each.amount_minor < 0)
    account.do("fail_refund", refund=line.reference)
    account.deliver(times=2, backwards=backwards)
    assert stage.desk() == [("refund_failed", 5_000)]


def test_money_given_back_at_stripes_dashboard_is_one_task(stage: Stage, account: FakeStripe) -> None:
    preorder = paid(stage, account)
    account.refund_by_hand(stage.charge(preorder).provider_reference or "", 7_000)
    account.deliver(times=2, backwards=True)
    assert stage.desk() == [("external_refund", 7_000)]


def test_a_dispute_is_one_task_and_costs_its_fee(stage: Stage, account: FakeStripe) -> None:
    preorder = paid(stage, account)
    account.do("dispute", charge=stage.charge(preorder).provider_reference)
    account.deliver(times=2)
    assert stage.desk() == [("dispute", 20_000)]
    balances = stage.look(lambda s: ledger.of_preorder(s, s.get_one(Preorder, preorder)).balances)
    assert balances[Account.FEES] == 1_500


@pytest.mark.parametrize(
    ("card", "ends"), [("a card", PaymentStatus.CONFIRMED), ("declined", PaymentStatus.FAILED)]
)
def test_who_pays_later_is_charged_off_session_after_the_close(
    stage: Stage, account: FakeStripe, card: str, ends: PaymentStatus
) -> None:
    preorder = stage.place(terms="later", pieces=3)
    account.pay(stage.checkout(preorder), with_=card)
    account.deliver()
    assert (stage.preorder(preorder).stored_method or "").startswith("stripe:cus_")
    stage.clock.go(days=2)
    campaign = stage.preorder(preorder).campaign_id
    stage.look(lambda session: campaign_close.close(session, campaign, at=stage.clock.at))
    stage.work()
    stage.clock.at = TODAY  # the fake signs by its own clock
    account.deliver(times=2)
    charge = stage.charge(preorder)
    assert (charge.purpose, charge.status) == (PaymentPurpose.BALANCE, ends)
    assert stage.preorder(preorder).status == PreorderStatus.BALANCE_DUE


def test_the_report_has_every_movement_with_its_fee_page_after_page(
    stage: Stage, account: FakeStripe, stripe: PaymentProvider
) -> None:
    for _ in range(3):
        paid(stage, account)
    report = stripe.report(TODAY, TODAY + timedelta(seconds=1))
    assert [(line.amount_minor, line.fee_minor, line.currency) for line in report] == [
        (20_000, 610, "CNY")
    ] * 3
    assert all(line.reference.startswith("ch_") for line in report)
    assert stripe.report(TODAY - timedelta(1), TODAY) == []


def test_what_stripe_refuses_is_for_a_person_and_what_it_does_not_answer_for_later(
    stage: Stage, account: FakeStripe, stripe: PaymentProvider, nowhere: str
) -> None:
    preorder = paid(stage, account)
    refund = stage.look(lambda session: session.get_one(Payment, give_back(stage, preorder, 100)))
    refund.amount_minor = 99_999
    with pytest.raises(ProviderRefused, match="greater than"):
        stripe.refund(refund, stage.charge(preorder))
    with pytest.raises(ProviderRefused, match="No such object"):
        stripe.charge_stored(stage.charge(preorder), "cus_none/pm_none")
    os.environ["STRIPE_API_BASE"] = nowhere
    settings.cache_clear()
    with pytest.raises(ProviderUnavailable):
        named("stripe").refund(refund, stage.charge(preorder))
    answer = httpx.post(f"{stage.address}/api/preorders/{_token(stage)}/pay")
    assert (answer.status_code, answer.json()["title"]) == (503, "payment provider unavailable")


@pytest.mark.parametrize("age", [TOLERANCE + timedelta(seconds=1), -TOLERANCE - timedelta(seconds=1)])
def test_a_webhook_that_is_not_of_this_moment_is_refused(
    stage: Stage, account: FakeStripe, age: timedelta
) -> None:
    preorder = stage.place()
    account.pay(stage.checkout(preorder))
    stage.clock.at = TODAY + age
    assert set(account.do("deliver")["statuses"]) == {403}
    assert stage.charge(preorder).status == PaymentStatus.STARTED


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("secret", ["whsec_of_somebody_else", SECRET])
def test_only_stripe_speaks_for_stripe_and_of_what_is_not_ours_nothing_is_believed(
    stage: Stage, secret: str
) -> None:
    intent = {"object": "payment_intent", "metadata": {"payment": "an order of another shop"}}
    body = json.dumps({"type": "payment_intent.succeeded", "data": {"object": intent}})
    at = int(TODAY.timestamp())
    signed = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    answer = httpx.post(
        f"{stage.address}/api/payments/webhooks/stripe",
        content=body,
        headers={"stripe-signature": f"t={at},v1={signed}"},
    )
    assert answer.status_code == (204 if secret == SECRET else 403)


@pytest.mark.usefixtures("account")
def test_no_provider_has_a_say_in_the_payments_of_another(stage: Stage) -> None:
    os.environ["COUNTERFLOW_PAYMENT_PROVIDER"] = "sandbox"
    settings.cache_clear()
    preorder = stage.place()
    intent = {
        "metadata": {"payment": str(stage.charge(preorder).id)},
        "latest_charge": f"ch_{uuid4()}",
        "amount_received": 20_000,
        "currency": "cny",
    }
    body = json.dumps({"type": "payment_intent.succeeded", "data": {"object": intent}})
    at = int(TODAY.timestamp())
    signed = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={signed}"}
    answer = httpx.post(f"{stage.address}/api/payments/webhooks/stripe", content=body, headers=headers)
    assert answer.status_code == 404
    assert [p.kind for p in stage.money(preorder)] == [PaymentKind.CHARGE]
    assert stage.charge(preorder).status == PaymentStatus.REQUESTED


def _token(stage: Stage) -> str:
    preorder = stage.place()
    found: str = stage.look(lambda session: preorders.token(session.get_one(Preorder, preorder)))
    return found
