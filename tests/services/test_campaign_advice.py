"""What a few more orders would change for an open campaign, by hand."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from api.domain.campaign import CampaignStatus
from api.domain.member import Role
from api.domain.plan import Plan, PlanStatus
from api.services import campaign_advice, campaign_close, campaigns, plans
from api.services.campaign_advice import Hint
from planner.baseline import baseline
from tests.factories import World, make_campaign, make_member, make_preorder, make_world
from tests.fixtures import TODAY

CLOSED = TODAY + timedelta(days=1)
LADDER = [[1, 20_000], [40, 18_000]]


@pytest.fixture
def world(session: Session) -> World:
    """A plan for 11 decided pieces stands proposed; the campaign `more` of the same style is open."""
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    make_preorder(session, lines=[("TEE-WHITE-S", 5)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    plan = plans.request(session, member=make_member(session, Role.PLANNER), seconds=5, seed=7, at=CLOSED)
    session.flush()
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    first = baseline(taken[1])
    plans.propose(session, plan.id, answer=first, baseline=first, versions={}, failure=None, at=CLOSED)
    make_campaign(session, world.team, world.style, slug="more", minimum=30, ladder=LADDER)
    session.flush()
    return world


def hints(session: Session) -> dict[str, Hint]:
    found = campaign_advice.of_campaign(session, campaigns.offer(session, "more"))
    assert found is not None
    return {hint.kind: hint for hint in found.hints}


def test_below_the_minimum_the_missing_pieces_and_what_the_whole_would_earn(
    session: Session, world: World
) -> None:
    """18 of 30 are paid for, and overs cannot stand in for buyers: the other 12 let all 30 be sold."""
    make_preorder(session, campaign="more", lines=[("TEE-INDIGO-M", 18)])
    found = hints(session)
    assert set(found) == {"minimum"}
    hint = found["minimum"]
    assert (hint.pieces, hint.item) == (12, None)
    assert hint.brings_minor == 30 * 20_000
    made = 30 * (3_000 + 100) + 20_000 + 5_000
    assert 0 <= hint.cost_minor - made <= 30 * 20 * 21  # a fiftieth of the price a day early
    assert hint.margin_minor == hint.brings_minor - hint.cost_minor
    assert world.campaign.status == CampaignStatus.DECIDED


def test_above_it_the_next_price_of_a_run_and_what_else_fits(session: Session, world: World) -> None:
    """38 pieces at 30.00; from 50 on every piece is 2.00 cheaper, and all buyers pay 180.00."""
    make_preorder(session, campaign="more", lines=[("TEE-INDIGO-M", 38)])
    found = hints(session)
    assert set(found) == {"tier", "slot"}
    hint = found["tier"]
    assert (hint.pieces, hint.unit_saving_minor, hint.item) == (12, 200, world.items["indigo"])
    assert hint.line == "F1-1"
    assert hint.brings_minor == 50 * 18_000 - 38 * 20_000
    days_early = hint.cost_minor - (50 * 2_800 - 38 * 3_000) - 12 * 100
    assert 0 <= days_early <= 12 * 20 * 7
    assert found["slot"].pieces > hint.pieces


def test_a_campaign_nobody_has_paid_for_gets_no_advice(session: Session, world: World) -> None:
    make_preorder(session, campaign="more", lines=[("TEE-INDIGO-M", 38)], paid=False)
    assert hints(session) == {}
    assert world.style.code == "TEE"


def test_without_a_plan_there_is_nothing_to_set_it_against(session: Session) -> None:
    make_world(session)
    assert campaign_advice.of_campaign(session, campaigns.offer(session, "tee")) is None


def test_a_plan_put_away_takes_no_line(session: Session, world: World) -> None:
    (plan,) = plans.listed(session, limit=5)
    admin = make_member(session, Role.ADMIN)
    plans.reject(session, plan.number, member=admin, why="not this one", at=CLOSED)
    session.flush()
    assert session.get_one(Plan, plan.id).status == PlanStatus.REJECTED
    assert campaign_advice.of_campaign(session, campaigns.offer(session, "more")) is None
    assert world.own.code == "F1"
