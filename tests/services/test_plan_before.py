"""What a plan begins from, and that its record makes it again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

import planner
from api.domain.member import Member, Role
from api.domain.plan import Plan
from api.services import plan_approval, plan_before, plans
from planner import cost
from tests.factories import make_member
from tests.planner.generator import Shape, generate
from tests.planner.inline import solve
from tests.services.test_plan_review import HOUR, WEEK, answered
from tests.services.test_planning import CLOSED, decided

FEW = Shape(styles=3, colours=1, waves=2, lines=2, factories=2, buckets=6)


@pytest.fixture
def who(session: Session) -> Member:
    """Whoever asks for plans; eleven pieces are confirmed."""
    decided(session)
    return make_member(session, Role.PLANNER)


def begun(session: Session, who: Member, **how: Any) -> Plan:
    """A plan asked for a week later that the planner has taken up."""
    at = CLOSED + WEEK
    plan = plans.request(session, member=who, seconds=5, seed=7, at=at, **how)
    session.flush()
    assert plans.start(session, plan.id, at=at)
    return plan


def test_a_plan_begins_from_the_latest_that_is_proposed_or_approved(session: Session, who: Member) -> None:
    first, second = answered(session, who), answered(session, who, at=CLOSED + HOUR)
    third = answered(session, who, at=CLOSED + 2 * HOUR)
    assert (first.begun_from, second.begun_from, third.begun_from) == (None, first.number, second.number)
    plans.reject(session, third.number, member=who, why="too late for the sea", at=CLOSED + 3 * HOUR)
    plan_approval.approve(session, second.number, member=who, at=CLOSED + 3 * HOUR)
    session.flush()
    assert plan_before.find(session, at=CLOSED + WEEK) == second.number


def test_what_waits_or_failed_is_nothing_to_begin_from(session: Session, who: Member) -> None:
    first = answered(session, who)
    failed = plans.request(session, member=who, seconds=5, seed=7, at=CLOSED + HOUR)
    plans.request(session, member=who, seconds=5, seed=7, at=CLOSED + 2 * HOUR)
    session.flush()
    plans.fail(session, failed.id, why="the planner found no plan", at=CLOSED + HOUR)
    assert begun(session, who).begun_from == first.number


def test_whoever_asks_for_it_gets_a_plan_from_scratch(session: Session, who: Member) -> None:
    answered(session, who)
    plan = begun(session, who, from_scratch=True)
    assert plan.begun_from is None
    assert plan_before.read(session, plan) is None


def test_its_runs_keep_their_week_and_those_of_a_week_that_has_passed_fall_out(
    session: Session, who: Member
) -> None:
    first = answered(session, who, weeks_later=1)
    kept = planner.Plan.from_json(first.answer)
    passed = planner.Run("old", kept.runs[0].item, kept.runs[0].line, 0)
    first.answer = kept.stating(runs=(passed, *kept.runs)).to_json()
    plan = begun(session, who)
    before = plan_before.read(session, plan)
    assert before is not None
    days = [plan.day_zero + timedelta(weeks=run.bucket) for run in before.runs]
    assert days == [first.day_zero + timedelta(weeks=run.bucket) for run in kept.runs]
    assert plan.day_zero == first.day_zero + WEEK


def test_the_record_of_a_plan_that_began_from_another_makes_it_again_to_the_byte(
    session: Session, who: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.solve.SMALL_DECISIONS", 0)
    monkeypatch.setattr("planner.solve.WHOLE_DECISIONS", 0)
    problem = generate(FEW, seed=2)
    good = solve(problem, seconds=600, seed=5, iterations=6).plan
    assert good is not None
    first, plan = answered(session, who), begun(session, who)
    first.answer, plan.problem, plan.day_zero = good.to_json(), problem.to_json(), first.day_zero
    session.flush()
    made = again(session, plan, parts=4)
    assert made == again(session, plan, parts=4)
    assert cost(problem, again(session, plan, parts=0)).total == cost(problem, good).total
    plan.begun_from = None
    assert cost(problem, again(session, plan, parts=0)).total > cost(problem, good).total


def again(session: Session, plan: Plan, *, parts: int) -> planner.Plan:
    """The answer by so much work, from nothing but the plan's record as it comes out of the database."""
    session.flush()
    session.refresh(plan)
    problem, before = planner.Problem.from_json(plan.problem), plan_before.read(session, plan)
    result = solve(problem, seconds=600, seed=plan.seed, workers=2, iterations=parts, before=before)
    assert result.plan is not None
    assert result.repeatable
    return result.plan.stating(seconds=0.0)
