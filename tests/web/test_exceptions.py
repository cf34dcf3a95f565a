from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.member import Role
from api.domain.payment import Payment, PaymentKind
from api.domain.payment_exception import ExceptionKind, ExceptionStatus, PaymentException, Resolution
from api.domain.preorder import Preorder
from api.domain.team import Team
from api.payments.port import EventKind, PaymentEvent
from api.services import cash, exception_effects, ledger, payment_events, payment_exceptions, payments
from tests.factories import World, charge_of, make_member, make_preorder
from tests.fixtures import TODAY
from tests.web.conftest import text


def said(session: Session, preorder: Preorder, kind: EventKind, amount_minor: int | None = None) -> None:
    """The provider's word on the charge of a pre-order, under a reference of its own."""
    session.flush()
    charge = charge_of(session, preorder)
    event = PaymentEvent(charge.id, kind, f"sbx_{uuid4().hex}", "asked for it", amount_minor=amount_minor)
    payment_events.apply(session, event, at=TODAY)
    session.commit()


def too_much(session: Session) -> Preorder:
    preorder = make_preorder(session, paid=False)
    payments.start(session, preorder, at=TODAY, return_url="/")
    said(session, preorder, EventKind.CONFIRMED, 23_450)
    return preorder


def too_little(session: Session) -> Preorder:
    preorder = make_preorder(session, paid=False)
    payments.start(session, preorder, at=TODAY, return_url="/")
    said(session, preorder, EventKind.CONFIRMED, 16_550)
    return preorder


def the_case(session: Session) -> PaymentException:
    return session.exec(select(PaymentException)).one()


def test_too_much_is_one_row_that_one_click_pays_back_to_the_cent(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    preorder = too_much(session)
    browser = as_("stock")
    page = text(browser.get("/console/exceptions"))
    assert page.count(preorder.number) == 3  # its link, and once for each who only hears the page
    assert "Paid more than was asked for; this much is too much." in page
    assert "¥34.50 goes back to the buyer." in page
    assert "Lin Yue" not in page
    case = the_case(session)
    answer = browser.post(f"/console/exceptions/{case.id}", data={"resolution": "refund"})
    assert answer.status_code == 303
    refund = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).one()
    assert refund.amount_minor == 3_450
    page = text(browser.get("/console/exceptions"))
    assert "Every movement of money is as it was asked for." in page
    assert "Stock" in page
    again = browser.post(f"/console/exceptions/{case.id}", data={"resolution": "refund"})
    assert "another state" in text(again, 409)


def test_what_is_not_a_choice_of_the_case_is_refused_on_the_page(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    too_much(session)
    answer = as_("admin").post(
        f"/console/exceptions/{the_case(session).id}", data={"resolution": "written_off"}
    )
    assert "cannot be settled in this way" in text(answer, 422)
    assert the_case(session).status == ExceptionStatus.OPEN


def test_a_case_is_for_who_settles_and_for_its_own_team(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    del world
    preorder = too_much(session)
    assert preorder.number in text(as_("admin").get("/console/exceptions"))
    text(as_("planner").get("/console/exceptions"), 403)
    text(as_("buyer").get("/console/exceptions"), 403)
    assert "/console/exceptions" not in text(as_("planner").get("/console"))
    elsewhere = Team(code="cedar", name="Team Cedar")
    session.add(elsewhere)
    session.flush()
    other = make_member(session, Role.FINANCE, team=elsewhere)
    session.commit()
    stranger = as_("finance")
    assert preorder.number not in text(stranger.get("/console/exceptions"))
    text(stranger.post(f"/console/exceptions/{the_case(session).id}", data={"resolution": "refund"}), 404)
    assert payment_exceptions.open_cases(session, other) == []


def test_money_nobody_knows_belongs_to_who_has_no_team(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    del world
    payment_exceptions.note(
        session,
        ExceptionKind.UNKNOWN,
        key="sandbox:sbx_9:unknown",
        amount_minor=990,
        preorder=None,
        payment=None,
        words="sbx_9 came in",
        at=TODAY,
        currency="CNY",
    )
    session.commit()
    page = text(as_("admin").get("/console/exceptions"))
    assert "sbx_9 came in" in page
    assert "Nothing moves; the case is closed." in page
    assert "sbx_9" not in text(as_("stock").get("/console/exceptions"))
    assert "Finance" in text(as_("admin").get("/console"))


def test_the_needs_you_list_names_a_case_with_its_money(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    preorder = too_much(session)
    page = text(as_("stock").get("/console"))
    assert f"{preorder.number} Paid more than was asked for" in page
    assert "¥34.50" in page
    assert "Team Alder" in page
    assert preorder.number not in text(as_("buyer").get("/console"))


def test_a_refund_in_cash_is_settled_by_the_number_of_its_receipt(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    del world
    finance = make_member(session, Role.FINANCE)
    preorder = make_preorder(session, paid=False)
    cash.record(session, preorder.number, 20_100, receipt="17", member=finance, at=TODAY)
    session.commit()
    browser = as_("finance")
    browser.post(f"/console/exceptions/{the_case(session).id}", data={"resolution": "refund"})
    refund = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).one()
    payment_exceptions.refund_refused(session, refund.id, words="pay 1.00 CNY back in cash", at=TODAY)
    session.commit()
    ((case, _),) = payment_exceptions.open_cases(session, finance)
    assert "pay 1.00 CNY back in cash" in text(browser.get("/console/exceptions"))
    where = f"/console/exceptions/{case.id}/cash"
    assert 'aria-invalid="true"' in text(browser.post(where, data={"receipt": " "}), 422)
    assert browser.post(where, data={"receipt": "18"}).status_code == 303
    session.refresh(refund)
    assert refund.moved_minor == 100
    page = text(browser.get("/console/exceptions"))
    assert "Every movement of money is as it was asked for." in page
    assert "Paid back by hand" in page


@pytest.mark.parametrize("resolution", [Resolution.CANCEL, Resolution.ACCEPT])
def test_what_the_desk_says_of_too_little_is_what_happens(
    session: Session, world: World, resolution: Resolution
) -> None:
    member = make_member(session, Role.FINANCE)
    preorder = too_little(session)
    del world
    case = the_case(session)
    said_so = {one.resolution: one for one in exception_effects.effects(session, case, preorder)}[resolution]
    held = ledger.owed(session, preorder.id)
    payment_exceptions.resolve(session, case.id, resolution, member=member, at=TODAY)
    session.flush()
    back = payments.under_way_back(payments.of_preorder(session, preorder.id))
    lost = ledger.owed(session, preorder.id) - held
    assert (said_so.back_minor, said_so.lost_minor) == (back, lost)
    assert (back, lost) == ((16_550, 0) if resolution == Resolution.CANCEL else (0, 3_450))


@pytest.mark.parametrize("resolution", [Resolution.CANCEL, Resolution.WRITTEN_OFF])
def test_what_the_desk_says_of_money_taken_back_is_what_happens(
    session: Session, world: World, resolution: Resolution
) -> None:
    del world
    member = make_member(session, Role.FINANCE)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 2)])
    said(session, preorder, EventKind.DISPUTED, 15_000)
    case = the_case(session)
    said_so = {one.resolution: one for one in exception_effects.effects(session, case, preorder)}[resolution]
    held = ledger.owed(session, preorder.id)
    payment_exceptions.resolve(session, case.id, resolution, member=member, at=TODAY)
    session.flush()
    back = payments.under_way_back(payments.of_preorder(session, preorder.id))
    assert (said_so.back_minor, said_so.lost_minor) == (back, ledger.owed(session, preorder.id) - held)
    assert (back > 0) == (resolution == Resolution.CANCEL)


def test_programs_read_and_settle_the_same_cases(as_: Callable[[str], TestClient], session: Session) -> None:
    preorder = too_much(session)
    client = as_("stock")
    (case,) = client.get("/api/exceptions").json()
    assert (case["preorder"], case["kind"], case["amount_minor"]) == (preorder.number, "too_much", 3_450)
    assert case["choices"] == [
        {"resolution": "refund", "back_minor": 3_450, "lost_minor": 0, "possible": True}
    ]
    settled = client.post(f"/api/exceptions/{case['id']}/resolve", json={"resolution": "refund"})
    assert settled.json()["status"] == "resolved"
    assert client.get("/api/exceptions").json() == []
    again = client.post(f"/api/exceptions/{case['id']}/resolve", json={"resolution": "refund"})
    assert again.status_code == 409
    assert as_("planner").get("/api/exceptions").status_code == 403
