"""Who gets what: the pieces of each run, pegged to the atoms of demand, earliest paid first.

A lot is pooled demand; its atoms are the orders it was pooled from. The planner has decided how many
pieces of which SKU each lot gets from which run; pegging decides only who in the lot is served.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner.places import Place, Places
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


def peg(runs: Iterable[Run], atoms: Iterable[Atom], before: Iterable[Peg] = ()) -> list[Peg]:
    """Pegs for every atom that can be served, in the order of runs given by bucket.

    Within a lot nobody is served less because of someone who paid later; earlier payers also get the
    earlier run where it holds their whole order. Pegs of a run never exceed its pieces for the lot,
    pegs of an atom never its quantity, and nobody gets an SKU they did not accept. An order is split
    over runs only where no run has enough pieces left for the whole of it.

    ``before`` are pegs in force, naming runs of ``runs`` (``follow`` finds a plan's runs in the next).
    They cost nobody anything: all get as many pieces as without them, complete in no later bucket, and
    no SKU that they neither had nor would get without. Within that, taken in the order of payment, each
    peg stays whole where it can beside those that stay before it, cut to what the order still gets. What
    is pegged anew goes whole into the earliest run that can take it. Pegs of runs, atoms or lots that
    are gone are as if never made, and lots without pegs in force come out as without ``before``.
    """
    supply: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    bucket: dict[str, int] = {}
    for run in sorted(runs, key=lambda r: (r.bucket, r.id)):
        bucket[run.id] = run.bucket
        for piece in run.pieces:
            supply[piece.lot].append((run.id, piece.sku, piece.quantity))
    demand: dict[str, list[Atom]] = defaultdict(list)
    for atom in sorted(atoms, key=lambda a: (a.rank, a.id)):
        demand[atom.lot].append(atom)
    in_force: dict[str, list[Peg]] = defaultdict(list)
    for one in before:
        in_force[one.lot].append(one)
    pegs: list[Peg] = []
    for lot in sorted(demand):
        fresh = _peg_lot(supply[lot], demand[lot])
        stable = in_force[lot] and _Again(supply[lot], demand[lot], fresh, bucket).peg(in_force[lot])
        pegs += stable or fresh
    return pegs


def follow(pegs: Iterable[Peg], runs_before: Iterable[Run], runs: Iterable[Run]) -> list[Peg]:
    """The pegs of one plan under the run ids of another, for ``peg(..., before=...)``.

    A run is the same where it is in the same cell (item, line, bucket): ids are made anew with each
    plan. Pegs of runs whose cell is empty now are left out.
    """
    cells = {run.id: run.cell for run in runs_before}
    now = {run.cell: run.id for run in runs}
    places = ((one, now.get(cells[one.run])) for one in pegs if one.run in cells)
    return [replace(one, run=run) for one, run in places if run is not None]


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


class _Again:
    """A lot pegged again: as good for everyone as ``fresh``, with as many pegs in force as can stay."""

    def __init__(
        self,
        supply: list[tuple[str, str, int]],
        atoms: list[Atom],
        fresh: list[Peg],
        bucket: Mapping[str, int],
    ) -> None:
        self._atoms = atoms
        self._bucket = bucket
        self._fresh = fresh
        self._skus: dict[str, set[str]] = defaultdict(set)  # that each atom gets in ``fresh``
        self._room: Counter[Place] = Counter()
        for run, sku, quantity in supply:
            self._room[run, sku] += quantity
        self._open: Counter[str] = Counter()  # pieces of each atom not yet fixed anywhere
        self._complete: dict[str, int] = {}
        for one in fresh:
            self._open[one.atom] += one.quantity
            self._skus[one.atom].add(one.sku)
            self._complete[one.atom] = max(bucket[one.run], self._complete.get(one.atom, 0))

    def peg(self, in_force: Iterable[Peg]) -> list[Peg]:
        had: dict[str, Counter[Place]] = defaultdict(Counter)
        for one in in_force:
            had[one.atom][one.run, one.sku] += one.quantity
        allowed = {atom.id: self._places(atom, had[atom.id]) for atom in self._atoms}
        given: dict[Place, Counter[str]] = defaultdict(Counter)
        for one in self._fresh:
            given[one.run, one.sku][one.atom] += one.quantity
        places = Places(self._room, given, allowed)
        for atom in self._atoms:
            for place in allowed[atom.id]:
                self._hold(places, atom.id, place, min(had[atom.id][place], self._open[atom.id]))
        for atom in self._atoms:
            for place in allowed[atom.id]:
                self._hold(places, atom.id, place, self._open[atom.id])
        return [
            Peg(run, atom.id, atom.lot, sku, places.given[run, sku][atom.id])
            for atom in self._atoms
            for run, sku in allowed[atom.id]
            if places.given[run, sku][atom.id]
        ]

    def _hold(self, places: Places, atom: str, place: Place, quantity: int) -> None:
        if quantity and places.hold(atom, place, quantity):
            self._open[atom] -= quantity

    def _places(self, atom: Atom, had: Mapping[Place, int]) -> tuple[Place, ...]:
        """Where the atom may be served, the SKU that was ordered first, then by bucket."""
        skus = self._skus[atom.id] | {sku for _, sku in had}
        return tuple(
            (run, sku)
            for wanted in (atom.sku, *atom.accepts)
            for run, sku in self._room
            if sku == wanted and sku in skus and self._bucket[run] <= self._complete.get(atom.id, -1)
        )
