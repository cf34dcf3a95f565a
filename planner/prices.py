"""What a second of each line and a unit of each fabric is worth, and a bound of the cost with it.

Lagrangian duality. The limits on line time and on shared fabric are dropped and what is used is paid
instead; then every wave of demand goes where it is cheapest by itself. No plan can be cheaper than
the sum of that, less what the time and fabric there is would cost: a *bound*, whatever the prices.
Raising the price where too much is asked for and lowering it where too little makes the bound better
and the prices right (a subgradient method with momentum; Fisher, Management Science 27(1), 1981).

A set-up is spread over the largest run that could carry it, each tier counts at its best price, and
minimums are left out except where they can never be reached: every simplification makes plans look
cheaper, so the bound stays one.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.demand import Item
from planner.ledger import Ledger
from planner.tables import Numbers, Places, StyleTable, Tables, tier_floor
from planner.waves import Wave

STEPS = 800
MOMENTUM = 0.9
TIME_STEP = 0.1  # of the median value of a second, for a place asked for twice over
CLOTH_STEP = 0.04
SLOWING_STEPS = 30.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Minor units per second, shape (lines, buckets), and per unit of fabric cut, shape (fabrics, buckets).

    ``by_style`` is what each style costs at these prices at least, beyond nothing being made; its sum
    and ``constant`` are a bound of the cost.
    """

    time: Numbers
    cloth: Numbers
    by_style: dict[str, float]
    constant: float

    @property
    def bound(self) -> float:
        return self.constant + sum(self.by_style.values())


@dataclass(frozen=True, slots=True)
class _Spread:
    """Where an item could be made, and the least cost and seconds of a piece there, set-ups spread."""

    place: Places  # of the style's table
    cost: Numbers
    seconds: Numbers


@dataclass(frozen=True, slots=True)
class _Options:
    """Every way of serving each wave in its own colour: one entry for a wave and a place, waves together."""

    wave: Places  # ascending, counted from 0
    place: Places  # line * buckets + bucket
    bucket: Places
    cost: Numbers  # per piece
    seconds: Numbers  # per piece
    pieces: Numbers  # of each wave
    fabric: Places  # of each wave
    use: Numbers  # of each wave: mean of its lots


class Pricing:
    """The dual of one problem, its frozen runs entered in the ledger and nothing else."""

    def __init__(self, ledger: Ledger, tables: Tables, never: set[str]) -> None:
        """``never`` are items that the best plan does without."""
        self.never = never
        self.ledger = ledger
        self.tables = tables
        self.problem = ledger.problem
        self.free = tables.free(ledger)
        self.spreads = self._spreads()
        self.options = self._options()
        self._read_fabrics()

    # ------------------------------------------------------------------ what can be had

    def _read_fabrics(self) -> None:
        fabrics, buckets = self.problem.fabrics, self.problem.buckets
        self.most = np.array([self.ledger.most_bought[f.id] for f in fabrics], dtype=np.float64)
        rules = [f.purchase for f in fabrics]
        self.lead = np.array([min(r.lead_buckets, buckets) if r else buckets for r in rules], dtype=np.int64)
        self.most[self.lead >= buckets] = 0
        self.unit_cost = np.array([r.unit_cost if r else 0 for r in rules], dtype=np.float64)
        level = np.array([self.ledger.supply[f.id] for f in fabrics], dtype=np.float64)
        level = level.reshape(len(fabrics), buckets)
        self.later = np.arange(buckets)[None, :] >= self.lead[:, None]
        self.certain = level - self.most[:, None] * self.later
        self.ends = np.ones((len(fabrics), buckets), dtype=bool)
        self.ends[:, :-1] = self.certain[:, 1:] > self.certain[:, :-1]
        buying = np.flatnonzero((self.most > 0) & (self.lead > 0))
        self.ends[buying, self.lead[buying] - 1] = True

    def _spreads(self) -> dict[str, _Spread]:
        """By item, without those that are never made."""
        found: dict[str, _Spread] = {}
        for style in self.problem.styles:
            table = self.tables.style(style.id)
            for item in table.items:
                if item.id not in self.never:
                    found[item.id] = self._spread(table, item)
        return found

    def _spread(self, table: StyleTable, item: Item) -> _Spread:
        style = table.style
        free = self.free[table.line, table.bucket]
        begun = np.zeros(len(table), dtype=bool)
        for run in self.problem.frozen:
            if self.problem.find.item[run.item].style == style.id:
                begun |= table.at(run.cell)
        setup = np.where(begun, 0.0, style.setup_seconds)
        most = np.minimum(table.room(free, setup, item), self._demand(table, {item.id}))
        lightest = min(other.setup_seconds for other in table.items)
        whole = np.maximum(free - setup - lightest, 0) // np.maximum(table.seconds, 1)
        whole = np.minimum(np.where(table.seconds > 0, whole, np.inf), self._demand(table, None))
        place = np.flatnonzero(most >= table.min_run)
        most, whole = most[place], np.maximum(whole[place], 1)
        cost = tier_floor(table, place, most) + item.setup_cost / most
        cost = cost + np.where(begun[place], 0.0, style.setup_cost) / whole
        return _Spread(place, cost, table.seconds[place] + item.setup_seconds / most + setup[place] / whole)

    def _demand(self, table: StyleTable, items: set[str] | None) -> int:
        """Pieces wanted of the items, consents and overs included; of the whole style for None."""
        streams = (s for s in table.streams if items is None or s.item in items)
        overs = sum(i.overs_maximum for i in table.items if items is None or i.id in items)
        return sum(stream.quantity(self.ledger) for stream in streams) + overs

    def _options(self) -> _Options:
        blocks: list[tuple[npt.NDArray[Any], ...]] = []
        waves: list[tuple[int, int, float]] = []
        for style in self.problem.styles:
            table = self.tables.style(style.id)
            for number, stream in enumerate(table.streams):
                spread = self.spreads.get(stream.item)
                wanted = stream.quantity(self.ledger)
                if spread is None or stream.consent is not None or not wanted:
                    continue
                cost = spread.cost + table.delivery[number][spread.place]
                pays = np.flatnonzero(cost < 0)
                at = spread.place[pays]
                place = table.line[at] * self.problem.buckets + table.bucket[at]
                wave = np.full(pays.size, len(waves))
                blocks.append((wave, place, table.bucket[at], cost[pays], spread.seconds[pays]))
                cut = sum(pieces * use for pieces, use in self._sizes(stream.wave))
                fabric = self.tables.fabric_number[self.problem.find.item[stream.item].fabric]
                waves.append((wanted, fabric, cut / wanted))
        wave, place, bucket, cost, seconds = (
            np.concatenate(part)
            for part in zip(*(blocks or [(np.zeros(0, dtype=np.int64),) * 5]), strict=True)
        )
        pieces, fabrics, use = zip(*(waves or [(0, 0, 0.0)]), strict=True)
        return _Options(
            wave,
            place,
            bucket,
            cost,
            seconds,
            np.array(pieces, float),
            np.array(fabrics),
            np.array(use, float),
        )

    def _sizes(self, wave: Wave) -> list[tuple[int, int]]:
        """Pieces still wanted and fabric per piece, by lot."""
        sku, missing = self.problem.find.sku, self.ledger.missing
        return [(missing[lot.id], sku[lot.sku].fabric_use) for lot in wave.lots if missing[lot.id]]

    # ------------------------------------------------------------------ the dual

    def rise(self, steps: int = STEPS) -> Prices:
        """The best prices found in so many steps."""
        shape, cloth_shape = self.free.shape, self.certain.shape
        time, slope = np.zeros(shape), np.zeros(cloth_shape)
        time_push, cloth_push = np.zeros(shape), np.zeros(cloth_shape)
        options = self.options
        worth = -options.cost
        of_second = float(np.median(worth / np.maximum(options.seconds, 1))) if worth.size else 0.0
        units = np.maximum(options.use[options.wave], 1) if worth.size else worth
        of_unit = float(np.median(worth / units)) if worth.size else 0.0
        best, kept = -np.inf, (time, slope)
        for step in range(steps):
            value, over_time, over_cloth = self._evaluate(time, slope)
            if value > best:
                best, kept = value, (time, slope)
            push = over_time / np.maximum(self.free, 1e4)
            time_push = MOMENTUM * time_push + (1 - MOMENTUM) * np.where((time <= 0) & (push < 0), 0, push)
            push = over_cloth / (np.maximum(self.certain, 0) + 1e4)
            idle = (slope <= 0) & (push < 0)
            cloth_push = MOMENTUM * cloth_push + (1 - MOMENTUM) * np.where(idle, 0, push)
            pace = 1 / (1 + step / SLOWING_STEPS)
            time = np.maximum(0, time + pace * TIME_STEP * of_second * time_push)
            slope = np.maximum(0, slope + pace * CLOTH_STEP * of_unit * cloth_push) * self.ends
        return self._prices(*kept)

    def _evaluate(self, time: Numbers, slope: Numbers) -> tuple[float, Numbers, Numbers]:
        """The dual value, and by how much time and fabric are asked for beyond what there is."""
        options = self.options
        cloth = _from_later(slope)
        cost = options.cost + time.ravel()[options.place] * options.seconds
        fabric = options.fabric[options.wave]
        cost = cost + options.use[options.wave] * cloth[fabric, options.bucket]
        chosen = self._cheapest(cost)
        pieces = options.pieces[options.wave[chosen]]
        asked = np.bincount(options.place[chosen], pieces * options.seconds[chosen], self.free.size)
        cut = np.zeros(self.certain.shape)
        np.add.at(cut, (fabric[chosen], options.bucket[chosen]), pieces * options.use[options.wave[chosen]])
        bought = self._bought(cloth)
        value = float((cost[chosen] * pieces).sum() - (time * self.free).sum())
        value += self._cloth_value(cloth, slope, bought).sum()
        over_cloth = np.cumsum(cut, axis=1) - self.certain - bought[:, None] * self.later
        return value, asked.reshape(self.free.shape) - self.free, over_cloth

    def _cheapest(self, cost: Numbers) -> Places:
        """For each stream the option of least cost, where that is below nothing."""
        if not cost.size:
            return np.zeros(0, dtype=np.int64)
        first = np.flatnonzero(np.r_[True, np.diff(self.options.wave) > 0])
        least = np.minimum.reduceat(cost, first)
        lengths = np.diff(np.r_[first, cost.size])
        at = np.flatnonzero(cost <= np.repeat(least, lengths))
        _, once = np.unique(self.options.wave[at], return_index=True)
        chosen: Places = at[once]
        return chosen[cost[chosen] < 0]

    def _bought(self, cloth: Numbers) -> Numbers:
        return np.where(self._gain(cloth) > 0, self.most, 0)

    def _gain(self, cloth: Numbers) -> Numbers:
        """What a unit bought is worth beyond what it costs, at these prices."""
        worth = np.zeros(len(self.lead))
        can = np.flatnonzero(self.lead < self.problem.buckets)
        worth[can] = cloth[can, self.lead[can]] - self.unit_cost[can]
        return worth

    def _cloth_value(self, cloth: Numbers, slope: Numbers, bought: Numbers) -> Numbers:
        value: Numbers = -(slope * self.certain).sum(axis=1) - self._gain(cloth) * bought
        return value

    def _prices(self, time: Numbers, slope: Numbers) -> Prices:
        """The bound exactly: lots one by one, since sizes differ in fabric and some accept other colours."""
        cloth = _from_later(slope)
        values = self._cloth_value(cloth, slope, self._bought(cloth))
        by_style = {}
        for style in self.problem.styles:
            by_style[style.id] = self._least_cost(self.tables.style(style.id), time, cloth)
        for fabric, users in self.tables.styles_of_fabric.items():
            if len(users) == 1:  # its fabric is a matter of the style alone
                number = self.tables.fabric_number[fabric]
                by_style[next(iter(users))] += float(values[number])
                values[number] = 0
        return Prices(time, cloth, by_style, float(values.sum() - (time * self.free).sum()))

    def _least_cost(self, table: StyleTable, time: Numbers, cloth: Numbers) -> float:
        """Of all that is wanted of a style, each piece served where it is cheapest, or not at all."""
        sku = self.problem.find.sku
        own: dict[str, float] = {}
        other: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for number, stream in enumerate(table.streams):
            cost, paid = self._costs(table, number, time, cloth)
            if stream.lot is not None and stream.consent is not None:
                least = float(np.min(cost + sku[stream.consent.sku].fabric_use * paid, initial=0.0))
                other[stream.lot.id].append((least, stream.quantity(self.ledger)))
                continue
            uses = {sku[lot.sku].fabric_use for lot in stream.wave.lots}
            least_by_use = {use: float(np.min(cost + use * paid, initial=0.0)) for use in uses}
            own.update({lot.id: least_by_use[sku[lot.sku].fabric_use] for lot in stream.wave.lots})
        overs = sum(self._least_overs(table, item, time, cloth) for item in table.items)
        return overs + sum(_serve(self.ledger.missing[lot], cost, other[lot]) for lot, cost in own.items())

    def _costs(
        self, table: StyleTable, number: int, time: Numbers, cloth: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Cost of a piece of the stream at each of its item's places, and the price of fabric there."""
        stream = table.streams[number]
        spread = self.spreads.get(stream.item)
        if spread is None:
            return np.zeros(0), np.zeros(0)
        at = spread.place
        cost = (
            spread.cost + table.delivery[number][at] + time[table.line[at], table.bucket[at]] * spread.seconds
        )
        return cost, self._paid(stream.item, cloth)[table.bucket[at]]

    def _paid(self, item: str, cloth: Numbers) -> Numbers:
        paid: Numbers = cloth[self.tables.fabric_number[self.problem.find.item[item].fabric]]
        return paid

    def _least_overs(self, table: StyleTable, item: Item, time: Numbers, cloth: Numbers) -> float:
        """What surplus pieces may bring: nothing where they fetch less than they cost."""
        spread = self.spreads.get(item.id)
        left = item.overs_maximum - self.ledger.overs[item.id]
        if spread is None or left <= 0 or item.id not in self.tables.least_use:
            return 0.0
        at = spread.place
        cost = spread.cost + time[table.line[at], table.bucket[at]] * spread.seconds - item.overs_value
        cost = cost + self.tables.least_use[item.id][0] * self._paid(item.id, cloth)[table.bucket[at]]
        return left * float(np.min(cost, initial=0.0))


def _serve(pieces: int, own: float, others: list[tuple[float, int]]) -> float:
    """The least cost of a lot: by consent where that is cheaper, the rest in its own colour."""
    total = 0.0
    for cost, most in sorted(others):
        if cost < own:
            taken = min(most, pieces)
            total += taken * cost
            pieces -= taken
    return total + pieces * own


def _from_later(slope: Numbers) -> Numbers:
    """Fabric cut in a bucket counts in every limit from there on."""
    total: Numbers = np.cumsum(slope[:, ::-1], axis=1)[:, ::-1]
    return total
