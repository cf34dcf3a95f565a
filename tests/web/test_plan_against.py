from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.member import Member, Role
from api.domain.plan import Run
from api.services import campaign_close, plan_approval, plans
from tests.factories import World, make_campaign, make_preorder
from tests.fixtures import Clock
from tests.services.test_plan_review import HOUR, answered
from tests.web.conftest import text
from tests.web.test_console_decisions import CLOSED, decide


@pytest.fixture
def planner(session: Session, world: World, clock: Clock) -> Member:
    """Whoever asks for plans; eleven pieces are confirmed."""
    decide(session, world, clock)
    return session.exec(select(Member).where(Member.role == Role.PLANNER)).one()


def test_a_plan_page_leads_to_the_plan_before_it_and_the_first_to_none(
    as_: Callable[[str], TestClient], session: Session, planner: Member
) -> None:
    first = answered(session, planner)
    second = answered(session, planner, at=CLOSED + HOUR, weeks_later=1)
    session.commit()
    browser = as_("planner")
    address = f"/console/plans/{second.number}/against"
    assert f'href="{address}"' in text(browser.get(f"/console/plans/{second.number}"))
    assert "/against" not in text(browser.get(f"/console/plans/{first.number}"))
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}/{first.number}")
    text(browser.get(f"/console/plans/{first.number}/against"), 404)


def test_what_moves_is_told_colour_by_colour_in_both_languages(
    as_: Callable[[str], TestClient], session: Session, planner: Member
) -> None:
    first = answered(session, planner)
    second = answered(session, planner, at=CLOSED + HOUR, weeks_later=1)
    session.commit()
    browser = as_("buyer")
    address = f"/console/plans/{second.number}/against/{first.number}"
    page = text(browser.get(address))
    assert page.count("7 days later") == 3  # in all, and for each of two colours
    assert "Factory F1, week of" in page
    assert "Work tee" in page
    chinese = text(browser.get(address, params={"lang": "zh"}))
    assert "推迟 7 天" in chinese
    assert "靛蓝" in chinese


def test_released_runs_are_said_to_be_untouched(
    as_: Callable[[str], TestClient], session: Session, world: World, planner: Member
) -> None:
    first = answered(session, planner)
    plan_approval.approve(session, first.number, member=planner, at=CLOSED)
    make_campaign(session, world.team, world.style, slug="more")
    make_preorder(session, campaign="more", lines=[("TEE-WHITE-S", 8)])
    for campaign_id in campaign_close.due(session, at=CLOSED):
        campaign_close.close(session, campaign_id, at=CLOSED)
    second = answered(session, planner, at=CLOSED + HOUR)
    session.commit()
    runs = session.exec(select(Run)).all()
    page = text(as_("planner").get(f"/console/plans/{second.number}/against/{first.number}"))
    assert f"All {len(runs)} released runs are untouched." in page


def test_two_plans_that_agree_change_nothing(
    as_: Callable[[str], TestClient], session: Session, planner: Member
) -> None:
    first, second = answered(session, planner), answered(session, planner, at=CLOSED + HOUR)
    session.commit()
    page = text(as_("planner").get(f"/console/plans/{second.number}/against/{first.number}"))
    assert "every piece is made in the same factory and week" in page
    assert "Every run stays as it is." in page


def test_a_plan_without_an_answer_is_held_against_nothing(
    as_: Callable[[str], TestClient], session: Session, planner: Member
) -> None:
    first = answered(session, planner)
    waiting = plans.request(session, member=planner, seconds=5, seed=7, at=CLOSED + HOUR)
    session.commit()
    browser = as_("planner")
    for address in (
        f"{waiting.number}/against/{first.number}",
        f"{first.number}/against/{waiting.number}",
        f"{first.number}/against/PL-9999",
        "PL-9999/against",
    ):
        text(browser.get(f"/console/plans/{address}"), 404)


def test_only_those_who_see_the_console_see_what_changes(
    as_: Callable[[str], TestClient], client: TestClient, session: Session, planner: Member
) -> None:
    first, second = answered(session, planner), answered(session, planner, at=CLOSED + HOUR)
    session.commit()
    for address in (
        f"/console/plans/{second.number}/against",
        f"/console/plans/{second.number}/against/{first.number}",
    ):
        assert client.get(address).headers["location"] == f"/console/sign-in?next={address}"
        text(as_("factory-f1").get(address), 403)
