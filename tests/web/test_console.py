from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.campaign import CampaignStatus
from api.domain.preorder import PreorderStatus
from tests.factories import PASSWORD, World, make_preorder
from tests.fixtures import TODAY
from tests.web.conftest import text

ROOMS = (
    "/console",
    "/console/campaigns",
    "/console/preorders",
    "/console/plans",
    "/console/plans/live",
    "/console/runs",
    "/console/factories",
    "/console/queue",
    "/console/audit",
    "/console/campaigns/tee",
    "/console/campaigns/tee/live",
)


# ---------------------------------------------------------------- who sees what


def test_nobody_sees_a_page_without_signing_in_and_returns_to_it_afterwards(
    client: TestClient, world: World
) -> None:
    del world
    for address in ROOMS:
        answer = client.get(address)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/console/sign-in?next={address}"


def test_a_factory_does_not_see_the_console(as_: Callable[[str], TestClient]) -> None:
    browser = as_("factory-f1")
    for address in ROOMS:
        text(browser.get(address), 403)


@pytest.mark.parametrize("name", ["buyer", "planner", "admin"])
def test_team_planner_and_administrator_see_every_page(as_: Callable[[str], TestClient], name: str) -> None:
    browser = as_(name)
    for address in ROOMS:
        for language in ("en", "zh"):
            text(browser.get(address, params={"lang": language}))


def test_another_teams_campaign_and_pre_orders_do_not_exist(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    preorder = make_preorder(session)
    stranger = as_("designer")
    assert "Work tee" not in text(stranger.get("/console/campaigns"))
    text(stranger.get("/console/campaigns/tee"), 404)
    text(stranger.get("/console/campaigns/tee/live"), 404)
    text(stranger.post("/console/campaigns/tee/close", data={"reason": "because"}), 404)
    assert preorder.number not in text(stranger.get("/console/preorders"))
    assert preorder.number not in text(stranger.get("/console/audit"))
    assert preorder.number in text(as_("buyer").get("/console/audit"))


def test_a_form_is_for_those_who_have_the_right(as_: Callable[[str], TestClient], session: Session) -> None:
    make_preorder(session)
    buyer = as_("buyer")
    text(buyer.post("/console/plans", data={"seconds": "5"}), 403)
    text(buyer.post("/console/plans/PL-0001/approve"), 403)
    text(buyer.post(f"/console/queue/{uuid4()}/retry"), 403)
    text(as_("planner").post("/console/campaigns/tee/close", data={"reason": "because"}), 403)


def test_what_does_not_exist_is_said_so(as_: Callable[[str], TestClient]) -> None:
    browser = as_("planner")
    for thing in ("campaigns/nothing", "plans/PL-9999", "runs/R-999999", "nothing"):
        text(browser.get(f"/console/{thing}"), 404)


def test_what_no_database_can_hold_is_a_wrong_request_and_no_failure(
    as_: Callable[[str], TestClient],
) -> None:
    browser = as_("planner")
    for address in ("/console/preorders?q=%00", "/console/campaigns/%00", "/c/%00", "/api/campaigns/%00"):
        text(browser.get(address), 422)
    text(browser.post("/console/sign-in", data={"email": "a\x00b", "password": "x"}), 422)
    text(browser.put("/console/plans"), 405)


# ---------------------------------------------------------------- the door


def test_a_wrong_password_keeps_the_address_typed_and_says_no_more(client: TestClient, world: World) -> None:
    del world
    typed = {"email": "planner@counterflow.example", "password": "wrong", "next": "/console/plans"}
    page = text(client.post("/console/sign-in", data=typed), 422)
    assert "planner@counterflow.example" in page
    assert 'value="/console/plans"' in page
    assert "wrong" not in page


@pytest.mark.parametrize(
    ("name", "wanted", "landed"),
    [
        ("planner", "", "/console"),
        ("factory-f1", "", "/factory"),
        ("planner", "/console/plans", "/console/plans"),
        ("planner", "//evil.example", "/console"),
        ("planner", "/\\evil.example", "/console"),
        ("planner", "https://evil.example", "/console"),
    ],
)
def test_the_door_leads_where_one_was_going_and_never_off_this_site(
    client: TestClient, world: World, name: str, wanted: str, landed: str
) -> None:
    del world
    typed = {"email": f"{name}@counterflow.example", "password": PASSWORD, "next": wanted}
    answer = client.post("/console/sign-in", data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, landed)
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_signing_out_ends_the_session(as_: Callable[[str], TestClient]) -> None:
    browser = as_("planner")
    key = browser.cookies["counterflow_sign_in"]
    assert browser.post("/console/sign-out").status_code == 303
    browser.cookies.set("counterflow_sign_in", key)
    assert browser.get("/console").status_code == 303


def test_a_form_of_another_site_is_refused(as_: Callable[[str], TestClient], session: Session) -> None:
    make_preorder(session)
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = as_("buyer").post("/console/campaigns/tee/close", data={"reason": "because"}, headers=headers)
    assert answer.status_code == 403


# ---------------------------------------------------------------- campaigns and pre-orders


def test_a_campaign_is_closed_with_a_reason_that_stands_in_its_trail(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    buyer = as_("buyer")
    answer = buyer.post("/console/campaigns/tee/close", data={"reason": "enough for a first run"})
    assert answer.status_code == 303
    session.refresh(world.campaign)
    assert world.campaign.status == CampaignStatus.DECIDED
    assert "enough for a first run" in text(buyer.get("/console/campaigns/tee"))


def test_a_close_without_a_reason_changes_nothing_and_shows_the_form_again(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    page = text(as_("buyer").post("/console/campaigns/tee/close", data={"reason": "  "}), 422)
    assert "reason-error" in page
    session.refresh(world.campaign)
    assert world.campaign.status == CampaignStatus.OPEN


def test_a_campaign_that_is_closed_already_refuses_a_second_close(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    buyer = as_("buyer")
    buyer.post("/console/campaigns/tee/close", data={"reason": "first"})
    page = text(buyer.post("/console/campaigns/tee/close", data={"reason": "second"}), 409)
    assert 'role="alert"' in page
    session.refresh(world.campaign)
    assert world.campaign.status == CampaignStatus.DECIDED


def test_the_room_counts_paid_pieces_by_colour_and_size(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    make_preorder(session, lines=[("TEE-INDIGO-M", 3), ("TEE-WHITE-S", 4)])
    make_preorder(session, lines=[("TEE-INDIGO-M", 9)], paid=False)
    page = text(as_("buyer").get("/console/campaigns/tee"))
    assert "<b>3</b>" in page
    assert "<b>4</b>" in page
    assert "12</td>" not in page
    assert "¥1,400.00" in page


def test_pre_orders_are_found_by_number_or_campaign_and_their_buyers_are_masked(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    first, second = make_preorder(session), make_preorder(session)
    buyer = as_("buyer")
    page = text(buyer.get("/console/preorders", params={"q": first.number}))
    assert first.number in page
    assert second.number not in page
    assert "L*" in page
    assert "Lin Yue" not in page
    assert "lin@example.com" not in page
    assert second.number in text(buyer.get("/console/preorders", params={"q": "work"}))
    assert second.number not in text(buyer.get("/console/preorders", params={"q": "100%"}))


def test_pre_orders_come_fifty_to_a_page(as_: Callable[[str], TestClient], session: Session) -> None:
    numbers = [make_preorder(session, paid=False).number for _ in range(51)]
    buyer = as_("buyer")
    assert sum(n in text(buyer.get("/console/preorders")) for n in numbers) == 50
    last = text(buyer.get("/console/preorders", params={"page": 2}))
    assert [n for n in numbers if n in last] == numbers[:1]


def test_a_parcel_leaves_by_form_once_it_is_ready(as_: Callable[[str], TestClient], session: Session) -> None:
    preorder = make_preorder(session)
    stock = as_("stock")
    assert "/ship" not in text(stock.get("/console/preorders"))
    text(stock.post(f"/console/preorders/{preorder.number}/ship"), 409)
    for step in (
        PreorderStatus.CONFIRMED,
        PreorderStatus.SCHEDULED,
        PreorderStatus.IN_PRODUCTION,
        PreorderStatus.READY,
    ):
        preorder.move(step, by="test", at=TODAY, why="test")
        session.commit()
    assert f"/console/preorders/{preorder.number}/ship" in text(stock.get("/console/preorders"))
    assert "/ship" not in text(as_("buyer").get("/console/preorders"))
    answer = stock.post(f"/console/preorders/{preorder.number}/ship", data={"q": "tee"})
    assert answer.headers["location"] == "/console/preorders?q=tee"
    session.refresh(preorder)
    assert preorder.status == PreorderStatus.SHIPPED
