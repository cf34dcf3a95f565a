"""A plan by the worker, from the wish for it to what is kept of its answer."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from api.domain.member import Member, Role
from api.domain.plan import Plan, PlanStatus
from api.domain.production import ProductionLine
from api.services import plan_worth, plans
from tests.factories import make_member
from tests.planner.inline import InlineCrew
from tests.services.test_plan_review import answered
from tests.services.test_planning import CLOSED, decided
from workers import planning

HOUR = timedelta(hours=1)


@pytest.fixture
def who(session: Session, monkeypatch: pytest.MonkeyPatch) -> Member:
    """Whoever asks for plans; fifteen pieces are confirmed, and one slow line can make them."""
    monkeypatch.setattr(planning, "now", lambda: CLOSED + HOUR)
    monkeypatch.setattr(planning, "crew_named", lambda _name: InlineCrew)
    decided(session, ("TEE-INDIGO-M", 8), ("TEE-WHITE-S", 7))
    return make_member(session, Role.PLANNER)


def made(session: Session, who: Member, *, from_scratch: bool = False) -> Plan:
    """A plan the worker makes an hour after the campaign is decided."""
    at = CLOSED + HOUR
    plan = plans.request(session, member=who, seconds=3, seed=7, at=at, from_scratch=from_scratch)
    session.flush()
    planning.make_plan(str(plan.id))
    session.refresh(plan)
    assert plan.status == PlanStatus.PROPOSED
    return plan


def test_the_worker_begins_from_the_plan_before_unless_told_otherwise(session: Session, who: Member) -> None:
    first = answered(session, who, weeks_later=1)
    assert made(session, who).begun_from == first.number
    assert made(session, who, from_scratch=True).begun_from is None


def test_what_more_line_time_would_be_worth_is_kept_with_the_plan(session: Session, who: Member) -> None:
    for line in session.exec(select(ProductionLine)):
        line.shift_seconds = 1_200  # ten pieces a week, of fifteen
    session.flush()
    plan = made(session, who)
    worth = plan_worth.read(session, plan)
    assert worth is not None
    assert worth.hours
    assert plan.prices is not None
    assert all(price > 0 for _, _, price in plan.prices["time"])
