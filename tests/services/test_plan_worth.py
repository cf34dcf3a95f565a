from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import Session

import planner
from api.domain.member import Role
from api.domain.plan import Plan
from api.services import plan_worth
from planner.prices import Prices
from tests.factories import make_member
from tests.services.test_plan_review import answered
from tests.services.test_planning import decided


@pytest.fixture
def plan(session: Session) -> Plan:
    """A plan with an answer, of two lines and two cloths."""
    decided(session)
    return answered(session, make_member(session, Role.PLANNER))


def prices(problem: planner.Problem, time: dict[tuple[int, int], float], cloth: list[float]) -> Prices:
    """Prices of seconds by line and bucket, and of the first cloth by bucket."""
    of_time = np.zeros((len(problem.lines), problem.buckets))
    for place, price in time.items():
        of_time[place] = price
    of_cloth = np.zeros((len(problem.fabrics), problem.buckets))
    of_cloth[0, : len(cloth)] = cloth
    return Prices(of_time, of_cloth, {}, 0.0)


def test_an_hour_is_worth_3600_seconds_and_the_dearest_is_told_first(session: Session, plan: Plan) -> None:
    problem = planner.Problem.from_json(plan.problem)
    time = {(0, 2): 0.5, (1, 3): 2.25, (0, 1): 0.5}
    plan.prices = plan_worth.kept(problem, prices(problem, time, []))
    worth = plan_worth.read(session, plan)
    assert worth is not None
    assert [(one.line.code, one.factory.code, one.bucket, one.worth_minor) for one in worth.hours] == [
        ("F2-1", "F2", 3, 8_100),
        ("F1-1", "F1", 1, 1_800),
        ("F1-1", "F1", 2, 1_800),
    ]
    assert worth.hours[0].week_on == plan.day_zero + timedelta(weeks=3)
    assert worth.metres == ()


def test_cloth_is_told_once_for_the_last_week_in_which_it_is_worth_so_much(
    session: Session, plan: Plan
) -> None:
    problem = planner.Problem.from_json(plan.problem)
    plan.prices = plan_worth.kept(problem, prices(problem, {}, [20.0, 20.0, 20.0, 12.5]))
    worth = plan_worth.read(session, plan)
    assert worth is not None
    weeks = [(one.week_on - plan.day_zero).days // 7 for one in worth.metres]
    assert list(zip(weeks, (one.worth_minor for one in worth.metres), strict=True)) == [
        (2, 2_000),
        (3, 1_250),
    ]
    assert {one.fabric.code for one in worth.metres} == {problem.fabrics[0].id}


def test_what_rounds_to_nothing_is_not_kept(plan: Plan) -> None:
    problem = planner.Problem.from_json(plan.problem)
    found = plan_worth.kept(problem, prices(problem, {(0, 1): 0.000_04, (0, 2): 1.234_56}, [0.000_04]))
    assert found == {"time": [["F1-1", 2, 1.2346]], "cloth": []}


def test_a_plan_without_prices_says_nothing_of_worth(session: Session, plan: Plan) -> None:
    assert plan_worth.read(session, plan) is None
