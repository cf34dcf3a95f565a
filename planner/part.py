"""One style of a plan decided anew while every other style stays as it is: what verifies an explanation.

The problem is cut down to the style: its lots, and the runs of all others as bare pieces that use line
time and fabric. So one look costs the same among 5,000 lots as among 50.

Which cells are looked at: all of them where the style has few (then the verdict is that of the exact
model). Else the cells of its present runs, for each lot in question the few that would serve it
cheapest, in time and at any time, and the cell a change is about. Where that is still much, only the
item in question is free and the other colours of the style stay too. What is found in such a look is a
plan all the same, so "with this change it works" holds; "with less it does not" holds for that look.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from planner.check import cost
from planner.demand import Item, Lot
from planner.ledger import Cell, Ledger
from planner.mip import SolverFailed
from planner.plan import Plan, Run
from planner.problem import Problem
from planner.subproblem import solve_part
from planner.waves import Wave, delivery_cost, tier_cost, waves

FEW_CELLS = 60
MOST_CELLS = 24  # of which the style's own runs may be many
CELLS_PER_WAVE = 4
MOST_PER_WAVE = 16
ROOM = 2  # times the pieces of a wave
LOOK_SECONDS = 2.0
LEAST_TURN = 3.0
TURN_SHARE = 0.1  # of the seconds, that one loss may take
LOOK_NODES = 2_000  # where looks are counted, so that their answers repeat


class Unsettled(Exception):
    """No verdict: the effort is spent, or the solver did not come to an end."""


class Effort:
    """How much may be spent on looks: seconds, and where ``looks`` is given at most so many of them."""

    def __init__(
        self,
        seconds: float,
        *,
        looks: int | None = None,
        seed: int = 0,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self.seed = seed
        self.nodes = None if looks is None else LOOK_NODES
        self._until = time.monotonic() + seconds
        self._turn = max(LEAST_TURN, TURN_SHARE * seconds)
        self._turn_until = self._until
        self._looks = looks
        self._stop = stop

    @property
    def left(self) -> float:
        """Seconds for the next look; none where the effort is spent."""
        spent = self._looks is not None and self._looks <= 0
        stopped = self._stop is not None and self._stop()
        return 0.0 if spent or stopped else max(0.0, self._until - time.monotonic())

    def begin(self) -> None:
        """The turn of another loss: none may take more than a share of the seconds."""
        self._turn_until = time.monotonic() + self._turn

    def take(self) -> float:
        """Seconds for one look, which is counted. Raises Unsettled where effort or turn are spent."""
        left = self.left if self._looks is not None else min(self.left, self._turn_until - time.monotonic())
        if left <= 0:
            raise Unsettled
        if self._looks is None:
            return min(LOOK_SECONDS, left)
        self._looks -= 1
        return left


@dataclass(frozen=True, slots=True)
class Redone:
    """A style decided anew: all its runs, released ones too, and what they and the fabric cost."""

    runs: tuple[Run, ...]
    cost: int

    @property
    def quantity(self) -> Counter[str]:
        """Pieces by item."""
        made: Counter[str] = Counter()
        for run in self.runs:
            made[run.item] += run.quantity
        return made


@dataclass(frozen=True, slots=True)
class Look:
    """What stays (``fixed``) and the cells of each free item; None: every cell of the style."""

    fixed: tuple[Run, ...]
    allowed: Mapping[str, set[Cell]] | None


class Part:
    """One style against what all the others leave. ``problem`` is the problem cut down to the style."""

    def __init__(
        self, problem: Problem, others: Iterable[Run], plan: Plan, style: str, lots: list[Lot]
    ) -> None:
        self.style = style
        self.problem = replace(problem, lots=tuple(lots), frozen=())
        item = problem.find.item
        released = {run.cell for run in problem.frozen}
        mine = [run for run in plan.runs if item[run.item].style == style]
        self.released = tuple(run for run in mine if run.cell in released)
        self.runs = tuple(run for run in mine if run.cell not in released)
        self.lines = [line for line in self.problem.lines if style in line.styles]
        self.items = [one for one in self.problem.items if one.style == style]
        able, fabrics = {line.id for line in self.lines}, {one.fabric for one in self.items}
        self.others = tuple(  # those in its way
            run
            for run in others
            if item[run.item].style != style and (run.line in able or item[run.item].fabric in fabrics)
        )
        self.fixed = (*self.others, *self.released)
        self.books = Ledger(self.problem, frozen=self.fixed)  # without the style
        self.now = Ledger(self.problem, frozen=(*self.fixed, *self.runs))  # as the plan has it
        self.waves = waves(self.problem)

    @property
    def cost(self) -> int:
        """What the style costs as the plan has it, fabric included."""
        return self.price(self.problem, (*self.released, *self.runs))

    def price(self, problem: Problem, runs: tuple[Run, ...]) -> int:
        """What the style costs with these runs at the prices of a problem; all fabric in its way is in it."""
        purchases = Ledger(problem, frozen=(*self.others, *runs)).purchases()
        return cost(problem, Plan(problem.name, runs=runs, purchases=purchases)).total

    def redo(self, changed: Problem, look: Look, effort: Effort) -> Redone:
        """The cheapest way to make the style in the changed problem. Raises Unsettled."""
        books = Ledger(changed, frozen=look.fixed)
        try:
            answer = solve_part(
                books,
                {self.style},
                waves(changed),
                seconds=effort.take(),
                seed=effort.seed,
                nodes=effort.nodes,
                allowed=look.allowed,
            )
        except SolverFailed as error:
            raise Unsettled from error
        if answer.entries is None or not answer.optimal:
            raise Unsettled
        answer.entries.enter(books)
        styles = changed.find.item
        runs = tuple(run for run in books.plan().runs if styles[run.item].style == self.style)
        return Redone(runs, self.price(changed, runs))

    # ------------------------------------------------------------------ where to look

    def look(self, lots: Iterable[str], also: Iterable[Cell] = ()) -> Look:
        """A look for the sake of these lots, which are of one style and, for a small look, of one item."""
        tiers = sum(len(line.tiers) for line in self.lines)
        decisions = tiers * sum(self.problem.buckets - item.release_bucket for item in self.items)
        if decisions <= FEW_CELLS:
            return Look(self.fixed, None)
        wanted = set(lots)
        chosen: dict[str, set[Cell]] = {item.id: set() for item in self.items}
        affected = [wave for wave in self.waves if any(lot.id in wanted for lot in wave.lots)]
        for wave in affected:
            chosen[wave.item].update(self._cheapest(wave))
        for cell in also:
            chosen[cell[0]].add(cell)
        items = {wave.item for wave in affected}
        narrow = len(items) == 1 and sum(map(len, chosen.values())) + len(self.runs) > MOST_CELLS
        stays = [run for run in self.runs if narrow and run.item not in items]
        for run in self.runs:
            if not narrow or run.item in items:
                chosen[run.item].add(run.cell)
        return Look((*self.fixed, *stays), chosen)

    def _cheapest(self, wave: Wave) -> Iterable[Cell]:
        """The cheapest in time and the cheapest at any time, each with room to spare for the wave."""
        offers = sorted((price, day > wave.due_day, cell) for price, day, cell in self._offers(wave))
        for cells in ([cell for _, late, cell in offers if not late], [cell for _, _, cell in offers]):
            room = 0
            for place, cell in enumerate(cells[:MOST_PER_WAVE]):
                if place >= CELLS_PER_WAVE and room >= ROOM * wave.quantity:
                    break
                room += self.books.room(cell)
                yield cell

    def _offers(self, wave: Wave) -> Iterable[tuple[float, int, Cell]]:
        """Price per piece, set-up included, and day of arrival in each cell that has time for a run."""
        item = self.problem.find.item[wave.item]
        setup = item.setup_cost + self.problem.find.style[self.style].setup_cost
        for line, bucket, day in self.ways(item, wave.region):
            cell = (item.id, line, bucket)
            record = self.problem.find.line[line]
            if self.books.room(cell) >= record.min_run:
                quantity = max(wave.quantity, record.min_run)
                price = tier_cost(record, self.style, quantity) + setup / quantity
                yield price + delivery_cost(self.problem, wave, record, bucket), day, cell

    def ways(self, item: Item, region: str) -> Iterable[tuple[str, int, int]]:
        """Line, bucket and day of arrival of wherever the item could be made."""
        find = self.problem.find
        for line in self.lines:
            lead = find.factory[line.factory].shipping[region].lead_days
            for bucket in range(item.release_bucket, self.problem.buckets):
                yield line.id, bucket, self.problem.last_day(bucket) + lead


def in_time(problem: Problem, runs: Iterable[Run]) -> Counter[str]:
    """Pieces of each lot that arrive by its day."""
    arrived: Counter[str] = Counter()
    for run in runs:
        factory = problem.find.factory[problem.find.line[run.line].factory]
        for piece in run.pieces:
            lot = problem.find.lot[piece.lot]
            if problem.last_day(run.bucket) + factory.shipping[lot.region].lead_days <= lot.due_day:
                arrived[lot.id] += piece.quantity
    return arrived
