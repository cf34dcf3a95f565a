"""What a plan leaves to others: line time and cloth, as a problem of its own that nothing is asked of yet."""

from collections import Counter
from dataclasses import replace

from planner.bystanders import bystanders
from planner.ledger import Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.supply import Fabric


def remainder(problem: Problem, plan: Plan) -> Problem:
    """The problem without demand and without runs, its lines and fabrics less what the plan takes.

    Cloth the plan buys arrives, and what it cuts is gone, also from what is there earlier where it is
    kept for a later run. A colour that the plan makes has met its minimum, and so has its style. A
    set-up is paid anew even where the plan has the style set up. The lots of the plan need not be known.
    """
    books = Ledger(problem, frozen=bystanders(plan.runs))
    return replace(
        problem,
        lots=(),
        frozen=(),
        lines=tuple(
            replace(line, capacity=tuple(max(0, seconds) for seconds in books.free[line.id]))
            for line in problem.lines
        ),
        fabrics=tuple(_left(fabric, problem, plan, books) for fabric in problem.fabrics),
        items=tuple(replace(item, minimum=0) if books.items[item.id] else item for item in problem.items),
        styles=tuple(
            replace(style, campaign_minimum=0) if books.styles[style.id] else style
            for style in problem.styles
        ),
    )


def _left(fabric: Fabric, problem: Problem, plan: Plan, books: Ledger) -> Fabric:
    rule = fabric.purchase
    come: Counter[int] = Counter()
    bought = 0
    for order in plan.purchases:
        if rule and order.fabric == fabric.id:
            come[order.bucket + rule.lead_buckets] += order.quantity
            bought += order.quantity
    have = 0
    level = []
    for bucket in range(problem.buckets):
        have += come[bucket]
        could_buy = books.most_bought[fabric.id] if rule and bucket >= rule.lead_buckets else 0
        level.append(books.supply[fabric.id][bucket] - could_buy + have)
    arrivals = []
    before = 0
    for bucket in range(problem.buckets):
        free = max(0, min(level[bucket:]))
        if free > before:
            arrivals.append((bucket, free - before))
        before = max(before, free)
    purchase = rule and replace(rule, maximum=max(0, rule.maximum - bought))
    return replace(fabric, arrivals=tuple(arrivals), purchase=purchase)
