"""A plan begins from the one before, or from scratch, as the form says."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.member import Member, Role
from api.domain.plan import Plan
from api.services import plans
from tests.factories import World
from tests.fixtures import Clock
from tests.services.test_plan_review import HOUR, answered
from tests.web.conftest import text
from tests.web.test_console_decisions import CLOSED, decide


@pytest.fixture
def first(session: Session, world: World, clock: Clock) -> Plan:
    """A proposed plan of an hour ago."""
    decide(session, world, clock)
    who = session.exec(select(Member).where(Member.role == Role.PLANNER)).one()
    plan = answered(session, who)
    session.commit()
    clock.at = CLOSED + HOUR
    return plan


def test_without_an_earlier_plan_there_is_nothing_to_choose(
    as_: Callable[[str], TestClient], session: Session, world: World, clock: Clock
) -> None:
    decide(session, world, clock)
    session.commit()
    assert "from_scratch" not in text(as_("planner").get("/console/plans"))


@pytest.mark.parametrize(("box", "alone"), [({}, False), ({"from_scratch": "yes"}, True)])
def test_the_box_decides_what_the_plan_begins_from_and_its_page_says_so(
    as_: Callable[[str], TestClient], session: Session, first: Plan, box: dict[str, str], *, alone: bool
) -> None:
    browser = as_("planner")
    page = text(browser.get("/console/plans"))
    assert f"else near to {first.number}, and sooner" in page
    assert browser.post("/console/plans", data={"seconds": "5", **box}).status_code == 303
    session.expire_all()
    plan = plans.listed(session, limit=1)[0]
    assert plan.from_scratch is alone
    taken = plans.start(session, plan.id, at=CLOSED + HOUR)
    assert taken
    answer = plans.get_by_number(session, first.number).answer
    plan.answer, plan.baseline, plan.cost = answer, answer, first.cost
    session.commit()
    page = text(browser.get(f"/console/plans/{plan.number}"))
    link = f'<a href="/console/plans/{first.number}">{first.number}</a>'
    words = "Begun from scratch." if alone else f"Begun from plan {link}, as far as that still stood."
    assert words in page


def test_a_refused_form_keeps_the_tick(as_: Callable[[str], TestClient], first: Plan) -> None:
    del first
    page = text(as_("planner").post("/console/plans", data={"seconds": "0", "from_scratch": "yes"}), 422)
    assert 'name="from_scratch" value="yes" checked' in page
