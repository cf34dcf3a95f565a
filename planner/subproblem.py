"""Solve the model of some styles and write its answer into the books.

Two stages: whole decisions with divisible pieces first, then whole pieces with the decisions fixed.
The first is where the difficulty lies and its bound is valid, since divisible pieces only help; the
second takes a moment. Asking for both at once was many times slower.
"""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.ledger import Cell, Ledger
from planner.mip import Variable
from planner.model import ANY_SEGMENT, PartModel
from planner.waves import Wave

LEAST_SECONDS = 0.1
ROUNDING_SECONDS = 5.0  # the second stage takes far less; a limit for the odd case


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model of a part gave.

    ``entries`` are the runs to enter, None where none was found; ``bound`` is valid for the model's
    objective (costs less the unfilled cost of what it delivers), None where nothing is known.
    """

    entries: "Entries | None"
    bound: float | None
    infeasible: bool
    optimal: bool


@dataclass(frozen=True, slots=True)
class Entries:
    """Pieces by (cell, lot, SKU) and overs by (cell, SKU)."""

    pieces: Mapping[tuple[Cell, str, str], int]
    overs: Mapping[tuple[Cell, str], int]

    @property
    def quantities(self) -> dict[Cell, int]:
        """Pieces and overs by cell."""
        total: dict[Cell, int] = defaultdict(int)
        for (cell, _, _), quantity in self.pieces.items():
            total[cell] += quantity
        for (cell, _), quantity in self.overs.items():
            total[cell] += quantity
        return dict(total)

    def enter(self, ledger: Ledger) -> None:
        for (cell, lot, sku), quantity in self.pieces.items():
            ledger.open(cell)
            ledger.enter(cell, lot, sku, quantity)
        for (cell, sku), quantity in self.overs.items():
            ledger.open(cell)
            ledger.enter_overs(cell, sku, quantity)


@dataclass(frozen=True, slots=True)
class Start:
    """A plan to start from: pieces by cell, units bought by fabric."""

    quantities: Mapping[Cell, int]
    bought: Mapping[str, int]


def solve_part(
    ledger: Ledger,
    free: Iterable[str],
    demand: Iterable[Wave],
    *,
    seconds: float,
    seed: int = 0,
    nodes: int | None = None,
    gap: float = 0.0,
    allowed: Mapping[str, set[Cell]] | None = None,
    start: Start | None = None,
    below: float = math.inf,
    whole: bool = False,
) -> Answer:
    """The best runs found for the styles in ``free``, of which the ledger holds only frozen runs.

    ``seconds`` include the building of the model, ``nodes`` limits branch and bound; runs that cost no
    less than ``below`` (in the terms of the model's objective) are not worked out. ``whole`` asks for
    whole pieces in the first stage too: slower, but then its bound can meet the cost.

    Raises SolverFailed where the solver breaks down.
    """
    began = time.monotonic()
    model = PartModel(ledger, free, demand, allowed)
    hint = None if start is None else model.decisions_of(start.quantities, start.bought)
    if whole:
        model.mip.make_whole()
    left = max(LEAST_SECONDS, seconds - (time.monotonic() - began))
    outcome = model.mip.solve(left, seed=seed, nodes=nodes, gap=gap, hint=hint)
    if outcome.values is None or outcome.value >= below:
        return Answer(None, outcome.bound, outcome.infeasible, outcome.optimal)
    model.mip.pin(outcome.values)
    model.mip.make_whole()
    rounded = model.mip.solve(ROUNDING_SECONDS, seed=seed)
    entries = None if rounded.values is None else _entries(model, rounded.values)
    return Answer(entries, outcome.bound, infeasible=False, optimal=outcome.optimal)


def bound_part(
    ledger: Ledger, free: Iterable[str], demand: Iterable[Wave], *, seconds: float
) -> float | None:
    """A bound of the model's objective from its linear relaxation; None where time was too short."""
    began = time.monotonic()
    model = PartModel(ledger, free, demand)
    model.mip.relax()
    outcome = model.mip.solve(max(LEAST_SECONDS, seconds - (time.monotonic() - began)))
    return outcome.bound if outcome.optimal else None


def _entries(model: PartModel, values: Mapping[Variable, float]) -> Entries:
    pieces: dict[tuple[Cell, str, str], int] = {}
    overs: dict[tuple[Cell, str], int] = {}
    consented: dict[str, int] = defaultdict(int)
    for part in model.parts.values():
        for lot, sku, variable in part.consents:
            if quantity := round(values[variable]):
                pieces[part.cell, lot.id, sku] = quantity
                consented[lot.id] += quantity
        if part.overs is not None and (quantity := round(values[part.overs])):
            overs[part.cell, model.least_use_sku(part.cell[0])] = quantity
    left = _shares(model, values, consented)
    for part in model.parts.values():
        for wave, variable in part.pieces:
            wanted = round(values[variable])
            for lot in wave.lots:
                share = model.share_of(lot, part.cell[2])
                if quantity := min(wanted, left[share]):
                    pieces[part.cell, lot.id, lot.sku] = quantity
                    left[share] -= quantity
                    wanted -= quantity
    return Entries(pieces, overs)


def _shares(
    model: PartModel, values: Mapping[Variable, float], consented: Mapping[str, int]
) -> dict[tuple[str, int], int]:
    """Pieces of each lot to be made in each segment, or in any where its size does not matter."""
    left = {(lot, ANY_SEGMENT): missing - consented[lot] for lot, missing in model.missing.items()}
    left.update({share: round(values[variable]) for share, variable in model.cuts.items()})
    return left
