"""Approving again after a run was lost: who waits is served, and nobody is counted twice."""

from datetime import timedelta

from sqlmodel import Session, select

import planner
from api.domain.member import Member, Role
from api.domain.plan import Plan, Run, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaign_close, plan_approval, plans
from planner.baseline import baseline
from tests.factories import make_member, make_preorder, make_world
from tests.services.test_planning import CLOSED, proposed


def waiting(session: Session) -> tuple[Preorder, Member]:
    """One confirmed pre-order of two colours, and a planner."""
    world = make_world(session)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6), ("TEE-WHITE-S", 5)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    return preorder, make_member(session, Role.PLANNER)


def approve_only(session: Session, item: str, who: Member) -> None:
    """Approve a plan that makes one colour and leaves the other for later."""
    plan = plans.request(session, member=who, seconds=5, seed=7, at=CLOSED)
    session.flush()
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    whole = baseline(taken[1])
    part = planner.Plan(whole.problem, tuple(run for run in whole.runs if run.item == item))
    plans.propose(session, plan.id, answer=part, baseline=whole, versions={}, failure=None, at=CLOSED)
    session.flush()
    plan_approval.approve(session, plan.number, member=who, at=CLOSED)
    session.flush()


def approve_all(session: Session, who: Member) -> Plan:
    plan = plan_approval.approve(session, proposed(session, who).number, member=who, at=CLOSED)
    session.flush()
    return plan


def lose_every_run(session: Session) -> None:
    """The ERP says that the runs so far are cancelled."""
    for run in session.exec(select(Run)):
        run.move(RunStatus.CANCELLED, by="erp", at=CLOSED, why="cancelled in the ERP")
    session.flush()


def test_pieces_of_a_lost_run_do_not_make_a_pre_order_scheduled(session: Session) -> None:
    preorder, who = waiting(session)
    approve_only(session, "TEE-INDIGO", who)
    lose_every_run(session)
    approve_only(session, "TEE-WHITE", who)
    assert (preorder.status, preorder.expected_on) == (PreorderStatus.CONFIRMED, None)


def test_pieces_of_a_lost_run_do_not_keep_a_pre_order_from_being_scheduled(session: Session) -> None:
    preorder, who = waiting(session)
    approve_only(session, "TEE-INDIGO", who)
    lose_every_run(session)
    approve_all(session, who)
    assert preorder.status == PreorderStatus.SCHEDULED


def test_a_scheduled_pre_order_whose_run_is_lost_learns_its_new_day(session: Session) -> None:
    preorder, who = waiting(session)
    approve_all(session, who)
    lose_every_run(session)
    preorder.expected_on = CLOSED.date()  # what the lost runs had said
    plan = approve_all(session, who)
    runs = session.exec(select(Run).where(Run.plan_id == plan.id)).all()
    # Ready on the last day of the week, then two days on the way.
    assert preorder.expected_on == max(run.bucket_on for run in runs) + timedelta(days=6 + 2)
    assert preorder.status == PreorderStatus.SCHEDULED
