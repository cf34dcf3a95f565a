"""The referee of the contract, where it lies beside the checkout, agrees with the second opinion."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planner import Problem, cost, violations
from planner.baseline import baseline
from planner.sequence import schedule
from tests.planner.generator import SEASON, SMALL, generate
from tests.planner.inline import solve
from tests.planner.referee import load_referee
from tests.planner.strategies import problems

CHECKOUT = Path(__file__).parents[2]
REFEREE = Path(
    os.environ.get("COUNTERFLOW_REFEREE", CHECKOUT.parent / "shared" / "planner" / "check_plan.py")
)
pytestmark = pytest.mark.skipif(not REFEREE.exists(), reason=f"no referee at {REFEREE} (COUNTERFLOW_REFEREE)")


@pytest.fixture(scope="module")
def referee() -> Any:
    return load_referee(REFEREE)


def agree(referee: Any, problem: Problem, plan: Any) -> None:
    report = referee.evaluate(problem.to_json(), plan.to_json())
    assert [found.text for found in report.violations] == []
    assert report.consistent
    assert report.schedule_verified
    assert report.cost == cost(problem, plan).total


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_the_referee_accepts_every_plan_and_agrees_on_its_cost(referee: Any, problem: Problem) -> None:
    result = solve(problem, seconds=1)
    agree(referee, problem, result.plan)
    agree(referee, problem, result.baseline)


def test_the_referee_accepts_the_plan_of_a_small_season(referee: Any) -> None:
    problem = generate(SMALL, seed=4)
    result = solve(problem, seconds=3)
    agree(referee, problem, result.plan)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_both_find_the_same_rules_broken_when_a_run_is_lost_or_doubled(
    referee: Any, problem: Problem
) -> None:
    plan = baseline(problem)
    for runs in (plan.runs[1:], [*plan.runs, *(_doubled(run) for run in plan.runs[:1])]):
        changed = plan.stating(runs=tuple(runs), objective=0, schedule=schedule(problem, plan.runs[1:]))
        theirs = {found.rule for found in referee.evaluate(problem.to_json(), changed.to_json()).violations}
        assert {found.rule for found in violations(problem, changed)} == theirs


def _doubled(run: Any) -> Any:
    return type(run)(f"{run.id} again", run.item, run.line, run.bucket, run.pieces, run.overs)


def test_the_referee_accepts_the_baseline_of_a_season(referee: Any) -> None:
    problem = generate(SEASON, seed=2)
    result = solve(problem, seconds=0)
    agree(referee, problem, result.plan)
