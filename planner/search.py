"""Improvement: free a few styles, decide them exactly against what the others leave, keep what is better."""

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from planner.candidates import Candidates
from planner.check import cost, violations
from planner.ledger import Cell, Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.subproblem import Answer, Entries, Start, bound_part, solve_part
from planner.watch import Task, Watch
from planner.waves import waves

FREE_STYLES = 2
MOST_FREE_STYLES = 5
MOST_PACE = 6.0
GAIN = 2e-3  # of the cost, that a round must save for the next to be as quick
SLICE_SECONDS = 1.5
CELLS_PER_WAVE = 8
PART_GAP = 1e-3
STEADY_NODES = 100  # of branch and bound in one model, where a plan is to be repeatable
BOUND_TOLERANCE = 1e-8  # of its value, by which the solver's arithmetic may err


@dataclass(slots=True)
class Incumbent:
    """The best plan so far and its cost, both by the second opinion."""

    plan: Plan
    cost: int


class Search:
    """The state of an improvement: the books of the current plan and the best one."""

    def __init__(
        self, problem: Problem, start: Plan, watch: Watch, seed: int, *, steady: bool = False
    ) -> None:
        self.problem = problem
        self.watch = watch
        self.seed = seed
        self.unfinished = 0  # parts of this round that ran out of time
        self.nodes = STEADY_NODES if steady else None
        self.random = random.Random(seed)
        self.demand = waves(problem)
        self.candidates = Candidates(problem, self.demand, seed)
        self.ledger = Ledger(problem)
        self.best = Incumbent(start, cost(problem, start).total)
        frozen = {run.cell for run in problem.frozen}
        for run in start.runs:
            if run.cell not in frozen:
                self.ledger.enter_run(run)

    @property
    def decisions(self) -> int:
        """Possible runs, each tier counted."""
        return sum(
            sum(len(line.tiers) for line in self.problem.lines if item.style in line.styles)
            * (self.problem.buckets - item.release_bucket)
            for item in self.problem.items
        )

    def run(self, iterations: int | None, beside: Task[Answer] | None = None) -> None:
        """Improve until the time is over, the iterations are done or the caller stops it.

        ``beside`` is the exact model of everything, solved in another thread meanwhile.
        """
        for styles, seconds in itertools.islice(self._looks(), iterations):
            if self.watch.left <= 0 or self.watch.stopped:
                return
            self.improve(styles, min(seconds, self.watch.left))
            self.watch.report()
            if beside is not None and beside.done.is_set():
                if self.learn(beside.value()):
                    return
                beside = None

    def _looks(self) -> Iterator[tuple[set[str], float]]:
        """Styles to free and seconds to spend, without end unless there are no styles.

        Each style has its turn with some of its nearest competitors. A round that gains little is
        followed by larger parts with more time, one that gains by parts of the first size. Where most
        parts run out of time, as on a slow or busy machine, all get more.
        """
        near = self.neighbours()
        size, pace = FREE_STYLES, 1.0
        while near:
            before, self.unfinished = self.best.cost, 0
            turns = sorted(near)
            self.random.shuffle(turns)
            for style in turns:
                others = near[style][: 3 * size]
                chosen = self.random.sample(others, min(len(others), size - 1))
                yield {style, *chosen}, pace * SLICE_SECONDS * (size - 1)
            if self.unfinished > len(turns) // 2:
                pace = min(1.5 * pace, MOST_PACE)
            gained = (before - self.best.cost) / max(1, abs(before))
            size = FREE_STYLES if gained > GAIN else min(size + 1, MOST_FREE_STYLES)

    def learn(self, answer: Answer) -> bool:
        """Take over the bound and, where cheaper, the runs; True where the plan is proved best."""
        if answer.bound is not None:
            self.raise_bound(answer.bound)
        if answer.entries is not None:
            self.restart(answer.entries)
        return self.proved

    def raise_bound(self, value: float) -> None:
        """The solver's bound, less what its arithmetic may err, rounded up: costs are whole."""
        bound = float(math.ceil(value - BOUND_TOLERANCE * max(1.0, abs(value))))
        self.watch.bound = bound if self.watch.bound is None else max(bound, self.watch.bound)

    @property
    def proved(self) -> bool:
        return self.watch.bound is not None and self.watch.bound > self.best.cost - 1

    def restart(self, entries: Entries) -> None:
        """Go on from these runs, if they are the cheapest plan so far."""
        ledger = Ledger(self.problem)
        entries.enter(ledger)
        if self.offer(ledger.plan()):
            self.ledger = ledger

    def whole(self, seconds: float, *, whole_pieces: bool = False) -> Answer:
        """The exact model of everything; its bound is a bound of the problem's cost."""
        books = Ledger(self.problem)
        empty = self._cost_of_nothing(books)
        frozen = set(books.runs)
        quantities = {run.cell: run.quantity for run in self.best.plan.runs if run.cell not in frozen}
        bought = {order.fabric: order.quantity for order in self.best.plan.purchases}
        answer = solve_part(
            books,
            self._styles(),
            self.demand,
            seconds=seconds,
            seed=self.seed,
            nodes=self.nodes,
            start=Start(quantities, bought),
            below=self.best.cost - empty,
            whole=whole_pieces,
        )
        return replace(answer, bound=None if answer.bound is None else answer.bound + empty)

    def relaxation(self, seconds: float) -> float | None:
        """A bound of the problem's cost from the linear relaxation of the exact model."""
        books = Ledger(self.problem)
        bound = bound_part(books, self._styles(), self.demand, seconds=seconds)
        return None if bound is None else bound + self._cost_of_nothing(books)

    def _styles(self) -> list[str]:
        return [style.id for style in self.problem.styles]

    def _cost_of_nothing(self, books: Ledger) -> int:
        """The cost of the frozen runs alone without fabric, all else unfilled: where models count from."""
        return cost(self.problem, books.plan().stating(purchases=())).total

    def improve(self, styles: set[str], seconds: float) -> bool:
        """Decide the styles anew; True where the plan became cheaper."""
        bought = {order.fabric: order.quantity for order in self.ledger.purchases()}
        removed = self._remove(styles)
        start = Start(removed.quantities, bought)
        allowed = self.candidates.of(self.ledger, styles, CELLS_PER_WAVE)
        for cell in start.quantities:
            allowed[cell[0]].add(cell)
        part = partial(solve_part, self.ledger, styles, self.demand, allowed=allowed, start=start)
        if self.nodes:
            seconds = self.watch.left
        try:
            answer = self.watch.wait_for(
                partial(part, seconds=seconds, seed=self.seed, nodes=self.nodes, gap=PART_GAP)
            )
            self.unfinished += not answer.optimal
            if answer.entries is not None:
                answer.entries.enter(self.ledger)
                if self.offer(self.ledger.plan()):
                    return True
                self._remove(styles)
        except BaseException:
            removed.enter(self.ledger)
            raise
        removed.enter(self.ledger)
        return False

    def offer(self, plan: Plan) -> bool:
        """Keep the plan where it breaks no rule and is cheaper than the best."""
        price = cost(self.problem, plan).total
        if price >= self.best.cost or violations(self.problem, plan):
            return False
        self.best = Incumbent(plan, price)
        self.watch.best_cost = price
        return True

    def _remove(self, styles: set[str]) -> Entries:
        """Take the runs of the styles out of the books, frozen ones aside; returns what they held."""
        pieces: dict[tuple[Cell, str, str], int] = {}
        overs: dict[tuple[Cell, str], int] = {}
        for cell, content in list(self.ledger.runs.items()):
            if self.problem.find.item[cell[0]].style not in styles or content.frozen:
                continue
            pieces.update({(cell, *key): n for key, n in content.pieces.items()})
            overs.update({(cell, sku): n for sku, n in content.overs.items()})
            self.ledger.close(cell)
        return Entries(pieces, overs)

    def neighbours(self) -> dict[str, list[str]]:
        """For each style the others that compete with it for a line or a fabric, most shared first."""
        lines: dict[str, set[str]] = defaultdict(set)
        fabrics: dict[str, set[str]] = defaultdict(set)
        for line in self.problem.lines:
            for style in line.styles:
                lines[style].add(line.id)
        for item in self.problem.items:
            fabrics[item.style].add(item.fabric)

        def shared(one: str, other: str) -> int:
            return len(lines[one] & lines[other]) + 3 * len(fabrics[one] & fabrics[other])

        names = [style.id for style in self.problem.styles]
        return {
            one: sorted((o for o in names if o != one and shared(one, o)), key=lambda o: (-shared(one, o), o))
            for one in names
        }
