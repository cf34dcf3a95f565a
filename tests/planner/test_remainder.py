"""What a plan leaves: whoever plans in it breaks no rule of the whole."""

from collections import Counter
from dataclasses import replace

import pytest

from planner import Fabric, Piece, Plan, Problem, Purchase, PurchaseOrder, Run, violations
from planner.baseline import baseline
from planner.remainder import remainder
from tests.planner.cases import item, line, tiny
from tests.planner.generator import SMALL, generate


def test_time_is_less_by_runs_and_their_set_ups() -> None:
    problem = tiny(lines=(line(capacity=(2_000, 2_000)),), items=(item("red", setup_seconds=100),))
    left = remainder(problem, baseline(problem))
    assert left.find.line["L"].capacity == (2_000, 2_000 - 20 * 60 - 100)
    assert (left.lots, left.frozen) == ((), ())


def test_cloth_kept_for_a_later_run_is_not_there_before_it() -> None:
    """30 units in bucket 0, of which 20 are cut in bucket 1: ten are left in both."""
    problem = tiny(fabrics=(Fabric("cloth", ((0, 30),)),))
    assert remainder(problem, baseline(problem)).find.fabric["cloth"].arrivals == ((0, 10),)


def test_cloth_that_is_bought_arrives_and_can_be_bought_no_more() -> None:
    problem = tiny(fabrics=(Fabric("cloth", (), Purchase(5, 5, 1, 1, 40)),))
    run = Run("r", "red", "L", 1, (Piece("D1", "red-M", 18),))
    left = remainder(problem, Plan("tiny", runs=(run,), purchases=(PurchaseOrder("cloth", 0, 25),)))
    cloth = left.find.fabric["cloth"]
    assert cloth.arrivals == ((1, 7),)
    assert cloth.purchase is not None
    assert cloth.purchase.maximum == 15


def test_a_colour_that_is_made_has_met_its_minimum() -> None:
    problem = tiny(items=(item("red", minimum=20), item("blue", minimum=20)))
    left = remainder(problem, baseline(problem))
    assert {one.id: one.minimum for one in left.items} == {"red": 0, "blue": 20}


@pytest.mark.parametrize("seed", range(5))
def test_a_second_plan_in_what_the_first_leaves_keeps_every_rule_beside_it(seed: int) -> None:
    problem = generate(SMALL, seed)
    first = baseline(problem)
    again = tuple(replace(one, id=f"more {one.id}", substitutes=()) for one in problem.lots)
    rest = replace(remainder(problem, first), lots=again)
    second = baseline(rest)
    assert violations(rest, second) == []
    time = _seconds(problem, first) + _seconds(problem, second)
    for line_ in problem.lines:
        assert all(time[line_.id, b] <= line_.capacity[b] for b in range(problem.buckets))
    for fabric in problem.fabrics:
        bought = [order for order in (*first.purchases, *second.purchases) if order.fabric == fabric.id]
        assert sum(order.quantity for order in bought) <= (fabric.purchase.maximum if fabric.purchase else 0)


def _seconds(problem: Problem, plan: Plan) -> Counter[tuple[str, int]]:
    """Making and the set-ups of items."""
    time: Counter[tuple[str, int]] = Counter()
    for run in plan.runs:
        made = problem.find.item[run.item]
        rate = problem.find.line[run.line].styles[made.style].seconds
        time[run.line, run.bucket] += run.quantity * rate + made.setup_seconds
    return time
