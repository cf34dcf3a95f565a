"""A problem as arrays: for each style every line and bucket that could make it, and what a piece costs there.

The models and the prices look at thousands of places at once; numpy does in milliseconds what records
one by one take seconds for. A *place* is a line and a bucket; a *cell* is a place for one item.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from planner.demand import Item, Lot, Style, Substitute
from planner.ledger import UNLIMITED, Cell, Ledger
from planner.problem import Problem
from planner.waves import Wave

Numbers: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stream:
    """Demand that may flow into the cells of ``item``: a wave's own, or a lot's consent to another colour.

    ``consent`` is None for a wave's own colour; else ``lot`` is the lot that gave it.
    """

    item: str
    wave: Wave
    lot: Lot | None = None
    consent: Substitute | None = None

    def quantity(self, ledger: Ledger) -> int:
        """Pieces that are still to be served this way, at most."""
        if self.lot is not None and self.consent is not None:
            return min(ledger.consents[self.lot.id, self.consent.sku], ledger.missing[self.lot.id])
        return sum(ledger.missing[lot.id] for lot in self.wave.lots)


class StyleTable:
    """All places that can make one style; every array has one entry, or one row, for each of them."""

    def __init__(self, problem: Problem, style: Style, items: Sequence[Item], demand: Sequence[Wave]) -> None:
        self.problem = problem
        self.style = style
        self.items = items
        self.lines = [line for line in problem.lines if style.id in line.styles]
        self.streams = list(self._streams(demand))
        numbers = {line.id: number for number, line in enumerate(problem.lines)}
        span = problem.buckets
        self.line = np.repeat(np.array([numbers[line.id] for line in self.lines], dtype=np.int64), span)
        self.bucket = np.tile(np.arange(span, dtype=np.int64), len(self.lines))
        self.seconds = self._each([line.styles[style.id].seconds for line in self.lines])
        self.min_run = self._each([line.min_run for line in self.lines])
        self.max_run = self._each([line.max_run or UNLIMITED for line in self.lines])
        most = max((len(line.tiers) for line in self.lines), default=0)
        self.tier_start = self._tiers([list(line.tiers) for line in self.lines], most, UNLIMITED)
        self.tier_cost = self._tiers([list(line.styles[style.id].unit_cost) for line in self.lines], most, 0)

    def __len__(self) -> int:
        return len(self.line)

    def _each(self, values: Sequence[int]) -> Numbers:
        return np.repeat(np.array(values, dtype=np.float64), self.problem.buckets)

    def _tiers(self, rows: Sequence[list[int]], width: int, filler: int) -> Numbers:
        full = [row + [filler] * (width - len(row)) for row in rows]
        table = np.array(full, dtype=np.float64).reshape(len(rows), width)
        return np.repeat(table, self.problem.buckets, axis=0)

    def _streams(self, demand: Sequence[Wave]) -> list[Stream]:
        found = [Stream(wave.item, wave) for wave in demand]
        sku = self.problem.find.sku
        found += [
            Stream(sku[consent.sku].item, wave, lot, consent)
            for wave in demand
            for lot in wave.lots
            for consent in lot.substitutes
        ]
        return found

    @cached_property
    def tier_end(self) -> Numbers:
        """The last quantity of each tier."""
        last = np.full((len(self), 1), float(UNLIMITED))
        return np.concatenate([self.tier_start[:, 1:] - 1, last], axis=1)

    @cached_property
    def delivery(self) -> list[Numbers]:
        """For each stream: shipping, days late or early, consent, less what a piece not delivered costs."""
        return [self._delivery(stream) for stream in self.streams]

    def _delivery(self, stream: Stream) -> Numbers:
        problem, wave = self.problem, stream.wave
        ways = [problem.find.factory[line.factory].shipping[wave.region] for line in self.lines]
        days = np.array([problem.last_day(bucket) for bucket in range(problem.buckets)], dtype=np.float64)
        late = np.add.outer(np.array([way.lead_days for way in ways], dtype=np.float64), days) - wave.due_day
        waiting = np.where(late > 0, wave.late_cost * late, -wave.early_cost * late)
        price = stream.consent.cost if stream.consent else 0
        unit = np.array([way.unit_cost for way in ways], dtype=np.float64)
        table: Numbers = (waiting + unit[:, None] + price - wave.unfilled_cost).ravel()
        return table

    def at(self, cell: Cell) -> Mask:
        """Which entry is the place of the cell."""
        number = next(n for n, line in enumerate(self.problem.lines) if line.id == cell[1])
        found: Mask = (self.line == number) & (self.bucket == cell[2])
        return found

    def room(self, free: Numbers, setup: Numbers, item: Item) -> Numbers:
        """Pieces of a run of the item that time and the line's largest run allow, in each place.

        ``free`` and ``setup`` are seconds: what is left, and what the style's own set-up takes.
        """
        time = np.maximum(free - setup - item.setup_seconds, 0)
        pieces = np.where(self.seconds > 0, time // np.maximum(self.seconds, 1), UNLIMITED)
        pieces = np.where(free - setup - item.setup_seconds < 0, 0, pieces)
        pieces[self.bucket < item.release_bucket] = 0
        return np.minimum(pieces, self.max_run)


class Tables:
    """The arrays of every style, and the order of lines, buckets and fabrics in shared arrays."""

    def __init__(self, problem: Problem, demand: Sequence[Wave]) -> None:
        self.problem = problem
        self.demand = demand
        self.fabric_number = {fabric.id: number for number, fabric in enumerate(problem.fabrics)}
        items: dict[str, list[Item]] = defaultdict(list)
        waves: dict[str, list[Wave]] = defaultdict(list)
        for item in problem.items:
            items[item.style].append(item)
        for wave in demand:
            waves[problem.find.item[wave.item].style].append(wave)
        self.items_of = items
        self.waves_of = waves
        self._styles: dict[str, StyleTable] = {}

    def style(self, style: str) -> StyleTable:
        """The table of one style, made when first asked for."""
        if style not in self._styles:
            record = self.problem.find.style[style]
            table = StyleTable(self.problem, record, self.items_of[style], self.waves_of[style])
            self._styles[style] = table
        return self._styles[style]

    @cached_property
    def styles_of_fabric(self) -> dict[str, set[str]]:
        users: dict[str, set[str]] = defaultdict(set)
        for item in self.problem.items:
            users[item.fabric].add(item.style)
        return users

    @cached_property
    def least_use(self) -> dict[str, tuple[int, str]]:
        """For each item the size that takes least fabric: overs cost and fetch the same in every size."""
        least: dict[str, tuple[int, str]] = {}
        for sku in self.problem.skus:
            entry = (sku.fabric_use, sku.id)
            least[sku.item] = min(entry, least.get(sku.item, entry))
        return least

    def free(self, ledger: Ledger) -> Numbers:
        """Seconds left, shape (lines, buckets)."""
        rows = [ledger.free[line.id] for line in self.problem.lines]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.problem.buckets)


def tier_floor(table: StyleTable, place: Places, most: Numbers) -> Numbers:
    """The lowest price per piece of the tiers that a run of up to ``most`` pieces reaches, by place."""
    reached = table.tier_start[place] <= most[:, None]
    floor: Numbers = np.where(reached, table.tier_cost[place], np.inf).min(axis=1, initial=np.inf)
    return floor
