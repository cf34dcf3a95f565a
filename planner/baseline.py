"""What a merchandiser does in a spreadsheet: earliest due first, to the cheapest capable line.

The first answer and the yardstick. It is fast and keeps every rule; it looks at one wave of demand at
a time, so it neither weighs waves against each other nor pools beyond one colour.
"""

from collections import defaultdict

from planner.ledger import Cell, Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.waves import Wave, delivery_cost, tier_cost, waves


def baseline(problem: Problem) -> Plan:
    """A plan by earliest due date, without schedule and explanations.

    It keeps every rule unless frozen runs demand more than this simple way finds (a frozen run of a
    colour whose minimum cannot be filled up): ``planner.check.violations`` tells.
    """
    return Merchandiser(problem).plan()


class Merchandiser:
    """One pass over the demand, then repairs until nothing is below a minimum."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.ledger = Ledger(problem)
        self.waves = waves(problem)
        self.waves_of = defaultdict(list)
        for wave in self.waves:
            self.waves_of[wave.item].append(wave)
        self.refused: set[str] = set()  # items that miss a minimum
        self.lines_of = {
            style.id: [line for line in problem.lines if style.id in line.styles] for style in problem.styles
        }
        self.skus_of = defaultdict(list)
        for sku in problem.skus:
            self.skus_of[sku.item].append(sku)

    def plan(self) -> Plan:
        """Each round refuses at least one more item or is the last."""
        while True:
            for wave in self.waves:
                if wave.item not in self.refused:
                    self._place(wave)
            self._lift_small_runs()
            if not self._refuse_below_minimum():
                break
        self._fill_runs()
        return self.ledger.plan()

    def _place(self, wave: Wave) -> None:
        """Fill the cheapest cells, price per piece all in, until the wave is served or none pays."""
        wanted = self._missing(wave)
        if not wanted:
            return
        use = max(self.problem.find.sku[lot.sku].fabric_use for lot in wave.lots)
        for _, cell in sorted(self._offers(wave, wanted, use)):
            if self._fit(cell, use) >= self._least(cell):
                wanted -= self._enter(cell, wave)
            if not wanted:
                return

    def _missing(self, wave: Wave) -> int:
        return sum(self.ledger.missing[lot.id] for lot in wave.lots)

    def _offers(self, wave: Wave, wanted: int, use: int) -> list[tuple[float, Cell]]:
        item = self.problem.find.item[wave.item]
        cloth = [self.ledger.cloth(item.fabric, bucket, use) for bucket in range(self.problem.buckets)]
        offers = []
        for line in self.lines_of[item.style]:
            making = min(line.styles[item.style].unit_cost)
            for bucket in self.ledger.open_buckets(item.id, line.id):
                delivery = delivery_cost(self.problem, wave, line, bucket)
                if making + delivery >= wave.unfilled_cost:  # pays in no quantity
                    continue
                cell = (item.id, line.id, bucket)
                fit = min(wanted, cloth[bucket], self.ledger.room(cell))
                if fit <= 0:
                    continue
                price = tier_cost(line, item.style, fit) + delivery + self._setup_cost(cell) / fit
                if price < wave.unfilled_cost:
                    offers.append((price, cell))
        return offers

    def _setup_cost(self, cell: Cell) -> int:
        """What the set-ups cost that one more piece in the cell would add."""
        item_id, line, bucket = cell
        item = self.problem.find.item[item_id]
        if self.ledger.runs_of_style.get((item.style, line, bucket)):
            return 0 if cell in self.ledger.runs else item.setup_cost
        return item.setup_cost + self.problem.find.style[item.style].setup_cost

    def _fit(self, cell: Cell, use: int) -> int:
        fabric = self.problem.find.item[cell[0]].fabric
        return min(self.ledger.room(cell), self.ledger.cloth(fabric, cell[2], use))

    def _least(self, cell: Cell) -> int:
        return 1 if cell in self.ledger.runs else self.problem.find.line[cell[1]].min_run

    def _enter(self, cell: Cell, wave: Wave) -> int:
        """Serve the wave's lots from the cell as far as it goes; returns the pieces entered."""
        entered = 0
        self.ledger.open(cell)
        for lot in wave.lots:
            missing = self.ledger.missing[lot.id]
            if missing <= 0:
                continue
            quantity = min(missing, self._fit(cell, self.problem.find.sku[lot.sku].fabric_use))
            if quantity > 0:
                self.ledger.enter(cell, lot.id, lot.sku, quantity)
                entered += quantity
        return entered

    def _lift_small_runs(self) -> None:
        """Runs below the line's least: add missing pieces and overs, else take them out."""
        for cell in [c for c, content in self.ledger.runs.items() if not content.frozen]:
            least = self.problem.find.line[cell[1]].min_run
            if self.ledger.runs[cell].quantity < least:
                self._add_missing(cell)
                self._pull(cell, least - self.ledger.runs[cell].quantity)
                self._add_overs(cell, least - self.ledger.runs[cell].quantity)
            if self.ledger.runs[cell].quantity < least:
                self.ledger.close(cell)

    def _cells_of(self, item: str) -> list[Cell]:
        return [cell for cell in self.ledger.cells[self.problem.find.item[item].style] if cell[0] == item]

    def _add_missing(self, cell: Cell) -> None:
        for wave in self.waves_of[cell[0]]:
            if self._pays(wave, cell):
                self._enter(cell, wave)

    def _pays(self, wave: Wave, cell: Cell) -> bool:
        line = self.problem.find.line[cell[1]]
        style = self.problem.find.item[cell[0]].style
        price = tier_cost(line, style, 1) + delivery_cost(self.problem, wave, line, cell[2])
        return price < wave.unfilled_cost

    def _pull(self, cell: Cell, lacking: int) -> None:
        """Take pieces over from the item's larger runs."""
        for other in [c for c in self._cells_of(cell[0]) if c != cell]:
            content = self.ledger.runs[other]
            least = self.problem.find.line[other[1]].min_run
            for (lot, sku), held in list(content.pieces.items()):
                spare = 0 if content.frozen else content.quantity - least
                use = self.problem.find.sku[sku].fabric_use
                cloth = self.ledger.cloth(self.problem.find.item[cell[0]].fabric, cell[2], use)
                quantity = min(lacking, spare, held, self.ledger.room(cell), cloth)
                if quantity > 0:
                    self.ledger.enter(other, lot, sku, -quantity)
                    self.ledger.enter(cell, lot, sku, quantity)
                    lacking -= quantity

    def _add_overs(self, cell: Cell, lacking: int) -> None:
        item = self.problem.find.item[cell[0]]
        for sku in self.skus_of[item.id]:
            allowed = item.overs_maximum - self.ledger.overs[item.id]
            cloth = self.ledger.cloth(item.fabric, cell[2], sku.fabric_use)
            quantity = min(lacking, allowed, self.ledger.room(cell), cloth)
            if quantity > 0:
                self.ledger.enter_overs(cell, sku.id, quantity)
                lacking -= quantity

    def _refuse_below_minimum(self) -> bool:
        """Top up with overs what is below a minimum, else take it out; True where something went."""
        short = {
            item.id
            for item in self.problem.items
            if self.ledger.items[item.id] > 0 and not self._reach_item(item.id, item.minimum)
        }
        for style in self.problem.styles:
            if self.ledger.styles[style.id] and not self._reach_style(style.id, style.campaign_minimum):
                short |= {item.id for item in self.problem.items if item.style == style.id}
        refused = short - self.refused
        for cell in [c for c, content in self.ledger.runs.items() if c[0] in refused and not content.frozen]:
            self.ledger.close(cell)
        self.refused |= refused
        return bool(refused)

    def _reach_item(self, item: str, least: int) -> bool:
        for cell in self._cells_of(item):
            if self.ledger.items[item] < least:
                self._add_overs(cell, least - self.ledger.items[item])
        return self.ledger.items[item] >= least

    def _reach_style(self, style: str, least: int) -> bool:
        for cell in self.ledger.cells[style]:
            if self.ledger.styles[style] < least:
                self._add_overs(cell, least - self.ledger.styles[style])
        return self.ledger.styles[style] >= least

    def _fill_runs(self) -> None:
        """What is still missing goes into runs there are, where time and fabric are left."""
        for cell in [c for c, content in self.ledger.runs.items() if not content.frozen]:
            self._add_missing(cell)
