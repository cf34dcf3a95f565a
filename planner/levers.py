"""Changes that may free a lot, an item or a style, each with the step in which it is counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from planner.demand import Lot
from planner.ledger import Cell
from planner.problem import Problem

QUARTER_HOUR = 900
PRICE_STEPS = 100  # of the highest unfilled cost: the step in which a price is looked for
DEAR = 20  # times what a piece costs unfilled: what does not pay even then is called impossible


@dataclass(frozen=True, slots=True)
class Lever:
    """A change by some multiple of ``step``, at most ``most``; ``guess`` is where to begin.

    ``change`` is its stable name, ``facts`` say what it is about, ``cells`` where it makes room.
    """

    change: str
    step: int
    guess: int
    most: int
    apply: Callable[[Problem, int], Problem]
    facts: Mapping[str, int | str] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()


def smallest(lever: Lever, works: Callable[[int], bool]) -> int | None:
    """The least multiple of the step that works while one step less does not; None where none does.

    Found by doubling and halving, so where a larger amount can help less than a smaller one it is
    least among its neighbours only. Zero is known not to work.
    """
    most = _up(lever.most, lever.step)
    low, high = 0, min(most, _up(lever.guess, lever.step))
    while not works(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    trial = high - lever.step  # a guess by arithmetic is often right
    while trial > low:
        low, high = (low, trial) if works(trial) else (trial, high)
        trial = low + (high - low) // (2 * lever.step) * lever.step
    return high


def _up(amount: int, step: int) -> int:
    return -(-max(1, amount) // step) * step


def more_pieces(problem: Problem, lots: Iterable[Lot], guess: int, most: int) -> Lever:
    """More pieces wanted in the largest of the lots, which are of one item."""
    largest = max(lots, key=lambda lot: (lot.quantity, lot.id))
    change = lambda lot, by: replace(lot, quantity=lot.quantity + by)  # noqa: E731
    facts = {"item": problem.find.sku[largest.sku].item}
    return Lever("pieces", 1, guess, most, _to_lots({largest.id}, change), facts)


def later(lots: Iterable[Lot], guess: int, most: int) -> Lever:
    """A promise some days later for all the lots."""
    change = lambda lot, by: replace(lot, due_day=lot.due_day + by)  # noqa: E731
    return Lever("days", 1, guess, most, _to_lots({lot.id for lot in lots}, change))


def more_time(cell: Cell, guess: int, most: int) -> Lever:
    """Longer hours of a line in one bucket, in quarters of an hour."""
    _, line, bucket = cell

    def apply(problem: Problem, seconds: int) -> Problem:
        changed = replace(
            problem.find.line[line],
            capacity=tuple(
                had + (seconds if place == bucket else 0)
                for place, had in enumerate(problem.find.line[line].capacity)
            ),
        )
        return replace(problem, lines=tuple(changed if one.id == line else one for one in problem.lines))

    return Lever("line time", QUARTER_HOUR, guess, most, apply, {"line": line, "bucket": bucket}, (cell,))


def more_cloth(fabric: str, bucket: int, step: int, guess: int, most: int, cells: tuple[Cell, ...]) -> Lever:
    """More of a fabric there by a bucket, in steps of what one piece takes."""

    def apply(problem: Problem, units: int) -> Problem:
        known = problem.find.fabric[fabric]
        changed = replace(known, arrivals=(*known.arrivals, (bucket, units)))
        return replace(
            problem, fabrics=tuple(changed if one.id == fabric else one for one in problem.fabrics)
        )

    return Lever("fabric", step, guess, most, apply, {"fabric": fabric, "bucket": bucket}, cells)


def dearer(lots: Iterable[Lot]) -> Lever:
    """A higher cost of every piece of the lots that is not delivered."""
    chosen = tuple(lots)
    highest = max(lot.unfilled_cost for lot in chosen)
    step = max(1, highest // PRICE_STEPS)
    change = lambda lot, by: replace(lot, unfilled_cost=lot.unfilled_cost + by)  # noqa: E731
    most = (DEAR - 1) * max(1, highest)
    return Lever("cost", step, 16 * step, most, _to_lots({lot.id for lot in chosen}, change))


def at_any_price(problem: Problem, lots: Iterable[Lot], *, late: bool) -> Problem:
    """The problem in which these lots pay so well that they are served where they can be, ``late`` or not."""
    chosen = tuple(lots)
    most = DEAR * max(1, *(lot.unfilled_cost for lot in chosen))
    ids = {lot.id for lot in chosen}
    return replace(
        problem,
        lots=tuple(
            replace(lot, unfilled_cost=most, late_cost=lot.late_cost if late else most)
            if lot.id in ids
            else lot
            for lot in problem.lots
        ),
    )


def _to_lots(ids: set[str], change: Callable[[Lot, int], Lot]) -> Callable[[Problem, int], Problem]:
    def apply(problem: Problem, by: int) -> Problem:
        return replace(problem, lots=tuple(change(lot, by) if lot.id in ids else lot for lot in problem.lots))

    return apply
