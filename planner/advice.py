"""Marginal advice: what a few more pieces of a style would change, while orders can still be taken.

No solver: each piece of advice is a changed plan, built by hand and priced by the second opinion.

- ``minimum``: pieces that lack before the style, or one more of its colours, can run at all, consents
  and overs counted (``joint.py``); the runs are those a merchandiser would add to the plan.
- ``tier``: pieces until a run reaches its line's next price, for every piece of it; the run where the
  change costs least.
- ``slot``: pieces that still fit into the runs there are, so in weeks of a line that are set up already.

Extra pieces are of the largest lot that a run serves in time, so they go where it goes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any

from planner.baseline import Merchandiser
from planner.bystanders import bystanders
from planner.check import cost
from planner.demand import Lot
from planner.joint import Together, together
from planner.ledger import UNLIMITED, Cell, Ledger
from planner.plan import Piece, Plan, Run
from planner.problem import Problem


@dataclass(frozen=True, slots=True)
class Advice:
    """What ``pieces`` more of a style would do.

    ``item`` is the colour meant, None for any; ``line`` and ``bucket`` the place of the run, None for
    several. ``more`` are the lots that grow. ``cost`` is the change of the plan's cost without that of
    unfilled pieces: making, set-ups, fabric, shipping, days. ``delivered`` pieces more reach a buyer,
    the ``pieces`` among them, and bring ``brings`` (None where no price was given). ``unit_saving`` is
    what each piece of the run costs less at the next tier.
    """

    kind: str
    style: str
    item: str | None
    pieces: int
    delivered: int
    cost: int
    brings: int | None
    line: str | None = None
    bucket: int | None = None
    unit_saving: int = 0
    more: tuple[tuple[str, int], ...] = ()

    @property
    def margin(self) -> int | None:
        """What the pieces bring less what they cost."""
        return None if self.brings is None else self.brings - self.cost

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "more": [list(entry) for entry in self.more], "margin": self.margin}


@dataclass(frozen=True, slots=True)
class Option:
    """Advice with the problem and the plan it speaks of."""

    advice: Advice
    problem: Problem
    plan: Plan


def advise(
    problem: Problem,
    plan: Plan,
    *,
    styles: Iterable[str] | None = None,
    revenue: Mapping[str, int] | None = None,
) -> tuple[Advice, ...]:
    """Advice for the styles (all by default), by style in the order minimum, tier, slot.

    ``revenue`` is the selling price of a piece by style, in minor units.
    """
    return tuple(option.advice for option in options(problem, plan, styles=styles, revenue=revenue))


def options(
    problem: Problem,
    plan: Plan,
    *,
    styles: Iterable[str] | None = None,
    revenue: Mapping[str, int] | None = None,
) -> list[Option]:
    """The advice with the changed problem and plan of each; both plans keep the same other runs."""
    adviser = _Adviser(problem, plan, revenue or {})
    chosen = [style.id for style in problem.styles] if styles is None else list(styles)
    return [option for style in chosen for option in adviser.options(style)]


class _Adviser:
    def __init__(self, problem: Problem, plan: Plan, revenue: Mapping[str, int]) -> None:
        self.problem = problem
        self.revenue = revenue
        self.books = Ledger(problem)
        released = {run.cell for run in problem.frozen}
        for run in plan.runs:
            if run.cell not in released:
                self.books.enter_run(run)
        self.plan = plan.stating(purchases=self.books.purchases(), schedule=(), explanations=())
        self.cost = cost(problem, self.plan)
        self.others = bystanders(plan.runs)

    def options(self, style: str) -> Iterator[Option]:
        for colours in together(self.problem, self.books, style):
            if colours.pieces and (option := self._minimum(style, colours)):
                yield option
        runs = [run for run in self.plan.runs if self.problem.find.item[run.item].style == style]
        tiers = [option for run in runs if (option := self._tier(style, run))]
        yield from sorted(tiers, key=lambda option: (option.advice.cost, option.advice.pieces))[:1]
        if slot := self._slot(style, runs):
            yield slot

    # ------------------------------------------------------------------ kinds of advice

    def _tier(self, style: str, run: Run) -> Option | None:
        line = self.problem.find.line[run.line]
        starts = [start for start in line.tiers if start > run.quantity]
        lot = self._lot_in_time(run)
        if not starts or lot is None:
            return None
        pieces = starts[0] - run.quantity
        if pieces > self._fits(self.books, run.cell, lot):
            return None
        prices = line.styles[style].unit_cost
        reached = len(line.tiers) - len(starts)
        facts = {"line": run.line, "bucket": run.bucket, "item": run.item}
        saving = prices[reached - 1] - prices[reached]
        return self._grown("tier", style, {run.cell: (lot, pieces)}, unit_saving=saving, **facts)

    def _slot(self, style: str, runs: Iterable[Run]) -> Option | None:
        """Fill the runs one after the other, the cheapest per piece first."""
        books = Ledger(self.problem)
        released = {run.cell for run in self.problem.frozen}
        for run in self.plan.runs:
            if run.cell not in released:
                books.enter_run(run)
        extra: dict[Cell, tuple[Lot, int]] = {}
        for run in sorted(runs, key=lambda run: (self._unit_cost(style, run), run.bucket, run.id)):
            lot = self._lot_in_time(run)
            pieces = self._fits(books, run.cell, lot) if lot else 0
            if lot and 0 < pieces < UNLIMITED:
                books.enter_overs(run.cell, lot.sku, pieces)
                extra[run.cell] = lot, pieces
        cells = list(extra)
        place = {"line": cells[0][1], "bucket": cells[0][2], "item": cells[0][0]} if len(cells) == 1 else {}
        return self._grown("slot", style, extra, **place) if extra else None

    def _minimum(self, style: str, colours: Together) -> Option | None:
        """The colours' demand and the lacking pieces in the runs that a merchandiser would add."""
        more = {self._largest(item): pieces for item, pieces in colours.lacking.items()}
        changed = _grown(self.problem, more)
        given = dict(colours.given)
        for lot, pieces in more.items():
            sku = self.problem.find.lot[lot].sku
            given[lot, sku] = given.get((lot, sku), 0) + pieces
        runs = self._placed(given)
        plan = self._with(changed, (*self.plan.runs, *runs))
        made = {run.item for run in runs}
        if not made.issuperset(colours.items):  # no room for all of them
            return None
        lacking = list(colours.lacking)
        item = lacking[0] if len(lacking) == 1 and not colours.any_colour else None
        return self._option("minimum", style, changed, plan, more, {"item": item})

    # ------------------------------------------------------------------ changed plans

    def _placed(self, given: Mapping[tuple[str, str], int]) -> tuple[Run, ...]:
        """New runs for these pieces beside everything planned: each pair is a lot of its own to place."""
        find = self.problem.find
        pairs = {f"{lot} as {sku}": (lot, sku) for lot, sku in given}
        lots = tuple(
            replace(find.lot[lot], id=name, sku=sku, quantity=given[lot, sku], substitutes=())
            for name, (lot, sku) in pairs.items()
        )
        merchandiser = Merchandiser(replace(self.problem, lots=lots, frozen=()))
        merchandiser.ledger = Ledger(merchandiser.problem, frozen=self.others)
        taken = {run.cell for run in self.plan.runs}
        runs = [run for run in merchandiser.plan().runs if run.cell not in taken]
        names = _names({run.id for run in self.plan.runs})
        return tuple(
            replace(run, id=next(names), pieces=tuple(Piece(*pairs[p.lot], p.quantity) for p in run.pieces))
            for run in runs
        )

    def _grown(self, kind: str, style: str, extra: Mapping[Cell, tuple[Lot, int]], **facts: Any) -> Option:
        more: dict[str, int] = {}
        for lot, pieces in extra.values():
            more[lot.id] = more.get(lot.id, 0) + pieces
        changed = _grown(self.problem, more)
        runs = tuple(_filled(run, *extra[run.cell]) if run.cell in extra else run for run in self.plan.runs)
        plan = self._with(changed, runs)
        return self._option(kind, style, changed, plan, more, facts)

    def _with(self, problem: Problem, runs: tuple[Run, ...]) -> Plan:
        return self.plan.stating(runs=runs, purchases=Ledger(problem, frozen=runs).purchases())

    def _option(
        self,
        kind: str,
        style: str,
        problem: Problem,
        plan: Plan,
        more: Mapping[str, int],
        facts: Mapping[str, Any],
    ) -> Option:
        after = cost(problem, plan)
        delivered = _delivered(plan) - _delivered(self.plan)
        price = self.revenue.get(style)
        advice = Advice(
            kind=kind,
            style=style,
            pieces=sum(more.values()),
            delivered=delivered,
            cost=(after.total - after.unfilled) - (self.cost.total - self.cost.unfilled),
            brings=None if price is None else delivered * price,
            more=tuple(sorted(more.items())),
            **{"item": None, **facts},
        )
        return Option(advice, problem, plan)

    # ------------------------------------------------------------------ where extra pieces go

    def _lot_in_time(self, run: Run) -> Lot | None:
        find = self.problem.find
        shipping = find.factory[find.line[run.line].factory].shipping
        ready = self.problem.last_day(run.bucket)
        served = [
            (piece.quantity, piece.lot)
            for piece in run.pieces
            if piece.sku == (lot := find.lot[piece.lot]).sku
            and ready + shipping[lot.region].lead_days <= lot.due_day
        ]
        return find.lot[max(served)[1]] if served else None

    def _fits(self, books: Ledger, cell: Cell, lot: Lot) -> int:
        fabric = self.problem.find.item[cell[0]].fabric
        use = self.problem.find.sku[lot.sku].fabric_use
        return min(books.room(cell), books.cloth(fabric, cell[2], use))

    def _unit_cost(self, style: str, run: Run) -> int:
        line = self.problem.find.line[run.line]
        return line.styles[style].unit_cost[sum(start <= run.quantity for start in line.tiers) - 1]

    def _largest(self, item: str) -> str:
        """The lot of the item with the most missing pieces."""
        own = [lot.id for lot in self.problem.lots if self.problem.find.sku[lot.sku].item == item]
        return max(own, key=lambda lot: (self.books.missing[lot], lot))


def _filled(run: Run, lot: Lot, pieces: int) -> Run:
    """The run with so many pieces more for the lot, in its own SKU."""
    return replace(
        run,
        pieces=tuple(
            replace(piece, quantity=piece.quantity + pieces)
            if (piece.lot, piece.sku) == (lot.id, lot.sku)
            else piece
            for piece in run.pieces
        ),
    )


def _grown(problem: Problem, more: Mapping[str, int]) -> Problem:
    """The problem with more wanted in some lots."""
    return replace(
        problem,
        lots=tuple(
            replace(lot, quantity=lot.quantity + more[lot.id]) if lot.id in more else lot
            for lot in problem.lots
        ),
    )


def _names(taken: set[str]) -> Iterator[str]:
    """Names for runs that are only thought of."""
    return (name for number in count(1) if (name := f"new {number}") not in taken)


def _delivered(plan: Plan) -> int:
    return sum(piece.quantity for run in plan.runs for piece in run.pieces)
