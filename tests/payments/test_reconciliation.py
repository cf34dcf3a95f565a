"""Two sets of books of the same money: the ledger, and the report of whoever moved it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import Session, select

import workers.payments as hands
from api.domain.ledger import Account
from api.domain.member import Role
from api.domain.preorder import Preorder
from api.payments.port import Movement
from api.payments.providers import named
from api.services import ledger, reconciliation
from api.services.reconciliation import DifferenceKind, Reconciliation
from api.services.sandbox import Outcome
from tests.factories import PASSWORD, charge_of, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from tests.payments.stage import Stage

UNTIL = TODAY + timedelta(hours=1)
LATER = UNTIL + timedelta(hours=2)


def compare(session: Session, report: Sequence[Movement]) -> Reconciliation:
    return reconciliation.compare(session, "sandbox", report, since=TODAY, until=UNTIL)


@pytest.fixture
def line(session: Session) -> Movement:
    """What the provider reports of the one payment there is."""
    make_world(session)
    reference = f"sbx_{charge_of(session, make_preorder(session)).id.hex[:20]}"
    return Movement(reference, TODAY, 20_000, 0, "CNY")


def test_every_fault_of_the_sandbox_leaves_both_books_equal(stage: Stage) -> None:
    stage.open_campaign()
    for outcome in Outcome:
        stage.pay(stage.place(), outcome)
    stage.clock.go(seconds=30)
    stage.work()
    report = named("sandbox").report(reconciliation.report_from(TODAY), UNTIL)
    found = stage.look(lambda session: compare(session, report))
    late = [each for each in found.differences if each.kind == DifferenceKind.ONLY_THEIRS]
    assert (found.movements, found.fees, len(late), len(found.differences)) == (12, (), 1, 1)
    stage.clock.go(days=1)
    stage.work()
    assert stage.look(lambda session: compare(session, report)).differences == ()


def test_books_that_agree_have_no_difference(session: Session, line: Movement) -> None:
    assert compare(session, [line]).differences == ()


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"amount_minor": 19_000}, DifferenceKind.AMOUNT), ({"currency": "EUR"}, DifferenceKind.CURRENCY)],
)
def test_a_movement_that_differs_is_a_finding(
    session: Session, line: Movement, change: dict[str, Any], kind: DifferenceKind
) -> None:
    (difference,) = compare(session, [replace(line, **change)]).differences
    assert (difference.kind, difference.ours_minor) == (kind, 20_000)


def test_what_only_we_have_is_a_finding(session: Session, line: Movement) -> None:
    (difference,) = compare(session, []).differences
    assert (difference.kind, difference.reference) == (DifferenceKind.ONLY_OURS, line.reference)


def test_a_message_that_came_a_day_after_its_movement_is_no_difference(
    session: Session, line: Movement
) -> None:
    assert compare(session, [replace(line, at=TODAY - timedelta(days=1))]).differences == ()


def test_a_fee_that_only_the_report_tells_is_booked_once_and_another_one_is_a_finding(
    session: Session, line: Movement
) -> None:
    told = replace(line, fee_minor=150)
    for _ in range(2):
        reconciliation.settle(session, compare(session, [told]), at=LATER)
    found = compare(session, [told])
    assert (found.fees, found.differences) == ((), ())
    (difference,) = compare(session, [replace(line, fee_minor=151)]).differences
    assert (difference.kind, difference.theirs_minor, difference.ours_minor) == (DifferenceKind.FEE, 151, 150)
    balances = ledger.of_preorder(session, session.exec(select(Preorder)).one()).balances
    assert (balances[Account.FEES], balances[Account.PROVIDER]) == (150, 19_850)


def test_what_only_they_have_is_one_task_however_many_nights_see_it(stage: Stage) -> None:
    stage.open_campaign()
    strange = Movement("sbx_strange", TODAY, -700, 0, "CNY")
    for _ in range(3):
        stage.look(lambda s: reconciliation.settle(s, compare(s, [strange]), at=LATER))
    assert stage.desk() == [("unknown", 700)]


def test_what_only_they_have_may_still_be_under_way(stage: Stage) -> None:
    stage.open_campaign()
    fresh = Movement("sbx_fresh", UNTIL - timedelta(seconds=1), 700, 0, "CNY")
    stage.look(lambda s: reconciliation.settle(s, compare(s, [fresh]), at=UNTIL))
    assert stage.desk() == []


def test_every_night_looks_at_every_provider_that_has_payments_here(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.open_campaign()
    stage.pay(stage.place(), Outcome.LATE)
    monkeypatch.setattr(hands, "now", lambda: TODAY + timedelta(hours=2))
    for _ in range(2):
        hands.reconcile()
    assert stage.desk() == [("unknown", 20_000)]


def test_who_sees_the_ledger_can_ask_for_the_comparison(stage: Stage) -> None:
    stage.open_campaign()
    stage.pay(stage.place(), Outcome.TWICE)
    stage.clock.go(seconds=1)
    stage.work()
    stage.look(lambda session: [make_member(session, role) for role in (Role.FINANCE, Role.PLANNER)])
    asked = {"provider": "sandbox", "since": TODAY.isoformat(), "until": UNTIL.isoformat()}
    answers = {}
    for role in ("finance", "planner", None):
        with httpx.Client(base_url=stage.address) as client:
            sign_in = {"email": f"{role}@counterflow.example", "password": PASSWORD}
            _ = role and client.post("/api/sessions", json=sign_in)
            answers[role] = client.get("/api/payments/reconciliation", params=asked)
            if role == "finance":
                too_long = asked | {"until": (TODAY + timedelta(days=32)).isoformat()}
                assert client.get("/api/payments/reconciliation", params=too_long).status_code == 422
    assert (answers["planner"].status_code, answers[None].status_code) == (403, 401)
    assert answers["finance"].json() | {"since": "", "until": ""} == {
        "provider": "sandbox",
        "since": "",
        "until": "",
        "movements": 2,
        "fees_to_book": 0,
        "differences": [],
    }
