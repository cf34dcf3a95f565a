"""Minimums of a style judged jointly: which colours could run together, and how many pieces lack.

Checking style and colours one after the other errs both ways: a colour below its minimum may be lifted
by buyers of another who accept it, and its own buyers may lift others where it is not made.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TypeAlias

from planner.demand import Lot
from planner.ledger import UNLIMITED, Ledger
from planner.problem import Problem

MOST_COLOURS = 8  # whose combinations are tried; of more only the most wanted

Given: TypeAlias = dict[tuple[str, str], int]  # pieces by (lot, SKU made for it)


@dataclass(frozen=True, slots=True)
class Together:
    """Colours that could run together once ``lacking`` pieces more are wanted of them.

    ``given`` says which lot would be served with which SKU, the lacking pieces aside. Where only the
    style is short and not a colour, ``any_colour`` is true: the pieces may be of any of them.
    """

    items: tuple[str, ...]
    lacking: Mapping[str, int]
    any_colour: bool
    given: Mapping[tuple[str, str], int]

    @property
    def pieces(self) -> int:
        return sum(self.lacking.values())


def together(problem: Problem, books: Ledger, style: str) -> list[Together]:
    """The best set of colours of a style that is not made; of one that is, each further colour alone.

    Only what the books leave missing counts as demand; what they hold counts towards minimums.
    """
    wanted = _wanted(problem, books, style)
    if books.styles[style]:
        return [_judge(problem, books, style, wanted, (item,)) for item in _idle(books, wanted)]
    judged = every_set(problem, books, style)
    return [min(judged, key=lambda one: (one.pieces, -len(one.items), one.items))] if judged else []


def every_set(problem: Problem, books: Ledger, style: str) -> list[Together]:
    """Every set of colours of a style that is not made, the largest sets first, each judged by itself."""
    wanted = _wanted(problem, books, style)
    idle = _idle(books, wanted)
    sets = chain.from_iterable(combinations(idle, size) for size in range(len(idle), 0, -1))
    return [_judge(problem, books, style, wanted, items) for items in sets]


def _wanted(problem: Problem, books: Ledger, style: str) -> dict[str, list[Lot]]:
    wanted: dict[str, list[Lot]] = defaultdict(list)
    for lot in problem.lots:
        if problem.find.style_of(lot.sku).id == style and books.missing[lot.id] > 0:
            wanted[problem.find.sku[lot.sku].item].append(lot)
    return wanted


def _idle(books: Ledger, wanted: Mapping[str, list[Lot]]) -> list[str]:
    """Colours that are wanted and not made, the most wanted first."""
    pieces = {item: sum(books.missing[lot.id] for lot in lots) for item, lots in wanted.items()}
    idle = sorted((item for item in wanted if not books.items[item]), key=lambda item: (-pieces[item], item))
    return idle[:MOST_COLOURS]


def _judge(
    problem: Problem, books: Ledger, style: str, wanted: Mapping[str, list[Lot]], items: tuple[str, ...]
) -> Together:
    find = problem.find
    own = {item: sum(books.missing[lot.id] for lot in wanted[item]) for item in items}
    overs = {item: find.item[item].overs_maximum for item in items}
    short = {item: max(0, find.item[item].minimum - own[item] - overs[item]) for item in items}
    flow = _Flow()
    for item, lots in wanted.items():
        if item in own:
            flow.add("source", ("spare", item), max(0, own[item] - find.item[item].minimum))
        for lot in lots:
            giver = ("spare", item) if item in own else "source"
            flow.add(giver, ("lot", lot.id), books.missing[lot.id])
            for consent in lot.substitutes:
                other = find.sku[consent.sku].item
                if other in own and other != item:
                    flow.add(("lot", lot.id), ("sku", consent.sku), books.consents[lot.id, consent.sku])
                    flow.add(("sku", consent.sku), ("item", other), UNLIMITED)
    for item in items:
        flow.add(("item", item), "sink", short[item])
    flow.push()
    lacking = {item: flow.left(("item", item), "sink") for item in items if flow.left(("item", item), "sink")}
    for item in items:  # whose own colour is not made takes what is, beyond the minimums too
        flow.close("source", ("spare", item))
        flow.add(("item", item), "sink", UNLIMITED)
    flow.push()
    outside = [lot for item, lots in wanted.items() if item not in own for lot in lots]
    moved = flow.passed(wanted)
    come = sum(sum(moved.get((lot.id, c.sku), 0) for c in lot.substitutes) for lot in outside)
    reach = books.styles[style] + sum(own.values()) + sum(overs.values()) + come
    more = find.style[style].campaign_minimum - reach - sum(lacking.values())
    any_colour = not lacking and more > 0
    if more > 0:
        most = max(items, key=lambda item: (item in lacking, own[item], item))
        lacking[most] = lacking.get(most, 0) + more
    return Together(items, lacking, any_colour, _given(books, wanted, items, moved))


def _given(
    books: Ledger, wanted: Mapping[str, list[Lot]], items: Iterable[str], moved: Given
) -> Mapping[tuple[str, str], int]:
    """What was moved by consent, and every other piece of the colours in its own SKU."""
    given = dict(moved)
    for item in items:
        for lot in wanted[item]:
            left = books.missing[lot.id] - sum(moved.get((lot.id, c.sku), 0) for c in lot.substitutes)
            if left > 0:
                given[lot.id, lot.sku] = left
    return given


class _Flow:
    """The most that can be pushed from source to sink (shortest augmenting paths)."""

    def __init__(self) -> None:
        self.room: dict[Hashable, dict[Hashable, int]] = defaultdict(dict)

    def add(self, start: Hashable, end: Hashable, room: int) -> None:
        if end not in self.room[start] or room == UNLIMITED:
            self.room[start][end] = room
            self.room[end].setdefault(start, 0)

    def close(self, start: Hashable, end: Hashable) -> None:
        if end in self.room[start]:
            self.room[start][end] = 0

    def left(self, start: Hashable, end: Hashable) -> int:
        return self.room[start].get(end, 0)

    def passed(self, wanted: Mapping[str, list[Lot]]) -> Given:
        """Pieces of each lot that go to each substitute."""
        lots = [lot for of_item in wanted.values() for lot in of_item]
        return {
            (lot.id, consent.sku): pieces
            for lot in lots
            for consent in lot.substitutes
            if (pieces := self.left(("sku", consent.sku), ("lot", lot.id)))
        }

    def push(self) -> None:
        while path := self._path():
            pieces = min(self.room[start][end] for start, end in path)
            for start, end in path:
                self.room[start][end] -= pieces
                self.room[end][start] += pieces

    def _path(self) -> list[tuple[Hashable, Hashable]]:
        came: dict[Hashable, Hashable] = {"source": "source"}
        queue: deque[Hashable] = deque(["source"])
        while queue and "sink" not in came:
            here = queue.popleft()
            for there, room in self.room[here].items():
                if room > 0 and there not in came:
                    came[there] = here
                    queue.append(there)
        path: list[tuple[Hashable, Hashable]] = []
        here = "sink" if "sink" in came else "source"
        while here != "source":
            path.append((came[here], here))
            here = came[here]
        return path
