"""Solve the model of some styles and write its answer into the books.

Two stages: whole decisions with divisible pieces first, then whole pieces with the decisions fixed.
The first is where the difficulty lies and its bound is valid, since divisible pieces only help; the
second takes a moment. Asking for both at once was many times slower.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.cloth import ANY_SEGMENT
from planner.errand import Answer, Entries, Solver
from planner.ledger import Cell, Ledger
from planner.model import PartModel
from planner.narrow import narrow
from planner.tables import Numbers, Tables
from planner.waves import Wave

LEAST_SECONDS = 0.1
ROUNDING_SECONDS = 5.0  # the second stage takes far less; a limit for the odd case
ROUNDING_GAP = 1e-5


@dataclass(frozen=True, slots=True)
class Start:
    """A plan to start from: pieces by cell, units bought by fabric."""

    quantities: Mapping[Cell, int]
    bought: Mapping[str, int]


def solve_part(
    ledger: Ledger,
    free: Iterable[str],
    demand: Sequence[Wave],
    *,
    seconds: float,
    seed: int = 0,
    nodes: int | None = None,
    gap: float = 0.0,
    allowed: Mapping[str, set[Cell]] | None = None,
    start: Start | None = None,
    below: float = math.inf,
    whole: bool = False,
    counted: bool = False,
    quick: bool = False,
    by: Solver = Solver.HIGHS,
    tables: Tables | None = None,
    time_price: Numbers | None = None,
) -> Answer:
    """The best runs found for the styles in ``free``, of which the ledger holds only frozen runs.

    ``seconds`` include the building of the model, ``nodes`` limits branch and bound. What costs more than
    ``below`` (in the terms of the model's objective) is left out, of the bound as well; runs that cost no
    less are not worked out. ``whole`` asks for
    whole pieces in the first stage too: slower, but then its bound can meet the cost; ``counted`` for
    whole pieces per lot only; ``quick`` for a good answer rather than a proof, ``by`` says by which
    solver. ``time_price`` is paid for each second used, beside the costs.

    Raises SolverFailed where the solver breaks down.
    """
    began = time.monotonic()
    tables = tables or Tables(ledger.problem, demand)
    model = PartModel(ledger, free, tables, allowed, time_price=time_price, counted=counted)
    hint = None if start is None else model.decisions_of(start.quantities, start.bought)
    if below < math.inf:
        narrow(model.mip, model.switches, below)
    if whole:
        model.mip.make_whole()
    left = max(LEAST_SECONDS, seconds - (time.monotonic() - began))
    outcome = model.mip.solve(left, seed=seed, nodes=nodes, gap=gap, hint=hint, quick=quick, by=by)
    if outcome.values is None or outcome.value >= below:
        return Answer(None, outcome.bound, outcome.infeasible, outcome.optimal, outcome.cut_short)
    model.mip.pin(np.concatenate(model.decisions), outcome.values)
    rounded = model.mip.solve(ROUNDING_SECONDS, seed=seed, gap=ROUNDING_GAP)
    entries = None if rounded.values is None else _entries(model, rounded.values)
    return Answer(
        entries, outcome.bound, infeasible=False, optimal=outcome.optimal, cut_short=outcome.cut_short
    )


def bound_part(
    ledger: Ledger,
    free: Iterable[str],
    tables: Tables,
    *,
    seconds: float,
    relaxed: bool = False,
    gap: float = 0.0,
    time_price: Numbers | None = None,
    cloth_price: Mapping[str, Numbers] | None = None,
) -> float | None:
    """A bound of the model's objective at these prices; None where time was too short.

    ``relaxed`` asks for the linear relaxation only, in seconds where the rest would take hours.
    """
    model = PartModel(ledger, free, tables, time_price=time_price, cloth_price=cloth_price)
    outcome = model.mip.solve(seconds, gap=gap, relaxed=relaxed)
    return outcome.bound if outcome.optimal or not relaxed else None


def _entries(model: PartModel, values: Numbers) -> Entries:
    pieces: Counter[tuple[Cell, str, str]] = Counter()
    overs: Counter[tuple[Cell, str]] = Counter()
    consented: Counter[str] = Counter()
    own: list[tuple[Cell, Wave, int]] = []
    for cells in model.cells:
        for flow in cells.flows:
            stream = flow.stream
            made = np.round(values[flow.columns]).astype(int)
            for at in np.flatnonzero(made).tolist():
                cell, quantity = cells.cell(flow.at[at]), int(made[at])
                if stream.lot is None or stream.consent is None:
                    own.append((cell, stream.wave, quantity))
                else:
                    pieces[cell, stream.lot.id, stream.consent.sku] += quantity
                    consented[stream.lot.id] += quantity
        made = np.round(values[cells.overs.columns]).astype(int)
        for at in np.flatnonzero(made).tolist():
            overs[cells.cell(cells.overs.at[at]), model.tables.least_use[cells.item.id][1]] += int(made[at])
    _share_out(model, values, own, consented, pieces)
    return Entries(pieces, overs)


def _share_out(
    model: PartModel,
    values: Numbers,
    own: Sequence[tuple[Cell, Wave, int]],
    consented: Mapping[str, int],
    pieces: Counter[tuple[Cell, str, str]],
) -> None:
    """Give the pieces of each wave to its lots: as told apart by size, or in any order where it is equal."""
    left = {
        (lot.id, ANY_SEGMENT): model.ledger.missing[lot.id] - consented.get(lot.id, 0)
        for _, wave, _ in own
        for lot in wave.lots
    }
    left.update({share: round(values[column]) for share, column in model.cloth.shares.items()})
    for cell, wave, made in own:
        wanted = made
        for lot in wave.lots:
            share = model.cloth.share_of(lot, cell[2])
            if quantity := min(wanted, left[share]):
                pieces[cell, lot.id, lot.sku] += quantity
                left[share] -= quantity
                wanted -= quantity
