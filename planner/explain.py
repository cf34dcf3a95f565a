"""Why a style or an item does not run and why a lot is late or short: the rule that binds.

Each statement is checked against the problem or the plan before it is made. Where no single rule
forbids it, that is what is said: the plan found is cheaper so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from planner.demand import Item, Lot
from planner.ledger import Ledger
from planner.plan import Explanation, Plan
from planner.problem import Problem
from planner.supply import Line


def explanations(problem: Problem, plan: Plan) -> tuple[Explanation, ...]:
    """One entry for each style and item with demand that does not run, and each lot late or short."""
    return tuple(_Reasons(problem, plan).all())


class _Reasons:
    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.ledger = Ledger(problem, frozen=plan.runs)
        self.supply = Ledger(problem, frozen=()).supply  # before anything is cut
        self.demand: Counter[str] = Counter()  # of an item, in its own colour
        self.consents: dict[str, list[Lot]] = defaultdict(list)  # to an item, by lots of other items
        for lot in problem.lots:
            own = problem.find.item_of(lot.sku).id
            self.demand[own] += lot.quantity
            for consent in lot.substitutes:
                other = problem.find.item_of(consent.sku).id
                if other != own:
                    self.consents[other].append(lot)
        self.latest = self._latest_arrivals(plan)

    def _latest_arrivals(self, plan: Plan) -> dict[str, int]:
        latest: dict[str, int] = {}
        for run in plan.runs:
            line = self.problem.find.line[run.line]
            for piece in run.pieces:
                day = self._arrival(line, run.bucket, self.problem.find.lot[piece.lot])
                latest[piece.lot] = max(day, latest.get(piece.lot, day))
        return latest

    def _arrival(self, line: Line, bucket: int, lot: Lot) -> int:
        way = self.problem.find.factory[line.factory].shipping[lot.region]
        return self.problem.last_day(bucket) + way.lead_days

    def all(self) -> Iterator[Explanation]:
        for style in self.problem.styles:
            items = [item for item in self.problem.items if item.style == style.id]
            if not self.ledger.styles[style.id] and any(self.demand[item.id] for item in items):
                yield self._style(style.id, items)
        for item in self.problem.items:
            if not self.ledger.items[item.id] and self.demand[item.id]:
                yield self._item(item)
        for lot in self.problem.lots:
            missing = self.ledger.missing[lot.id]
            if missing > 0 or self.latest.get(lot.id, lot.due_day) > lot.due_day:
                yield self._lot(lot, missing)

    # ------------------------------------------------------------------ styles and items

    def _style(self, style: str, items: list[Item]) -> Explanation:
        least = self.problem.find.style[style].campaign_minimum
        able = [item for item in items if self._reachable(item) >= item.minimum]
        reach = sum(self.demand[item.id] + item.overs_maximum for item in able)
        names = {item.id for item in able}
        reach += sum(
            min(lot.quantity, sum(c.maximum for c in lot.substitutes))
            for lot in {lot.id: lot for item in able for lot in self.consents[item.id]}.values()
            if self.problem.find.item_of(lot.sku).id not in names
        )
        if not any(self._possible(item) for item in items):
            text = f"No line that can make style {style} has both time and fabric."
            return Explanation("style", style, "no way", text)
        if reach < least:
            text = f"Style {style} reaches at most {reach} pieces, its campaign minimum is {least}."
            needs: dict[str, int | str] = {"pieces": least - reach, "reach": reach, "minimum": least}
            return Explanation("style", style, "campaign minimum", text, needs)
        return Explanation("style", style, "trade-off", f"The plan found is cheaper without style {style}.")

    def _possible(self, item: Item) -> bool:
        uses = min((sku.fabric_use for sku in self.problem.skus if sku.item == item.id), default=0)
        return any(
            line.capacity[bucket] > 0 and (uses == 0 or self.supply[item.fabric][bucket] > 0)
            for line in self.problem.lines
            if item.style in line.styles
            for bucket in range(item.release_bucket, self.problem.buckets)
        )

    def _reachable(self, item: Item) -> int:
        """Pieces of the item at the very most: its demand, all consents to it, all overs."""
        consents = sum(
            min(lot.quantity, consent.maximum)
            for lot in self.consents[item.id]
            for consent in lot.substitutes
            if self.problem.find.item_of(consent.sku).id == item.id
        )
        return self.demand[item.id] + consents + item.overs_maximum

    def _item(self, item: Item) -> Explanation:
        reach = self._reachable(item)
        if reach < item.minimum:
            text = f"{item.id} reaches at most {reach} pieces, its minimum is {item.minimum}."
            needs: dict[str, int | str] = {
                "pieces": item.minimum - reach,
                "reach": reach,
                "minimum": item.minimum,
            }
            return Explanation("item", item.id, "item minimum", text, needs)
        if not self._possible(item):
            text = f"No line that can make {item.id} has both time and fabric."
            return Explanation("item", item.id, "no way", text)
        if not self.ledger.styles[item.style]:
            text = f"Style {item.style} does not run, so {item.id} does not either."
            return Explanation("item", item.id, "style", text, {"style": item.style})
        return Explanation("item", item.id, "trade-off", f"The plan found is cheaper without {item.id}.")

    # ------------------------------------------------------------------ lots

    def _lot(self, lot: Lot, missing: int) -> Explanation:
        item = self.problem.find.item_of(lot.sku)
        facts: dict[str, int | str] = {"missing": missing, "due_day": lot.due_day}
        what = f"{missing} pieces of lot {lot.id} are not made" if missing > 0 else f"Lot {lot.id} is late"
        if not self.ledger.items[item.id]:
            return Explanation("lot", lot.id, "item", f"{what}: {item.id} does not run.", facts)
        earliest = self._earliest(item, lot)
        if earliest is None:
            return Explanation(
                "lot", lot.id, "no way", f"{what}: no line and fabric for {item.id} come together.", facts
            )
        if earliest > lot.due_day:
            text = f"{what}: due on day {lot.due_day}, the earliest it could arrive is day {earliest}."
            return Explanation("lot", lot.id, "date", text, {**facts, "earliest_day": earliest})
        if missing > 0 and (lacking := self._fabric_lacking(item.fabric)) > 0:
            text = f"{what}: all that can be had of fabric {item.fabric} is {lacking} units less than wanted."
            return Explanation(
                "lot", lot.id, "fabric", text, {**facts, "fabric": item.fabric, "units": lacking}
            )
        if not any(True for _ in self._open_cells(item, lot)):
            text = f"{what}: in this plan no line that could deliver by day {lot.due_day} has time left."
            return Explanation("lot", lot.id, "line time", text, facts)
        return Explanation("lot", lot.id, "trade-off", f"{what}: the plan found is cheaper so.", facts)

    def _cells(self, item: Item, lot: Lot) -> Iterator[tuple[Line, int, int]]:
        """Where it could be made at all, with the day of its arrival."""
        for line in self.problem.lines:
            if item.style in line.styles:
                for bucket in range(item.release_bucket, self.problem.buckets):
                    if line.capacity[bucket] > 0:
                        yield line, bucket, self._arrival(line, bucket, lot)

    def _earliest(self, item: Item, lot: Lot) -> int | None:
        needs_cloth = self.problem.find.sku[lot.sku].fabric_use > 0
        supply = self.supply[item.fabric]
        days = [day for _, b, day in self._cells(item, lot) if supply[b] > 0 or not needs_cloth]
        return min(days, default=None)

    def _fabric_lacking(self, fabric: str) -> int:
        find = self.problem.find
        wanted = sum(
            lot.quantity * find.sku[lot.sku].fabric_use
            for lot in self.problem.lots
            if find.item_of(lot.sku).fabric == fabric
        )
        return wanted - self.supply[fabric][-1]

    def _open_cells(self, item: Item, lot: Lot) -> Iterator[tuple[Line, int]]:
        for line, bucket, day in self._cells(item, lot):
            cell = (item.id, line.id, bucket)
            least = 1 if cell in self.ledger.runs else line.min_run
            if day <= lot.due_day and self.ledger.room(cell) >= least:
                yield line, bucket
