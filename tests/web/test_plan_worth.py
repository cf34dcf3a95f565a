"""What one more hour or metre would be worth, as the plan's page tells it."""

from collections.abc import Callable
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.member import Member, Role
from api.domain.plan import Plan
from tests.factories import World
from tests.fixtures import Clock
from tests.services.test_plan_review import answered
from tests.web.conftest import text
from tests.web.test_console_decisions import decide
from web.heat import Heat, HeatMap, HeatRow, heat_svg


@pytest.fixture
def plan(session: Session, world: World, clock: Clock) -> Plan:
    """A proposed plan whose twelve hours and one cloth are short."""
    decide(session, world, clock)
    plan = answered(session, session.exec(select(Member).where(Member.role == Role.PLANNER)).one())
    plan.prices = {
        "time": [["F1-1", bucket, 0.5 / bucket] for bucket in range(1, 13)],
        "cloth": [["JERSEY-INDIGO", bucket, 20.5] for bucket in range(3)],
    }
    session.commit()
    return plan


def test_the_dearest_hours_stand_first_ten_of_them_and_the_rest_is_folded(
    as_: Callable[[str], TestClient], plan: Plan
) -> None:
    page = text(as_("planner").get(f"/console/plans/{plan.number}"))
    first, folded = page.split("One more hour, the dearest first", 1)[1].split("<details", 1)
    assert first.count('<th scope="row">F1-1 ') == 10
    assert "¥18.00" in first
    assert "2 more" in folded
    assert folded.split("</details>")[0].count('<th scope="row">F1-1 ') == 2
    assert "not a promise" in page


def test_a_metre_is_told_with_its_cloth_and_week_in_both_languages(
    as_: Callable[[str], TestClient], plan: Plan
) -> None:
    browser = as_("planner")
    english = text(browser.get(f"/console/plans/{plan.number}"))
    told = english.split("One more metre of cloth, the dearest first", 1)[1]
    assert "¥20.50" in told
    assert "Jersey 180 g" in told
    chinese = text(browser.get(f"/console/plans/{plan.number}", params={"lang": "zh"}))
    assert "多一小时值多少" in chinese
    assert "汗布 180 克" in chinese.split("<caption>多一米面料", 1)[1]
    assert "并非承诺" in chinese


def test_where_nothing_is_short_the_page_says_so(
    as_: Callable[[str], TestClient], session: Session, plan: Plan
) -> None:
    plan.prices = {"time": [], "cloth": []}
    session.commit()
    page = text(as_("planner").get(f"/console/plans/{plan.number}"))
    assert "No production line is short of time." in page
    assert "No cloth is short." in page
    assert "not a promise" not in page


def test_a_plan_made_before_prices_were_kept_says_nothing_of_them(
    as_: Callable[[str], TestClient], session: Session, plan: Plan
) -> None:
    plan.prices = None
    session.commit()
    page = text(as_("planner").get(f"/console/plans/{plan.number}"))
    assert "What one more hour would be worth" not in page
    assert "short" not in page.split("What happened")[0].split("Runs</caption>")[1]


def test_the_dearer_the_deeper_and_what_comes_from_outside_is_escaped() -> None:
    row = HeatRow("<b>", (Heat(0, 0.0, "¥0.36", "a & b"), Heat(1, 1.0, "¥123,456,789.00", "much")))
    drawn = heat_svg(HeatMap(date(2027, 1, 11), 3, (row,)), label='"hours"', say_week=str)
    assert "&lt;b&gt;" in drawn
    assert "a &amp; b" in drawn
    assert 'fill-opacity="0.06"' in drawn
    assert 'fill-opacity="0.45"' in drawn
    assert "123,456,789" not in drawn  # no room: the words and the table have it
