"""Lots pooled into waves: demand of one item that every cell serves at the same cost.

Lots that agree in item, region, due day and costs differ only in size and consents, so a decision
about one is a decision about all. Pooling is exact and makes models about five times smaller.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from planner.demand import Lot
from planner.problem import Problem
from planner.supply import Line


@dataclass(frozen=True, slots=True)
class Wave:
    """Lots of one item, region and day with equal costs; served by any of them at the same price."""

    item: str
    region: str
    due_day: int
    late_cost: int
    early_cost: int
    unfilled_cost: int
    lots: tuple[Lot, ...]

    @property
    def quantity(self) -> int:
        return sum(lot.quantity for lot in self.lots)


def waves(problem: Problem) -> list[Wave]:
    """All demand above zero, earliest due day first; each lot is in exactly one wave."""
    pools: dict[tuple[str, str, int, int, int, int], list[Lot]] = defaultdict(list)
    for lot in problem.lots:
        if lot.quantity:
            item = problem.find.sku[lot.sku].item
            costs = (lot.late_cost, lot.early_cost, lot.unfilled_cost)
            pools[item, lot.region, lot.due_day, *costs].append(lot)
    found = [Wave(*key, lots=tuple(lots)) for key, lots in pools.items()]
    return sorted(found, key=lambda wave: (wave.due_day, wave.item, wave.region))


def delivery_cost(problem: Problem, lot: Wave | Lot, line: Line, bucket: int) -> int:
    """Shipping and days late or early of one piece made on ``line`` in ``bucket``, in minor units."""
    way = problem.find.factory[line.factory].shipping[lot.region]
    days_late = problem.last_day(bucket) + way.lead_days - lot.due_day
    waiting = lot.late_cost * days_late if days_late > 0 else lot.early_cost * -days_late
    return way.unit_cost + waiting


def tier_cost(line: Line, style: str, quantity: int) -> int:
    """Minor units per piece of a run of ``quantity`` pieces of the style on the line."""
    tier = max(0, bisect_right(line.tiers, quantity) - 1)
    return line.styles[style].unit_cost[tier]
