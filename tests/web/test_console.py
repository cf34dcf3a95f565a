from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session, select

from api.domain.audit import AuditEntry
from api.domain.campaign import CampaignStatus
from api.domain.member import Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Plan, PlanStatus, Run, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.team import Team
from api.services import campaign_close, outbox, plans
from planner.baseline import baseline
from tests.factories import PASSWORD, World, make_campaign, make_member, make_preorder, make_world
from tests.fixtures import TODAY, Clock

CLOSED = TODAY + timedelta(days=1)
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


@pytest.fixture
def world(session: Session) -> World:
    """A world with a member in every role: two in the team, one in another, one in a factory."""
    world = make_world(session)
    for role in (Role.BUYER, Role.STOCK):
        make_member(session, role, team=world.team)
    for role in (Role.PLANNER, Role.ADMIN):
        make_member(session, role)
    make_member(session, Role.FACTORY, factory=world.own)
    other = Team(code="birch", name="Team Birch")
    session.add(other)
    session.flush()
    make_member(session, Role.DESIGNER, team=other)
    session.flush()
    return world


@pytest.fixture
def as_(
    world: World, client: TestClient, new_client: Callable[[], TestClient]
) -> Callable[[str], TestClient]:
    """A browser in which the member of that name has signed in."""
    del world, client

    def signed_in(name: str) -> TestClient:
        browser = new_client()
        typed = {"email": f"{name}@counterflow.example", "password": PASSWORD}
        assert browser.post("/console/sign-in", data=typed).status_code == 303
        return browser

    return signed_in


def decide(session: Session, world: World, clock: Clock) -> None:
    """Eleven pieces are confirmed, and it is a day later."""
    for line in (("TEE-INDIGO-M", 6), ("TEE-WHITE-S", 5)):
        make_preorder(session, lines=[line])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    clock.at = CLOSED


def propose(session: Session) -> Plan:
    """What the worker does with the plan that was asked for last."""
    plan = plans.listed(session)[0]
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    first = baseline(taken[1])
    plans.propose(
        session, plan.id, answer=first, baseline=first, versions={"test": "1"}, failure=None, at=CLOSED
    )
    session.commit()
    return plan


def asked(browser: TestClient, session: Session) -> Plan:
    """A plan asked for by form and answered."""
    assert browser.post("/console/plans", data={"seconds": "5"}).status_code == 303
    session.expire_all()
    return propose(session)


def text(answer: Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    return answer.text


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


# ---------------------------------------------------------------- plans and runs


def test_without_confirmed_demand_there_is_no_plan_and_the_page_says_so(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    page = text(as_("planner").post("/console/plans", data={"seconds": "5"}), 409)
    assert "There is no confirmed pre-order waiting for a run." in page
    assert plans.listed(session) == []


def test_a_time_limit_that_is_none_is_kept_in_the_form(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    for typed in ("", "0", "601", "soon", "-5"):
        page = text(browser.post("/console/plans", data={"seconds": typed}), 422)
        assert f'value="{typed}"' in page
        assert 'aria-invalid="true"' in page


def test_a_plan_is_asked_for_watched_stopped_and_found(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    assert browser.post("/console/plans", data={"seconds": "5"}).status_code == 303
    plan = plans.listed(session)[0]
    assert plan.number in text(browser.get("/console/plans"))
    plans.start(session, plan.id, at=CLOSED)
    shown = {
        "elapsed_seconds": 2.0,
        "best_cost": 110_000,
        "bound": 100_000.0,
        "gap": 0.09,
        "doing": "freeing",
    }
    plans.note_progress(session, plan.id, shown)
    session.commit()
    live = f"/console/plans/live?number={plan.number}"
    assert "at most 10 % above the best possible" in text(browser.get(live))
    assert browser.post(f"/console/plans/{plan.number}/stop").status_code == 303
    assert "ends with the best plan" in text(browser.get(live))
    text(browser.get(f"/console/plans/{plan.number}"))
    propose(session)
    ended = text(browser.get(live))
    assert "data-live-end" in ended
    assert f'href="/console/plans/{plan.number}"' in ended


def test_a_plan_stands_beside_its_baseline_and_becomes_runs_on_the_board(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    plan = asked(browser, session)
    address = f"/console/plans/{plan.number}"
    page = text(browser.get(address))
    assert "2 runs go to" in page
    assert page.count('class="bar proposed"') == 2
    assert "of 11 pieces" in page
    assert browser.post(f"{address}/approve").status_code == 303
    runs = session.exec(select(Run)).all()
    page = text(browser.get(address))
    assert page.count('class="bar approved"') == len(runs) == 2
    assert all(f"/console/runs/{run.number}" in page for run in runs)
    assert f"{address}/approve" not in page
    for run in runs:
        assert "Made for" in text(browser.get(f"/console/runs/{run.number}"))
    assert runs[0].number in text(browser.get("/console/runs"))


def test_a_plan_made_before_demand_changed_is_refused_on_its_page_and_nothing_happens(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    plan = asked(browser, session)
    other = make_campaign(session, world.team, world.style, slug="later")
    make_preorder(session, campaign="later", lines=[("TEE-WHITE-M", 7)])
    campaign_close.close(session, other.id, at=CLOSED)
    session.commit()
    assert "no longer up to date" in text(browser.get(f"/console/plans/{plan.number}"))
    page = text(browser.post(f"/console/plans/{plan.number}/approve"), 409)
    assert 'role="alert"' in page
    session.refresh(plan)
    assert plan.status == PlanStatus.PROPOSED
    assert session.exec(select(Run)).all() == []
    assert not session.exec(select(AuditEntry).where(AuditEntry.after == "approved")).all()


def test_a_plan_is_put_away_with_a_reason(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    plan = asked(browser, session)
    assert "reason-error" in text(browser.post(f"/console/plans/{plan.number}/reject", data={}), 422)
    answer = browser.post(f"/console/plans/{plan.number}/reject", data={"reason": "cloth is late"})
    assert answer.status_code == 303
    page = text(browser.get(f"/console/plans/{plan.number}"))
    assert "put away" in page
    assert "cloth is late" in page


def test_a_plan_that_failed_says_why(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    browser.post("/console/plans", data={"seconds": "5"})
    plan = plans.listed(session)[0]
    plans.fail(session, plan.id, why="the planner found no plan: infeasible", at=CLOSED)
    session.commit()
    assert "infeasible" in text(browser.get(f"/console/plans/{plan.number}"))
    assert "no plan" in text(browser.get("/console/plans"))


# ---------------------------------------------------------------- needs, queue


def test_the_home_page_names_each_thing_once_and_where_it_is_resolved(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    assert "Nothing needs you." in text(as_("planner").get("/console"))
    decide(session, world, clock)
    browser = as_("planner")
    page = text(browser.get("/console"))
    assert "11 confirmed pieces wait for a plan." in page
    plan = asked(browser, session)
    page = text(browser.get("/console"))
    assert f'href="/console/plans/{plan.number}"' in page
    assert browser.post(f"/console/plans/{plan.number}/approve").status_code == 303
    assert "Nothing needs you." in text(browser.get("/console"))


def test_a_campaign_that_lacks_few_pieces_before_its_end_needs_its_team(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    make_preorder(session, lines=[("TEE-INDIGO-M", 4)])
    for name, seen in (("buyer", True), ("planner", True), ("designer", False)):
        page = text(as_(name).get("/console"))
        assert ("Work tee lacks 1 of 5 pieces and closes soon." in page) == seen


def test_late_pre_orders_and_short_runs_need_a_person_until_they_are_settled(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    plan = asked(browser, session)
    browser.post(f"/console/plans/{plan.number}/approve")
    session.expire_all()
    run = session.exec(select(Run).order_by(Run.number)).first()
    assert run
    for step in (RunStatus.RELEASED, RunStatus.DONE):
        run.move(step, by="test", at=CLOSED, why="test")
        session.commit()
    late = session.exec(select(Preorder).order_by(Preorder.number)).all()
    for preorder in late:
        preorder.move(PreorderStatus.IN_PRODUCTION, by="test", at=CLOSED, why="test")
        preorder.expected_on = preorder.promise_by_on + timedelta(days=4)
    session.commit()
    page = text(browser.get("/console"))
    assert "Work tee: 2 pre-orders arrive up to 4 days after the promise." in page
    assert f"Run {run.number} ended" in page
    for preorder in late:
        preorder.move(PreorderStatus.READY, by="test", at=CLOSED, why="test")
        preorder.expected_on = preorder.promise_by_on
    session.commit()
    assert "Nothing needs you." in text(browser.get("/console"))


def test_a_parked_message_is_sent_again_by_a_person(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    del world
    message = outbox.record(session, "erp.push_run", subject="R-000001", at=TODAY, run_id=str(uuid4()))
    message.park(at=TODAY, error="the product has no bill of material")
    session.commit()
    planner = as_("planner")
    assert "the product has no bill of material" in text(planner.get("/console"))
    assert "/retry" in text(planner.get("/console/queue"))
    assert "/retry" not in text(as_("buyer").get("/console/queue"))
    assert planner.post(f"/console/queue/{message.id}/retry").status_code == 303
    session.refresh(message)
    assert message.parked_at is None
    assert session.exec(select(OutboxMessage)).one().attempts == 0
    text(planner.post(f"/console/queue/{uuid4()}/retry"), 404)
