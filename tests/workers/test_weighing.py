"""The planner's worker weighs a proposal with the real search, also when it was killed between two steps."""

from datetime import timedelta

from sqlmodel import Session, select

from api.domain.plan import Plan, PlanStatus
from api.domain.proposal import ProposalStatus
from api.services import proposals
from tests.services.factory_desk import FactoryDesk, make_desk
from tests.services.test_planning import CLOSED
from workers import planning


def propose(session: Session, desk: FactoryDesk) -> Plan:
    proposal = proposals.propose(
        session,
        desk.order.reference,
        finish_on=desk.order.finish_on + timedelta(days=21),
        quantities={"TEE-INDIGO-M": 5},
        reason="The dye house is late",
        member=desk.worker,
        at=CLOSED,
    )
    session.flush()
    return session.get_one(Plan, proposal.plan_id)


def test_what_a_factory_proposes_is_weighed_by_the_planner(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2))
    plan = propose(session, desk)
    planning.make_plan(str(plan.id))
    session.expire_all()
    assert plan.status == PlanStatus.PROPOSED
    (weighed,) = proposals.of_run(session, desk.run.number)
    assert weighed.status == ProposalStatus.WEIGHED
    effects = weighed.effects or {}
    # A single piece is not worth a run of its own: whose it was waits, the other is late.
    assert (effects["preorders"], effects["late"], effects["waiting"]) == (2, 1, 1)


def test_a_plan_that_was_made_but_not_told_is_told_by_the_next_try(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    plan = propose(session, desk)
    planning._make(plan.id)
    session.expire_all()
    assert [one.status for one in proposals.of_run(session, desk.run.number)] == [ProposalStatus.MADE]
    planning.make_plan(str(plan.id))
    session.expire_all()
    assert [one.status for one in proposals.of_run(session, desk.run.number)] == [ProposalStatus.WEIGHED]


def test_a_proposal_taken_back_before_the_planner_came_ends_its_plan(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    plan = propose(session, desk)
    proposals.withdraw(session, desk.order.reference, member=desk.worker, at=CLOSED)
    session.flush()
    planning.make_plan(str(plan.id))
    session.expire_all()
    assert session.exec(select(Plan.status).where(Plan.id == plan.id)).one() == PlanStatus.FAILED
