"""Who gets what: the pieces of each run, pegged to the atoms of demand, earliest paid first.

A lot is pooled demand; its atoms are the orders it was pooled from. The planner has decided how many
pieces of which SKU each lot gets from which run; pegging decides only who in the lot is served.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from planner.plan import Run


@dataclass(frozen=True, slots=True)
class Atom:
    """One order of ``quantity`` pieces in a lot; a lower ``rank`` paid earlier.

    ``sku`` is what was ordered; ``accepts`` are the other SKUs the buyer consented to.
    """

    id: str
    lot: str
    sku: str
    quantity: int
    rank: int
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Peg:
    """``quantity`` pieces of ``sku`` in ``run`` are meant for ``atom``."""

    run: str
    atom: str
    lot: str
    sku: str
    quantity: int


def peg(runs: Iterable[Run], atoms: Iterable[Atom]) -> list[Peg]:
    """Pegs for every atom that can be served, in the order of runs given by bucket.

    Within a lot nobody is served less because of someone who paid later; earlier payers also get the
    earlier run where it holds their whole order. Pegs of a run never exceed its pieces for the lot,
    pegs of an atom never its quantity, and nobody gets an SKU they did not accept. An order is split
    over runs only where no run has enough pieces left for the whole of it.
    """
    supply: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for run in sorted(runs, key=lambda r: (r.bucket, r.id)):
        for piece in run.pieces:
            supply[piece.lot].append((run.id, piece.sku, piece.quantity))
    demand: dict[str, list[Atom]] = defaultdict(list)
    for atom in sorted(atoms, key=lambda a: (a.rank, a.id)):
        demand[atom.lot].append(atom)
    return [found for lot in sorted(demand) for found in _peg_lot(supply[lot], demand[lot])]


def _peg_lot(supply: list[tuple[str, str, int]], atoms: list[Atom]) -> list[Peg]:
    pieces: Counter[str] = Counter()
    for _, sku, quantity in supply:
        pieces[sku] += quantity
    shares = _Shares(pieces)
    for atom in atoms:
        shares.serve(atom)
    left = [[run, sku, quantity] for run, sku, quantity in supply]
    pegs: Counter[tuple[str, str, str, str]] = Counter()
    for atom in atoms:
        for sku in (atom.sku, *atom.accepts):
            for run, quantity in _take(left, sku, shares.given[atom.id, sku]):
                pegs[run, atom.id, atom.lot, sku] += quantity
    return [Peg(*key, quantity) for key, quantity in pegs.items()]


def _take(left: list[list[Any]], sku: str, wanted: int) -> Iterable[tuple[str, int]]:
    """Whole from the first run that can, else from each in turn."""
    whole = next((entry for entry in left if entry[1] == sku and entry[2] >= wanted), None)
    for entry in [whole] if whole else [entry for entry in left if entry[1] == sku]:
        quantity = min(wanted, entry[2])
        if quantity:
            entry[2] -= quantity
            wanted -= quantity
            yield entry[0], quantity


class _Shares:
    """Pieces of each SKU given to each atom of a lot; serving one more never takes from those before.

    Where an SKU is used up, somebody served earlier may be moved to another SKU they accept: a
    shortest augmenting path from what the atom accepts to an SKU that is left.
    """

    def __init__(self, left: Counter[str]) -> None:
        self.left = left
        self.given: Counter[tuple[str, str]] = Counter()  # (atom, SKU)
        self._served: list[Atom] = []

    def serve(self, atom: Atom) -> None:
        self._served.append(atom)
        missing = atom.quantity
        while missing and (path := self._path(atom)):
            missing -= self._move(path, missing)

    def _path(self, atom: Atom) -> list[tuple[Atom, str]]:
        """Steps (who, to which SKU) that end at an SKU with pieces left; empty where there is none."""
        start = [(atom, sku) for sku in (atom.sku, *atom.accepts)]
        queue = deque([step] for step in start)
        seen = {sku for _, sku in start}
        while queue:
            path = queue.popleft()
            sku = path[-1][1]
            if self.left[sku] > 0:
                return path
            for other in self._served:
                if self.given[other.id, sku] > 0:
                    for target in (other.sku, *other.accepts):
                        if target not in seen:
                            seen.add(target)
                            queue.append([*path, (other, target)])
        return []

    def _move(self, path: list[tuple[Atom, str]], missing: int) -> int:
        held = [self.given[who.id, path[place][1]] for place, (who, _) in enumerate(path[1:])]
        quantity = min([missing, self.left[path[-1][1]], *held])
        for place, (who, _) in enumerate(path[1:]):
            self.given[who.id, path[place][1]] -= quantity
        for who, sku in path:
            self.given[who.id, sku] += quantity
        self.left[path[-1][1]] -= quantity
        return quantity
