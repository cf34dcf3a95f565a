"""The exact model of some styles against what the others leave: line time, fabric and cloth to buy.

The letters are those of the README. All styles free and no cell left out, it is the whole problem and
its bound is a bound of the contract's cost.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from planner.demand import Item, Lot
from planner.ledger import Cell, Ledger, smallest_purchase
from planner.mip import Mip, Term, Variable
from planner.supply import Line, Purchase
from planner.waves import Wave, delivery_cost

ANY_SEGMENT = -1  # of a lot whose size does not matter for fabric


@dataclass(slots=True)
class CellPart:
    """The variables of one possible run: ``tiers`` pairs quantity Q and decision r, rest fills it."""

    cell: Cell
    line: Line
    most: int
    lows: list[int] = field(default_factory=list)
    tiers: list[tuple[Variable, Variable]] = field(default_factory=list)
    pieces: list[tuple[Wave, Variable]] = field(default_factory=list)
    consents: list[tuple[Lot, str, Variable]] = field(default_factory=list)
    overs: Variable | None = None

    @property
    def decisions(self) -> list[Term]:
        return [(1, r) for _, r in self.tiers]

    @property
    def quantity(self) -> list[Term]:
        return [(1, q) for q, _ in self.tiers]


class PartModel:
    """Decide everything about the styles in ``free``; the ledger holds all the others and no run of these.

    ``allowed`` restricts the cells of an item (None: every cell); a bound then holds no longer.
    """

    def __init__(
        self,
        ledger: Ledger,
        free: Iterable[str],
        demand: Iterable[Wave],
        allowed: Mapping[str, set[Cell]] | None = None,
    ) -> None:
        self.ledger = ledger
        self.problem = ledger.problem
        self.mip = Mip()
        self.free = sorted(free)
        self.items = [item for item in self.problem.items if item.style in set(self.free)]
        self.waves: dict[str, list[Wave]] = defaultdict(list)
        for wave in demand:
            self.waves[wave.item].append(wave)
        self.missing = {
            lot.id: ledger.missing[lot.id]
            for item in self.items
            for wave in self.waves[item.id]
            for lot in wave.lots
        }
        self.wanted = {
            id(wave): sum(self.missing[lot.id] for lot in wave.lots)
            for item in self.items
            for wave in self.waves[item.id]
        }
        self.skus = {
            item.id: [sku for sku in self.problem.skus if sku.item == item.id] for item in self.items
        }
        self.lots = [lot for item in self.items for wave in self.waves[item.id] for lot in wave.lots]
        self.parts: dict[Cell, CellPart] = {}
        self.cuts: dict[tuple[str, int], Variable] = {}  # (lot, segment of the fabric)
        self.setups: dict[Cell, Variable] = {}  # (style, line, bucket)
        self.goes: list[tuple[list[CellPart], Variable]] = []
        self.bought: dict[str, list[tuple[int, Variable]]] = {}  # units each whole of the variable stands for
        self.segments: dict[tuple[str, int], int] = {}  # (fabric, bucket): buckets between two rises
        self.allowed = allowed
        for item in self.items:
            self._add_cells(item)
        self._add_consents()
        self._fill_cells()
        self._add_line_time()
        self._add_demand()
        self._add_minimums()
        self._add_fabrics()

    # ------------------------------------------------------------------ runs, pieces, overs

    def _add_cells(self, item: Item) -> None:
        most = sum(self._wanted(wave) for wave in self.waves[item.id]) + self._overs_left(item)
        most += sum(c.maximum for lot in self.lots for c in lot.substitutes if self._item(c.sku) == item.id)
        for line in self.problem.lines:
            if item.style not in line.styles:
                continue
            for bucket in range(item.release_bucket, self.problem.buckets):
                cell = (item.id, line.id, bucket)
                if self.allowed is None or cell in self.allowed[item.id]:
                    self._add_cell(item, line, cell, most)

    def _add_cell(self, item: Item, line: Line, cell: Cell, demand: int) -> None:
        fabric_pieces = self.ledger.cloth(item.fabric, cell[2], self._least_use(item))
        most = min(demand, self.ledger.room(cell), fabric_pieces)
        if cell in self.ledger.runs or most < line.min_run:
            return
        part = CellPart(cell, line, most)
        ends = [start - 1 for start in line.tiers[1:]] + [most]
        for start, end, price in zip(line.tiers, ends, line.styles[item.style].unit_cost, strict=True):
            low, high = max(start, line.min_run), min(end, most)
            if low <= high:
                quantity = self.mip.number(high, price)
                decision = self.mip.number(1, item.setup_cost, whole=True)
                self.mip.row([(1, quantity), (-low, decision)], least=0)
                self.mip.row([(1, quantity), (-high, decision)], most=0)
                part.tiers.append((quantity, decision))
                part.lows.append(low)
        self.parts[cell] = part
        for wave in self.waves[item.id]:
            wanted = self._wanted(wave)
            cost = delivery_cost(self.problem, wave, line, cell[2]) - wave.unfilled_cost
            pays = cost + min(line.styles[item.style].unit_cost) < 0
            if wanted and (pays or self.allowed is None):
                part.pieces.append((wave, self.mip.number(wanted, cost)))
        if self._overs_left(item):
            part.overs = self.mip.number(self._overs_left(item), -item.overs_value)

    def _add_consents(self) -> None:
        cells: dict[str, list[CellPart]] = defaultdict(list)
        for part in self.parts.values():
            cells[part.cell[0]].append(part)
        for lot in self.lots:
            for consent in lot.substitutes:
                most = min(self.ledger.consents[lot.id, consent.sku], self.missing[lot.id])
                taken: list[Term] = []
                for part in cells[self._item(consent.sku)] if most > 0 else ():
                    cost = delivery_cost(self.problem, lot, part.line, part.cell[2])
                    pieces = self.mip.number(most, cost + consent.cost - lot.unfilled_cost)
                    part.consents.append((lot, consent.sku, pieces))
                    taken.append((1, pieces))
                if taken:
                    self.mip.row(taken, most=most)

    def _fill_cells(self) -> None:
        """What fills a run is its quantity; nothing flows without the decision (the strong form)."""
        for part in self.parts.values():
            fillings = [x for _, x in part.pieces] + [s for _, _, s in part.consents]
            fillings += [part.overs] if part.overs is not None else []
            self.mip.row([(1, v) for v in fillings] + [(-1, q) for q, _ in part.tiers], least=0, most=0)
            limits = [(self._wanted(wave), x) for wave, x in part.pieces]
            limits += [(self.missing[lot.id], s) for lot, _, s in part.consents]
            for most, flow in limits:
                self.mip.row([(1, flow)] + [(-min(most, part.most), r) for _, r in part.tiers], most=0)

    # ------------------------------------------------------------------ rules 2 to 5

    def _add_line_time(self) -> None:
        load: dict[tuple[str, int], list[Term]] = defaultdict(list)
        colours: dict[Cell, list[CellPart]] = defaultdict(list)
        for part in self.parts.values():
            item = self.problem.find.item[part.cell[0]]
            load[part.cell[1:]] += self._seconds([part])
            colours[item.style, *part.cell[1:]].append(part)
        for key, parts in colours.items():
            style = self.problem.find.style[key[0]]
            if self.ledger.runs_of_style[key]:  # a frozen run has it set up already
                for part in parts:
                    self.mip.row(part.decisions, most=1)
                continue
            setup = self.setups[key] = self.mip.number(1, style.setup_cost, whole=True)
            load[key[1:]].append((style.setup_seconds, setup))
            for part in parts:
                self.mip.row([*part.decisions, (-1, setup)], most=0)
            time = self.ledger.free[key[1]][key[2]] - style.setup_seconds
            self.mip.row([*self._seconds(parts), (-time, setup)], most=0)
        for (line, bucket), terms in load.items():
            self.mip.row(terms, most=self.ledger.free[line][bucket])

    def _seconds(self, parts: list[CellPart]) -> list[Term]:
        """Time of the runs without the set-up of their style."""
        terms: list[Term] = []
        for part in parts:
            item = self.problem.find.item[part.cell[0]]
            terms += [(part.line.styles[item.style].seconds, q) for q, _ in part.tiers]
            terms += [(item.setup_seconds, r) for _, r in part.tiers]
        return terms

    def _add_demand(self) -> None:
        """No wave, and no lot that has consents, gets more than it wants."""
        pieces: dict[int, list[Term]] = defaultdict(list)
        consents: dict[str, list[Term]] = defaultdict(list)
        for part in self.parts.values():
            for wave, x in part.pieces:
                pieces[id(wave)].append((1, x))
            for lot, _, s in part.consents:
                consents[lot.id].append((1, s))
        for item in self.items:
            for wave in self.waves[item.id]:
                given = [term for lot in wave.lots for term in consents[lot.id]]
                if pieces[id(wave)] or given:
                    self.mip.row(pieces[id(wave)] + given, most=self._wanted(wave))
        for key, terms in consents.items():
            if terms:
                self.mip.row(terms, most=self.missing[key])

    def _add_minimums(self) -> None:
        parts: dict[str, list[CellPart]] = defaultdict(list)
        for part in self.parts.values():
            parts[part.cell[0]].append(part)
        for style_id in self.free:
            style = self.problem.find.style[style_id]
            items = [item for item in self.items if item.style == style_id]
            fixed = self.ledger.styles[style_id]
            runs = [part for item in items for part in parts[item.id]]
            style_goes = self._go(style.campaign_minimum, fixed, runs)
            for item in items:
                goes = self._go(item.minimum, self.ledger.items[item.id], parts[item.id])
                if goes is not None and style_goes is not None:
                    self.mip.row([(1, goes), (-1, style_goes)], most=0)
                overs = [(1.0, part.overs) for part in parts[item.id] if part.overs is not None]
                if overs:
                    self.mip.row(overs, most=self._overs_left(item))

    def _go(self, least: int, fixed: int, parts: list[CellPart]) -> Variable | None:
        """The decision that something is made at all, where a minimum hangs on it."""
        lacking = least - fixed
        if lacking <= 0 or not (parts or fixed):
            return None
        goes = self.mip.number(1, least=1 if fixed else 0, whole=True)
        self.mip.row([term for part in parts for term in part.quantity] + [(-lacking, goes)], least=0)
        for part in parts:
            self.mip.row([*part.decisions, (-1, goes)], most=0)
        self.goes.append((parts, goes))
        return goes

    # ------------------------------------------------------------------ fabric

    def _add_fabrics(self) -> None:
        for fabric in sorted({item.fabric for item in self.items}):
            self._add_fabric(fabric)
        shares: dict[str, list[Term]] = defaultdict(list)
        for (lot, _), share in self.cuts.items():
            shares[lot].append((1, share))
        for part in self.parts.values():
            for given, _, s in part.consents:
                if given.id in shares:
                    shares[given.id].append((1, s))
        for lot, terms in shares.items():
            self.mip.row(terms, most=self.missing[lot])

    def _add_fabric(self, fabric: str) -> None:
        """Cut up to the end of each segment <= there by then.

        Segments end where supply is about to rise; within one it only falls, by what others cut, so
        the row of its end implies those of its other buckets.
        """
        rule = self.problem.find.fabric[fabric].purchase
        most = self.ledger.most_bought[fabric]
        lead = rule.lead_buckets if rule else self.problem.buckets
        supply = self.ledger.supply[fabric]
        have = [level - (most if bucket >= lead else 0) for bucket, level in enumerate(supply)]
        if self._most_cut(fabric) <= min(have):
            return
        rises = {b for b, (now, after) in enumerate(pairwise(have)) if after > now or b + 1 == lead}
        ends = sorted(rises | {self.problem.buckets - 1})
        bought = self._add_purchase(fabric, rule, most) if rule and most else None
        used: list[Term] = []
        for number, (before, end) in enumerate(pairwise([-1, *ends])):
            self.segments.update({(fabric, bucket): number for bucket in range(before + 1, end + 1)})
            used = used + self._use(fabric, number, before + 1, end)
            supplied = [(-bought[0], bought[1])] if bought and end >= lead else []
            if used or supplied:
                self.mip.row(used + supplied, most=have[end])

    def _most_cut(self, fabric: str) -> int:
        """More of the fabric than any solution cuts."""
        uses: dict[str, int] = defaultdict(int)
        for sku in self.problem.skus:
            uses[sku.item] = max(uses[sku.item], sku.fabric_use)
        items = {item.id for item in self.items if item.fabric == fabric}
        pieces = sum(self._overs_left(item) * uses[item.id] for item in self.items if item.id in items)
        for lot in self.lots:
            served = {self._item(lot.sku)} | {self._item(consent.sku) for consent in lot.substitutes}
            pieces += self.missing[lot.id] * max((uses[item] for item in served & items), default=0)
        return pieces

    def _add_purchase(self, fabric: str, rule: Purchase, most: int) -> Term:
        """Lots of ``multiple`` bought, none or at least the minimum; returns the units they bring."""
        dye_lots = self.mip.number(most // rule.multiple, rule.multiple * rule.unit_cost, whole=True)
        self.bought[fabric] = [(rule.multiple, dye_lots)]
        least = smallest_purchase(rule, 1) // rule.multiple
        if least > 1:
            buys = self.mip.number(1, whole=True)
            self.mip.row([(1, dye_lots), (-least, buys)], least=0)
            self.mip.row([(1, dye_lots), (-(most // rule.multiple), buys)], most=0)
            self.bought[fabric].append((most, buys))
        return rule.multiple, dye_lots

    def _use(self, fabric: str, segment: int, start: int, end: int) -> list[Term]:
        """Fabric cut in the buckets of a segment; lots of a wave may differ in use, so each is told apart."""
        use = self.problem.find.sku
        terms: list[Term] = []
        flows: dict[int, tuple[Wave, list[Term]]] = {}
        for part in self.parts.values():
            item = self.problem.find.item[part.cell[0]]
            if item.fabric != fabric or not start <= part.cell[2] <= end:
                continue
            for wave, x in part.pieces:
                flows.setdefault(id(wave), (wave, []))[1].append((1, x))
            terms += [(use[sku].fabric_use, s) for _, sku, s in part.consents]
            if part.overs is not None:
                terms.append((self._least_use(item), part.overs))
        for wave, flow in flows.values():
            if len({use[lot.sku].fabric_use for lot in wave.lots}) == 1:
                terms += [(use[wave.lots[0].sku].fabric_use, x) for _, x in flow]
                continue
            shares = [(lot, self.mip.number(self.missing[lot.id])) for lot in wave.lots]
            self.cuts.update({(lot.id, segment): share for lot, share in shares})
            self.mip.row(flow + [(-1, share) for _, share in shares], least=0, most=0)
            terms += [(use[lot.sku].fabric_use, share) for lot, share in shares]
        return terms

    # ------------------------------------------------------------------ from and to plans

    def decisions_of(
        self, quantities: Mapping[Cell, int], bought: Mapping[str, int]
    ) -> dict[Variable, float]:
        """The whole-numbered variables of a plan known: pieces by cell, units bought by fabric."""
        values: dict[Variable, float] = {}
        styles: set[Cell] = set()
        for part in self.parts.values():
            quantity = quantities.get(part.cell, 0)
            reached = sum(low <= quantity for low in part.lows) - 1  # -1: none
            for tier, (_, decision) in enumerate(part.tiers):
                values[decision] = float(tier == reached)
            if quantity:
                styles.add((self.problem.find.item[part.cell[0]].style, *part.cell[1:]))
        values.update({setup: float(key in styles) for key, setup in self.setups.items()})
        for parts, goes in self.goes:
            made = any(part.cell in quantities for part in parts)
            values[goes] = max(goes.lower_bound, float(made))
        for fabric, counters in self.bought.items():
            for units, variable in counters:
                values[variable] = float(-(-bought.get(fabric, 0) // units))
        return values

    def share_of(self, lot: Lot, bucket: int) -> tuple[str, int]:
        """Where the pieces of the lot made in the bucket are told apart by size: its key in ``cuts``."""
        fabric = self.problem.find.item_of(lot.sku).fabric
        share = (lot.id, self.segments.get((fabric, bucket), ANY_SEGMENT))
        return share if share in self.cuts else (lot.id, ANY_SEGMENT)

    def least_use_sku(self, item: str) -> str:
        """The SKU of the item that takes least fabric: overs cost and fetch the same in every size."""
        return min(self.skus[item], key=lambda s: (s.fabric_use, s.id)).id

    def _item(self, sku: str) -> str:
        return self.problem.find.sku[sku].item

    def _wanted(self, wave: Wave) -> int:
        return self.wanted[id(wave)]

    def _overs_left(self, item: Item) -> int:
        return max(0, item.overs_maximum - self.ledger.overs[item.id]) if self.skus[item.id] else 0

    def _least_use(self, item: Item) -> int:
        return min((sku.fabric_use for sku in self.skus[item.id]), default=0)
