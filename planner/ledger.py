"""What is left: line time, fabric, pieces wanted and overs allowed, as runs are entered and withdrawn."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from planner.plan import Over, Piece, Plan, PurchaseOrder, Run
from planner.problem import Problem
from planner.supply import Purchase

Cell = tuple[str, str, int]  # item, line, bucket
UNLIMITED = 10**9  # pieces; more than any problem asks for


class Content:
    """What a run holds so far."""

    __slots__ = ("frozen", "overs", "pieces", "quantity")

    def __init__(self, *, frozen: bool = False) -> None:
        self.pieces: Counter[tuple[str, str]] = Counter()  # (lot, SKU)
        self.overs: Counter[str] = Counter()
        self.quantity = 0
        self.frozen = frozen


class Ledger:
    """The books of a plan in the making; amounts are never checked here, only counted.

    ``supply[fabric][bucket]`` is what could be cut up to that bucket, purchases at their most
    included, less what is cut. Buying everything in bucket 0 loses nothing (fabric costs the same
    whenever it is bought and nothing to keep), so one purchase per fabric suffices.
    """

    def __init__(self, problem: Problem, frozen: Iterable[Run] | None = None) -> None:
        self.problem = problem
        self.free = {line.id: list(line.capacity) for line in problem.lines}
        self.runs: dict[Cell, Content] = {}
        self.cells: defaultdict[str, dict[Cell, Content]] = defaultdict(dict)  # ``runs`` by style
        self.missing = {lot.id: lot.quantity for lot in problem.lots}
        self.consents: Counter[tuple[str, str]] = Counter()
        self.overs: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.styles: Counter[str] = Counter()
        self.runs_of_style: Counter[tuple[str, str, int]] = Counter()  # (style, line, bucket)
        self.most_bought = {f.id: most_purchasable(f.purchase) for f in problem.fabrics}
        self.supply = {f.id: self._supply(f.id) for f in problem.fabrics}
        for lot in problem.lots:
            for consent in lot.substitutes:
                self.consents[lot.id, consent.sku] = consent.maximum
        for run in problem.frozen if frozen is None else frozen:
            self.enter_run(run, frozen=True)

    def _supply(self, fabric: str) -> list[int]:
        record = self.problem.find.fabric[fabric]
        level = [0] * self.problem.buckets
        for start, quantity in record.arrivals:
            for bucket in range(start, self.problem.buckets):
                level[bucket] += quantity
        if record.purchase:
            for bucket in range(record.purchase.lead_buckets, self.problem.buckets):
                level[bucket] += self.most_bought[fabric]
        return level

    def enter_run(self, run: Run, *, frozen: bool = False) -> None:
        self.open(run.cell).frozen = frozen
        for piece in run.pieces:
            self.enter(run.cell, piece.lot, piece.sku, piece.quantity)
        for over in run.overs:
            self.enter_overs(run.cell, over.sku, over.quantity)

    def enter_runs(self, runs: Iterable[Run]) -> None:
        """Enter the runs of a plan, frozen ones aside: those are in the books already."""
        for run in runs:
            if not (run.cell in self.runs and self.runs[run.cell].frozen):
                self.enter_run(run)

    def open(self, cell: Cell) -> Content:
        """The run in the cell, new (with its set-ups) where there was none."""
        if cell not in self.runs:
            self.runs[cell] = self.cells[self._style(cell)][cell] = Content()
            self._count_setups(cell, 1)
        return self.runs[cell]

    def close(self, cell: Cell) -> None:
        """Take a run out whole; its pieces are wanted again."""
        content = self.runs[cell]
        for (lot, sku), quantity in list(content.pieces.items()):
            self.enter(cell, lot, sku, -quantity)
        for sku, quantity in list(content.overs.items()):
            self.enter_overs(cell, sku, -quantity)
        del self.runs[cell], self.cells[self._style(cell)][cell]
        self._count_setups(cell, -1)

    def _style(self, cell: Cell) -> str:
        return self.problem.find.item[cell[0]].style

    def _count_setups(self, cell: Cell, change: int) -> None:
        item_id, line, bucket = cell
        item = self.problem.find.item[item_id]
        key = (item.style, line, bucket)
        before = self.runs_of_style[key]
        self.runs_of_style[key] += change
        seconds = item.setup_seconds
        if before == 0 or before + change == 0:
            seconds += self.problem.find.style[item.style].setup_seconds
        self.free[line][bucket] -= change * seconds

    def enter(self, cell: Cell, lot: str, sku: str, quantity: int) -> None:
        """Count pieces for a lot into the run of the cell; negative takes them out."""
        content = self.runs[cell]
        content.pieces[lot, sku] += quantity
        if not content.pieces[lot, sku]:
            del content.pieces[lot, sku]
        self.missing[lot] -= quantity
        if (lot, sku) in self.consents:
            self.consents[lot, sku] -= quantity
        self._count(cell, content, sku, quantity)

    def enter_overs(self, cell: Cell, sku: str, quantity: int) -> None:
        """Count pieces for nobody into the run of the cell; negative takes them out."""
        content = self.runs[cell]
        content.overs[sku] += quantity
        if not content.overs[sku]:
            del content.overs[sku]
        self.overs[cell[0]] += quantity
        self._count(cell, content, sku, quantity)

    def _count(self, cell: Cell, content: Content, sku: str, quantity: int) -> None:
        item_id, line, bucket = cell
        item = self.problem.find.item[item_id]
        content.quantity += quantity
        self.items[item_id] += quantity
        self.styles[item.style] += quantity
        rate = self.problem.find.line[line].styles.get(item.style)
        self.free[line][bucket] -= quantity * rate.seconds if rate else 0
        level = self.supply[item.fabric]
        use = quantity * self.problem.find.sku[sku].fabric_use
        for later in range(bucket, len(level)):
            level[later] -= use

    def room(self, cell: Cell) -> int:
        """Pieces that line time and the line's largest run still allow in the cell (fabric aside)."""
        item_id, line_id, bucket = cell
        item, line = self.problem.find.item[item_id], self.problem.find.line[line_id]
        rate = line.styles.get(item.style)
        if rate is None or bucket < item.release_bucket:
            return 0
        content = self.runs.get(cell)
        if content is not None and content.frozen:
            return 0
        seconds = self.free[line_id][bucket]
        if content is None:
            seconds -= item.setup_seconds
            if not self.runs_of_style.get((item.style, line_id, bucket)):
                seconds -= self.problem.find.style[item.style].setup_seconds
        if seconds < 0:
            return 0
        held = content.quantity if content else 0
        most = line.max_run - held if line.max_run is not None else UNLIMITED
        return min(most, seconds // rate.seconds) if rate.seconds else most

    def open_buckets(self, item_id: str, line_id: str) -> list[int]:
        """The buckets in which a line able to make the item has time for a piece, set-ups aside.

        No other has room for it, and most are closed or full: asking this first saves asking ``room``.
        """
        item, free = self.problem.find.item[item_id], self.free[line_id]
        seconds = self.problem.find.line[line_id].styles[item.style].seconds
        return [bucket for bucket in range(item.release_bucket, len(free)) if free[bucket] >= seconds]

    def cloth(self, fabric: str, bucket: int, use: int) -> int:
        """Pieces of that use for which fabric can be had in the bucket, buying at the most."""
        left = min(self.supply[fabric][bucket:])
        return UNLIMITED if use == 0 and left >= 0 else max(0, left) // max(1, use)

    def purchases(self) -> tuple[PurchaseOrder, ...]:
        """The smallest purchases that cover what is cut."""
        orders = []
        for fabric in self.problem.fabrics:
            if fabric.purchase is None or fabric.purchase.lead_buckets >= self.problem.buckets:
                continue
            most = self.most_bought[fabric.id]
            lacking = most - min(self.supply[fabric.id][fabric.purchase.lead_buckets :])
            if lacking > 0:
                quantity = smallest_purchase(fabric.purchase, lacking)
                orders.append(PurchaseOrder(fabric.id, 0, quantity))
        return tuple(orders)

    def plan(self) -> Plan:
        """The runs entered, in the order of line, bucket and item, frozen ones under their own id."""
        names = {run.cell: run.id for run in self.problem.frozen}
        taken = set(names.values())
        runs: list[Run] = []
        for cell in sorted(self.runs, key=lambda c: (c[1], c[2], c[0])):
            name = names.get(cell) or f"{cell[1]}/{cell[2]}/{cell[0]}"
            while cell not in names and name in taken:
                name += "'"
            taken.add(name)
            content = self.runs[cell]
            pieces = tuple(Piece(lot, sku, n) for (lot, sku), n in sorted(content.pieces.items()))
            overs = tuple(Over(sku, n) for sku, n in sorted(content.overs.items()))
            runs.append(Run(name, *cell, pieces=pieces, overs=overs))
        return Plan(problem=self.problem.name, runs=tuple(runs), purchases=self.purchases())


def smallest_purchase(rule: Purchase, lacking: int) -> int:
    """The least quantity that can be bought and covers ``lacking`` > 0 units."""
    least = max(rule.minimum, lacking)
    return -(-least // rule.multiple) * rule.multiple


def most_purchasable(rule: Purchase | None) -> int:
    """The most that can be bought over the plan: a whole multiple from minimum to maximum, or 0."""
    if rule is None:
        return 0
    most = rule.maximum // rule.multiple * rule.multiple
    return most if most >= rule.minimum else 0
