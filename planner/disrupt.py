"""What happens to a plan in force, as new problems: runs released, a line lost, cloth late, demand changed.

Each function returns another valid problem with the same days and buckets. What is frozen stays
possible: a disruption takes only what the frozen runs do not use, because they stand in every plan.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, pairwise

from planner.documents import InvalidProblem
from planner.ledger import Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.supply import Fabric


def freeze(problem: Problem, plan: Plan, *, before_bucket: int) -> Problem:
    """The problem once everything ``plan`` decides for buckets before ``before_bucket`` is done.

    Its runs there join the runs frozen already, under the ids of the plan. Fabric it orders there is
    ordered: a certain arrival in bucket + ``lead_buckets``, taken off the ``maximum`` that can still be
    bought, and paid, so that it is in the cost of no later plan. An order is frozen whole, also where
    later runs were to cut from it; it covers the frozen runs because what they cut was ordered no later.
    Cloth that comes after the horizon only lowers the maximum. New runs may still come beside the frozen
    ones: what lines have left in these buckets stays open.

    ``plan`` must be feasible for ``problem``; frozen runs it lacks are lost.
    """
    frozen = {run.cell for run in problem.frozen}
    return replace(
        problem,
        frozen=tuple(run for run in plan.runs if run.bucket < before_bucket or run.cell in frozen),
        fabrics=tuple(_order(problem, fabric, plan, before_bucket) for fabric in problem.fabrics),
    )


def _order(problem: Problem, fabric: Fabric, plan: Plan, before_bucket: int) -> Fabric:
    rule = fabric.purchase
    orders = [o for o in plan.purchases if o.fabric == fabric.id and o.bucket < before_bucket]
    if rule is None or not orders:
        return fabric
    coming = [(order.bucket + rule.lead_buckets, order.quantity) for order in orders]
    ordered = sum(order.quantity for order in orders)
    return replace(
        fabric,
        arrivals=(*fabric.arrivals, *((b, quantity) for b, quantity in coming if b < problem.buckets)),
        purchase=replace(rule, maximum=rule.maximum - ordered),
    )


def lose_line(problem: Problem, line: str, *, from_bucket: int) -> Problem:
    """The line makes nothing from ``from_bucket`` on except its frozen runs.

    Its capacity there becomes what they take with full set-ups, and zero in buckets without any.
    Raises InvalidProblem where there is no such line.
    """
    lost = problem.find.line.get(line)
    if lost is None:
        raise InvalidProblem("line", line, "must name a line")
    free = Ledger(problem).free[line]
    capacity = tuple(
        seconds if bucket < from_bucket else min(seconds, seconds - free[bucket])
        for bucket, seconds in enumerate(lost.capacity)
    )
    rest = replace(lost, capacity=capacity)
    return replace(problem, lines=tuple(rest if each is lost else each for each in problem.lines))


def grant_time(problem: Problem) -> Problem:
    """Every line has at least the time that its frozen runs take with full set-ups; none loses any.

    What was agreed with a factory stands, also where its calendar has changed since.
    """
    free = Ledger(problem).free
    lines = tuple(
        replace(
            line,
            capacity=tuple(s - min(0, left) for s, left in zip(line.capacity, free[line.id], strict=True)),
        )
        for line in problem.lines
    )
    return replace(problem, lines=lines)


def delay_fabric(problem: Problem, fabric: str, *, buckets: int) -> Problem:
    """Every arrival of the fabric comes ``buckets`` later, except what the frozen runs cut before.

    What then comes after the horizon is gone; how the fabric can be bought stays as it is. Raises
    InvalidProblem where there is no such fabric.
    """
    late = problem.find.fabric.get(fabric)
    if late is None:
        raise InvalidProblem("fabric", fabric, "must name a fabric")
    coming: Counter[int] = Counter()
    for bucket, quantity in late.arrivals:
        coming[bucket] += quantity
    planned = list(accumulate(coming[bucket] for bucket in range(problem.buckets)))
    uncut, left = Ledger(problem, frozen=()).supply[fabric], Ledger(problem).supply[fabric]
    needed = [before - after for before, after in zip(uncut, left, strict=True)]
    delayed = ([0] * buckets + planned)[: problem.buckets]
    held = [max(d, min(p, n)) for d, p, n in zip(delayed, planned, needed, strict=True)]
    arrivals = tuple(
        (b, now - before) for b, (before, now) in enumerate(pairwise([0, *held])) if now > before
    )
    rest = replace(late, arrivals=arrivals)
    return replace(problem, fabrics=tuple(rest if each is late else each for each in problem.fabrics))


def change_demand(problem: Problem, quantities: Mapping[str, int]) -> Problem:
    """The named lots want so many pieces now, or as many as frozen runs make for them where that is more.

    Raises InvalidProblem where a lot is unknown.
    """
    for lot in quantities:
        if lot not in problem.find.lot:
            raise InvalidProblem("lot", lot, "must name a lot")
    missing = Ledger(problem).missing
    lots = tuple(
        replace(lot, quantity=max(quantities[lot.id], lot.quantity - missing[lot.id]))
        if lot.id in quantities
        else lot
        for lot in problem.lots
    )
    return replace(problem, lots=lots)
