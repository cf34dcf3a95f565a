from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.audit import AuditEntry
from api.domain.outbox import OutboxMessage
from api.domain.plan import Plan, PlanStatus, Run
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaign_close, outbox, plans
from planner.baseline import baseline
from tests.factories import World, make_campaign, make_preorder
from tests.fixtures import TODAY, Clock
from tests.web.conftest import text

CLOSED = TODAY + timedelta(days=1)


def decide(session: Session, world: World, clock: Clock) -> None:
    """Eleven pieces are confirmed, and it is a day later."""
    for line in (("TEE-INDIGO-M", 6), ("TEE-WHITE-S", 5)):
        make_preorder(session, lines=[line])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    clock.at = CLOSED


def propose(session: Session) -> Plan:
    """What the worker does with the plan that was asked for last."""
    plan = plans.listed(session, limit=1)[0]
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


# ---------------------------------------------------------------- plans and runs


def test_without_confirmed_demand_there_is_no_plan_and_the_page_says_so(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    page = text(as_("planner").post("/console/plans", data={"seconds": "5"}), 409)
    assert "There is no confirmed pre-order waiting for a run." in page
    assert plans.listed(session, limit=1) == []


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
    plan = plans.listed(session, limit=1)[0]
    assert plan.number in text(browser.get("/console/plans"))
    plans.start(session, plan.id, at=CLOSED)
    shown = {
        "elapsed_seconds": 2.0,
        "best_cost": 110_000,
        "bound": 100_000.0,
        "gap": 0.09,
        "doing": "freeing",
    }
    plans.note_progress(session, plan.id, shown, at=CLOSED)
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
    plan = plans.listed(session, limit=1)[0]
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


def test_late_pre_orders_need_a_person_until_they_are_made(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    browser = as_("planner")
    plan = asked(browser, session)
    browser.post(f"/console/plans/{plan.number}/approve")
    session.expire_all()
    late = session.exec(select(Preorder).order_by(Preorder.number)).all()
    for preorder in late:
        preorder.move(PreorderStatus.IN_PRODUCTION, by="test", at=CLOSED, why="test")
        preorder.expected_on = preorder.promise_by_on + timedelta(days=4)
    session.commit()
    page = text(browser.get("/console"))
    assert "Work tee: 2 pre-orders arrive up to 4 days after the promise." in page
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


def test_an_open_campaign_shows_what_a_few_more_orders_would_change(
    session: Session, world: World, clock: Clock, as_: Callable[[str], TestClient]
) -> None:
    decide(session, world, clock)
    asked(as_("planner"), session)
    make_campaign(session, world.team, world.style, slug="more", minimum=20)
    make_preorder(session, campaign="more", lines=[("TEE-WHITE-S", 7)])
    browser = as_("buyer")
    page = text(browser.get("/console/campaigns/more"))
    assert "13 more" in page
    assert "to the minimum, in any colour" in page
    assert "到起订量\uff0c颜色不限" in text(browser.get("/console/campaigns/more?lang=zh"))
    assert "A few more" not in text(browser.get("/console/campaigns/tee"))
