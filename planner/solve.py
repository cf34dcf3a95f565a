"""solve(): a plan for a problem, the bound that says how good it is, and the baseline beside it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from planner.baseline import baseline
from planner.check import Violation, cost, violations
from planner.explain import explanations
from planner.ledger import Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.search import Search
from planner.sequence import schedule
from planner.watch import Progress, Stopped, Task, Watch

WHOLE_DECISIONS = 1_500  # up to so many possible runs the exact model of everything comes first
RELAXED_DECISIONS = 40_000  # up to so many its linear relaxation is worth its time
MOST_SECONDS = 40.0  # for one call of the solver: so long it may outlive a stop
BESIDE_SHARE = 0.9  # of the time left, so that it is done before the search is
RELAXED_SHARE = 0.4  # of the time; it takes seconds, and less where it is stopped


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

    ``lower_bound`` holds for every plan of the problem, None where nothing is proved. ``failure`` is
    the text of an error that ended the search early; the plan is then the best found before it.
    """

    status: Status
    plan: Plan | None
    baseline: Plan | None
    lower_bound: float | None
    seconds: float
    failure: str | None = None


def solve(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 1,
    iterations: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """The cheapest plan found within ``seconds``; never dearer than the baseline.

    ``workers`` above 1 solve the exact model of everything beside the search, for a better bound.
    ``iterations`` limits the improvements of parts; the solver's work is then counted too, so that with
    time enough the same problem, seed and iterations give the same plan. ``stop`` is asked about twenty
    times a second; once true, the best plan so far is returned.
    """
    watch = Watch(seconds, stop, on_progress)
    watch.report("baseline")
    first = baseline(problem)
    if violations(problem, first):
        return _without_baseline(problem, watch, seed)
    first = _finished(problem, first)
    search = Search(problem, first, watch, seed, steady=iterations is not None)
    watch.best_cost = search.best.cost
    watch.report("baseline")
    failure = None
    try:
        _search(search, watch, workers, iterations)
    except Stopped:
        pass
    except Exception as error:  # noqa: BLE001 - the plan so far is worth more; the failure is stated
        failure = f"{type(error).__name__}: {error}"
    return _result(problem, search, first, watch, failure)


def _search(search: Search, watch: Watch, workers: int, iterations: int | None) -> None:
    """The exact model of everything where it is small, its relaxation where it is not, then parts."""
    beside = None
    if search.decisions <= WHOLE_DECISIONS:
        for share in (0.15, 0.6):
            watch.report("exact model")
            answer = watch.wait_for(partial(search.whole, min(MOST_SECONDS, share * watch.left)))
            if search.learn(answer):
                return
            if answer.optimal:  # for divisible pieces
                watch.report("whole pieces")
                exact = partial(search.whole, min(MOST_SECONDS, watch.left), whole_pieces=True)
                if search.learn(watch.wait_for(exact)):
                    return
    elif search.decisions <= RELAXED_DECISIONS:
        watch.report("bound")
        bound = watch.wait_for(partial(search.relaxation, min(MOST_SECONDS, RELAXED_SHARE * watch.left)))
        if bound is not None:
            search.raise_bound(bound)
        if workers > 1:
            beside = Task(partial(search.whole, BESIDE_SHARE * watch.left))
    watch.report("improving")
    search.run(iterations, beside)


def _without_baseline(problem: Problem, watch: Watch, seed: int) -> Result:
    """Frozen runs ask for more than the baseline finds: only the exact model can tell."""
    books = Ledger(problem)
    alone = books.plan()
    short = any(min(level) < 0 for level in books.supply.values())
    if short or any(_stays(broken) for broken in violations(problem, alone)):
        return Result(Status.INFEASIBLE, None, None, None, watch.elapsed)
    search = Search(problem, alone, watch, seed)
    search.best.cost = sys.maxsize
    try:
        answer = watch.wait_for(partial(search.whole, watch.left))
        search.learn(answer)
    except Stopped:
        return Result(Status.NO_TIME, None, None, None, watch.elapsed)
    except Exception as error:  # noqa: BLE001 - stated in the result; the caller has nothing to catch
        return Result(Status.FAILED, None, None, None, watch.elapsed, f"{type(error).__name__}: {error}")
    if search.best.plan is alone:
        status = Status.INFEASIBLE if answer.infeasible else Status.NO_TIME
        return Result(status, None, None, None, watch.elapsed)
    return _result(problem, search, None, watch, None)


def _stays(broken: Violation) -> bool:
    """Whether a rule broken by the frozen runs alone is broken in every plan."""
    return broken.rule in (1, 2, 4) or broken.kind == "overs"


def _result(
    problem: Problem, search: Search, first: Plan | None, watch: Watch, failure: str | None
) -> Result:
    bound = None if watch.bound is None else min(watch.bound, float(search.best.cost))
    status = Status.OPTIMAL if search.proved else Status.FEASIBLE
    plan = _finished(problem, search.best.plan)
    seconds = round(watch.elapsed, 3)
    plan = plan.stating(status=str(status), lower_bound=bound, seconds=seconds)
    return Result(status, plan, first, bound, seconds, failure)


def _finished(problem: Problem, plan: Plan) -> Plan:
    """The plan with its schedule, its reasons and its cost."""
    return plan.stating(
        schedule=schedule(problem, plan.runs),
        explanations=explanations(problem, plan),
        objective=cost(problem, plan).total,
    )
