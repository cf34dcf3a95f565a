"""solve(): a plan for a problem, the bound that says how good it is, and the baseline beside it."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from planner.baseline import baseline
from planner.check import Violation, cost, violations
from planner.documents import Fields, InvalidPlan
from planner.errand import Solver, runs_json
from planner.hands import Crew, LocalCrew, TaskFailed
from planner.ledger import Ledger
from planner.plan import Explanation, Plan
from planner.prices import STEPS, Prices, Pricing
from planner.problem import Problem
from planner.reach import never_made
from planner.reasons import reasons
from planner.search import MOST_FREE_STYLES, Incumbent, Search
from planner.sequence import schedule
from planner.tables import Tables
from planner.watch import Progress, Stopped, Watch
from planner.waves import waves

if TYPE_CHECKING:
    from concurrent.futures import Future

START_SHARE = 0.1  # of the time of a small problem, to find a plan that narrows its exact model
SMALL_DECISIONS = 1_500  # up to so many the exact model is solved to the end
WHOLE_DECISIONS = 40_000  # up to so many it is worth its time, for the bound
STEADY_NODES = 2_000  # of branch and bound in the exact model, where work is counted
WHOLE_GAP = 1e-3  # of the cost: up to so much may be the price of whole pieces everywhere
LEAST_MARGIN = 0.45
MARGIN_SHARE = 0.06
CUTS_SHARE = 0.25  # of the time of a larger one: cutting planes raise the bound at first, then hardly
ALONE_SHARE = 0.6  # of its time, where the exact model keeps the only worker from improving
WORTH_SECONDS = 2.0
FEW_STEPS = 300  # where a plan in force is the start: it is needed soon, and prices matter less
EXPLAIN_SHARE = 0.05  # of the time, kept for reasons
LONGEST_EXPLAINING = 20.0


class Status(StrEnum):
    """What became of a problem. Only OPTIMAL and FEASIBLE come with a plan."""

    OPTIMAL = "optimal"  # proved: no plan is cheaper
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"  # proved: the frozen runs cannot stand in any plan
    NO_TIME = "no_time"  # neither a plan nor a proof that there is none
    FAILED = "failed"  # the search broke down before there was a plan


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of ``solve``.

    ``lower_bound`` holds for every plan of the problem, None where nothing is proved. ``prices`` are
    what line time and fabric are worth. ``iterations`` is the work that was done: with it instead of
    seconds the same call gives the same plan, if ``repeatable`` (no part was cut short by the clock).
    ``failure`` is the text of an error that ended the search early; the plan is then the best before.
    """

    status: Status
    plan: Plan | None
    baseline: Plan | None
    lower_bound: float | None
    seconds: float
    failure: str | None = None
    prices: Prices | None = None
    iterations: int = 0
    repeatable: bool = True


def solve(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 1,
    iterations: int | None = None,
    before: Plan | None = None,
    crew: Callable[[Problem, int], Crew] = LocalCrew,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """The cheapest plan found within ``seconds``; never dearer than the baseline.

    ``workers`` parts are solved at once, by the ``crew``: processes on this machine unless told
    otherwise. ``iterations`` limits the parts instead of the seconds, so that the same problem, seed,
    workers and iterations give the same plan. ``before`` is a plan in force, made for this problem or
    for what it was: what still stands of it is where the search begins. ``stop`` is asked about twenty
    times a second; once true, the best plan so far is returned.
    """
    watch = Watch(seconds, stop, on_progress)
    watch.report("baseline")
    with crew(problem, workers) as hired:
        return _Solving(problem, watch, hired, seed, iterations).solve(before)


class _Solving:
    def __init__(self, problem: Problem, watch: Watch, crew: Crew, seed: int, iterations: int | None) -> None:
        self.problem = problem
        self.watch = watch
        self.crew = crew
        self.seed = seed
        self.iterations = iterations
        self.styles: list[str] = []

    def solve(self, before: Plan | None) -> Result:
        first = baseline(self.problem)
        if violations(self.problem, first):
            return self._without_baseline(before)
        first = self._finished(first)
        search = self._begin(first, cost(self.problem, first).total)
        return self._result(search, first, self._improve(search, before))

    def _begin(self, plan: Plan, price: int) -> Search:
        return Search(self.problem, Incumbent(plan, price), self.watch, self.crew, self.seed)

    def _improve(self, search: Search, before: Plan | None) -> str | None:
        """Search until the end; returns what ended it early, if it broke down."""
        self.watch.best_cost = None if search.best.cost == sys.maxsize else search.best.cost
        self.watch.report("prices")
        try:
            self._search(search, before)
        except Stopped:
            search.conclude()
        except Exception as error:  # noqa: BLE001 - the plan so far is worth more; the failure is stated
            return str(error) if isinstance(error, TaskFailed) else f"{type(error).__name__}: {error}"
        return None

    def _search(self, search: Search, before: Plan | None) -> None:
        books = Ledger(self.problem)
        tables = Tables(self.problem, waves(self.problem))
        empty = cost(self.problem, books.plan().stating(purchases=())).total
        never = never_made(books) if before else self._never(books)
        live = {item.style for item in self.problem.items if item.id not in never}
        live = {style for style in live if tables.style(style).lines}
        self.styles = sorted(live)
        steps = FEW_STEPS if before else STEPS
        search.price(Pricing(books, tables, never).rise(steps), empty, live)
        self.watch.keep_back(min(LONGEST_EXPLAINING, EXPLAIN_SHARE * self.watch.left))
        self.watch.report("placing")
        search.start(list(before.runs) if before else [], live)
        self.watch.report("improving")
        search.run(self.iterations, self._beside(search), alone_seconds=self._alone())

    def _alone(self) -> float | None:
        """Seconds to search before the exact model of a small problem begins, if it is one.

        None are lost where a part would be as large as the whole.
        """
        if not self._small():
            return None
        return START_SHARE * self.watch.left if len(self.styles) > MOST_FREE_STYLES else 0.0

    def _never(self, books: Ledger) -> set[str]:
        """Items that the best plan does without: their minimum is out of reach, or not worth reaching."""
        never = never_made(books)
        wanted: Counter[str] = Counter()
        for lot in self.problem.lots:
            wanted[self.problem.find.style_of(lot.sku).id] += lot.quantity
        seconds = WORTH_SECONDS if self.iterations is None else self.watch.left
        doubtful = {
            style.id: self.crew.submit("worthless", {"style": style.id, "seconds": seconds})
            for style in self.problem.styles
            if style.campaign_minimum > wanted[style.id] and not books.styles[style.id]
        }
        worthless = {style for style, answer in doubtful.items() if self.watch.wait_for(answer)}
        return never | {item.id for item in self.problem.items if item.style in worthless}

    def _beside(self, search: Search) -> Iterator["list[Future[Any]]"]:
        """Tasks on the whole problem, as far as it is small enough for the exact model; some side by side."""
        if self._small():
            yield self._exact(search, tuple(Solver), 1.0)
            if self.watch.gap is not None and self.watch.gap <= WHOLE_GAP:
                yield self._exact(search, tuple(Solver), 1.0, whole=True)
        elif self._decisions() <= WHOLE_DECISIONS:
            yield [self.crew.submit("relax", {"styles": self.styles, "seconds": self.watch.left})]
            yield self._exact(search, (Solver.HIGHS,), CUTS_SHARE)

    def _exact(
        self, search: Search, solvers: tuple[Solver, ...], share: float, *, whole: bool = False
    ) -> "list[Future[Any]]":
        """The exact model by as many of the solvers as there are workers, for a share of the time left."""
        steady = self.iterations is not None
        part = share if self.crew.size > 1 else ALONE_SHARE * share
        effort = {
            "seconds": self.watch.left if steady else part * self._in_time(),
            "seed": self.seed,
            "nodes": STEADY_NODES if steady else None,
            "whole": whole,
            "styles": self.styles,
            "runs": runs_json(search.best.plan.runs),
            "below": search.best.cost if self._small() and search.best.cost < sys.maxsize else None,
        }
        asked = solvers[:1] if steady else solvers[: self.crew.size]
        return [self.crew.submit("exact", {**effort, "by": solver}) for solver in asked]

    def _in_time(self) -> float:
        """Seconds for a task whose answer still has to be worked out and taken before the end."""
        return max(0.5, self.watch.left - max(LEAST_MARGIN, MARGIN_SHARE * self.watch.left))

    def _small(self) -> bool:
        return self._decisions() <= SMALL_DECISIONS

    def _decisions(self) -> int:
        """Possible runs, each tier counted."""
        return sum(
            sum(len(line.tiers) for line in self.problem.lines if item.style in line.styles)
            * max(0, self.problem.buckets - item.release_bucket)
            for item in self.problem.items
        )

    def _without_baseline(self, before: Plan | None) -> Result:
        """Frozen runs ask for more than the baseline finds: the search may find it, or the exact model."""
        books = Ledger(self.problem)
        alone = books.plan()
        short = any(min(level) < 0 for level in books.supply.values())
        if short or any(_stays(broken) for broken in violations(self.problem, alone)):
            return self._no_plan(Status.INFEASIBLE)
        search = self._begin(alone, sys.maxsize)
        failure = None
        if not self._small():
            failure = self._improve(search, before)
        if search.best.cost < sys.maxsize:
            return self._result(search, None, failure)
        return self._only_exact(search, failure)

    def _only_exact(self, search: Search, failure: str | None) -> Result:
        """A plan by the exact model of everything, or what it proves."""
        self.watch.report("exact model")
        self.styles = [style.id for style in self.problem.styles]
        try:
            (task,) = self._exact(search, (Solver.HIGHS,), 1.0)
            answer = self.watch.wait_for(task)
        except Stopped:
            return self._no_plan(Status.NO_TIME, failure)
        except TaskFailed as error:
            return self._no_plan(Status.FAILED, str(error))
        if answer["infeasible"]:
            return self._no_plan(Status.INFEASIBLE)
        search.learn(answer)
        if search.best.cost == sys.maxsize:
            return self._no_plan(Status.NO_TIME, failure)
        return self._result(search, None, failure)

    def _no_plan(self, status: Status, failure: str | None = None) -> Result:
        return Result(status, None, None, None, self.watch.elapsed, failure)

    def _result(self, search: Search, first: Plan | None, failure: str | None) -> Result:
        best = search.best
        bound = None if self.watch.bound is None else min(self.watch.bound, float(best.cost))
        status = Status.OPTIMAL if search.proved else Status.FEASIBLE
        plan = self._finished(best.plan, self._reasons(best.plan))
        seconds = round(self.watch.elapsed, 3)
        plan = plan.stating(status=str(status), lower_bound=bound, seconds=seconds)
        return Result(
            status, plan, first, bound, seconds, failure, search.prices, search.iterations, search.repeatable
        )

    def _reasons(self, plan: Plan) -> tuple[Explanation, ...] | None:
        """Reasons verified as far as the time kept back goes; None where there is none."""
        self.watch.keep_back(0.0)
        if self.iterations is not None or self.watch.left <= 0 or self.watch.stopped:
            return None
        self.watch.report("reasons")
        arguments = {"plan": plan.to_json(), "seconds": self.watch.left, "seed": self.seed}
        try:
            rows = self.watch.wait_for(self.crew.submit("explain", arguments))
        except (Stopped, TaskFailed):
            return None
        return tuple(Explanation.read(Fields(row, "", InvalidPlan)) for row in rows)

    def _finished(self, plan: Plan, verified: tuple[Explanation, ...] | None = None) -> Plan:
        """The plan with its schedule, its reasons and its cost."""
        return plan.stating(
            schedule=schedule(self.problem, plan.runs),
            explanations=reasons(self.problem, plan) if verified is None else verified,
            objective=cost(self.problem, plan).total,
        )


def _stays(broken: Violation) -> bool:
    """Whether a rule broken by the frozen runs alone is broken in every plan."""
    return broken.rule in (1, 2, 4) or broken.kind == "overs"
