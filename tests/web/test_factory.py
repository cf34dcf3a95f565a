from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.member import Role
from api.domain.orderbook import BookOrder, BookOrderStatus
from tests.factories import PASSWORD, World, make_member, make_world
from tests.fixtures import TODAY

ORDER = "/factory/orders/R-000123"


@pytest.fixture
def world(session: Session) -> World:
    """Two factories with a member each, a planner, and one order offered to the first factory."""
    world = make_world(session)
    make_member(session, Role.FACTORY, factory=world.own)
    make_member(session, Role.FACTORY, factory=world.outside)
    make_member(session, Role.PLANNER)
    return world


@pytest.fixture
def order(session: Session, world: World) -> BookOrder:
    order = BookOrder(
        reference="R-000123",
        factory_id=world.own.id,
        line_code="F1-1",
        quantities={"TEE-INDIGO-S": 4, "TEE-INDIGO-M": 6},
        start_on=TODAY.date(),
        finish_on=TODAY.date() + timedelta(days=4),
        changed_at=TODAY,
    )
    order.begin(by="test", at=TODAY, why="offered")
    session.add(order)
    session.commit()
    return order


def at_the_door(new_client: Callable[[], TestClient], name: str) -> TestClient:
    browser = new_client()
    typed = {"email": f"{name}@counterflow.example", "password": PASSWORD}
    assert browser.post("/console/sign-in", data=typed).status_code == 303
    return browser


@pytest.fixture
def factory(world: World, client: TestClient, new_client: Callable[[], TestClient]) -> TestClient:
    """The first factory's planner, signed in."""
    del world, client
    return at_the_door(new_client, "factory-f1")


@pytest.mark.parametrize("address", ["/factory", ORDER])
def test_only_a_factorys_own_member_sees_its_orders(
    order: BookOrder, client: TestClient, new_client: Callable[[], TestClient], address: str
) -> None:
    del order
    assert client.get(address).headers["location"] == f"/console/sign-in?next={address}"
    assert at_the_door(new_client, "planner").get(address).status_code == 403
    stranger = at_the_door(new_client, "factory-f2").get(address)
    assert stranger.status_code == (200 if address == "/factory" else 404)
    assert f'<a href="{ORDER}">' not in stranger.text
    assert "Work tee" not in stranger.text


def test_a_factory_without_orders_is_told_so(factory: TestClient) -> None:
    assert "No order yet." in factory.get("/factory").text


def test_an_order_is_accepted_started_reported_and_finished(
    factory: TestClient, order: BookOrder, session: Session
) -> None:
    assert "R-000123" in factory.get("/factory").text
    assert factory.post(f"{ORDER}/accept").headers["location"] == ORDER
    assert factory.post(f"{ORDER}/start").headers["location"] == ORDER
    typed = {"done.TEE-INDIGO-S": "4", "done.TEE-INDIGO-M": "2"}
    assert factory.post(f"{ORDER}/report", data=typed).headers["location"] == ORDER
    session.refresh(order)
    assert (order.status, order.done) == (BookOrderStatus.STARTED, {"TEE-INDIGO-S": 4, "TEE-INDIGO-M": 2})
    typed |= {"done.TEE-INDIGO-M": "6", "finished": "yes"}
    assert factory.post(f"{ORDER}/report", data=typed).headers["location"] == ORDER
    session.refresh(order)
    assert (order.status, order.done["TEE-INDIGO-M"]) == (BookOrderStatus.DONE, 6)
    page = factory.get(ORDER, params={"lang": "zh"}).text
    assert "工装短袖" in page
    assert f"{ORDER}/report" not in page


def test_a_number_that_cannot_be_is_shown_again_beside_its_field_and_nothing_is_kept(
    factory: TestClient, order: BookOrder, session: Session
) -> None:
    factory.post(f"{ORDER}/accept")
    factory.post(f"{ORDER}/start")
    for typed in ("13", "-1", "many", "", "1.5", "٣"):
        answer = factory.post(f"{ORDER}/report", data={"done.TEE-INDIGO-S": "3", "done.TEE-INDIGO-M": typed})
        assert answer.status_code == 422
        assert 'id="done.TEE-INDIGO-M-error"' in answer.text
        assert (
            f'name="done.TEE-INDIGO-M" type="number" inputmode="numeric" min="0" max="12" value="{typed}"'
            in (answer.text)
        )
        session.refresh(order)
        assert order.done == {}


def test_a_step_out_of_turn_is_refused_on_the_orders_page(
    factory: TestClient, order: BookOrder, session: Session
) -> None:
    for step, status in (("start", 409), ("report", 422)):
        answer = factory.post(f"{ORDER}/{step}", data={"done.TEE-INDIGO-S": "1"})
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
    session.refresh(order)
    assert order.status == BookOrderStatus.OFFERED
