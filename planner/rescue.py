"""Ways to let a style run that is too small as it was ordered, each with what it costs, the cheapest first.

A way takes a set of colours, moves buyers who accept it to where a minimum lacks them, adds pieces nobody
has ordered, and gives the other pieces up. Style, colours and cloth are weighed together: the vectors V2
and V2b of the domain rules, where checks one after the other end wrongly in both directions.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from planner.joint import Together, every_set
from planner.ledger import Ledger
from planner.problem import Problem


@dataclass(frozen=True, slots=True)
class Surplus:
    """Cloth that a dye-lot minimum leaves over, in units of the fabric, and the pieces it still gives."""

    units: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Way:
    """One set of colours that runs. Pieces; `cost` in minor units.

    ``moved`` is by (lot, SKU made for it instead), ``top_ups`` by item, ``dropped`` by lot, ``surplus`` by
    fabric.
    The cost counts the pieces added less what they fetch as overs, the cloth left over, and the margin
    of what is given up.
    """

    items: tuple[str, ...]
    moved: Mapping[tuple[str, str], int]
    top_ups: Mapping[str, int]
    dropped: Mapping[str, int]
    surplus: Mapping[str, Surplus]
    cost: int
    spent: int
    """What of the cost is paid out: pieces added and cloth left over, not the margin that is lost."""

    @property
    def changes_nothing(self) -> bool:
        """Whether everything runs as it was ordered, and nothing is added."""
        return not (self.moved or self.top_ups or self.dropped)


def ways(problem: Problem, style: str, *, price: int) -> list[Way]:
    """Every way to run a style of which no run stands, the cheapest first; none where nothing is wanted.

    ``price`` is what a piece brings. Overs are not counted upon: whatever a minimum lacks is a piece added.
    Cloth that cannot be had leaves a way out.
    """
    books = Ledger(problem)
    judged = [_way(problem, books, one, price) for one in every_set(problem, books, style)]
    found = [way for way in judged if way is not None]
    return sorted(found, key=lambda way: (way.cost, -len(way.items), way.items))


def _way(problem: Problem, books: Ledger, one: Together, price: int) -> Way | None:
    find = problem.find
    served: Counter[str] = Counter()
    made: Counter[str] = Counter()  # by fabric, units
    pieces: Counter[str] = Counter()  # by fabric
    for (lot, sku), count in one.given.items():
        served[lot] += count
        fabric = find.item[find.sku[sku].item].fabric
        made[fabric] += count * find.sku[sku].fabric_use
        pieces[fabric] += count
    for item, count in one.lacking.items():
        fabric = find.item[item].fabric
        made[fabric] += count * _largest_use(problem, item)
        pieces[fabric] += count
    surplus, cloth_cost = {}, 0
    for fabric, need in made.items():
        bought = _bought(problem, books, fabric, need)
        if bought is None:
            return None
        left, cost = bought
        if left:
            surplus[fabric] = Surplus(left, left * pieces[fabric] // need)
            cloth_cost += cost
    dropped = {
        lot.id: books.missing[lot.id] - served[lot.id]
        for lot in problem.lots
        if books.missing[lot.id] > served[lot.id]
    }
    unit_cost = _unit_cost(problem, one.items[0])
    added = sum(
        count * (unit_cost + _cloth_of_piece(problem, item) - find.item[item].overs_value)
        for item, count in one.lacking.items()
    )
    spent = max(0, added) + cloth_cost
    margin = price - unit_cost - max(_cloth_of_piece(problem, item) for item in one.items)
    return Way(
        items=one.items,
        moved={key: count for key, count in one.given.items() if find.lot[key[0]].sku != key[1]},
        top_ups=one.lacking,
        dropped=dropped,
        surplus=surplus,
        cost=spent + sum(dropped.values()) * max(0, margin),
        spent=spent,
    )


def _bought(problem: Problem, books: Ledger, fabric: str, need: int) -> tuple[int, int] | None:
    """Units a purchase leaves over, and what they cost; None where so much cannot be had."""
    record = problem.find.fabric[fabric]
    short = need - sum(quantity for _, quantity in record.arrivals)
    if short <= 0:
        return 0, 0
    purchase = record.purchase
    if purchase is None or short > books.most_bought[fabric]:
        return None
    bought = -(-max(short, purchase.minimum) // purchase.multiple) * purchase.multiple
    return bought - short, (bought - short) * purchase.unit_cost


def _largest_use(problem: Problem, item: str) -> int:
    return max(sku.fabric_use for sku in problem.skus if sku.item == item)


def _cloth_of_piece(problem: Problem, item: str) -> int:
    purchase = problem.find.fabric[problem.find.item[item].fabric].purchase
    return _largest_use(problem, item) * (purchase.unit_cost if purchase else 0)


def _unit_cost(problem: Problem, item: str) -> int:
    """What the cheapest line asks for a piece made by itself."""
    style = problem.find.item[item].style
    return min((line.styles[style].unit_cost[0] for line in problem.lines if style in line.styles), default=0)
