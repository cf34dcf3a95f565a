"""What a factory's proposal would do: the planner's problem as if it were accepted, and its effects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import planner
from api.domain.errors import NoProposal, Unknown
from api.domain.plan import Plan, Run
from api.domain.preorder import Preorder
from api.domain.proposal import OPEN, Proposal
from api.services import planning, run_changes, scheduling


@dataclass(frozen=True, slots=True)
class Effects:
    """A proposal against what was ordered, for whoever answers it; money in minor units.

    ``late`` of the ``preorders`` that the run serves would arrive after their promise, by up to ``days``
    days; ``late_now`` do already. ``waiting`` would have no place. Costs are the planner's.
    """

    preorders: int
    late_now: int
    late: int
    days: int
    waiting: int
    cost_now_minor: int
    cost_minor: int

    @property
    def later(self) -> int:
        """Pre-orders that become late by it."""
        return max(0, self.late - self.late_now)

    @property
    def cost_change_minor(self) -> int:
        return self.cost_minor - self.cost_now_minor


def run_of(session: Session, reference: str) -> Run:
    """The run behind an order; raises Unknown."""
    run = session.exec(select(Run).where(Run.number == reference)).first()
    if run is None:
        raise Unknown("run", reference)
    return run


def change(session: Session, proposal: Proposal, *, at: datetime) -> set[UUID]:
    """The run as the factory proposes it; returns the pre-order lines that lose their place."""
    run = run_of(session, proposal.reference)
    return run_changes.change(
        session, run, finish_on=proposal.finish_on, quantities=proposal.quantities, at=at
    )


def demand(session: Session, proposal: Proposal, *, at: datetime) -> planning.Demand:
    """Every run as it stands, this one as proposed, and the pieces it would make no more.

    What else waits for a plan stays out: the answer to one factory decides nothing about others.
    """
    with run_changes.as_if(session):
        return planning.load(session, at=at, only=change(session, proposal, at=at))


def demand_of(session: Session, plan: Plan, *, at: datetime) -> planning.Demand:
    """What a plan that weighs a proposal is made from; raises NoProposal where that is answered by now."""
    mine = Proposal.plan_id == plan.id
    proposal = session.exec(select(Proposal).where(mine, col(Proposal.status).in_(OPEN))).first()
    if proposal is None:
        raise NoProposal(plan.weighs or "")
    return demand(session, proposal, at=at)


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Of some pre-orders: how many arrive late, by how many days at most, and how many have no place."""

    late: int
    days: int
    waiting: int


def punctuality(session: Session, preorder_ids: set[UUID]) -> Punctuality:
    behind = session.exec(select(Preorder).where(col(Preorder.id).in_(preorder_ids))).all()
    days = [(p.expected_on - p.promise_by_on).days for p in behind if p.expected_on is not None]
    late = [one for one in days if one > 0]
    return Punctuality(len(late), max(late, default=0), len(behind) - len(days))


def costs(session: Session, proposal: Proposal, plan: Plan, *, at: datetime) -> tuple[int, int]:
    """The planner's cost of all runs as they stand, and with the proposal, in minor units."""
    problem, answer = planner.Problem.from_json(plan.problem), planner.Plan.from_json(plan.answer)
    found = planner.compare(problem, _as_it_stands(session, proposal, at=at), answer)
    return found.cost_before.total, found.cost_after.total


def _as_it_stands(session: Session, proposal: Proposal, *, at: datetime) -> planner.Plan:
    """The runs as ordered; one whose week has passed unaccepted would be made this week at the earliest."""
    run = run_of(session, proposal.reference)
    with run_changes.as_if(session):
        if run.finish_on < at.date():
            made = proposal.ordered_quantities
            run_changes.change(session, run, finish_on=at.date(), quantities=made, at=at)
        now = planning.load(session, at=at, only=())
    return planner.Plan(now.problem.name, now.problem.frozen)


def served(session: Session, proposal: Proposal) -> set[UUID]:
    """The pre-orders for which the run makes a piece."""
    return scheduling.served_by(session, [run_of(session, proposal.reference).id])
