"""compare(): what a replan changes for whom. It loads no solver.

The plan before may have been made for an older problem. Whatever of it the new one does not know (lots,
lines, items, SKUs, buckets) is counted as gone and left out of its cost; nothing raises.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from planner.check import cost, violations
from planner.demand import Lot
from planner.difference import Difference, Effects, LotChange, MadeAt, Move, RunChange, worst_first
from planner.ledger import Ledger
from planner.plan import Piece, Plan, Run
from planner.problem import Problem

Made = Counter[MadeAt]
Pair = tuple[MadeAt | None, MadeAt | None, int]  # before, after, pieces


def compare(problem: Problem, before: Plan, after: Plan) -> Difference:
    """What ``after`` changes for a planner who has ``before`` in force.

    ``problem`` is the one ``after`` was made for; ``before`` is in its buckets, whatever it was made for.
    As few pieces as possible count as moved: those of a lot that stay in a factory and bucket do not,
    and of the others the earliest made before become the earliest made after.

    Cloth is paid once: ``before`` buys what it would still lack, so that purchases made since, which
    are arrivals now, are in neither cost.
    """
    standing = _standing(problem, before)
    was, now = _places(problem, before), _places(problem, after)
    pairs = {key: _pairs(was[key], now[key]) for key in sorted(was.keys() | now.keys())}
    swapped = _substituted(problem, after)
    swapped.subtract(_substituted(problem, before))
    changes = [
        _change(problem, lot, item, found, now[lot, item].total(), swapped[lot])
        for (lot, item), found in pairs.items()
    ]
    untouched, changed = _frozen(problem, before, after)
    return Difference(
        problem=problem.name,
        moves=tuple(_moves((item, pair) for (_, item), found in pairs.items() for pair in found)),
        runs=tuple(_runs(before, after)),
        lots=worst_first(change for change in changes if change.effects != Effects()),
        cost_before=cost(problem, standing),
        cost_after=cost(problem, after),
        frozen_untouched=untouched,
        frozen_changed=changed,
        broken=tuple(violations(problem, standing)),
    )


def _places(problem: Problem, plan: Plan) -> dict[tuple[str, str], Made]:
    """Pieces by where they are made, for each lot and the item it wants (the item made, if it is gone)."""
    found: dict[tuple[str, str], Made] = defaultdict(Counter)
    for run in plan.runs:
        line = problem.find.line.get(run.line)
        place = MadeAt(line.factory if line else None, run.bucket)
        for piece in run.pieces:
            lot = problem.find.lot.get(piece.lot)
            item = problem.find.sku[lot.sku].item if lot else run.item
            found[piece.lot, item][place] += piece.quantity
    return found


def _pairs(was: Made, now: Made) -> list[Pair]:
    """The pieces that do not stay, from place to place in order; what is over on one side pairs with None."""
    leaving, coming = _in_order(was - now), _in_order(now - was)
    pairs: list[Pair] = []
    while leaving and coming:
        pieces = min(leaving[0][1], coming[0][1])
        pairs.append((leaving[0][0], coming[0][0], pieces))
        for queue in (leaving, coming):
            place, left = queue.pop(0)
            if left > pieces:
                queue.insert(0, (place, left - pieces))
    pairs += [(place, None, pieces) for place, pieces in leaving]
    return pairs + [(None, place, pieces) for place, pieces in coming]


def _in_order(made: Made) -> list[tuple[MadeAt, int]]:
    return sorted(made.items(), key=lambda entry: (entry[0].bucket, entry[0].factory or ""))


def _change(
    problem: Problem, lot_id: str, item: str, pairs: list[Pair], received: int, substituted: int
) -> LotChange:
    """``received`` are the pieces that the lot gets in the plan after."""
    lot = problem.find.lot.get(lot_id)
    wanted = lot.quantity if lot else 0
    lost = sum(pieces for _, after, pieces in pairs if after is None)
    unfilled = min(lost, max(0, wanted - received))
    moved = sum((_moved(problem, lot, pair) for pair in pairs if lot), Effects())
    rest = Effects(unfilled=unfilled, gone=lost - unfilled, substituted=substituted)
    return LotChange(lot_id, item, wanted, moved + rest)


def _moved(problem: Problem, lot: Lot, pair: Pair) -> Effects:
    """What it means for a lot that pieces of it are made at another place, or now and not before."""
    before, after, pieces = pair
    if after is None:
        return Effects()
    if before is None:
        return Effects(served=pieces)
    left, comes = _arrival(problem, lot, before), _arrival(problem, lot, after)
    if left is None or comes is None:
        return Effects(moved=pieces)
    return Effects(
        moved=pieces,
        piece_days=pieces * (comes - left),
        became_late=pieces * (left <= lot.due_day < comes),
        became_timely=pieces * (comes <= lot.due_day < left),
    )


def _arrival(problem: Problem, lot: Lot, place: MadeAt) -> int | None:
    """The day; None where the line is gone, and with it the way from there."""
    if place.factory is None:
        return None
    return problem.last_day(place.bucket) + problem.find.factory[place.factory].shipping[lot.region].lead_days


def _substituted(problem: Problem, plan: Plan) -> Counter[str]:
    """Pieces of each lot that are of another SKU than it wants."""
    lots = problem.find.lot
    found: Counter[str] = Counter()
    for run in plan.runs:
        for piece in run.pieces:
            found[piece.lot] += piece.quantity * (piece.lot in lots and lots[piece.lot].sku != piece.sku)
    return found


def _moves(pairs: Iterable[tuple[str, Pair]]) -> Iterator[Move]:
    """The moves of all lots, summed by item and places."""
    total: Counter[tuple[str, MadeAt | None, MadeAt | None]] = Counter()
    for item, (before, after, pieces) in pairs:
        total[item, before, after] += pieces
    for item, before, after in sorted(total, key=_move_order):
        yield Move(item, before, after, total[item, before, after])


def _move_order(key: tuple[str, MadeAt | None, MadeAt | None]) -> list[tuple[int, str] | str]:
    ends = [(place.bucket, place.factory or "") if place else (-1, "") for place in key[1:]]
    return [key[0], *ends]


def _runs(before: Plan, after: Plan) -> Iterator[RunChange]:
    """Runs that come, go or change in quantity, by line, bucket and item."""
    was: Counter[tuple[str, str, int]] = Counter()
    now: Counter[tuple[str, str, int]] = Counter()
    for plan, quantities in ((before, was), (after, now)):
        for run in plan.runs:
            quantities[run.cell] += run.quantity
    for cell in sorted(was.keys() | now.keys(), key=lambda c: (c[1], c[2], c[0])):
        if was[cell] != now[cell]:
            yield RunChange(*cell, before=was[cell], after=now[cell])


def _frozen(problem: Problem, before: Plan, after: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the frozen runs that both plans hold as they are, and of the others."""
    plans = [{run.cell: _content(run) for run in plan.runs} for plan in (before, after)]
    same = {run.id: all(held.get(run.cell) == _content(run) for held in plans) for run in problem.frozen}
    return tuple(key for key, kept in same.items() if kept), tuple(
        key for key, kept in same.items() if not kept
    )


def _content(run: Run) -> Counter[tuple[str, str]]:
    """Pieces by lot and SKU; overs are for lot ''."""
    made: Counter[tuple[str, str]] = Counter()
    for piece in run.pieces:
        made[piece.lot, piece.sku] += piece.quantity
    for over in run.overs:
        made["", over.sku] += over.quantity
    return made


def _standing(problem: Problem, before: Plan) -> Plan:
    """What the problem still knows and wants of a plan, in the order in which it is made."""
    find = problem.find
    wanted = {lot.id: lot.quantity for lot in problem.lots}
    runs: list[Run] = []
    for run in sorted(before.runs, key=lambda r: (r.bucket, r.line, r.item)):
        if run.item not in find.item or run.line not in find.line or run.bucket >= problem.buckets:
            continue
        pieces: list[Piece] = []
        for piece in run.pieces:
            kept = min(piece.quantity, wanted.get(piece.lot, 0)) if piece.sku in find.sku else 0
            if kept:
                wanted[piece.lot] -= kept
                pieces.append(replace(piece, quantity=kept))
        overs = tuple(over for over in run.overs if over.sku in find.sku)
        if pieces or overs:
            runs.append(replace(run, pieces=tuple(pieces), overs=overs))
    return Plan(problem.name, tuple(runs), Ledger(problem, frozen=runs).purchases())
