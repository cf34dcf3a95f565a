"""Looking at a plan: its runs on their production lines, what comes in time, and why the rest does not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

import planner
from api.domain.catalogue import SIZES, Fabric, Item, Sku, Style
from api.domain.plan import Pegging, Plan, Run
from api.domain.preorder import PreorderLine
from api.domain.production import Closure, Factory, ProductionLine
from api.services import planning

_CHANGE = ("change", "amount", "item", "line", "bucket", "fabric")
"""The words in which an explanation states what would free it."""
_FOLLOWS = ("item", "style")
"""Rules that only repeat the reason of the colour or the style."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the wanted pieces; overs are counted nowhere. `lower_bound` may be unknown."""

    runs: int
    pieces: int
    on_time: int
    late: int
    unfilled: int
    lower_bound: float | None


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run of the plan; ``run`` is ours where it was approved, ``preorders`` is None before that.

    ``number`` is our reference, or the place among the plan's runs where there is none yet.
    ``seconds`` is its working time in the week, changeover included.
    """

    number: str
    item: Item
    style: Style
    line: ProductionLine
    factory: Factory
    bucket: int
    week_on: date
    seconds: int
    pieces: int
    overs: int
    run: Run | None
    preorders: int | None


@dataclass(frozen=True, slots=True)
class LineTime:
    """A production line's working seconds, week by week of the plan, and in a week without closures."""

    line: ProductionLine
    factory: Factory
    open_seconds: tuple[int, ...]
    full_seconds: int
    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why pieces are late, missing, or a colour or style is not made at all.

    ``kind`` is late, unfilled or not_made; ``rule`` the planner's word for what binds; ``facts`` its numbers
    and the smallest change that would free it (see `planner.explain`), ``more_of`` and ``cloth`` the colour
    and the fabric that they name.
    """

    kind: str
    rule: str
    style: Style
    item: Item | None
    skus: tuple[Sku, ...]
    pieces: int
    facts: Mapping[str, int | str]
    more_of: Item | None = None
    cloth: Fabric | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan that has an answer, in our own records instead of the planner's codes."""

    outcome: Outcome
    runs: tuple[PlannedRun, ...]
    """By production line, in working order."""
    lines: tuple[LineTime, ...]
    reasons: tuple[Reason, ...]
    bound_minor: int | None


def read(session: Session, plan: Plan) -> Reading:
    """The plan as people look at it; it must have an answer."""
    problem, answer = planner.Problem.from_json(plan.problem), planner.Plan.from_json(plan.answer)
    books = _Books(session)
    arrived = _arrivals(problem, answer)
    return Reading(
        outcome=_outcome(problem, answer, arrived),
        runs=tuple(_runs(session, plan, problem, answer, books)),
        lines=tuple(_lines(session, problem, books)),
        reasons=tuple(_reasons(problem, answer, arrived, books)),
        bound_minor=None if answer.lower_bound is None else int(answer.lower_bound),
    )


def outcome(problem: planner.Problem, answer: planner.Plan) -> Outcome:
    """What becomes of the wanted pieces."""
    return _outcome(problem, answer, _arrivals(problem, answer))


class _Books:
    """The records behind the planner's codes."""

    def __init__(self, session: Session) -> None:
        self.styles = {style.code: style for style in session.exec(select(Style))}
        self.items = {item.code: item for item in session.exec(select(Item))}
        self.skus = {sku.code: sku for sku in session.exec(select(Sku))}
        self.fabrics = {fabric.code: fabric for fabric in session.exec(select(Fabric))}
        self.lines = {line.code: line for line in session.exec(select(ProductionLine))}
        self.factories = {factory.id: factory for factory in session.exec(select(Factory))}


def _arrivals(problem: planner.Problem, answer: planner.Plan) -> dict[str, Counter[int]]:
    """Pieces of each lot by the day they reach its region."""
    arrived: dict[str, Counter[int]] = defaultdict(Counter)
    for run in answer.runs:
        factory = problem.find.factory[problem.find.line[run.line].factory]
        for piece in run.pieces:
            region = problem.find.lot[piece.lot].region
            day = problem.last_day(run.bucket) + factory.shipping[region].lead_days
            arrived[piece.lot][day] += piece.quantity
    return arrived


def _late(lot: planner.Lot, arrived: Mapping[str, Counter[int]]) -> int:
    return sum(pieces for day, pieces in arrived[lot.id].items() if day > lot.due_day)


def _outcome(problem: planner.Problem, answer: planner.Plan, arrived: Mapping[str, Counter[int]]) -> Outcome:
    wanted = sum(lot.quantity for lot in problem.lots)
    made = sum(arrived[lot.id].total() for lot in problem.lots)
    late = sum(_late(lot, arrived) for lot in problem.lots)
    return Outcome(
        runs=len(answer.runs),
        pieces=wanted,
        on_time=made - late,
        late=late,
        unfilled=wanted - made,
        lower_bound=answer.lower_bound,
    )


def _runs(
    session: Session, plan: Plan, problem: planner.Problem, answer: planner.Plan, books: _Books
) -> Iterable[PlannedRun]:
    slots = {slot.run: slot for slot in answer.schedule}
    ours = _our_runs(session, plan, problem, books)
    served = _preorders(session, [run.id for run in ours.values()])
    begins = {run.id: slots[run.id].start_second if run.id in slots else 0 for run in answer.runs}
    in_order = sorted(answer.runs, key=lambda run: (run.line, run.bucket, begins[run.id]))
    for place, planned in enumerate(in_order, start=1):
        item, line = books.items[planned.item], books.lines[planned.line]
        style_code = problem.find.item[planned.item].style
        slot, run = slots.get(planned.id), ours.get(planned.cell)
        sewing = planned.quantity * problem.find.line[planned.line].styles[style_code].seconds
        yield PlannedRun(
            number=run.number if run else str(place),
            item=item,
            style=books.styles[style_code],
            line=line,
            factory=books.factories[line.factory_id],
            bucket=planned.bucket,
            week_on=plan.day_zero + timedelta(days=planned.bucket * planning.BUCKET_DAYS),
            seconds=slot.end_second - slot.start_second + slot.changeover_seconds if slot else sewing,
            pieces=planned.quantity,
            overs=sum(over.quantity for over in planned.overs),
            run=run,
            preorders=served.get(run.id, 0) if run else None,
        )


def _our_runs(
    session: Session, plan: Plan, problem: planner.Problem, books: _Books
) -> dict[tuple[str, str, int], Run]:
    """Runs that this plan made or worked around, by the planner's cell."""
    item_codes = {item.id: code for code, item in books.items.items()}
    line_codes = {line.id: code for code, line in books.lines.items()}
    around = [run.id for run in problem.frozen]
    query = select(Run).where((col(Run.plan_id) == plan.id) | col(Run.number).in_(around))
    return {
        (
            item_codes[run.item_id],
            line_codes[run.line_id],
            (run.bucket_on - plan.day_zero).days // planning.BUCKET_DAYS,
        ): run
        for run in session.exec(query)
    }


def _preorders(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(Pegging.run_id, func.count(func.distinct(PreorderLine.preorder_id)))
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .where(col(Pegging.run_id).in_(run_ids))
        .group_by(col(Pegging.run_id))
    )
    return {run_id: int(count) for run_id, count in rows}


def _lines(session: Session, problem: planner.Problem, books: _Books) -> Iterable[LineTime]:
    closures: dict[UUID, list[Closure]] = defaultdict(list)
    for closure in session.exec(select(Closure).order_by(col(Closure.from_on))):
        closures[closure.factory_id].append(closure)
    for line in problem.lines:
        record = books.lines[line.id]
        full = max(record.shift_seconds * record.workdays, *line.capacity)
        factory = books.factories[record.factory_id]
        yield LineTime(record, factory, line.capacity, full, tuple(closures[factory.id]))


def _reasons(
    problem: planner.Problem, answer: planner.Plan, arrived: Mapping[str, Counter[int]], books: _Books
) -> Iterable[Reason]:
    """The planner's explanations, those of one colour, rule and change together, the most pieces first."""
    alike: dict[tuple[object, ...], list[Reason]] = defaultdict(list)
    for one in answer.explanations:
        reason = _reason(problem, one, arrived, books)
        change = tuple(one.needs.get(word) for word in _CHANGE) if one.kind not in _FOLLOWS else ()
        alike[reason.kind, reason.rule, (reason.item or reason.style).code, change].append(reason)
    together = [_together(reasons) for reasons in alike.values()]
    return sorted(together, key=lambda reason: -reason.pieces)


def _together(reasons: Sequence[Reason]) -> Reason:
    """One reason for all sizes of a colour, small to large; the facts are those of the first."""
    skus = {sku.code: sku for reason in reasons for sku in reason.skus}.values()
    by_size = tuple(sorted(skus, key=lambda sku: SIZES.index(sku.size)))
    return replace(reasons[0], skus=by_size, pieces=sum(reason.pieces for reason in reasons))


def _reason(
    problem: planner.Problem, one: planner.Explanation, arrived: Mapping[str, Counter[int]], books: _Books
) -> Reason:
    missing = int(one.needs.get("missing", 0))
    kind, pieces, skus = "not_made", 0, tuple[Sku, ...]()
    if one.about == "style":
        style, item = books.styles[one.id], None
    else:
        lot = problem.find.lot[one.id] if one.about == "lot" else None
        known = problem.find.item_of(lot.sku) if lot else problem.find.item[one.id]
        style, item = books.styles[known.style], books.items[known.id]
        if lot:
            kind, pieces = ("unfilled", missing) if missing > 0 else ("late", _late(lot, arrived))
            skus = (books.skus[lot.sku],)
    return Reason(
        kind=kind,
        rule=one.kind,
        style=style,
        item=item,
        skus=skus,
        pieces=pieces,
        facts=one.needs,
        more_of=books.items.get(str(one.needs.get("item"))),
        cloth=books.fabrics.get(str(one.needs.get("fabric"))),
    )
