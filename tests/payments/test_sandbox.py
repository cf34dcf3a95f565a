"""Everything a provider may do to a payment, through the sandbox's pages and our own webhook."""

from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from api.domain.ledger import Account
from api.domain.payment import PaymentKind, PaymentPurpose, PaymentStatus, SandboxCharge
from api.domain.preorder import Preorder, PreorderStatus
from api.payments.providers import named
from api.services import campaign_close, cancellation, ledger, places
from api.services.sandbox import Outcome, fee_of
from tests.fixtures import TODAY
from tests.payments.stage import Stage

LATER = {"terms": ["later", "prepaid"], "minimum": 1}


@pytest.mark.parametrize(
    ("outcome", "desk", "moved"),
    [
        (Outcome.PAY, [], 20_000),
        (Outcome.SHUFFLED, [], 20_000),
        (Outcome.TWICE, [("double", 20_000)], 40_000),
        (Outcome.TOO_LITTLE, [("too_little", 2_000)], 18_000),
        (Outcome.TOO_MUCH, [("too_much", 2_000)], 22_000),
        (Outcome.GIVEN_BACK, [("external_refund", 20_000)], 0),
        (Outcome.DISPUTED, [("dispute", 20_000)], 0),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_fault_is_one_task_with_the_money_at_stake_whatever_the_order_of_the_messages(
    stage: Stage, outcome: Outcome, desk: list[tuple[str, int]], moved: int, seed: int
) -> None:
    stage.open_campaign()
    preorder = stage.place()
    stage.pay(preorder, outcome)
    stage.clock.go(seconds=1)
    stage.work(seed=seed)
    stage.clock.go(days=1)
    stage.work(seed=seed)
    assert stage.desk() == desk
    assert sum(payment.signed_minor for payment in stage.money(preorder)) == moved
    balances = stage.look(lambda s: ledger.of_preorder(s, s.get_one(Preorder, preorder)).balances)
    assert sum(balances.values()) == 0
    assert balances[Account.BUYERS] == -moved


def test_a_confirmation_a_day_late_is_one_task_that_the_rule_pays_back(stage: Stage) -> None:
    stage.open_campaign()
    preorder = stage.place()
    stage.pay(preorder, Outcome.LATE)
    assert stage.charge(preorder).status == PaymentStatus.STARTED
    stage.clock.go(days=2)
    stage.look(lambda s: campaign_close.close(s, stage.preorder(preorder).campaign_id, at=stage.clock.at))
    stage.work()
    assert stage.desk() == [("late", 20_000)]
    assert stage.preorder(preorder).status == PreorderStatus.REFUNDED
    assert [p.purpose for p in stage.money(preorder)] == [PaymentPurpose.FULL, PaymentPurpose.SURPLUS]


def test_what_the_provider_keeps_is_booked_as_its_fee(stage: Stage) -> None:
    stage.open_campaign()
    preorder = stage.place()
    stage.pay(preorder)
    balances = stage.look(lambda s: ledger.of_preorder(s, s.get_one(Preorder, preorder)).balances)
    assert (balances[Account.FEES], balances[Account.PROVIDER]) == (120, 19_880)


@pytest.mark.parametrize(("amount", "fee"), [(1, 1), (20_000, 120), (20_001, 121)])
def test_the_fee_of_a_charge_is_rounded_up_and_a_refund_has_none(amount: int, fee: int) -> None:
    assert fee_of(PaymentKind.CHARGE, amount) == fee
    assert fee_of(PaymentKind.REFUND, amount) == 0


def test_who_pays_later_lets_a_card_be_kept_and_it_is_charged_after_the_close(stage: Stage) -> None:
    stage.open_campaign(**LATER)
    preorder = stage.place(terms="later", pieces=3)
    assert stage.money(preorder) == []
    stage.pay(preorder)
    kept = stage.preorder(preorder)
    assert (kept.stored_method, kept.paid_at) == (f"sandbox:pay-{preorder.hex[:12]}", None)
    _close(stage, preorder)
    charge = stage.charge(preorder)
    assert (charge.purpose, charge.status, charge.moved_minor) == (
        PaymentPurpose.BALANCE,
        PaymentStatus.CONFIRMED,
        60_000,
    )


def test_a_kept_card_that_is_declined_can_be_mended_by_paying_oneself(stage: Stage) -> None:
    stage.open_campaign(**LATER)
    preorder = stage.place(terms="later", pieces=3)
    stage.pay(preorder, Outcome.FAIL)
    _close(stage, preorder)
    assert stage.charge(preorder).status == PaymentStatus.FAILED
    stage.pay(preorder)
    assert stage.charge(preorder).status == PaymentStatus.CONFIRMED


def test_whoever_has_let_a_card_be_kept_does_not_lose_the_places(stage: Stage) -> None:
    stage.open_campaign(**LATER, cap_pieces=5)
    kept, not_kept = stage.place(terms="later"), stage.place(terms="later")
    stage.pay(kept)
    overdue = TODAY + places.PAY_WITHIN + timedelta(seconds=1)
    assert stage.look(lambda s: cancellation.expire_unpaid(s, at=overdue)) == 1
    assert stage.preorder(kept).status == PreorderStatus.PLACED
    assert stage.preorder(not_kept).status == PreorderStatus.CANCELLED


def test_the_report_is_every_movement_between_two_moments(stage: Stage) -> None:
    stage.open_campaign()
    stage.pay(stage.place(), Outcome.GIVEN_BACK)
    stage.clock.go(hours=1)
    stage.pay(stage.place())
    until = TODAY + timedelta(minutes=30)
    report = named("sandbox").report(TODAY, until)
    assert [(m.amount_minor, m.fee_minor) for m in report] == [(20_000, 120), (-20_000, 0)]
    assert len(named("sandbox").report(TODAY, until + timedelta(hours=1))) == 3


def test_a_stored_card_named_after_a_fault_brings_it_about_on_a_charge_that_is_paid(stage: Stage) -> None:
    stage.open_campaign()
    preorder = stage.place()
    stage.pay(preorder)
    for _ in range(2):
        named("sandbox").charge_stored(stage.charge(preorder), "disputed-by-a-test")
        stage.work()
    assert stage.desk() == [("dispute", 20_000)]


@pytest.mark.parametrize("door", ["checkout", "methods", "report"])
def test_an_address_that_nobody_signed_leads_nowhere(stage: Stage, door: str) -> None:
    stage.open_campaign()
    address = stage.checkout(stage.place()).replace("checkout", door)
    assert httpx.get(f"{stage.address}{address}0").status_code == 403
    assert stage.look(lambda s: s.exec(select(SandboxCharge)).all()) == []


def _close(stage: Stage, preorder_id: object) -> None:
    stage.clock.go(days=2)
    campaign_id = stage.preorder(preorder_id).campaign_id  # type: ignore[arg-type]
    stage.look(lambda s: campaign_close.close(s, campaign_id, at=stage.clock.at))
    stage.work()
