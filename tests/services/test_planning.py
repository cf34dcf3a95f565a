from datetime import timedelta

import pytest
from sqlalchemy import inspect
from sqlmodel import Session, select

import planner
from api.domain.campaign import CampaignStatus
from api.domain.catalogue import FabricArrival
from api.domain.errors import IllegalMove, NothingToPlan, PlanOutdated, RoleMissing
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Pegging, Plan, PlanStatus, Run, RunStatus
from api.domain.preorder import PreorderLine, PreorderStatus
from api.domain.production import Closure
from api.services import campaign_close, plan_approval, planning, plans
from planner.baseline import baseline
from planner.check import violations
from tests.factories import World, make_campaign, make_member, make_preorder, make_world
from tests.fixtures import TODAY

CLOSED = TODAY + timedelta(days=1)


def decided(session: Session, *lines: tuple[str, int]) -> World:
    world = make_world(session)
    for line in lines or (("TEE-INDIGO-M", 6), ("TEE-WHITE-S", 5)):
        make_preorder(session, lines=[line])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    return world


def proposed(session: Session, planner_member: Member) -> Plan:
    plan = plans.request(session, member=planner_member, seconds=5, seed=7, at=CLOSED)
    session.flush()
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    first = baseline(taken[1])
    plans.propose(
        session, plan.id, answer=first, baseline=first, versions={"test": "1"}, failure=None, at=CLOSED
    )
    session.flush()
    return plan


def test_lots_lose_nothing_and_add_nothing(session: Session) -> None:
    decided(session)
    demand = planning.load(session, at=CLOSED)
    ordered = sum(line.quantity for line in session.exec(select(PreorderLine)))
    assert sum(lot.quantity for lot in demand.problem.lots) == ordered == 11
    assert sum(atom.quantity for atom in demand.atoms) == ordered


def test_alike_lines_share_a_lot_and_consents_part_them(session: Session) -> None:
    world = make_world(session)
    for other_colour in (False, False, True):
        make_preorder(session, lines=[("TEE-INDIGO-M", 2)], other_colour=other_colour)
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    lots = planning.load(session, at=CLOSED).problem.lots
    assert sorted(lot.quantity for lot in lots) == [2, 4]
    (consenting,) = [lot for lot in lots if lot.substitutes]
    assert [(s.sku, s.maximum) for s in consenting.substitutes] == [("TEE-WHITE-M", 2)]


def test_a_size_consent_offers_the_neighbours_and_no_others(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 5)], next_size=True)
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    (lot,) = planning.load(session, at=CLOSED).problem.lots
    assert {s.sku for s in lot.substitutes} == {"TEE-INDIGO-S", "TEE-INDIGO-L"}


def test_a_closed_factory_has_no_time_in_those_weeks(session: Session) -> None:
    world = decided(session)
    first = planning.monday_of(CLOSED.date()) + timedelta(days=14)
    session.add(
        Closure(
            factory_id=world.own.id, from_on=first, to_on=first + timedelta(days=6), reason="Spring Festival"
        )
    )
    session.flush()
    lines = {line.id: line.capacity for line in planning.load(session, at=CLOSED).problem.lines}
    assert [seconds > 0 for seconds in lines["F1-1"][:4]] == [True, True, False, True]
    assert all(lines["F2-1"])


def test_nothing_confirmed_is_nothing_to_plan(session: Session) -> None:
    make_world(session)
    with pytest.raises(NothingToPlan):
        planning.load(session, at=CLOSED)


def test_an_approved_plan_pegs_every_piece_and_orders_every_run_once(session: Session) -> None:
    world = decided(session)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    runs = session.exec(select(Run)).all()
    assert {run.status for run in runs} == {RunStatus.APPROVED}
    assert sum(peg.quantity for peg in session.exec(select(Pegging))) == 11
    pushes = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "erp.push_run")).all()
    assert sorted(m.subject for m in pushes) == sorted(run.number for run in runs)
    assert world.campaign.status == CampaignStatus.IN_PRODUCTION


def test_a_scheduled_pre_order_knows_its_day_and_keeps_its_promise(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    promise = preorder.promise_by_on
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    assert preorder.status == PreorderStatus.SCHEDULED
    assert preorder.expected_on is not None
    assert preorder.promise_by_on == promise


def test_a_plan_is_approved_once_and_by_a_person_with_the_right(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    plan = proposed(session, who)
    with pytest.raises(RoleMissing):
        plan_approval.approve(session, plan.number, member=make_member(session, Role.STOCK), at=CLOSED)
    plan_approval.approve(session, plan.number, member=who, at=CLOSED)
    with pytest.raises(IllegalMove):
        plan_approval.approve(session, plan.number, member=who, at=CLOSED)


def test_a_plan_made_before_demand_changed_is_not_approved(session: Session) -> None:
    world = decided(session)
    who = make_member(session, Role.PLANNER)
    plan = proposed(session, who)
    make_campaign(session, world.team, world.style, slug="more")
    make_preorder(session, campaign="more", lines=[("TEE-WHITE-L", 7)])
    more = campaign_close.due(session, at=CLOSED)
    for campaign_id in more:
        campaign_close.close(session, campaign_id, at=CLOSED)
    session.flush()
    with pytest.raises(PlanOutdated):
        plan_approval.approve(session, plan.number, member=who, at=CLOSED)


def test_the_second_of_two_plans_for_the_same_demand_is_outdated(session: Session) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first, second = proposed(session, who), proposed(session, who)
    plan_approval.approve(session, first.number, member=who, at=CLOSED)
    session.flush()
    with pytest.raises(NothingToPlan):
        plan_approval.approve(session, second.number, member=who, at=CLOSED)


def test_a_later_plan_works_around_what_is_released(session: Session) -> None:
    world = decided(session)
    who = make_member(session, Role.PLANNER)
    plan_approval.approve(session, proposed(session, who).number, member=who, at=CLOSED)
    make_campaign(session, world.team, world.style, slug="more")
    make_preorder(session, campaign="more", lines=[("TEE-INDIGO-M", 8)])
    for campaign_id in campaign_close.due(session, at=CLOSED):
        campaign_close.close(session, campaign_id, at=CLOSED)
    session.flush()
    problem = planning.load(session, at=CLOSED).problem
    frozen_pieces = sum(run.quantity for run in problem.frozen)
    assert (frozen_pieces, sum(lot.quantity for lot in problem.lots)) == (11, 19)
    assert violations(problem, baseline(problem)) == []


def test_cloth_bought_by_a_plan_is_there_for_the_next(session: Session) -> None:
    world = decided(session)
    who = make_member(session, Role.PLANNER)
    plan = proposed(session, who)
    fabric = world.items["indigo"].fabric_id
    day = plan.day_zero + timedelta(days=21)
    session.add(FabricArrival(fabric_id=fabric, plan_id=plan.id, quantity_cm=40_000, arrives_on=day))
    session.flush()
    known = planning.load(session, at=CLOSED).problem.find.fabric["JERSEY-INDIGO"]
    assert known.arrivals == ((0, 500_000), (3, 40_000))


def test_an_answer_that_breaks_a_rule_is_never_offered(session: Session) -> None:
    decided(session)
    plan = plans.request(session, member=make_member(session, Role.PLANNER), seconds=5, seed=7, at=CLOSED)
    session.flush()
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    good = baseline(taken[1])
    doubled = good.stating(
        runs=tuple(
            planner.Run(r.id, r.item, r.line, r.bucket, (*r.pieces, *r.pieces), r.overs) for r in good.runs
        )
    )
    plans.propose(session, plan.id, answer=doubled, baseline=good, versions={}, failure=None, at=CLOSED)
    assert plan.status == PlanStatus.FAILED


def test_the_record_replays(session: Session) -> None:
    decided(session)
    plan = proposed(session, make_member(session, Role.PLANNER))
    problem = planner.Problem.from_json(plan.problem)
    assert problem.digest() == plan.digest
    assert plan.cost is not None
    assert planner.Plan.from_json(plan.answer).runs == baseline(problem).runs


def test_a_colour_that_is_being_made_has_met_its_minimum(session: Session) -> None:
    world = make_world(session)
    world.items["indigo"].minimum = 6
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    who = make_member(session, Role.PLANNER)
    plan_approval.approve(session, proposed(session, who).number, member=who, at=CLOSED)
    make_campaign(session, world.team, world.style, slug="more", minimum=1)
    make_preorder(session, campaign="more", lines=[("TEE-INDIGO-M", 2)])
    for campaign_id in campaign_close.due(session, at=CLOSED):
        campaign_close.close(session, campaign_id, at=CLOSED)
    session.flush()
    problem = planning.load(session, at=CLOSED).problem
    assert problem.find.item["TEE-INDIGO"].minimum == 0
    assert violations(problem, baseline(problem)) == []


def test_a_list_of_plans_knows_what_becomes_of_their_pieces_and_reads_no_problem(session: Session) -> None:
    decided(session)
    plan = proposed(session, make_member(session, Role.PLANNER))
    assert plan.outcome == {
        "runs": len(plan.answer["runs"]) if plan.answer else 0,
        "pieces": 11,
        "on_time": 11,
        "late": 0,
        "unfilled": 0,
        "lower_bound": None,
    }
    session.expunge_all()
    (row,) = plans.listed(session, limit=5)
    assert {"problem", "answer", "baseline"} <= inspect(row).unloaded
