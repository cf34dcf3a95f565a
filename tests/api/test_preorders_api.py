from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.preorder import Preorder
from tests.factories import make_preorder, make_world
from tests.fixtures import Clock

BODY: dict[str, Any] = {
    "campaign": "tee",
    "lines": [{"sku": "TEE-INDIGO-M", "quantity": 2}],
    "name": "Lin Yue",
    "email": "lin@example.com",
    "region": "east",
    "address": "12 Harbour Road, Ningbo",
}
KEY = {"Idempotency-Key": "k1"}


def with_line(**other: Any) -> dict[str, Any]:
    return BODY | {"lines": [BODY["lines"][0] | other]}


def test_the_same_key_and_body_bring_the_same_answer(client: TestClient, session: Session) -> None:
    make_world(session)
    answers = [client.post("/api/preorders", json=BODY, headers=KEY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(session.exec(select(Preorder)).all()) == 1


def test_the_same_key_with_another_body_is_a_conflict_that_names_the_difference(
    client: TestClient, session: Session
) -> None:
    make_world(session)
    client.post("/api/preorders", json=BODY, headers=KEY)
    answer = client.post("/api/preorders", json=with_line(quantity=3), headers=KEY)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["differences"] == ["lines[0].quantity"]


def test_a_known_key_gets_its_answer_after_the_campaign_has_closed(
    client: TestClient, session: Session, clock: Clock
) -> None:
    make_world(session)
    first = client.post("/api/preorders", json=BODY, headers=KEY)
    clock.go(days=2)
    assert client.post("/api/preorders", json=BODY, headers=KEY).json() == first.json()
    assert client.post("/api/preorders", json=BODY, headers={"Idempotency-Key": "k2"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (with_line(sku="NO-SUCH"), "lines[0].sku"),
        (with_line(quantity=-2), "lines[0].quantity"),
        (with_line(quantity=0), "lines[0].quantity"),
        (with_line(quantity="2"), "lines[0].quantity"),
        (with_line(quantity=2.5), "lines[0].quantity"),
        (with_line(colour="red"), "lines[0].colour"),
        (BODY | {"lines": []}, "lines"),
        (BODY | {"lines": BODY["lines"] * 10_000}, "lines"),
        (BODY | {"email": "nobody"}, "email"),
        (BODY | {"region": "moon"}, "region"),
        (BODY | {"name": " "}, "name"),
        ({k: v for k, v in BODY.items() if k != "address"}, "address"),
        ([], "body"),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_the_field(
    client: TestClient, session: Session, body: Any, field: str
) -> None:
    make_world(session)
    answer = client.post("/api/preorders", json=body, headers=KEY)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert len(answer.content) < 10_000
    assert session.exec(select(Preorder)).all() == []


def test_a_body_that_is_not_json_is_a_problem_that_says_so(client: TestClient, session: Session) -> None:
    make_world(session)
    answer = client.post("/api/preorders", content="{", headers=KEY | {"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == "body"


def test_a_request_without_a_key_is_told_which_header_is_missing(
    client: TestClient, session: Session
) -> None:
    make_world(session)
    answer = client.post("/api/preorders", json=BODY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "idempotency-key"


def test_an_unknown_and_a_closed_campaign_are_told_apart(
    client: TestClient, session: Session, clock: Clock
) -> None:
    make_world(session)
    unknown = client.post("/api/preorders", json=BODY | {"campaign": "no-such"}, headers=KEY)
    assert (unknown.status_code, unknown.json()["name"]) == (404, "no-such")
    clock.go(days=1)
    closed = client.post("/api/preorders", json=BODY, headers={"Idempotency-Key": "k3"})
    assert (closed.status_code, closed.json()["type"]) == (409, "urn:counterflow:campaign_not_open")


def test_a_pre_order_is_found_by_its_link_and_by_nothing_else(client: TestClient, session: Session) -> None:
    make_world(session)
    placed = client.post("/api/preorders", json=BODY, headers=KEY).json()
    token = placed["link"].rsplit("/", 1)[1]
    assert client.get(f"/api/preorders/{token}").json()["number"] == placed["number"]
    assert client.get(f"/api/preorders/{placed['number']}").status_code == 403
    assert client.get(f"/api/preorders/{'0' * 64}").status_code == 403


def test_the_campaign_shows_what_is_paid_and_the_next_price(client: TestClient, session: Session) -> None:
    make_world(session)
    make_preorder(session, lines=[("TEE-WHITE-S", 4)])
    shown = client.get("/api/campaigns/tee").json()
    assert (shown["paid_pieces"], shown["price_minor"]) == (4, 20_000)
    assert (shown["next_tier_from_pieces"], shown["next_price_minor"]) == (10, 18_000)


def test_a_webhook_that_nobody_signed_is_refused(client: TestClient, session: Session) -> None:
    make_world(session)
    answer = client.post("/api/payments/webhooks/sandbox", content=b"{}")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:counterflow:signature_not_valid")
    assert client.post("/api/payments/webhooks/nobody", content=b"{}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/campaigns/tee/close"),
        ("post", "/api/plans"),
        ("get", "/api/plans/PL-0001"),
        ("get", "/api/plans/PL-0001/record"),
        ("post", "/api/plans/PL-0001/approve"),
        ("post", "/api/plans/PL-0001/reject"),
        ("post", "/api/plans/PL-0001/stop"),
        ("get", "/api/runs"),
        ("get", "/api/runs/R-000001"),
        ("get", "/api/orders"),
        ("post", "/api/orders/R-000001/accept"),
        ("post", "/api/orders/R-000001/start"),
        ("post", "/api/orders/R-000001/report"),
        ("post", "/api/messages/00000000-0000-0000-0000-000000000000/retry"),
        ("post", "/api/preorders/P-000001/ship"),
    ],
)
def test_nobody_acts_without_signing_in(client: TestClient, session: Session, method: str, path: str) -> None:
    make_world(session)
    json = None if method == "get" else {"why": "because", "done": {}}
    assert client.request(method, path, json=json).status_code == 401
