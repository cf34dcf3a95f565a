"""What is measured of one call of the planner, and of a replan after a disruption."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from planner import Plan, Problem, compare, cost, freeze, lose_line, violations
from planner.ledger import Ledger
from planner.solve import Result, solve
from planner.watch import Progress
from tests.planner.memory import Peak

FROZEN_BUCKETS = 2
REPLAN_SECONDS = 4.7  # the answer stands within 5
_T = TypeVar("_T", int, float)


@dataclass(frozen=True, slots=True)
class Measured:
    """One plan, or the medians of several with different seeds; the memory is then the most of them.

    Money in minor units; ``late`` are percent of the pieces delivered, ``memory`` megabytes; ``first``
    is the second at which there was a plan. ``faults`` are the rules broken and what disagrees.
    """

    baseline: int | None
    cost: int | None
    bound: float | None
    late_baseline: float | None
    late: float | None
    first: float
    seconds: float
    memory: float
    faults: tuple[str, ...]

    @property
    def gap(self) -> float | None:
        """Percent of the cost."""
        if self.cost is None or self.bound is None:
            return None
        return 100 * (self.cost - self.bound) / max(1, abs(self.cost))


def measure(problem: Problem, *, seconds: float, workers: int, seed: int, referee: Any = None) -> Measured:
    """Plan once; the plan is checked by the second opinion and, where there is one, by the referee."""
    seen: list[float] = []

    def note(progress: Progress) -> None:
        if progress.best_cost is not None and not seen:
            seen.append(progress.elapsed_seconds)

    with Peak() as peak:
        result = solve(problem, seconds=seconds, seed=seed, workers=workers, on_progress=note)
    baseline, plan = result.baseline, result.plan
    return Measured(
        baseline=baseline.objective if baseline else None,
        cost=plan.objective if plan else None,
        bound=result.lower_bound,
        late_baseline=late_percent(problem, baseline) if baseline else None,
        late=late_percent(problem, plan) if plan else None,
        first=seen[0] if seen else result.seconds,
        seconds=result.seconds,
        memory=peak.bytes / 1e6,
        faults=tuple(faults(problem, result, referee)),
    )


def median(several: Iterable[Measured]) -> Measured:
    """Each figure's median, the lower of two in the middle."""
    measured = list(several)

    def middle(figure: Callable[[Measured], _T | None]) -> _T | None:
        known = [value for one in measured if (value := figure(one)) is not None]
        return statistics.median_low(known) if known else None

    return Measured(
        baseline=middle(lambda one: one.baseline),
        cost=middle(lambda one: one.cost),
        bound=middle(lambda one: one.bound),
        late_baseline=middle(lambda one: one.late_baseline),
        late=middle(lambda one: one.late),
        first=middle(lambda one: one.first) or 0.0,
        seconds=middle(lambda one: one.seconds) or 0.0,
        memory=max(one.memory for one in measured),
        faults=tuple(fault for one in measured for fault in one.faults),
    )


def faults(problem: Problem, result: Result, referee: Any = None) -> list[str]:
    """What is wrong with an answer; nothing where all agree that it is right."""
    plan = result.plan
    if plan is None:
        return [f"no plan: {result.status} {result.failure or ''}".strip()]
    found = [broken.text for broken in violations(problem, plan)]
    if result.failure:
        found.append(f"ended early: {result.failure}")
    if plan.objective != cost(problem, plan).total:
        found.append("the checker finds another cost")
    if plan.lower_bound is not None and plan.objective is not None and plan.lower_bound > plan.objective:
        found.append("the bound is above the cost")
    if referee is not None:
        report = referee.evaluate(problem.to_json(), plan.to_json())
        found += [f"referee: {broken.text}" for broken in report.violations]
        if not (report.consistent and report.schedule_verified):
            found.append("referee: cost, bound, status or schedule is not as stated")
    return found


def late_percent(problem: Problem, plan: Plan) -> float:
    """Percent of the delivered pieces that arrive after their day."""
    late = delivered = 0
    for run in plan.runs:
        ways = problem.find.factory[problem.find.line[run.line].factory].shipping
        for piece in run.pieces:
            lot = problem.find.lot[piece.lot]
            delivered += piece.quantity
            if problem.last_day(run.bucket) + ways[lot.region].lead_days > lot.due_day:
                late += piece.quantity
    return 100 * late / max(1, delivered)


@dataclass(frozen=True, slots=True)
class Replanned:
    """The busiest line lost after two buckets: a short replan from the plan in force, and a long one."""

    line: str
    cost: int
    seconds: float
    cost_of_long: int
    moved: int  # pieces that the short replan makes elsewhere
    faults: tuple[str, ...]

    @property
    def excess(self) -> float:
        """Percent by which the short replan is dearer than the long one."""
        return 100 * (self.cost - self.cost_of_long) / max(1, abs(self.cost_of_long))


def replan(
    problem: Problem, *, seconds: float, workers: int, seed: int, referee: Any = None
) -> Replanned | None:
    """Plan, release two buckets, lose the line that works most after them, and plan again.

    None where there is no other line, or no plan.
    """
    force = solve(problem, seconds=seconds, seed=seed, workers=workers).plan
    if force is None or len(problem.lines) == 1:
        return None
    line = busiest(problem, force)
    released = freeze(problem, force, before_bucket=FROZEN_BUCKETS)
    disrupted = lose_line(released, line, from_bucket=FROZEN_BUCKETS)
    short = min(REPLAN_SECONDS, seconds)
    quick = solve(disrupted, seconds=short, seed=seed, workers=workers, before=force)
    long = solve(disrupted, seconds=seconds, seed=seed, workers=workers)
    if quick.plan is None or long.plan is None:
        return None
    difference = compare(disrupted, force, quick.plan)
    found = faults(disrupted, quick, referee) + faults(disrupted, long, referee)
    found += [f"frozen run {run} changed" for run in difference.frozen_changed]
    return Replanned(
        line=line,
        cost=quick.plan.objective or 0,
        seconds=quick.seconds,
        cost_of_long=long.plan.objective or 0,
        moved=difference.effects.moved,
        faults=tuple(found),
    )


def busiest(problem: Problem, plan: Plan) -> str:
    """The line that the plan uses for most seconds after the buckets that are released."""
    left = Ledger(problem, frozen=plan.runs).free

    def used(line: str) -> int:
        capacity = problem.find.line[line].capacity
        return sum(capacity[FROZEN_BUCKETS:]) - sum(left[line][FROZEN_BUCKETS:])

    return max((line.id for line in problem.lines), key=used)
