"""Improvement: free a few styles, decide them exactly against what the others leave, keep what is better.

Tasks are given out in an order that the seed fixes and their answers are taken in the same order, each
against the plan as it was a few tasks ago: so the same problem, seed, workers and number of iterations
give the same plan, whoever is faster.
"""

import math
import random
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from planner.check import cost, violations
from planner.errand import Entries, entries_of, runs_json
from planner.hands import Crew
from planner.ledger import Cell, Content, Ledger
from planner.plan import Plan, Run
from planner.prices import Prices
from planner.problem import Problem
from planner.standing import known, stands
from planner.watch import Watch

if TYPE_CHECKING:
    from concurrent.futures import Future

AHEAD = 1  # tasks given out beyond those being worked on, so that nobody waits
PLACE = {"cells": 10, "noise": 0.0, "gap": 5e-3, "nodes": 100}
IMPROVE = {"cells": 10, "noise": 0.03, "gap": 1e-3, "nodes": 10}
PATIENCE_SECONDS = 6.0  # for one part; longer ones are cut short and can not be repeated exactly
FREE_STYLES = 2
MOST_FREE_STYLES = 4
NEAREST = 12
GAIN = 1e-3  # of the cost, that a round must save for the next to take parts of the same size
BOUND_EVERY = 6  # of so many tasks one betters the bound
BOUND_SECONDS = 8.0
CHOICE = 10  # styles at the head of the queue, one of which is placed next
MOST_TRIES = 9  # to place a style whose places others have taken meanwhile
BOUND_TOLERANCE = 1e-8  # of its value, by which the solver's arithmetic may err


@dataclass(slots=True)
class Incumbent:
    """The best plan so far and its cost, both by the second opinion."""

    plan: Plan
    cost: int


@dataclass(slots=True)
class _Job:
    """A task given out: what it frees, and what to do with its answer."""

    styles: frozenset[str]
    future: "Future[Any]"
    take: Callable[[Any], None]


@dataclass(slots=True)
class _Round:
    """The styles that still have their turn, and the size of the parts."""

    size: int = FREE_STYLES
    turns: list[str] = field(default_factory=list)
    cost_before: int = 0


class Search:
    """The state of an improvement: the books of the current plan and the best one."""

    def __init__(self, problem: Problem, best: Incumbent, watch: Watch, crew: Crew, seed: int) -> None:
        self.problem = problem
        self.best = best
        self.watch = watch
        self.crew = crew
        self.seed = seed
        self.repeatable = True
        self.steady = False  # whether work is counted and not timed
        self.iterations = 0
        self.random = random.Random(seed)
        self.ledger = Ledger(problem)
        self.cost = best.cost
        self.unplaced: deque[str] = deque()
        self.tries: dict[str, int] = defaultdict(int)
        self.placing = 0
        self.given = 0
        self.prices: Prices | None = None
        self.by_style: dict[str, float] = {}
        self.unbounded: list[str] = []
        self.near: dict[str, list[str]] = {}
        self.round = _Round()
        self.whole: list[Future[Any]] = []

    # ------------------------------------------------------------------ bounds

    def price(self, prices: Prices, offset: int, live: set[str]) -> None:
        """Start from prices: the bound they prove, and who competes with whom."""
        self.prices = prices
        self.offset = offset
        self.by_style = dict(prices.by_style)
        self.near = self._neighbours(live)
        self.unbounded = sorted((s for s in live if self.by_style[s] < 0), key=lambda s: -self.by_style[s])
        self._raise_by_style()
        self.crew.tell("prices", {"time": prices.time.tolist(), "cloth": prices.cloth.tolist()})

    def _raise_by_style(self) -> None:
        assert self.prices is not None  # noqa: S101 - asked for after `price`
        self.raise_bound(self.offset + self.prices.constant + sum(self.by_style.values()))

    def raise_bound(self, value: float) -> None:
        """A proved bound, less what the arithmetic may err, rounded up: costs are whole."""
        bound = float(math.ceil(value - BOUND_TOLERANCE * max(1.0, abs(value))))
        self.watch.bound = bound if self.watch.bound is None else max(bound, self.watch.bound)

    @property
    def proved(self) -> bool:
        return self.watch.bound is not None and self.watch.bound > self.best.cost - 1

    # ------------------------------------------------------------------ the loop

    def run(
        self,
        iterations: int | None,
        beside: Iterator["list[Future[Any]]"],
        *,
        alone_seconds: float | None,
    ) -> None:
        """Place and improve until the time is over, the iterations are done, or it is proved or stopped.

        ``beside`` gives tasks on the whole problem, the next when those before are done. The first comes at
        once, or with ``alone_seconds`` when all is placed and that time is over; where work is counted,
        when the counted work is done.
        """
        self.steady = iterations is not None
        jobs: deque[_Job] = deque()
        alone_until = self.watch.elapsed + (alone_seconds or 0.0)
        while not self.proved:
            placed = not (self.unplaced or self.placing)
            begun = alone_seconds is None or (placed and self.watch.elapsed >= alone_until)
            if not self.whole and begun and not self.steady:
                self.whole = next(beside, [])
            while len(jobs) < self._window() and (job := self._next(jobs)):
                jobs.append(job)
            idle = not jobs or self.iterations == iterations
            if not self.whole and idle:
                self.whole = next(beside, [])
            waiting = self.whole if idle else [*self.whole, jobs[0].future]
            if not waiting:
                break
            done = self.watch.wait_for_any(waiting)
            if done in self.whole:
                self.whole.remove(done)
                self.learn(done.result())
            else:
                jobs.popleft().take(done.result())

    def _window(self) -> int:
        """Tasks under way at once.

        One more than can be worked on saves waiting; but what is placed from an older plan finds its
        places taken.
        """
        if len(self.whole) >= self.crew.size:
            return 0
        return self.crew.size if self.unplaced else self.crew.size + AHEAD

    def _next(self, jobs: deque[_Job]) -> _Job | None:
        busy = frozenset[str]().union(*(job.styles for job in jobs))
        self.given += 1
        if self.unplaced:
            return self._place(self._apart(busy))
        if self.unbounded and (self.given % BOUND_EVERY == 0 or not self.near):
            return self._bound(self.unbounded.pop(0))
        if self.placing:  # the last few: a part now would not see them
            return None
        return self._improve(busy)

    def _effort(self, fixed: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        return {**fixed, "seed": self.seed + self.given, "seconds": seconds}

    # ------------------------------------------------------------------ placing

    def start(self, runs: list[Run], live: set[str]) -> None:
        """Begin with these runs, as far as they fit; styles that do not are placed anew."""
        items = self.problem.find.item
        of_style: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            if run.item in items:
                of_style[items[run.item].style].append(run)
        kept = {style for style, own in of_style.items() if self._keep_standing(style, own)}
        worth: Counter[str] = Counter()
        for lot in self.problem.lots:
            worth[self.problem.find.style_of(lot.sku).id] += lot.quantity * lot.unfilled_cost
        # where most is at stake first: the others fit in between more easily
        self.unplaced.extend(sorted(live - kept, key=lambda style: (-worth[style], style)))
        self.conclude()
        self._settle()

    def _keep_standing(self, style: str, runs: list[Run]) -> bool:
        """Enter the runs of a style where all of them still stand; returns whether they do."""
        if not all(known(self.problem, run) for run in runs):
            return False
        self.ledger.enter_runs(runs)
        if self._fits({style}) and stands(self.ledger, style):
            return True
        self._remove({style})
        return False

    def conclude(self) -> None:
        """Keep what the books hold where it is the cheapest so far, also in the middle of placing."""
        if found := self._cheaper(self.ledger, self.best.cost):
            self._keep(found)

    def _cheaper(self, ledger: Ledger, price: int) -> Incumbent | None:
        """The plan in the books, where it costs less than that and keeps every rule."""
        plan = ledger.plan()
        found = Incumbent(plan, cost(self.problem, plan).total)
        return None if found.cost >= price or violations(self.problem, plan) else found

    def _apart(self, busy: frozenset[str]) -> str:
        """Of the next few styles the one that shares least with those being placed."""
        few = list(self.unplaced)[:CHOICE]
        shared = {style: sum(self.shared(style, other) for other in busy) for style in few}
        style = min(few, key=lambda one: (shared[one], few.index(one)))
        self.unplaced.remove(style)
        return style

    def _place(self, style: str) -> _Job:
        self.placing += 1
        effort = self._effort(PLACE, PATIENCE_SECONDS)
        arguments = {"styles": [style], "runs": self._runs(), **effort}

        def take(answer: Any) -> None:
            self.placing -= 1
            self._note(answer)
            entries = entries_of(answer)
            if entries is not None:
                entries.enter(self.ledger)
                if not self._fits({style}):
                    self._remove({style})
                    self.tries[style] += 1
                    if self.tries[style] < MOST_TRIES:
                        self.unplaced.appendleft(style)
            if not self.unplaced and not self.placing:
                self._settle()

        return _Job(frozenset({style}), self.crew.submit("place", arguments), take)

    def _settle(self) -> None:
        """All styles have their runs: go on from here, or from the best plan where that is cheaper."""
        if self.unplaced:
            return
        self.cost = sys.maxsize
        if not self._accept() or self.cost > self.best.cost:
            self._restart(self.best.plan)

    def _restart(self, plan: Plan) -> None:
        self.ledger = Ledger(self.problem)
        self.ledger.enter_runs(plan.runs)
        self.cost = self.best.cost

    # ------------------------------------------------------------------ improving

    def _improve(self, busy: frozenset[str]) -> _Job | None:
        """Each style has its turn with some of its nearest competitors."""
        styles = self._choose(busy)
        if not styles:
            return None
        size = len(styles)
        effort = self._effort(IMPROVE, PATIENCE_SECONDS * max(1, size - 1))
        arguments = {"styles": sorted(styles), "runs": self._runs(), **effort}

        def take(answer: Any) -> None:
            self._note(answer)
            entries = entries_of(answer)
            if entries is None:
                return
            removed = self._remove(set(styles))
            entries.enter(self.ledger)
            if not (self._fits(set(styles)) and self._accept()):
                self._remove(set(styles))
                removed.enter(self.ledger)

        return _Job(styles, self.crew.submit("improve", arguments), take)

    def _choose(self, busy: frozenset[str]) -> frozenset[str]:
        turn = self.round
        if not turn.turns:
            gained = (turn.cost_before - self.cost) / max(1, abs(turn.cost_before))
            if turn.cost_before and gained < GAIN:
                turn.size = min(turn.size + 1, MOST_FREE_STYLES)
            turn.turns, turn.cost_before = sorted(self.near), self.cost
            self.random.shuffle(turn.turns)
        for place, style in enumerate(turn.turns):
            others = [other for other in self.near[style][:NEAREST] if other not in busy]
            if style not in busy:
                del turn.turns[place]
                return frozenset({style, *self.random.sample(others, min(len(others), turn.size - 1))})
        return frozenset()

    def _note(self, answer: Mapping[str, Any]) -> None:
        self.iterations += 1
        self.repeatable &= not answer["cut_short"]

    def _accept(self) -> bool:
        """Go on from the plan in the books where it is cheaper and keeps every rule."""
        found = self._cheaper(self.ledger, self.cost)
        if found is None:
            return False
        self.cost = found.cost
        self._keep(found)
        return True

    def _keep(self, found: Incumbent) -> None:
        if found.cost < self.best.cost:
            self.best = found
            self.watch.best_cost = found.cost

    # ------------------------------------------------------------------ the whole problem

    def _bound(self, style: str) -> _Job:
        def take(value: float | None) -> None:
            if value is not None:
                self.by_style[style] = max(self.by_style[style], value)
                self._raise_by_style()

        future = self.crew.submit("bound", {"style": style, "seconds": BOUND_SECONDS})
        return _Job(frozenset(), future, take)

    def learn(self, answer: Any) -> None:
        """Take over what a task on the whole problem proved and, where it is cheaper, its runs."""
        if isinstance(answer, float):
            self.raise_bound(answer)
        if not isinstance(answer, dict):
            return
        if answer["bound"] is not None:
            self.raise_bound(answer["bound"])
        entries = entries_of(answer)
        if entries is None:
            return
        ledger = Ledger(self.problem)
        entries.enter(ledger)
        if found := self._cheaper(ledger, self.best.cost):
            self.repeatable &= self.steady and not answer["cut_short"]
            self._keep(found)
            self._restart(found.plan)

    # ------------------------------------------------------------------ the books

    def _runs(self) -> list[Any]:
        return runs_json(self.ledger.plan().runs)

    def _remove(self, styles: set[str]) -> Entries:
        """Take the runs of the styles out of the books, frozen ones aside; returns what they held."""
        pieces: dict[tuple[Cell, str, str], int] = {}
        overs: dict[tuple[Cell, str], int] = {}
        for cell, content in self._runs_of(styles):
            if content.frozen:
                continue
            pieces.update({(cell, *key): n for key, n in content.pieces.items()})
            overs.update({(cell, sku): n for sku, n in content.overs.items()})
            self.ledger.close(cell)
        return Entries(pieces, overs)

    def _fits(self, styles: set[str]) -> bool:
        """Whether the runs of the styles still fit beside all others."""
        items, ledger = self.problem.find.item, self.ledger
        return all(
            ledger.free[line][bucket] >= 0 and min(ledger.supply[items[item].fabric]) >= 0
            for (item, line, bucket), _ in self._runs_of(styles)
        )

    def _runs_of(self, styles: set[str]) -> list[tuple[Cell, Content]]:
        return [entry for style in sorted(styles) for entry in self.ledger.cells[style].items()]

    def _neighbours(self, live: set[str]) -> dict[str, list[str]]:
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

        self.shared = shared
        names = [style.id for style in self.problem.styles if style.id in live]
        return {
            one: sorted((o for o in names if o != one and shared(one, o)), key=lambda o: (-shared(one, o), o))
            for one in names
        }
