"""Runs that stay while something else is decided: what they make, for nobody in particular."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from planner.plan import Over, Piece, Run


def bystanders(runs: Iterable[Run]) -> list[Run]:
    """The runs with all their pieces as overs: they use the same time and fabric and name no lots."""
    found = []
    for run in runs:
        made: Counter[str] = Counter()
        entries: list[Piece | Over] = [*run.pieces, *run.overs]
        for entry in entries:
            made[entry.sku] += entry.quantity
        found.append(replace(run, pieces=(), overs=tuple(Over(sku, n) for sku, n in made.items())))
    return found
