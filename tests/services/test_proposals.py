"""A factory proposes other terms: nothing moves before the planner has weighed them and a person agreed."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from api.domain.errors import (
    InvalidRequest,
    NoProposal,
    PlanOutdated,
    PlanWeighsProposal,
    RoleMissing,
    Unknown,
)
from api.domain.member import Member, Role
from api.domain.need import NeedKind
from api.domain.orderbook import BookOrderStatus
from api.domain.plan import Pegging, Plan, PlanStatus, Run, RunSku
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.production import Closure
from api.domain.proposal import Proposal, ProposalStatus
from api.domain.team import Team
from api.services import audit, campaign_close, erp_sync, needs, order_book, plan_approval, plans, proposals
from tests.factories import make_campaign, make_member, make_preorder
from tests.services.factory_desk import FactoryDesk, make_desk, weigh
from tests.services.test_planning import CLOSED

WEEK = timedelta(days=7)


def propose(session: Session, desk: FactoryDesk, *, on: date | None = None, **pieces: int) -> Proposal:
    proposal = proposals.propose(
        session,
        desk.order.reference,
        finish_on=on or desk.order.finish_on,
        quantities={f"TEE-INDIGO-{size}": n for size, n in pieces.items()},
        reason="The dye house is late",
        member=desk.worker,
        at=CLOSED,
    )
    session.flush()
    return proposal


def accept(session: Session, desk: FactoryDesk) -> Proposal:
    answered = proposals.accept(session, desk.order.reference, member=desk.planner, at=CLOSED)
    session.flush()
    return answered


def kinds(session: Session, member: Member) -> list[NeedKind]:
    return [need.kind for need in needs.of_member(session, member, at=CLOSED)]


def test_a_later_week_is_weighed_shown_and_accepted(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2))
    before = (desk.run.bucket_on, desk.run.finish_on, desk.order.finish_on)
    later = desk.order.finish_on + 3 * WEEK
    proposal = propose(session, desk, on=later)
    assert (desk.run.bucket_on, desk.run.finish_on, desk.order.finish_on) == before
    weigh(session)
    assert proposal.status == ProposalStatus.WEIGHED
    assert (desk.run.bucket_on, desk.run.finish_on, desk.order.finish_on) == before
    effects = proposal.effects or {}
    assert (effects["preorders"], effects["late_now"], effects["late"], effects["waiting"]) == (2, 0, 2, 0)
    assert effects["cost_minor"] > effects["cost_now_minor"]
    assert NeedKind.PROPOSAL in kinds(session, desk.planner)
    accept(session, desk)
    assert (desk.run.bucket_on, desk.run.finish_on) == (before[0] + 3 * WEEK, later)
    assert (desk.order.status, desk.order.finish_on) == (BookOrderStatus.ACCEPTED, later)
    for preorder in session.exec(select(Preorder)):
        assert preorder.expected_on == desk.run.ready_on + timedelta(days=2)
        assert preorder.promise_by_on < preorder.expected_on
    assert NeedKind.PROPOSAL not in kinds(session, desk.planner)


def test_a_day_in_the_same_week_costs_nothing_and_makes_nobody_late(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    proposal = propose(session, desk, on=desk.order.finish_on - timedelta(days=2))
    weigh(session)
    effects = proposal.effects or {}
    assert (effects["late"], effects["waiting"]) == (0, 0)
    assert effects["cost_minor"] == effects["cost_now_minor"]
    accept(session, desk)
    assert desk.run.start_on <= desk.run.finish_on == proposal.finish_on


def test_pieces_the_factory_cannot_make_find_another_place_and_who_paid_first_keeps_his(
    session: Session,
) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 4), ("TEE-INDIGO-M", 4))
    proposal = propose(session, desk, M=5)
    weigh(session)
    assert session.exec(select(Run)).all() == [desk.run]
    accept(session, desk)
    first, second = session.exec(select(Preorder).order_by(Preorder.number)).all()
    other = session.exec(select(Run).where(Run.id != desk.run.id)).one()
    pegged = {(peg.run_id, peg.quantity) for peg in session.exec(select(Pegging).order_by(Pegging.quantity))}
    assert pegged == {(desk.run.id, 4), (desk.run.id, 1), (other.id, 3)}
    assert {first.status, second.status} == {PreorderStatus.SCHEDULED}
    assert desk.order.quantities == {"TEE-INDIGO-M": 5} == proposal.quantities
    made = {row.run_id: row.quantity for row in session.exec(select(RunSku))}
    assert made == {desk.run.id: 5, other.id: 3}


def test_a_size_it_does_not_make_at_all_leaves_the_order(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2))
    propose(session, desk, S=0)
    weigh(session)
    accept(session, desk)
    assert desk.order.quantities == {"TEE-INDIGO-M": 6}
    assert erp_sync.erp_order(session, desk.run).lines[0].quantity == 6


def test_more_pieces_than_ordered_are_overs(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, M=9)
    weigh(session)
    accept(session, desk)
    (made,) = session.exec(select(RunSku)).all()
    assert (made.quantity, made.overs) == (9, 3)


def test_a_refused_proposal_leaves_everything_as_it_was_and_tells_the_factory_why(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    before = (desk.run.bucket_on, dict(desk.order.quantities), desk.order.finish_on)
    propose(session, desk, on=desk.order.finish_on + WEEK)
    plan = weigh(session)
    refused = proposals.refuse(
        session, desk.order.reference, why="Buyers were promised", member=desk.planner, at=CLOSED
    )
    session.flush()
    assert (refused.status, refused.answer) == (ProposalStatus.REFUSED, "Buyers were promised")
    assert (desk.run.bucket_on, desk.order.quantities, desk.order.finish_on) == before
    assert (desk.order.status, plan.status) == (BookOrderStatus.OFFERED, PlanStatus.REJECTED)


def test_what_the_planner_has_not_weighed_cannot_be_accepted(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, on=desk.order.finish_on + WEEK)
    with pytest.raises(NoProposal):
        proposals.accept(session, desk.order.reference, member=desk.planner, at=CLOSED)


def test_accepting_the_order_as_it_is_takes_the_proposal_back(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    proposal = propose(session, desk, on=desk.order.finish_on + WEEK)
    order_book.accept(session, desk.order.reference, member=desk.worker, at=CLOSED)
    assert proposal.status == ProposalStatus.WITHDRAWN
    with pytest.raises(NoProposal):
        proposals.withdraw(session, desk.order.reference, member=desk.worker, at=CLOSED)


def test_a_second_proposal_takes_the_place_of_the_first(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    first = propose(session, desk, on=desk.order.finish_on + WEEK)
    weigh(session)
    second = propose(session, desk, M=5)
    assert (first.status, second.status) == (ProposalStatus.WITHDRAWN, ProposalStatus.MADE)
    assert {one.id for one in proposals.of_run(session, desk.order.reference)} == {first.id, second.id}


def test_an_answer_to_one_factory_places_nothing_that_others_wait_for(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    make_campaign(session, desk.world.team, desk.world.style, slug="more")
    waiting = make_preorder(session, campaign="more", lines=[("TEE-WHITE-S", 8)])
    for campaign_id in campaign_close.due(session, at=CLOSED):
        campaign_close.close(session, campaign_id, at=CLOSED)
    session.flush()
    propose(session, desk, M=5)
    weigh(session)
    accept(session, desk)
    assert waiting.status == PreorderStatus.CONFIRMED
    assert NeedKind.UNPLANNED in kinds(session, desk.planner)


def test_what_changed_meanwhile_is_weighed_again_before_it_is_accepted(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    proposal = propose(session, desk, M=4)
    weigh(session)
    with pytest.raises(PlanOutdated), session.begin_nested():
        proposals.accept(session, desk.order.reference, member=desk.planner, at=CLOSED + WEEK)
    proposals.weigh_again(session, desk.order.reference, member=desk.planner, at=CLOSED + WEEK)
    assert (proposal.status, proposal.effects) == (ProposalStatus.MADE, None)
    weigh(session, at=CLOSED + WEEK)
    proposals.accept(session, desk.order.reference, member=desk.planner, at=CLOSED + WEEK)
    assert proposal.status == ProposalStatus.ACCEPTED


def test_the_plan_that_weighs_is_no_plan_to_approve(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, on=desk.order.finish_on + WEEK)
    plan = weigh(session)
    assert plan.number not in [one.number for one in plans.listed(session, limit=20)]
    assert NeedKind.PLAN not in kinds(session, desk.planner)
    with pytest.raises(PlanWeighsProposal):
        plan_approval.approve(session, plan.number, member=desk.planner, at=CLOSED)
    with pytest.raises(PlanWeighsProposal):
        plans.reject(session, plan.number, member=desk.planner, why="no", at=CLOSED)


def test_time_that_the_calendar_does_not_have_is_the_factorys_to_give(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    this_week = CLOSED.date() + timedelta(days=1)
    shut = {
        "from_on": this_week - timedelta(days=2),
        "to_on": this_week + timedelta(days=9),
        "reason": "stock",
    }
    session.add(Closure(factory_id=desk.world.own.id, **shut))
    proposal = propose(session, desk, on=this_week)
    weigh(session)
    assert (proposal.effects or {})["late"] == 0
    accept(session, desk)
    assert CLOSED.date() <= desk.run.start_on <= desk.run.finish_on == this_week


def test_two_runs_that_meet_in_one_week_stand_beside_each_other(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 4), ("TEE-INDIGO-M", 4))
    propose(session, desk, M=5)
    weigh(session)
    accept(session, desk)
    other = session.exec(select(Run).where(Run.id != desk.run.id)).one()
    other.line_id, other.bucket_on = desk.run.line_id, desk.run.bucket_on + WEEK
    session.flush()
    proposal = propose(session, desk, on=desk.order.finish_on + WEEK)
    weigh(session)
    accept(session, desk)
    assert (desk.run.bucket_on, proposal.status) == (other.bucket_on, ProposalStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("days", "pieces", "reason", "field"),
    [
        (-60, 6, "why not", "finish_on"),
        (365, 6, "why not", "finish_on"),
        (0, 6, "why not", "finish_on"),
        (7, 13, "why not", "pieces.TEE-INDIGO-M"),
        (7, -1, "why not", "pieces.TEE-INDIGO-M"),
        (7, 0, "why not", "pieces"),
        (7, 6, "  ", "reason"),
        (7, 6, "x" * 501, "reason"),
    ],
)
def test_a_proposal_that_cannot_be_names_its_field(
    session: Session, days: int, pieces: int, reason: str, field: str
) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    with pytest.raises(InvalidRequest) as refused:
        proposals.propose(
            session,
            desk.order.reference,
            finish_on=desk.order.finish_on + timedelta(days=days),
            quantities={"TEE-INDIGO-M": pieces},
            reason=reason,
            member=desk.worker,
            at=CLOSED,
        )
    assert [one["field"] for one in refused.value.fields] == [field]


def test_only_the_planner_and_the_team_of_the_style_answer(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, on=desk.order.finish_on + WEEK)
    other = Team(code="birch", name="Team Birch")
    session.add(other)
    session.flush()
    mine = make_member(session, Role.STOCK, team=desk.world.team)
    assert proposals.may_answer(session, desk.run, mine)
    assert NeedKind.PROPOSAL in kinds(session, mine)
    mine.team_id = other.id
    session.flush()
    assert NeedKind.PROPOSAL not in kinds(session, mine)
    for stranger in (mine, desk.worker):
        with pytest.raises(RoleMissing):
            proposals.refuse(session, desk.order.reference, why="no", member=stranger, at=CLOSED)


def test_a_stranger_factory_cannot_propose(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    stranger = make_member(session, Role.FACTORY, factory=desk.world.outside)
    with pytest.raises(Unknown):
        proposals.propose(
            session,
            desk.order.reference,
            finish_on=desk.order.finish_on + WEEK,
            quantities={},
            reason="why not",
            member=stranger,
            at=CLOSED,
        )


def test_every_step_is_in_the_audit_with_what_changed(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, M=5)
    weigh(session)
    accept(session, desk)
    steps = audit.history(session, "proposal", desk.order.reference)
    assert [(step.after, step.actor) for step in steps] == [
        ("made", desk.worker.actor),
        ("weighed", "system"),
        ("accepted", desk.planner.actor),
    ]
    assert "TEE-INDIGO-M 5 instead of 6" in steps[-1].why
    assert "TEE-INDIGO-M 5 instead of 6" in audit.history(session, "order", desk.order.reference)[-1].why


def test_a_plan_whose_proposal_is_gone_is_not_made(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    propose(session, desk, M=5)
    proposals.withdraw(session, desk.order.reference, member=desk.worker, at=CLOSED)
    session.flush()
    plan = session.exec(select(Plan).where(Plan.status == PlanStatus.REQUESTED)).one()
    with pytest.raises(NoProposal):
        plans.start(session, plan.id, at=CLOSED)
