"""What the factory's pages do, a program of the factory's or of ours does too."""

from collections.abc import Callable
from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.orderbook import FlagStatus, OrderFlag
from tests.services.factory_desk import FactoryDesk, make_desk, weigh
from tests.web.test_factory import at_the_door


def propose(desk: FactoryDesk, factory: TestClient) -> dict[str, object]:
    later = (desk.order.finish_on + timedelta(days=7)).isoformat()
    asked = {"finish_on": later, "reason": "The dye house is late"}
    answer = factory.post(f"/api/orders/{desk.order.reference}/propose", json=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def test_a_proposal_is_made_weighed_and_agreed_to(
    session: Session, client: TestClient, new_client: Callable[[], TestClient]
) -> None:
    del client
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    session.commit()
    factory, planner = (at_the_door(new_client, name) for name in ("factory-f1", "planner"))
    told = propose(desk, factory)
    assert (told["status"], told["quantities"]) == ("made", {"TEE-INDIGO-M": 6})
    accept = f"/api/runs/{desk.run.number}/proposal/accept"
    assert planner.post(accept).json()["type"] == "urn:counterflow:no_proposal"
    weigh(session)
    assert planner.post(accept).status_code == 204
    (order,) = factory.get("/api/orders").json()
    assert (order["status"], order["finish_on"]) == ("accepted", told["finish_on"])


def test_a_proposal_is_taken_back_or_not_agreed_to_and_weighed_again(
    session: Session, client: TestClient, new_client: Callable[[], TestClient]
) -> None:
    del client
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    session.commit()
    factory, planner = (at_the_door(new_client, name) for name in ("factory-f1", "planner"))
    propose(desk, factory)
    assert factory.post(f"/api/orders/{desk.order.reference}/withdraw").status_code == 204
    session.expire_all()
    here = f"/api/runs/{desk.run.number}/proposal"
    propose(desk, factory)
    assert planner.post(f"{here}/weigh").status_code == 204
    assert planner.post(f"{here}/refuse", json={"reason": "No"}).status_code == 422
    assert planner.post(f"{here}/refuse", json={"reason": "Not this week"}).status_code == 204
    assert planner.post(f"{here}/refuse", json={"reason": "Not this week"}).status_code == 409


def test_a_warning_is_raised_and_seen_to(
    session: Session, client: TestClient, new_client: Callable[[], TestClient]
) -> None:
    del client
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    session.commit()
    factory, planner = (at_the_door(new_client, name) for name in ("factory-f1", "planner"))
    order = f"/api/orders/{desk.order.reference}"
    said = {"kind": "short", "expected_on": desk.order.finish_on.isoformat(), "words": "Cloth ran out"}
    assert factory.post(f"{order}/flag", json=said).status_code == 422
    assert factory.post(f"{order}/accept").status_code == 200
    assert factory.post(f"{order}/flag", json=said).status_code == 204
    flag = session.exec(select(OrderFlag)).one()
    settle = f"/api/runs/{desk.run.number}/flags/{flag.id}/settle"
    assert planner.post(settle, json={"reason": "More cloth is on its way"}).status_code == 204
    session.refresh(flag)
    assert flag.status == FlagStatus.SETTLED


def test_a_report_says_what_is_cut_sewn_and_packed(
    session: Session, client: TestClient, new_client: Callable[[], TestClient]
) -> None:
    del client
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    session.commit()
    factory = at_the_door(new_client, "factory-f1")
    order = f"/api/orders/{desk.order.reference}"
    assert factory.post(f"{order}/accept").status_code == 200
    told = factory.post(f"{order}/report", json={"done": {}, "sewn": {"TEE-INDIGO-M": 4}}).json()
    assert (told["status"], told["cut"], told["sewn"], told["done"]) == (
        "started",
        {"TEE-INDIGO-M": 4},
        {"TEE-INDIGO-M": 4},
        {},
    )
