"""A plan from the wish for one to the decision over it; what approval sets off is in `plan_approval`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

import planner
from api.domain.errors import NothingToPlan, PlanWeighsProposal, Unknown, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.plan import PLAN_NUMBERS, Plan, PlanStatus
from api.services import numbers, outbox, plan_before, plan_reading, planning, weighing
from planner.check import cost, violations

LONGEST_SECONDS = 600
USUAL_SECONDS, USUAL_SEED = 60, 1
"""Of a plan that nobody asked for in person."""
_ONE_WISH = 0x77697368  # "wish": two workers that hear of decided campaigns ask once
EXPLAINING = "explaining"
"""What the planner is doing, in its progress, when the plan is found and its reasons are tried out."""


def request(
    session: Session, *, member: Member, seconds: int, seed: int, at: datetime, from_scratch: bool = False
) -> Plan:
    """Ask the planner for a plan of everything confirmed; raises NothingToPlan where there is nothing.

    It begins from the plan before, as far as that still stands, unless `from_scratch`.
    """
    member.must_have(Right.MAKE_PLAN)
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise invalid("seconds", seconds, f"must be 1 to {LONGEST_SECONDS}")
    return _request(session, by=member.actor, seconds=seconds, seed=seed, at=at, from_scratch=from_scratch)


def request_for_decided(session: Session, *, at: datetime) -> Plan | None:
    """Ask for a plan because campaigns were decided; None where one is on its way or nothing waits."""
    session.execute(select(func.pg_advisory_xact_lock(_ONE_WISH)))
    on_its_way = (PlanStatus.REQUESTED, PlanStatus.COMPUTING)
    everything = col(Plan.weighs).is_(None)
    if session.exec(select(Plan.id).where(everything, col(Plan.status).in_(on_its_way))).first() is not None:
        return None
    try:
        return _request(session, by=SYSTEM, seconds=USUAL_SECONDS, seed=USUAL_SEED, at=at, from_scratch=False)
    except NothingToPlan:
        return None


def _request(session: Session, *, by: str, seconds: int, seed: int, at: datetime, from_scratch: bool) -> Plan:
    demand = planning.load(session, at=at)
    (number,) = numbers.draw(session, PLAN_NUMBERS, 1)
    plan = Plan(
        number=number,
        requested_at=at,
        seconds=seconds,
        seed=seed,
        day_zero=demand.day_zero,
        from_scratch=from_scratch,
    )
    plan.begin(by=by, at=at, why=f"{len(demand.atoms)} pre-order lines wait for a run")
    session.add(plan)
    outbox.record(session, "plan.make", subject=plan.number, at=at, plan_id=str(plan.id))
    return plan


def start(session: Session, plan_id: UUID, *, at: datetime) -> tuple[Plan, planner.Problem] | None:
    """Fix the problem a plan answers and the plan it begins from, when the planner takes it up.

    None when it was answered already. A plan that weighs a proposal begins from scratch:
    little in it is free. Taken up again after a crash it answers the problem as it is then, not as it was.
    """
    plan = get_for_update(session, plan_id)
    if plan.status == PlanStatus.REQUESTED:
        plan.move(PlanStatus.COMPUTING, by=SYSTEM, at=at, why="the planner took it up")
    if plan.status != PlanStatus.COMPUTING:
        return None
    demand = weighing.demand_of(session, plan, at=at) if plan.weighs else planning.load(session, at=at)
    plan.problem, plan.digest = demand.problem.to_json(), demand.problem.digest()
    plan.day_zero = demand.day_zero
    alone = plan.from_scratch or plan.weighs is not None
    plan.begun_from = None if alone else plan_before.find(session, at=plan.requested_at)
    return plan, demand.problem


def note_progress(session: Session, plan_id: UUID, progress: dict[str, Any], *, at: datetime) -> bool:
    """Show how far the planner is and that it is at work; returns whether a person asked it to stop."""
    plan = session.get_one(Plan, plan_id)
    outbox.hold(session, "plan.make", plan.number, at=at)
    plan.progress = progress
    return plan.stop_requested


def stop(session: Session, number: str, *, member: Member) -> Plan:
    """Ask the planner to answer with the best it has."""
    member.must_have(Right.MAKE_PLAN)
    plan = get_for_update(session, get_by_number(session, number).id)
    plan.stop_requested = True
    return plan


def propose(
    session: Session,
    plan_id: UUID,
    *,
    answer: planner.Plan,
    baseline: planner.Plan,
    versions: dict[str, str],
    failure: str | None,
    at: datetime,
    prices: dict[str, Any] | None = None,
) -> Plan:
    """Keep the planner's answer beside the baseline, priced and verified by our own checker.

    `failure` says what ended the search early: the plan is then the best found before, and is labelled so.
    `prices` are its shadow prices, as `plan_worth.kept` writes them.

    A plan that breaks a rule fails with the rule's words: it can never be approved.
    """
    plan = get_for_update(session, plan_id)
    if plan.status != PlanStatus.COMPUTING:
        return plan
    problem = planner.Problem.from_json(plan.problem)
    broken = violations(problem, answer)
    plan.answer, plan.baseline, plan.versions = answer.to_json(), baseline.to_json(), versions
    plan.prices = prices
    plan.progress = {"failure": failure} if failure else None
    plan.outcome = asdict(plan_reading.outcome(problem, answer))
    plan.cost = {"plan": _parts(problem, answer), "baseline": _parts(problem, baseline)}
    if broken:
        plan.move(PlanStatus.FAILED, by=SYSTEM, at=at, why=f"breaks rule {broken[0].rule}: {broken[0].text}")
    else:
        plan.move(PlanStatus.PROPOSED, by=SYSTEM, at=at, why=f"cost {plan.cost['plan']['total']}")
    return plan


def _parts(problem: planner.Problem, plan: planner.Plan) -> dict[str, int]:
    priced = cost(problem, plan)
    return {**asdict(priced), "total": priced.total}


def fail(session: Session, plan_id: UUID, *, why: str, at: datetime) -> None:
    """There is no plan, and why: for the person who asked."""
    plan = get_for_update(session, plan_id)
    if plan.status in (PlanStatus.REQUESTED, PlanStatus.COMPUTING):
        plan.move(PlanStatus.FAILED, by=SYSTEM, at=at, why=why)


def reject(session: Session, number: str, *, member: Member, why: str, at: datetime) -> Plan:
    """A person with the right does not want this plan."""
    member.must_have(Right.APPROVE_PLAN)
    plan = get_for_update(session, get_by_number(session, number).id)
    if plan.weighs is not None:
        raise PlanWeighsProposal(plan.number, plan.weighs)
    plan.move(PlanStatus.REJECTED, by=member.actor, at=at, why=why)
    return plan


def get_by_number(session: Session, number: str) -> Plan:
    """The plan, or Unknown."""
    plan = session.exec(select(Plan).where(Plan.number == number)).first()
    if plan is None:
        raise Unknown("plan", number)
    return plan


def get_for_update(session: Session, plan_id: UUID) -> Plan:
    return session.exec(
        select(Plan).where(Plan.id == plan_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def listed(session: Session, *, limit: int) -> Sequence[Plan]:
    """The latest plans of everything first, without problems and answers, which are loaded when asked for."""
    large = [defer(getattr(Plan, name)) for name in ("problem", "answer", "baseline", "prices")]
    return session.exec(
        select(Plan)
        .options(*large)
        .where(col(Plan.weighs).is_(None))
        .order_by(col(Plan.requested_at).desc())
        .limit(limit)
    ).all()


def being_made(session: Session) -> Plan | None:
    """The plan the planner is at, or the one it takes up next."""
    waiting = col(Plan.status).in_([PlanStatus.REQUESTED, PlanStatus.COMPUTING])
    first = (col(Plan.status) == PlanStatus.COMPUTING).desc(), col(Plan.requested_at)
    return session.exec(select(Plan).where(waiting).order_by(*first).limit(1)).first()


def last_approved_at(session: Session) -> datetime | None:
    """When a plan was approved last: every plan asked for before is overtaken."""
    return session.exec(select(func.max(Plan.approved_at))).one()
