"""A plan against another, as the person who approves it sees it."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

import planner
from api.domain.errors import Unknown
from api.domain.member import Member, Role
from api.domain.plan import Plan
from api.services import campaign_close, plan_approval, plan_review, plans
from api.services.plan_review import PlaceMove
from planner import Cost, Effects
from planner.baseline import baseline
from tests.factories import make_campaign, make_member, make_preorder
from tests.services.test_planning import CLOSED, decided

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def answered(session: Session, who: Member, *, at: datetime = CLOSED, weeks_later: int = 0) -> Plan:
    """The baseline with every run so many weeks later, asked for and proposed at a moment."""
    plan = plans.request(session, member=who, seconds=5, seed=7, at=at)
    session.flush()
    taken = plans.start(session, plan.id, at=at)
    assert taken
    first = baseline(taken[1])
    runs = tuple(
        planner.Run(r.id, r.item, r.line, r.bucket + weeks_later, r.pieces, r.overs) for r in first.runs
    )
    plans.propose(
        session,
        plan.id,
        answer=first.stating(runs=runs),
        baseline=first,
        versions={},
        failure=None,
        at=at,
    )
    session.flush()
    return plan


def test_the_plans_before_are_those_with_an_answer_the_latest_first(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first, second = answered(session, who), answered(session, who, at=CLOSED + HOUR)
    plans.request(session, member=who, seconds=5, seed=7, at=CLOSED + 2 * HOUR)
    third = answered(session, who, at=CLOSED + 3 * HOUR)
    assert plan_review.earlier(session, third, limit=5) == [second.number, first.number]
    assert plan_review.earlier(session, third, limit=1) == [second.number]
    assert plan_review.earlier(session, first, limit=5) == []


def test_a_plan_against_one_that_says_the_same_changes_nothing(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first, second = answered(session, who), answered(session, who, at=CLOSED + HOUR)
    found = plan_review.review(session, second.number, first.number)
    assert (found.items, found.runs, found.difference.cost_change) == ((), (), Cost())


def test_runs_a_week_later_move_their_pieces_a_week(session: Session) -> None:
    decided(session, ("TEE-INDIGO-M", 6))
    who = make_member(session, Role.PLANNER)
    first, second = answered(session, who), answered(session, who, at=CLOSED + HOUR, weeks_later=1)
    found = plan_review.review(session, second.number, first.number)
    (of_item,) = found.items
    assert of_item.item is not None
    assert (of_item.item.code, of_item.effects.moved, of_item.effects.piece_days) == ("TEE-INDIGO", 6, 42)
    (move,) = of_item.moves
    assert move.before_on is not None
    assert move == PlaceMove(
        move.before_factory, move.before_on, move.before_factory, move.before_on + WEEK, 6
    )
    assert [(run.before, run.after, run.week_on) for run in found.runs] == [
        (6, 0, move.before_on),
        (0, 6, move.before_on + WEEK),
    ]


def test_a_plan_of_a_week_ago_is_read_in_the_weeks_of_this_one(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first = answered(session, who)
    second = answered(session, who, at=CLOSED + WEEK)
    assert second.day_zero == first.day_zero + WEEK
    found = plan_review.review(session, second.number, first.number)
    assert (found.items, found.runs) == ((), ())


def test_released_runs_are_untouched_and_new_demand_is_newly_served(session: Session) -> None:
    world = decided(session, ("TEE-INDIGO-M", 6))
    who = make_member(session, Role.PLANNER)
    first = answered(session, who)
    plan_approval.approve(session, first.number, member=who, at=CLOSED)
    make_campaign(session, world.team, world.style, slug="more")
    make_preorder(session, campaign="more", lines=[("TEE-WHITE-S", 8)])
    for campaign_id in campaign_close.due(session, at=CLOSED):
        campaign_close.close(session, campaign_id, at=CLOSED)
    session.flush()
    second = answered(session, who, at=CLOSED + HOUR)
    found = plan_review.review(session, second.number, first.number)
    assert len(found.difference.frozen_untouched) == 1
    assert found.difference.effects == Effects(served=8)


def test_a_plan_without_an_answer_cannot_be_reviewed(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first = answered(session, who)
    waiting = plans.request(session, member=who, seconds=5, seed=7, at=CLOSED + HOUR)
    for number, against in ((waiting.number, first.number), (first.number, waiting.number)):
        with pytest.raises(Unknown):
            plan_review.review(session, number, against)
