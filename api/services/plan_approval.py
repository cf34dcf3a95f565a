"""What an approval sets off: runs on their days, who gets what, cloth to buy, orders to push."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

import planner
from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import Fabric, FabricArrival, Item, Sku
from api.domain.errors import NothingToPlan, PlanOutdated
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.plan import RUN_NUMBERS, Pegging, Plan, PlanStatus, Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import Closure, Factory, Lane, ProductionLine, day_of_second
from api.services import numbers, outbox, planning, plans
from planner.pegging import Peg, peg

_APPROVALS = 0x706C616E  # "plan": the advisory lock that approvals take


def approve(session: Session, number: str, *, member: Member, at: datetime) -> Plan:
    """Make exactly this plan happen: its runs, who gets what, the cloth to buy, and the orders to push.

    Pegs in force stay as they are: only pieces that no run holds, or a lost one held, are pegged.
    Raises PlanOutdated where the confirmed demand or the released runs are no longer those it was made from.
    """
    member.must_have(Right.APPROVE_PLAN)
    plan = plans.get_for_update(session, plans.get_by_number(session, number).id)
    plan.move(PlanStatus.APPROVED, by=member.actor, at=at, why="approved")
    plan.approved_at = at
    # Two approvals at once would serve the same lines twice: the second must see the first.
    session.execute(select(func.pg_advisory_xact_lock(_APPROVALS)))
    demand = planning.load(session, at=at)
    problem, answer = planner.Problem.from_json(plan.problem), planner.Plan.from_json(plan.answer)
    _must_match(plan, problem, demand)
    frozen = {run.cell for run in problem.frozen}
    fresh = [run for run in answer.runs if run.cell not in frozen]
    runs = _make_runs(session, plan, answer, fresh, by=member.actor, at=at)
    _peg(session, runs, peg(fresh, demand.atoms), at=at)
    _buy_fabric(session, plan, problem, answer)
    for run in runs.values():
        outbox.record(session, "erp.push_run", subject=run.number, at=at, run_id=str(run.id))
    return plan


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
    _schedule_preorders(session, [run.id for run in runs.values()], at=at)


def _schedule_preorders(session: Session, run_ids: Sequence[UUID], *, at: datetime) -> None:
    """Pre-orders these runs serve are scheduled when runs hold all their pieces; then their day is known.

    What a cancelled run was to make is held by nobody. Who had a day before, by a run that was lost,
    gets the new one.
    """
    pegged: dict[UUID, int] = defaultdict(int)
    arrives: dict[UUID, date] = {}
    lanes = {(lane.factory_id, lane.region): lane.lead_days for lane in session.exec(select(Lane))}
    touched = (
        select(PreorderLine.preorder_id)
        .join(Pegging, col(Pegging.preorder_line_id) == PreorderLine.id)
        .where(col(Pegging.run_id).in_(run_ids))
    )
    rows = session.exec(
        select(Pegging, Run, ProductionLine, Preorder)
        .join(Run, col(Run.id) == Pegging.run_id)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(col(Preorder.id).in_(touched), Run.status != RunStatus.CANCELLED)
    )
    for pegging, run, line, preorder in rows:
        day = run.ready_on + timedelta(days=lanes[line.factory_id, preorder.region])
        pegged[preorder.id] += pegging.quantity
        arrives[preorder.id] = max(day, arrives.get(preorder.id, day))
    campaigns = set()
    wanted: dict[UUID, int] = defaultdict(int)
    for ordered in session.exec(select(PreorderLine).where(col(PreorderLine.preorder_id).in_(pegged))):
        wanted[ordered.preorder_id] += ordered.quantity
    for preorder in session.exec(select(Preorder).where(col(Preorder.id).in_(pegged))):
        campaigns.add(preorder.campaign_id)
        if pegged[preorder.id] == wanted[preorder.id]:
            preorder.expected_on = arrives[preorder.id]
            if preorder.status == PreorderStatus.CONFIRMED:
                preorder.move(PreorderStatus.SCHEDULED, by=SYSTEM, at=at, why="runs hold all its pieces")
    for campaign in session.exec(select(Campaign).where(col(Campaign.id).in_(campaigns))):
        if campaign.status == CampaignStatus.DECIDED:
            campaign.move(CampaignStatus.IN_PRODUCTION, by=SYSTEM, at=at, why="its runs are approved")


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
