"""Whether runs of an earlier plan can stand in a problem that has changed since."""

from planner.ledger import Ledger
from planner.plan import Run
from planner.problem import Problem


def known(problem: Problem, run: Run) -> bool:
    """Whether everything the run names is still there, and each piece still meant for its lot."""
    find = problem.find
    if run.item not in find.item or run.line not in find.line or run.bucket >= problem.buckets:
        return False
    for piece in run.pieces:
        lot = find.lot.get(piece.lot)
        if lot is None or piece.sku not in {lot.sku, *(consent.sku for consent in lot.substitutes)}:
            return False
    return all(over.sku in find.sku for over in run.overs)


def stands(ledger: Ledger, style: str) -> bool:
    """Whether the style's runs in the ledger keep its own rules: runs, demand, minimums.

    Line time and fabric, which it shares with others, are not looked at.
    """
    find = ledger.problem.find
    if 0 < ledger.styles[style] < find.style[style].campaign_minimum:
        return False
    for cell, content in ledger.runs.items():
        item, line = find.item[cell[0]], find.line[cell[1]]
        if item.style != style or content.frozen:
            continue
        right_size = line.min_run <= content.quantity <= (line.max_run or content.quantity)
        if style not in line.styles or cell[2] < item.release_bucket or not right_size:
            return False
        if ledger.items[item.id] < item.minimum or ledger.overs[item.id] > item.overs_maximum:
            return False
        if any(ledger.missing[lot] < 0 or ledger.consents[lot, sku] < 0 for lot, sku in content.pieces):
            return False
    return True
