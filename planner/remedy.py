"""The smallest change that frees a lot, an item or a style, verified by deciding its style anew.

A *loss* is a wave of lots that is late or short, or an item or a style with demand that does not run.
It is *freed* when, in the cheapest way to make its style while all other styles stay as the plan has
them, every piece of the wave arrives in time, or the item or style is made. In this order:

1. Nothing need change: the plan is not the cheapest here, and deciding the style anew frees the loss.
2. It is possible, only too dear. For a wave: serving it in time costs ``amount`` more than it brings,
   the difference of two exact models, so less cannot do; ``displaces`` pieces of other lots of the
   style are then not in time, where line time or cloth has to be taken from them. For an item or
   style: the least addition to the unfilled cost of its pieces (``unit_cost``) with which it runs, and
   what it then costs more.
3. It is not possible. The levers of the rule that binds are tried in turn, and the first that frees
   the loss is the remedy, in its least amount (``levers.smallest``): more pieces where a minimum or a
   line's smallest run is missed (of the colour that takes fewest); cloth by the last week in time,
   where only cloth lacks; longer hours of the line that lacks least; and, of lots, a later promise.

Where the effort is spent before a verdict, or no single lever frees the loss, there is no remedy.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from planner.demand import Item, Lot
from planner.ledger import UNLIMITED, Cell
from planner.levers import Lever, at_any_price, dearer, later, more_cloth, more_pieces, more_time, smallest
from planner.part import Effort, Part, Redone, in_time
from planner.problem import Problem

Needs: TypeAlias = Mapping[str, int | str]

LINES_TRIED = 2
COLOURS_TRIED = 4
MOST_TIMES = 4  # the guess by arithmetic


@dataclass(frozen=True, slots=True)
class Loss:
    """What is to be freed: ``about`` "lot" (the ``lots`` of one wave), "item" or "style", by its id.

    ``pieces`` are late or missing; ``late_by`` days at most, 0 where pieces are missing; ``released``
    says that some are late in a run that cannot change; ``impossible`` that arithmetic has ruled out any
    way to free it without a change. ``cost`` is what the plan pays for it.
    """

    about: str
    id: str
    style: str
    lots: tuple[Lot, ...]
    pieces: int
    late_by: int
    released: bool
    impossible: bool
    cost: int


@dataclass(frozen=True, slots=True)
class Remedy:
    """The change that frees a loss, as explanations state it; the items it makes, the lots it serves."""

    rule: str
    needs: Needs
    makes: frozenset[str]
    serves: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Freed:
    """A problem with a change, and the style decided anew for it."""

    problem: Problem
    redone: Redone


def remedy(part: Part, loss: Loss, effort: Effort) -> Remedy | None:
    """The smallest change that frees the loss, None where no single one does. Raises Unsettled."""
    return _Freeing(part, loss, effort).remedy()


class _Freeing:
    def __init__(self, part: Part, loss: Loss, effort: Effort) -> None:
        self.part = part
        self.loss = loss
        self.effort = effort
        self.problem = part.problem
        self.levers = list(_Levers(part, loss).all())
        cells = [cell for _, levers in self.levers for lever in levers for cell in lever.cells]
        self.look = part.look((lot.id for lot in loss.lots), cells)  # one for all, so that amounts compare

    def remedy(self) -> Remedy | None:
        if not self.loss.impossible:
            before = self._redo(self.problem)
            if self._is_freed(_Freed(self.problem, before)):
                saves = max(0, self.part.cost - before.cost)
                nothing: Needs = {"change": "none", "amount": 0, "saves": saves}
                return _found("search", nothing, _Freed(self.problem, before))
            dear = at_any_price(self.problem, self.loss.lots, late=self.loss.about != "lot")
            forced = _Freed(dear, self._redo(dear))
            if self._is_freed(forced):
                return self._price(before, forced)
        for rule, levers in self.levers:
            if found := self._least_of(rule, levers):
                return found
        return None

    def _least_of(self, rule: str, levers: Sequence[Lever]) -> Remedy | None:
        """The lever of the least amount; each after the first is tried below what is known to do."""
        found, below = None, UNLIMITED
        for lever in levers:
            capped = replace(lever, most=min(lever.most, below - lever.step))
            if capped.most >= lever.step and (answer := self._least(capped)):
                below, freed = answer
                found = _found(rule, {"change": lever.change, "amount": below, **lever.facts}, freed)
        return found

    def _redo(self, changed: Problem) -> Redone:
        return self.part.redo(changed, self.look, self.effort)

    def _least(self, lever: Lever) -> tuple[int, _Freed] | None:
        """The least amount of the lever that frees the loss, with what it leads to."""
        freed: list[_Freed] = []

        def works(amount: int) -> bool:
            changed = lever.apply(self.problem, amount)
            one = _Freed(changed, self._redo(changed))
            if self._is_freed(one):
                freed.append(one)
                return True
            return False

        amount = smallest(lever, works)
        return None if amount is None else (amount, freed[-1])

    def _is_freed(self, one: _Freed) -> bool:
        if self.loss.about == "item":
            return one.redone.quantity[self.loss.id] > 0
        if self.loss.about == "style":
            return one.redone.quantity.total() > 0
        arrived = in_time(one.problem, one.redone.runs)
        return all(arrived[lot.id] >= one.problem.find.lot[lot.id].quantity for lot in self.loss.lots)

    def _price(self, before: Redone, forced: _Freed) -> Remedy | None:
        needs: dict[str, int | str] = {"change": "cost"}
        if self.loss.about != "lot":
            answer = self._least(dearer(self.loss.lots))
            if answer is None:
                return None
            needs["unit_cost"], forced = answer
        else:
            needs["displaces"] = self._displaced(before, forced.redone)
        natural = self.part.price(self.problem, forced.redone.runs)
        needs["amount"] = max(0, natural - before.cost)
        return _found("trade-off", needs, forced)

    def _displaced(self, before: Redone, after: Redone) -> int:
        """Pieces of lots outside the loss that are in time before and not after."""
        wave = {lot.id for lot in self.loss.lots}
        had, have = (in_time(self.problem, redone.runs) for redone in (before, after))
        others = (lot.id for lot in self.problem.lots if lot.id not in wave)
        return max(0, sum(had[lot] - have[lot] for lot in others))


def _found(rule: str, needs: Needs, freed: _Freed) -> Remedy:
    arrived = in_time(freed.problem, freed.redone.runs)
    serves = frozenset(lot.id for lot in freed.problem.lots if arrived[lot.id] >= lot.quantity)
    return Remedy(rule, needs, frozenset(freed.redone.quantity), serves)


class _Levers:
    """What may free a loss, by the rule that each is about."""

    def __init__(self, part: Part, loss: Loss) -> None:
        self.part = part
        self.loss = loss
        self.problem = part.problem
        self.wanted: Counter[str] = Counter()
        for lot in self.problem.lots:
            self.wanted[self.problem.find.sku[lot.sku].item] += lot.quantity

    def all(self) -> Iterator[tuple[str, Sequence[Lever]]]:
        if self.loss.about != "lot":
            yield "minimum", self._for_minimum()
        if not self.loss.released:
            yield from self._for_room()
        if self.loss.about == "lot":
            yield "date", [self._later()]

    def _later(self) -> Lever:
        """Up to the day of the last piece, or of the last bucket where pieces are missing."""
        lot = self.loss.lots[0]
        ways = self.part.ways(self.problem.find.item_of(lot.sku), lot.region)
        days = [day - lot.due_day for _, _, day in ways if day > lot.due_day]
        return later(self.loss.lots, min(days, default=1), self.loss.late_by or max(days, default=1))

    def _for_minimum(self) -> list[Lever]:
        """More of the item, or of each of the style's most wanted items."""
        find = self.problem.find
        most_wanted = sorted(self.wanted, key=lambda item: (-self.wanted[item], item))[:COLOURS_TRIED]
        smallest_run = min((line.min_run for line in self.part.lines), default=1)
        campaign = find.style[self.loss.style].campaign_minimum
        levers = []
        for item in [self.loss.id] if self.loss.about == "item" else most_wanted:
            lots = [lot for lot in self.problem.lots if find.sku[lot.sku].item == item]
            most = max(find.item[item].minimum, campaign, smallest_run)
            levers.append(more_pieces(self.problem, lots, min(most, self._lacking(item)), most))
        return levers

    def _lacking(self, item: str) -> int:
        """Pieces that the item, or with it the style, is short of, by arithmetic that forgets consents."""
        find = self.problem.find
        of_item = find.item[item].minimum - self.wanted[item] - find.item[item].overs_maximum
        return max(1, of_item, find.style[self.loss.style].campaign_minimum - self.wanted.total())

    def _for_room(self) -> Iterator[tuple[str, Sequence[Lever]]]:
        """Cloth and larger lots where a line has the hours, hours where it lacks them."""
        lot = max(self.loss.lots, key=lambda one: (one.quantity, one.id))
        item = self.problem.find.item_of(lot.sku)
        lacks = sorted(
            (self._lacks((item.id, line, bucket), self.loss.pieces), (item.id, line, bucket))
            for line, bucket, day in self.part.ways(item, lot.region)
            if day <= lot.due_day or self.loss.about != "lot"
        )
        spare = [cell for seconds, cell in lacks if seconds <= 0]
        if spare:
            yield "fabric", self._cloth(item, spare)
            least = min(self.problem.find.line[cell[1]].min_run for cell in spare) - self.loss.pieces
            if least > 0 and self.loss.about == "lot":
                yield "minimum", [more_pieces(self.problem, self.loss.lots, least, 2 * least)]
        for seconds, cell in [entry for entry in lacks if entry[0] > 0][:LINES_TRIED]:
            yield "line time", [more_time(cell, seconds, 2 * seconds)]

    def _lacks(self, cell: Cell, pieces: int) -> int:
        """Seconds that the line lacks in the bucket, as the plan stands, to make the pieces too."""
        now, least = self.part.now, self.problem.find.line[cell[1]].min_run
        item = self.problem.find.item[cell[0]]
        rate = self.problem.find.line[cell[1]].styles[item.style].seconds
        if cell in now.runs:
            return pieces * rate - now.free[cell[1]][cell[2]]
        needed = item.setup_seconds + max(pieces, least) * rate
        if not now.runs_of_style[item.style, cell[1], cell[2]]:
            needed += self.problem.find.style[item.style].setup_seconds
        return needed - now.free[cell[1]][cell[2]]

    def _cloth(self, item: Item, cells: Sequence[Cell]) -> list[Lever]:
        step = max((sku.fabric_use for sku in self.problem.skus if sku.item == item.id), default=0)
        bucket = max(cell[2] for cell in cells)
        guess = self.loss.pieces * step - min(self.part.now.supply[item.fabric][bucket:])
        if step == 0 or guess <= 0:
            return []
        room = tuple(cell for cell in cells if cell[2] == bucket)[:LINES_TRIED]
        return [more_cloth(item.fabric, bucket, step, guess, MOST_TIMES * guess, room)]
