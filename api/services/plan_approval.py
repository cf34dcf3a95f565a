"""What an approval sets off: runs on their days, who gets what, cloth to buy, orders to push."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, select

import planner
from api.domain.catalogue import Fabric, FabricArrival, Item, Sku
from api.domain.errors import NothingToPlan, PlanOutdated, PlanWeighsProposal
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.plan import RUN_NUMBERS, Pegging, Plan, PlanStatus, Run, RunSku, RunStatus
from api.domain.production import Closure, Factory, ProductionLine, day_of_second
from api.services import numbers, outbox, planning, plans, scheduling
from planner.pegging import Peg, peg

_APPROVALS = 0x706C616E  # "plan": the advisory lock that approvals take


def approve(session: Session, number: str, *, member: Member, at: datetime) -> Plan:
    """Make exactly this plan happen: its runs, who gets what, the cloth to buy, and the orders to push.

    Pegs in force stay as they are: only pieces that no run holds, or a lost one held, are pegged.
    Raises PlanOutdated where the confirmed demand or the released runs are no longer those it was made from.
    """
    member.must_have(Right.APPROVE_PLAN)
    plan = plans.get_for_update(session, plans.get_by_number(session, number).id)
    if plan.weighs is not None:
        raise PlanWeighsProposal(plan.number, plan.weighs)
    plan.move(PlanStatus.APPROVED, by=member.actor, at=at, why="approved")
    wait_for_turn(session)
    enact(session, plan, planning.load(session, at=at), by=member.actor, at=at)
    return plan


def wait_for_turn(session: Session) -> None:
    """Two approvals at once would serve the same lines twice: the second must see the first."""
    session.execute(select(func.pg_advisory_xact_lock(_APPROVALS)))


def enact(session: Session, plan: Plan, demand: planning.Demand, *, by: str, at: datetime) -> None:
    """What the plan says happens: runs, pegs, cloth, and orders to push. Raises PlanOutdated."""
    problem, answer = planner.Problem.from_json(plan.problem), planner.Plan.from_json(plan.answer)
    _must_match(plan, problem, demand)
    plan.approved_at = at
    frozen = {run.cell for run in problem.frozen}
    fresh = [run for run in answer.runs if run.cell not in frozen]
    runs = _make_runs(session, plan, answer, fresh, by=by, at=at)
    _peg(session, runs, peg(fresh, demand.atoms), at=at)
    _buy_fabric(session, plan, problem, answer)
    for run in runs.values():
        outbox.record(session, "erp.push_run", subject=run.number, at=at, run_id=str(run.id))


def outdated(session: Session, plan: Plan, *, at: datetime) -> PlanOutdated | None:
    """Why a proposed plan could not be approved any more, or None."""
    try:
        _must_match(plan, planner.Problem.from_json(plan.problem), planning.load(session, at=at))
    except PlanOutdated as refusal:
        return refusal
    except NothingToPlan:
        return PlanOutdated(plan.number, "nothing waits for a run any more")
    return None


def _must_match(plan: Plan, made_for: planner.Problem, demand: planning.Demand) -> None:
    now = demand.problem
    if plan.day_zero != demand.day_zero:
        raise PlanOutdated(plan.number, "a new week has begun")
    if made_for.lots != now.lots:
        raise PlanOutdated(plan.number, "pre-orders were confirmed, cancelled or planned since")
    if {r.cell for r in made_for.frozen} != {r.cell for r in now.frozen}:
        raise PlanOutdated(plan.number, "runs were released or finished since")


def _make_runs(
    session: Session, plan: Plan, answer: planner.Plan, fresh: Sequence[planner.Run], *, by: str, at: datetime
) -> dict[str, Run]:
    """A run of ours for each of the planner's, on the days its place in the schedule falls on."""
    items = {i.code: i for i in session.exec(select(Item))}
    skus = {s.code: s for s in session.exec(select(Sku))}
    floor = _Floor(session)
    slots = {slot.run: slot for slot in answer.schedule}
    runs = {}
    for number, planned in zip(numbers.draw(session, RUN_NUMBERS, len(fresh)), fresh, strict=True):
        bucket_on = plan.day_zero + timedelta(days=planned.bucket * planning.BUCKET_DAYS)
        slot = slots.get(planned.id)
        start_on, finish_on = floor.days(
            planned.line,
            bucket_on,
            (slot.start_second - slot.changeover_seconds, slot.end_second) if slot else None,
        )
        line = floor.lines[planned.line]
        run = Run(
            number=number,
            plan_id=plan.id,
            item_id=items[planned.item].id,
            line_id=line.id,
            bucket_on=bucket_on,
            start_on=start_on,
            finish_on=finish_on,
            mode=floor.factories[line.factory_id].mode,
        )
        run.begin(by=SYSTEM, at=at, why=f"planned by {plan.number}")
        run.move(RunStatus.APPROVED, by=by, at=at, why=f"plan {plan.number} was approved")
        session.add(run)
        runs[planned.id] = run
    session.flush()
    for planned in fresh:
        for sku, (quantity, overs) in _quantities(planned).items():
            session.add(
                RunSku(run_id=runs[planned.id].id, sku_id=skus[sku].id, quantity=quantity, overs=overs)
            )
    return runs


def _quantities(planned: planner.Run) -> dict[str, tuple[int, int]]:
    """Pieces in all and overs among them, by SKU."""
    made: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for piece in planned.pieces:
        made[piece.sku][0] += piece.quantity
    for over in planned.overs:
        made[over.sku][0] += over.quantity
        made[over.sku][1] += over.quantity
    return {sku: (quantity, overs) for sku, (quantity, overs) in made.items()}


class _Floor:
    """Production lines by code, with what their calendars say."""

    def __init__(self, session: Session) -> None:
        self.lines = {line.code: line for line in session.exec(select(ProductionLine))}
        self.factories = {factory.id: factory for factory in session.exec(select(Factory))}
        self._closures: dict[UUID, list[Closure]] = defaultdict(list)
        for closure in session.exec(select(Closure)):
            self._closures[closure.factory_id].append(closure)

    def days(self, line_code: str, bucket_on: date, seconds: tuple[int, int] | None) -> tuple[date, date]:
        """First and last calendar day of a stretch of working seconds; the whole bucket without one."""
        last = bucket_on + timedelta(days=planning.BUCKET_DAYS - 1)
        if seconds is None:
            return bucket_on, last
        line = self.lines[line_code]
        closures = self._closures[line.factory_id]
        first, until = (
            day_of_second(line, closures, from_on=bucket_on, days=planning.BUCKET_DAYS, second=second)
            for second in (seconds[0] + 1, seconds[1])
        )
        return first, until


def _peg(session: Session, runs: dict[str, Run], pegs: Sequence[Peg], *, at: datetime) -> None:
    """Write who gets what, and move what is wholly served on."""
    skus = {s.code: s.id for s in session.exec(select(Sku))}
    for one in pegs:
        session.add(
            Pegging(
                run_id=runs[one.run].id,
                preorder_line_id=UUID(one.atom),
                sku_id=skus[one.sku],
                lot=one.lot,
                quantity=one.quantity,
            )
        )
    session.flush()
    served = scheduling.served_by(session, [run.id for run in runs.values()])
    scheduling.schedule(session, served, at=at)


def _buy_fabric(session: Session, plan: Plan, problem: planner.Problem, answer: planner.Plan) -> None:
    fabrics = {f.code: f for f in session.exec(select(Fabric))}
    for order in answer.purchases:
        rule = problem.find.fabric[order.fabric].purchase
        weeks = order.bucket + (rule.lead_buckets if rule else 0)
        arrives_on = plan.day_zero + timedelta(days=weeks * planning.BUCKET_DAYS)
        session.add(
            FabricArrival(
                fabric_id=fabrics[order.fabric].id,
                plan_id=plan.id,
                quantity_cm=order.quantity,
                arrives_on=arrives_on,
            )
        )
