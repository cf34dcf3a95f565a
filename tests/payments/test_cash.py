from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.errors import SignatureNotValid, Unknown
from api.domain.member import Role
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.domain.payment_exception import ExceptionStatus, PaymentException
from api.domain.preorder import Preorder, PreorderStatus
from api.payments.port import ProviderRefused
from api.payments.providers import named
from api.services import cancellation, payments
from tests.factories import PASSWORD, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from workers.payments import refund as send_refund


@pytest.fixture
def preorder(session: Session) -> Preorder:
    make_world(session)
    return make_preorder(session, paid=False)


@pytest.fixture
def counter(session: Session, new_client: Callable[[], TestClient]) -> TestClient:
    """A browser in which somebody of finance has signed in."""
    return signed_in(session, new_client, Role.FINANCE)


def signed_in(session: Session, new_client: Callable[[], TestClient], role: Role) -> TestClient:
    member = make_member(session, role)
    client = new_client()
    client.post("/api/sessions", json={"email": member.email, "password": PASSWORD})
    return client


def take(client: TestClient, preorder: Preorder, amount: int = 20_000, receipt: str = "B-1") -> Any:
    body = {"preorder": preorder.number, "amount_minor": amount, "receipt": receipt}
    return client.post("/api/payments/cash", json=body)


def desk(session: Session) -> list[tuple[str, int]]:
    session.expire_all()
    cases = session.exec(select(PaymentException).where(PaymentException.status == ExceptionStatus.OPEN))
    return [(case.kind.value, case.amount_minor) for case in cases]


def test_cash_counts_like_any_payment_and_the_same_receipt_once(
    session: Session, counter: TestClient, preorder: Preorder
) -> None:
    answers = [take(counter, preorder) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    session.expire_all()
    assert preorder.paid_at == TODAY
    assert payments.received(payments.of_preorder(session, preorder.id)) == 20_000
    assert (payments.asked(session, preorder), desk(session)) == (None, [])


@pytest.mark.parametrize(("amount", "task"), [(18_000, ("too_little", 2_000)), (20_500, ("too_much", 500))])
def test_cash_that_differs_from_what_was_asked_for_is_a_task(
    session: Session, counter: TestClient, preorder: Preorder, amount: int, task: tuple[str, int]
) -> None:
    assert take(counter, preorder, amount).status_code == 201
    assert desk(session) == [task]


def test_cash_when_nothing_is_owed_is_a_task(
    session: Session, counter: TestClient, preorder: Preorder
) -> None:
    take(counter, preorder)
    take(counter, preorder, receipt="B-2")
    assert desk(session) == [("double", 20_000)]


def test_a_receipt_belongs_to_one_movement(session: Session, counter: TestClient, preorder: Preorder) -> None:
    take(counter, preorder)
    other = make_preorder(session, paid=False)
    assert take(counter, preorder, 19_000).json()["errors"][0]["field"] == "receipt"
    assert take(counter, other).status_code == 422


@pytest.mark.parametrize("role", [Role.PLANNER, Role.DESIGNER])
def test_who_may_not_record_cash_is_refused(
    session: Session, new_client: Callable[[], TestClient], preorder: Preorder, role: Role
) -> None:
    assert take(signed_in(session, new_client, role), preorder).status_code == 403
    assert take(new_client(), preorder).status_code == 401
    assert preorder.paid_at is None


def test_a_refund_in_cash_is_a_task_until_a_person_has_paid_it(
    session: Session, counter: TestClient, preorder: Preorder
) -> None:
    take(counter, preorder)
    session.expire_all()
    cancellation.end(
        session, preorder, by="test", why="stepped back", purpose=PaymentPurpose.CANCELLED, at=TODAY
    )
    (refund,) = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
    send_refund(str(refund.id))
    assert desk(session) == [("refund_failed", 20_000)]
    for _ in range(2):
        paid = counter.post("/api/payments/cash/refunds", json={"refund": str(refund.id), "receipt": "B-9"})
        assert (paid.status_code, paid.json()["status"]) == (201, PaymentStatus.CONFIRMED)
    assert (desk(session), preorder.status) == ([], PreorderStatus.REFUNDED)


def test_a_charge_is_no_refund_to_confirm(session: Session, counter: TestClient, preorder: Preorder) -> None:
    charge = UUID(take(counter, preorder).json()["id"])
    answer = counter.post("/api/payments/cash/refunds", json={"refund": str(charge), "receipt": "B-9"})
    assert answer.status_code == 404
    assert session.get_one(Payment, charge).status == PaymentStatus.CONFIRMED


@pytest.mark.usefixtures("session")
def test_nobody_outside_speaks_for_the_cash_desk(preorder: Preorder) -> None:
    cash = named("cash")
    with pytest.raises(SignatureNotValid):
        cash.read_event({}, b"{}", at=TODAY)
    for refused in (
        lambda: cash.store_method_url(preorder, return_url="/"),
        lambda: cash.report(TODAY, TODAY),
    ):
        with pytest.raises(ProviderRefused):
            refused()
    with pytest.raises(Unknown):
        named("barter")
