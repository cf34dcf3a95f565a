"""Counter-proposals: the factory's word, the plan that weighs it, and our answer, in this order."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.catalogue import Item, Style
from api.domain.errors import NoProposal, PlanOutdated, RoleMissing, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.orderbook import BookOrder, BookOrderStatus
from api.domain.plan import PLAN_NUMBERS, Plan, PlanStatus, Run
from api.domain.proposal import OPEN, Proposal, ProposalStatus
from api.services import numbers, order_book, outbox, plan_approval, planning, plans, run_changes, weighing
from api.services.weighing import Effects

WEIGHING_SECONDS = 10
SEED = 7
SHORTEST_REASON, LONGEST_REASON = 3, 500
LATEST = timedelta(days=planning.BUCKETS * planning.BUCKET_DAYS)
"""How far ahead a factory may propose: as far as the planner looks."""

_NEGOTIABLE = (BookOrderStatus.OFFERED, BookOrderStatus.ACCEPTED)


def propose(
    session: Session,
    reference: str,
    *,
    finish_on: date,
    quantities: Mapping[str, int],
    reason: str,
    member: Member,
    at: datetime,
) -> Proposal:
    """Other terms for an order that is not begun, in the place of those proposed before.

    `quantities` are by SKU code; what is not named stays as ordered. Raises InvalidRequest.
    """
    order = order_book.get_of_factory(session, reference, member)
    if order.status not in _NEGOTIABLE:
        raise invalid("finish_on", str(finish_on), f"the order {reference} is {order.status.value}")
    wanted = {**order.quantities, **quantities}
    _check(order, finish_on, wanted, reason.strip(), today=at.date())
    order_book.withdraw_proposal(session, order, by=member.actor, at=at, why="replaced by another")
    proposal = Proposal(
        order_id=order.id,
        reference=reference,
        finish_on=finish_on,
        quantities=wanted,
        ordered_finish_on=order.finish_on,
        ordered_quantities=dict(order.quantities),
        reason=reason.strip(),
        made_at=at,
        plan_id=_ask_planner(session, reference, by=member.actor, at=at).id,
    )
    proposal.begin(by=member.actor, at=at, why=f"{proposal.in_words}: {proposal.reason}")
    session.add(proposal)
    return proposal


def _check(order: BookOrder, finish_on: date, wanted: Mapping[str, int], reason: str, *, today: date) -> None:
    if not today <= finish_on < planning.monday_of(today) + LATEST:
        last = planning.monday_of(today) + LATEST - timedelta(days=1)
        raise invalid("finish_on", str(finish_on), f"must be between {today} and {last}")
    for sku, pieces in wanted.items():
        if sku not in order.quantities:
            raise invalid(f"pieces.{sku}", pieces, f"the order {order.reference} has no such SKU")
        if not 0 <= pieces <= 2 * order.quantities[sku]:
            raise invalid(f"pieces.{sku}", pieces, f"must be between 0 and {2 * order.quantities[sku]}")
    if not any(wanted.values()):
        raise invalid("pieces", 0, "must be at least one piece")
    if finish_on == order.finish_on and wanted == order.quantities:
        raise invalid("finish_on", str(finish_on), "nothing differs from the order: accept it instead")
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise invalid("reason", reason, f"say why, in {SHORTEST_REASON} to {LONGEST_REASON} letters")


def _ask_planner(session: Session, reference: str, *, by: str, at: datetime) -> Plan:
    """Ask for the plan that weighs the proposal for a run."""
    (number,) = numbers.draw(session, PLAN_NUMBERS, 1)
    plan = Plan(
        number=number,
        requested_at=at,
        seconds=WEIGHING_SECONDS,
        seed=SEED,
        day_zero=planning.monday_of(at.date()),
        weighs=reference,
    )
    plan.begin(by=by, at=at, why=f"weighs the factory's proposal for {reference}")
    session.add(plan)
    outbox.record(session, "plan.make", subject=number, at=at, plan_id=str(plan.id))
    session.flush()
    return plan


def withdraw(session: Session, reference: str, *, member: Member, at: datetime) -> None:
    """The factory takes its proposal back; the order is as it was. Raises NoProposal."""
    order = order_book.get_of_factory(session, reference, member)
    if not order_book.withdraw_proposal(session, order, by=member.actor, at=at, why="taken back"):
        raise NoProposal(reference)


def note_plan(session: Session, plan_id: UUID, *, at: datetime) -> None:
    """The planner has answered: say what the proposal that the plan weighs would do. Harmless to repeat.

    Where what stands has changed meanwhile, it is weighed again.
    """
    proposal = session.exec(
        select(Proposal)
        .where(Proposal.plan_id == plan_id, Proposal.status == ProposalStatus.MADE)
        .with_for_update()
    ).first()
    plan = session.get_one(Plan, plan_id)
    if proposal is None or plan.status != PlanStatus.PROPOSED:
        return
    try:
        effects = _effects(session, proposal, plan, at=at)
    except PlanOutdated:
        proposal.plan_id = _ask_planner(session, proposal.reference, by=SYSTEM, at=at).id
        return
    proposal.effects = asdict(effects)
    proposal.move(
        ProposalStatus.WEIGHED,
        by=SYSTEM,
        at=at,
        why=f"plan {plan.number}: {effects.later} pre-orders more are late, "
        f"cost {effects.cost_change_minor:+}",
    )


def _effects(session: Session, proposal: Proposal, plan: Plan, *, at: datetime) -> Effects:
    """Accept it as if, and look."""
    behind = weighing.served(session, proposal)
    now = weighing.punctuality(session, behind)
    cost_now, cost = weighing.costs(session, proposal, plan, at=at)
    with run_changes.as_if(session):
        _enact(session, proposal, plan, by=SYSTEM, at=at)
        then = weighing.punctuality(session, behind)
    return Effects(
        preorders=len(behind),
        late_now=now.late,
        late=then.late,
        days=then.days,
        waiting=then.waiting,
        cost_now_minor=cost_now,
        cost_minor=cost,
    )


def _enact(session: Session, proposal: Proposal, plan: Plan, *, by: str, at: datetime) -> None:
    """The run as proposed, and the plan's runs for the pieces that lose their place. Raises PlanOutdated."""
    demand = weighing.demand(session, proposal, at=at)
    weighing.change(session, proposal, at=at)
    plan_approval.enact(session, plan, demand, by=by, at=at)
    session.flush()


def accept(session: Session, reference: str, *, member: Member, at: datetime) -> Proposal:
    """Agree to what the plan has weighed: order, run and pre-orders change, and so does who serves whom.

    Raises NoProposal where none is weighed, PlanOutdated where something has changed since it was.
    """
    order, proposal = _to_answer(session, reference, member)
    if proposal.status != ProposalStatus.WEIGHED:
        raise NoProposal(reference)
    session.refresh(weighing.run_of(session, reference), with_for_update=True)
    plan_approval.wait_for_turn(session)
    plan = plans.get_for_update(session, proposal.plan_id)
    plan.move(PlanStatus.APPROVED, by=member.actor, at=at, why=f"the proposal for {reference} was accepted")
    _enact(session, proposal, plan, by=member.actor, at=at)
    _change_order(session, order, proposal, by=member.actor, at=at)
    proposal.move(ProposalStatus.ACCEPTED, by=member.actor, at=at, why=proposal.in_words)
    proposal.answered_at = at
    return proposal


def _change_order(session: Session, order: BookOrder, proposal: Proposal, *, by: str, at: datetime) -> None:
    """The order as agreed; whoever proposed it need not accept it again."""
    order.quantities = {sku: pieces for sku, pieces in proposal.quantities.items() if pieces}
    order.finish_on, order.expected_on, order.changed_at = proposal.finish_on, None, at
    order.start_on = weighing.run_of(session, order.reference).start_on
    why = f"as the factory proposed: {proposal.in_words}"
    if order.status == BookOrderStatus.OFFERED:
        order.move(BookOrderStatus.ACCEPTED, by=by, at=at, why=why)
    else:
        session.add(order_book.remark(order, by=by, at=at, why=why))


def refuse(session: Session, reference: str, *, why: str, member: Member, at: datetime) -> Proposal:
    """Say no, with words for the factory; the order stays as it is."""
    _, proposal = _to_answer(session, reference, member)
    plan = plans.get_for_update(session, proposal.plan_id)
    if plan.status == PlanStatus.PROPOSED:
        plan.move(
            PlanStatus.REJECTED, by=member.actor, at=at, why=f"the proposal for {reference} was refused"
        )
    proposal.move(ProposalStatus.REFUSED, by=member.actor, at=at, why=why)
    proposal.answer, proposal.answered_at = why[:LONGEST_REASON], at
    return proposal


def weigh_again(session: Session, reference: str, *, member: Member, at: datetime) -> Proposal:
    """Ask the planner once more, where it found no plan or what stands has changed since."""
    _, proposal = _to_answer(session, reference, member)
    plan = plans.get_for_update(session, proposal.plan_id)
    if plan.status in (PlanStatus.REQUESTED, PlanStatus.COMPUTING):
        return proposal
    if plan.status == PlanStatus.PROPOSED:
        plan.move(PlanStatus.REJECTED, by=member.actor, at=at, why="weighed again")
    if proposal.status == ProposalStatus.WEIGHED:
        proposal.move(ProposalStatus.MADE, by=member.actor, at=at, why="weighed again")
    proposal.effects = None
    proposal.plan_id = _ask_planner(session, reference, by=member.actor, at=at).id
    return proposal


def may_answer(session: Session, run: Run, member: Member) -> bool:
    """Whether a member answers the factory on this run: a planner, or the team whose style it is."""
    try:
        must_answer(session, run, member)
    except RoleMissing:
        return False
    return True


def _to_answer(session: Session, reference: str, member: Member) -> tuple[BookOrder, Proposal]:
    run = weighing.run_of(session, reference)
    must_answer(session, run, member)
    order = order_book.get_for_update(session, reference)
    proposal = session.exec(
        select(Proposal)
        .where(Proposal.order_id == order.id, col(Proposal.status).in_(OPEN))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if proposal is None:
        raise NoProposal(reference)
    return order, proposal


def must_answer(session: Session, run: Run, member: Member) -> None:
    """Raises RoleMissing for whoever may not answer the factory on this run."""
    member.must_have(Right.ANSWER_FACTORY)
    style = session.get_one(Style, session.get_one(Item, run.item_id).style_id)
    if member.team_id is not None and member.team_id != style.team_id:
        raise RoleMissing(Right.ANSWER_FACTORY.value, member.role.value)


def of_run(session: Session, reference: str) -> list[Proposal]:
    """Every proposal for a run, the latest first."""
    query = select(Proposal).where(Proposal.reference == reference).order_by(col(Proposal.made_at).desc())
    return list(session.exec(query).all())
