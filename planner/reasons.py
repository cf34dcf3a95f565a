"""Why a style or an item does not run and why a lot is late or short: the rule that binds.

Each statement is checked against the problem or the plan before it is made; no solver is asked, so the
smallest change that would help is not known here: ``needs["verified"]`` is 0 (see ``explain.py``).
Where no single rule forbids it, that is what is said: the plan found is cheaper so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from planner.demand import Item, Lot
from planner.ledger import Ledger
from planner.plan import Explanation, Plan
from planner.problem import Problem
from planner.supply import Line

Needs: TypeAlias = dict[str, int | str]


def reasons(problem: Problem, plan: Plan) -> tuple[Explanation, ...]:
    """One entry for each style and item with demand that does not run, and each lot late or short."""
    found = _Reasons(problem, plan).all()
    return tuple(replace(entry, needs={**entry.needs, "verified": 0}) for entry in found)


class _Reasons:
    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.ledger = Ledger(problem, frozen=plan.runs)
        self.supply = Ledger(problem, frozen=()).supply  # before anything is cut
        self.demand: Counter[str] = Counter()  # of an item, in its own colour
        self.cloth_wanted: Counter[str] = Counter()  # units of a fabric, every lot in its own colour
        self.consents: dict[str, list[Lot]] = defaultdict(list)  # to an item, by lots of other items
        for lot in problem.lots:
            own = problem.find.item_of(lot.sku)
            self.demand[own.id] += lot.quantity
            self.cloth_wanted[own.fabric] += lot.quantity * problem.find.sku[lot.sku].fabric_use
            for consent in lot.substitutes:
                other = problem.find.item_of(consent.sku).id
                if other != own.id:
                    self.consents[other].append(lot)
        self.items: dict[str, list[Item]] = defaultdict(list)
        for item in problem.items:
            self.items[item.style].append(item)
        self.least_use: dict[str, int] = {}
        for sku in problem.skus:
            self.least_use[sku.item] = min(sku.fabric_use, self.least_use.get(sku.item, sku.fabric_use))
        self.ways: dict[tuple[str, str], list[tuple[int, Line, int]]] = {}
        self.latest: dict[str, int] = {}
        self.latest_released: dict[str, int] = {}
        self._note_arrivals(plan)

    def _note_arrivals(self, plan: Plan) -> None:
        released = {run.cell for run in self.problem.frozen}
        for run in plan.runs:
            line = self.problem.find.line[run.line]
            books = [self.latest] + ([self.latest_released] if run.cell in released else [])
            for piece in run.pieces:
                day = self._arrival(line, run.bucket, self.problem.find.lot[piece.lot].region)
                for latest in books:
                    latest[piece.lot] = max(day, latest.get(piece.lot, day))

    def _arrival(self, line: Line, bucket: int, region: str) -> int:
        return (
            self.problem.last_day(bucket) + self.problem.find.factory[line.factory].shipping[region].lead_days
        )

    def all(self) -> Iterator[Explanation]:
        for style in self.problem.styles:
            items = self.items[style.id]
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
            needs: Needs = {"pieces": least - reach, "reach": reach, "minimum": least}
            return Explanation("style", style, "campaign minimum", text, needs)
        return Explanation("style", style, "trade-off", f"The plan found is cheaper without style {style}.")

    def _possible(self, item: Item) -> bool:
        uses = self.least_use.get(item.id, 0)
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
            needs: Needs = {
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
        facts: Needs = {"missing": missing, "due_day": lot.due_day}
        what = subject(lot.id, missing)
        if missing == 0 and self.latest_released.get(lot.id, lot.due_day) > lot.due_day:
            text = f"{what}: it is in a run that is released already."
            return Explanation("lot", lot.id, "released", text, facts)
        if not self.ledger.items[item.id]:
            text = f"{what}: {item.id} does not run."
            return Explanation("lot", lot.id, "item", text, {**facts, "item": item.id})
        if late := self._date(item, lot, what, facts):
            return late
        lacking = self.cloth_wanted[item.fabric] - self.supply[item.fabric][-1]
        if missing > 0 and lacking > 0:
            text = f"{what}: all that can be had of fabric {item.fabric} is {lacking} units less than wanted."
            return Explanation(
                "lot", lot.id, "fabric", text, {**facts, "fabric": item.fabric, "units": lacking}
            )
        if not self._open_in_time(item, lot):
            text = f"{what}: in this plan no line that could deliver by day {lot.due_day} has time left."
            return Explanation("lot", lot.id, "line time", text, facts)
        return Explanation("lot", lot.id, "trade-off", f"{what}: the plan found is cheaper so.", facts)

    def _date(self, item: Item, lot: Lot, what: str, facts: Needs) -> Explanation | None:
        """Where nothing could arrive by the day of the lot, on empty lines and with all the cloth."""
        earliest = self._earliest(item, lot)
        if earliest is None:
            text = f"{what}: no line and fabric for {item.id} come together."
            return Explanation("lot", lot.id, "no way", text, facts)
        if earliest <= lot.due_day:
            return None
        text = f"{what}: due on day {lot.due_day}, the earliest it could arrive is day {earliest}."
        return Explanation("lot", lot.id, "date", text, {**facts, "earliest_day": earliest})

    def _ways(self, item: Item, region: str) -> list[tuple[int, Line, int]]:
        """Day of arrival, line and bucket of wherever the item could be made, the earliest first."""
        if (item.id, region) not in self.ways:
            found = [
                (self._arrival(line, bucket, region), line, bucket)
                for line in self.problem.lines
                if item.style in line.styles
                for bucket in range(item.release_bucket, self.problem.buckets)
                if line.capacity[bucket] > 0
            ]
            self.ways[item.id, region] = sorted(found, key=lambda way: way[0])
        return self.ways[item.id, region]

    def _earliest(self, item: Item, lot: Lot) -> int | None:
        needs_cloth = self.problem.find.sku[lot.sku].fabric_use > 0
        supply = self.supply[item.fabric]
        ways = self._ways(item, lot.region)
        return next((day for day, _, b in ways if supply[b] > 0 or not needs_cloth), None)

    def _open_in_time(self, item: Item, lot: Lot) -> bool:
        """Whether some line that would deliver in time has time for a run, or for more of one."""
        for day, line, bucket in self._ways(item, lot.region):
            if day > lot.due_day:
                return False
            cell = (item.id, line.id, bucket)
            if self.ledger.room(cell) >= (1 if cell in self.ledger.runs else line.min_run):
                return True
        return False


def subject(lot: str, missing: int) -> str:
    """What is wrong with a lot, as a reason begins."""
    return f"{missing} pieces of lot {lot} are not made" if missing > 0 else f"Lot {lot} is late"
