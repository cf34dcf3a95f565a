"""The exact model of some styles against what the others leave: line time, fabric and cloth to buy.

The letters are those of the README. All styles free and no cell left out, it is the whole problem and
its bound is a bound of the contract's cost. With prices on line time or fabric, what is used is paid
instead: the Lagrangian model of one style.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from planner.cells import Flow, ItemCells, Service, Tier
from planner.cloth import Cloth
from planner.demand import Item
from planner.ledger import Cell, Ledger
from planner.mip import Columns, Mip
from planner.tables import Mask, Numbers, Places, StyleTable, Tables, tier_floor
from planner.waves import Wave


@dataclass(slots=True)
class _StylePart:
    """A style's places as the ledger leaves them, and the decisions that set it up there."""

    table: StyleTable
    free: Numbers  # seconds
    setup: Numbers  # seconds of the style's set-up; none where a frozen run has it set up
    setup_cost: Numbers
    price: Numbers  # of a second
    begun: Mask
    cells: list[ItemCells] = field(default_factory=list)
    setups: list[tuple[Places, Columns]] = field(default_factory=list)
    runs: list[tuple[Places, Columns, Columns, Item]] = field(default_factory=list)  # place, Q, r

    @property
    def alone(self) -> bool:
        """Whether the style has one item at most: its runs then carry the style's set-up."""
        return len(self.cells) <= 1


class PartModel:
    """Decide everything about the styles in ``free``; the ledger holds all the others and no run of these.

    ``allowed`` restricts the cells of an item (None: every cell); a bound then holds no longer.
    ``time_price`` is paid per second, shape (lines, buckets); fabrics in ``cloth_price`` are paid per
    unit and bucket and have no limit. ``counted`` asks for whole pieces of each lot, though not of each
    run: nearly the price of whole pieces at a fraction of the work.
    """

    def __init__(
        self,
        ledger: Ledger,
        free: Iterable[str],
        tables: Tables,
        allowed: Mapping[str, set[Cell]] | None = None,
        *,
        time_price: Numbers | None = None,
        cloth_price: Mapping[str, Numbers] | None = None,
        counted: bool = False,
    ) -> None:
        self.ledger = ledger
        self.problem = ledger.problem
        self.tables = tables
        self.allowed = allowed
        self.by_tier = allowed is None  # tighter, and slower where there is nothing to prove
        self.mip = Mip()
        self.decisions: list[Columns] = [np.zeros(0, dtype=np.int64)]
        self.cells: list[ItemCells] = []
        self.goes: list[tuple[list[ItemCells], Columns]] = []
        self._parts: list[_StylePart] = []
        price = np.zeros(tables.free(ledger).shape) if time_price is None else time_price
        for style in sorted(free):
            self._add_style(tables.style(style), price)
        self._share_line_time()
        self._add_demand(counted=counted)
        self.cloth = Cloth(self.mip, ledger, tables, self.cells, cloth_price or {}, counted=counted)
        self.decisions += self.cloth.decisions

    # ------------------------------------------------------------------ runs, pieces, overs

    def _add_style(self, table: StyleTable, price: Numbers) -> None:
        style, ledger = table.style, self.ledger
        begun = self._begun(table)
        part = _StylePart(
            table=table,
            free=self.tables.free(ledger)[table.line, table.bucket],
            setup=np.where(begun, 0.0, style.setup_seconds),
            setup_cost=np.where(begun, 0.0, style.setup_cost),
            price=price[table.line, table.bucket],
            begun=begun,
        )
        self._parts.append(part)
        part.cells += [cells for item in table.items if (cells := self._cells(part, item)) is not None]
        self.cells += part.cells
        self._add_setups(part)
        for cells in part.cells:
            self._add_runs(part, cells)
            self._fill(part, cells)
        self._limit_time(part)
        self._limit_whole_pieces(part)
        self._add_minimums(part)

    def _begun(self, table: StyleTable) -> Mask:
        """Where a frozen run has the style set up already."""
        mask = np.zeros(len(table), dtype=bool)
        for run in self.problem.frozen:
            if self.problem.find.item[run.item].style == table.style.id:
                mask |= table.at(run.cell)
        return mask

    def _cells(self, part: _StylePart, item: Item) -> ItemCells | None:
        table = part.table
        streams = [stream for stream in table.streams if stream.item == item.id]
        wanted = [(stream, stream.quantity(self.ledger)) for stream in streams]
        has_sizes = item.id in self.tables.least_use
        overs = max(0, item.overs_maximum - self.ledger.overs[item.id]) if has_sizes else 0
        demand = sum(pieces for _, pieces in wanted) + overs
        most = np.minimum(table.room(part.free, part.setup, item), demand)
        most = np.minimum(most, self._cloth_pieces(item)[table.bucket])
        able = most >= table.min_run
        for run in self.problem.frozen:
            if run.item == item.id:
                able &= ~table.at(run.cell)
        if self.allowed is not None:
            able &= self._allowed(table, item)
        place = np.flatnonzero(able)
        if not place.size:
            return None
        flows = [Service(pieces, stream=stream) for stream, pieces in wanted if pieces > 0]
        return ItemCells(item, table, place, most[place], flows=flows, overs=Flow(overs))

    def _cloth_pieces(self, item: Item) -> Numbers:
        """Pieces that fabric allows in each bucket, buying at the most."""
        use = self.tables.least_use.get(item.id, (0, ""))[0]
        buckets = range(self.problem.buckets)
        return np.array([self.ledger.cloth(item.fabric, bucket, use) for bucket in buckets], dtype=np.float64)

    def _allowed(self, table: StyleTable, item: Item) -> Mask:
        mask = np.zeros((len(self.problem.lines), self.problem.buckets), dtype=bool)
        numbers = {line.id: number for number, line in enumerate(self.problem.lines)}
        for _, line, bucket in (self.allowed or {}).get(item.id, ()):
            mask[numbers[line], bucket] = True
        return mask[table.line, table.bucket]

    def _add_setups(self, part: _StylePart) -> None:
        """The decision that the style is set up in a place; where it has one item, the runs say it."""
        if part.alone:
            return
        place = np.unique(np.concatenate([cells.place for cells in part.cells]))
        cost = part.setup_cost[place] + part.price[place] * part.setup[place]
        columns = self.mip.numbers(place.size, 1, cost, least=part.begun[place], whole=True)
        self.decisions.append(columns)
        part.setups.append((place, columns))

    def _add_runs(self, part: _StylePart, cells: ItemCells) -> None:
        table, item = cells.table, cells.item
        for tier in range(table.tier_start.shape[1]):
            low = np.maximum(table.tier_start[cells.place, tier], table.min_run[cells.place])
            high = np.minimum(table.tier_end[cells.place, tier], cells.most)
            at = np.flatnonzero(low <= high)
            there, low, high = cells.place[at], low[at], high[at]
            price, seconds = part.price[there], table.seconds[there]
            quantity = self.mip.numbers(at.size, high, table.tier_cost[there, tier] + price * seconds)
            cost = item.setup_cost + price * item.setup_seconds
            if part.alone:
                cost = cost + part.setup_cost[there] + price * part.setup[there]
            decision = self.mip.numbers(at.size, 1, cost, whole=True)
            for edge, limit in ((low, "least"), (high, "most")):
                rows = self.mip.rows(at.size, **{limit: 0.0})
                self.mip.put(rows, quantity)
                self.mip.put(rows, decision, -edge)
            cells.tiers.append(Tier(at, low, high, quantity, decision))
            self.decisions.append(decision)
            part.runs.append((there, quantity, decision, item))
            if part.alone:
                part.setups.append((there, decision))
        rows = self.mip.rows(cells.place.size, most=1 if part.alone else 0)
        for found in cells.tiers:
            self.mip.put(rows[found.at], found.decision)
        if not part.alone:
            ((place, columns),) = part.setups
            self.mip.put(rows, columns[np.searchsorted(place, cells.place)], -1)

    def _fill(self, part: _StylePart, cells: ItemCells) -> None:
        """What fills a run is its quantity; nothing flows without the decision (the strong form)."""
        delivery = dict(zip(map(id, part.table.streams), part.table.delivery, strict=True))
        for tiers in [[tier] for tier in cells.tiers] if self.by_tier else [cells.tiers]:
            at = np.unique(np.concatenate([tier.at for tier in tiers]))
            filled = self.mip.rows(at.size, least=0, most=0)
            for tier in tiers:
                self.mip.put(filled[np.searchsorted(at, tier.at)], tier.quantity, -1)
            there = cells.place[at]
            cheapest = tier_floor(part.table, there, cells.most[at])
            for flow in cells.flows:
                cost = delivery[id(flow.stream)][there]
                pays = np.full(at.size, True) if self.allowed is None else cost + cheapest < 0
                self._flow(flow, tiers, at[pays], filled[pays], (cost + flow.stream.wave.unfilled_cost)[pays])
            if cells.overs.pieces:
                self._flow(cells.overs, tiers, at, filled, np.full(at.size, -cells.item.overs_value))
        if cells.overs.pieces:
            self.mip.row(cells.overs.columns, most=cells.overs.pieces)

    def _flow(self, flow: Flow, tiers: list[Tier], at: Places, filled: Columns, cost: Numbers) -> None:
        """Let the flow fill the runs of these tiers in the cells at ``at``, at this cost."""
        most = np.full(at.size, 0.0)
        needs = self.mip.rows(at.size, most=0)
        for tier in tiers:
            inside = np.flatnonzero(np.isin(tier.at, at))
            place, room = np.searchsorted(at, tier.at[inside]), np.minimum(flow.pieces, tier.high[inside])
            self.mip.put(needs[place], tier.decision[inside], -room)
            most[place] = np.maximum(most[place], room)
        columns = self.mip.numbers(at.size, most, cost)
        self.mip.put(filled, columns)
        self.mip.put(needs, columns)
        flow.add(at, columns)

    # ------------------------------------------------------------------ line time

    def _limit_time(self, part: _StylePart) -> None:
        """Making and colour set-ups fit into what the style's own set-up leaves, and need that set-up."""
        rows = self.mip.rows(len(part.table), most=0)
        for there, quantity, decision, item in part.runs:
            self.mip.put(rows[there], quantity, part.table.seconds[there])
            self.mip.put(rows[there], decision, item.setup_seconds)
        for there, columns in part.setups:
            self.mip.put(rows[there], columns, part.setup[there] - part.free[there])

    def _limit_whole_pieces(self, part: _StylePart) -> None:
        """The row above divided by the seconds of a piece and rounded, since pieces are whole (MIR)."""
        seconds = part.table.seconds
        pieces = np.maximum(part.free - part.setup, 0) / np.maximum(seconds, 1)
        whole, rest = np.floor(pieces), pieces - np.floor(pieces)
        rows = self.mip.rows(len(part.table), most=0)
        for there, quantity, decision, item in part.runs:
            timed = seconds[there] > 0
            at, lost = there[timed], item.setup_seconds / seconds[there[timed]]
            over = np.maximum(0, lost - np.floor(lost) - rest[at]) / (1 - rest[at])
            self.mip.put(rows[at], quantity[timed])
            self.mip.put(rows[at], decision[timed], np.floor(lost) + over)
        for there, columns in part.setups:
            timed = seconds[there] > 0
            self.mip.put(rows[there[timed]], columns[timed], -whole[there[timed]])

    def _share_line_time(self) -> None:
        """Where several styles could be made, all of it fits together."""
        shape = len(self.problem.lines), self.problem.buckets
        users = np.zeros(shape, dtype=np.int64)
        free = self.tables.free(self.ledger)
        for part in self._parts:
            place = np.unique(np.concatenate([there for there, _ in part.setups])) if part.setups else ()
            users[part.table.line[place], part.table.bucket[place]] += 1
        shared = users > 1
        row_of = np.full(shape, -1)
        row_of[shared] = self.mip.rows(int(shared.sum()), most=free[shared])
        for part in self._parts:
            own = row_of[part.table.line, part.table.bucket]
            for there, quantity, decision, item in part.runs:
                at = np.flatnonzero(own[there] >= 0)
                self.mip.put(own[there[at]], quantity[at], part.table.seconds[there[at]])
                self.mip.put(own[there[at]], decision[at], item.setup_seconds)
            for there, columns in part.setups:
                at = np.flatnonzero(own[there] >= 0)
                self.mip.put(own[there[at]], columns[at], part.setup[there[at]])

    # ------------------------------------------------------------------ demand, minimums

    def _add_minimums(self, part: _StylePart) -> None:
        style = part.table.style
        fixed = self.ledger.styles[style.id]
        style_goes = self._go(style.campaign_minimum, fixed, part.cells)
        for cells in part.cells:
            goes = self._go(cells.item.minimum, self.ledger.items[cells.item.id], [cells])
            if goes is not None and style_goes is not None:
                row = self.mip.row(goes, most=0)
                self.mip.put(row, style_goes, -1)

    def _go(self, least: int, fixed: int, made: list[ItemCells]) -> Columns | None:
        """The decision that something is made at all, where a minimum hangs on it."""
        lacking = least - fixed
        if lacking <= 0 or not made:
            if lacking > 0 and fixed:  # begun, and nowhere to go on: no solution
                self.mip.rows(1, least=1)
            return None
        goes = self.mip.numbers(1, 1, least=1 if fixed else 0, whole=True)
        enough = self.mip.row(goes, -lacking, least=0)
        for cells in made:
            rows = self.mip.rows(cells.place.size, most=0)
            self.mip.put(rows, goes, -1)
            for tier in cells.tiers:
                self.mip.put(enough, tier.quantity)
                self.mip.put(rows[tier.at], tier.decision)
            for flow in cells.flows:
                row = self.mip.row(flow.columns, most=0)
                self.mip.put(row, goes, -flow.pieces)
        self.goes.append((made, goes))
        self.decisions.append(goes)
        return goes

    def _add_demand(self, *, counted: bool) -> None:
        """Each wave gets what it wants or leaves it unfilled; no lot that has consents gets more."""
        waves: dict[int, list[Columns]] = defaultdict(list)
        lots: dict[str, list[Columns]] = defaultdict(list)
        known: dict[int, Wave] = {}
        for cells in self.cells:
            for flow in cells.flows:
                wave, lot = flow.stream.wave, flow.stream.lot
                known[id(wave)] = wave
                waves[id(wave)].append(flow.columns)
                if lot is not None:
                    self.mip.total(flow.columns, flow.pieces, whole=counted)
                    lots[lot.id].append(flow.columns)
        for number, flows in waves.items():
            self._fill_wave(known[number], np.concatenate(flows), counted=counted)
        for lot_id, flows in lots.items():
            if len(flows) > 1:
                self.mip.row(np.concatenate(flows), most=self.ledger.missing[lot_id])

    def _fill_wave(self, wave: Wave, columns: Columns, *, counted: bool) -> None:
        """What is not filled is paid: the solver sees costs near those of the plan, not far below zero."""
        pieces = sum(self.ledger.missing[lot.id] for lot in wave.lots)
        unfilled = self.mip.numbers(1, pieces, wave.unfilled_cost, whole=counted)
        row = self.mip.row(columns, least=pieces, most=pieces)
        self.mip.put(row, unfilled)
        self.mip.constant -= wave.unfilled_cost * pieces

    # ------------------------------------------------------------------ from plans

    @property
    def switches(self) -> Columns:
        """The few decisions that much hangs on: whether something is made, or bought, at all."""
        return np.concatenate(
            [np.zeros(0, dtype=np.int64), *(goes for _, goes in self.goes), *self.cloth.decisions]
        )

    def decisions_of(self, quantities: Mapping[Cell, int], bought: Mapping[str, int]) -> dict[int, float]:
        """The decisions of a plan known: pieces by cell, units bought by fabric."""
        values: dict[int, float] = {}
        for part in self._parts:
            used = np.zeros(len(part.table), dtype=bool)
            for cells in part.cells:
                made = [quantities.get(cells.cell(n), 0) for n in range(cells.place.size)]
                pieces = np.array(made, dtype=np.float64)
                used[cells.place] |= pieces > 0
                for tier in cells.tiers:
                    chosen = (pieces[tier.at] >= tier.low) & (pieces[tier.at] <= tier.high)
                    values.update(zip(tier.decision.tolist(), chosen.astype(float).tolist(), strict=True))
            if not part.alone:
                for there, columns in part.setups:
                    chosen = used[there] | part.begun[there]
                    values.update(zip(columns.tolist(), chosen.astype(float).tolist(), strict=True))
        for made_by, goes in self.goes:
            items = {cells.item.id for cells in made_by}
            begun = any(self.ledger.items[item] for item in items)
            values[int(goes[0])] = float(begun or any(cell[0] in items for cell in quantities))
        return {**values, **self.cloth.decisions_of(bought)}
