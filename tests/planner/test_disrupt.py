"""disrupt: what is frozen stays possible, and what a disruption takes is gone."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import (
    Fabric,
    InvalidProblem,
    Piece,
    Plan,
    Problem,
    Purchase,
    PurchaseOrder,
    Run,
    change_demand,
    delay_fabric,
    freeze,
    grant_time,
    lose_line,
    violations,
)
from planner.baseline import baseline
from tests.planner.cases import line, lot, tiny
from tests.planner.strategies import problems

BUYING = Purchase(minimum=10, multiple=5, unit_cost=3, lead_buckets=1, maximum=100)


def frozen_alone(problem: Problem) -> list[int]:
    """The rules that the frozen runs break by themselves; minimums (5) may want further runs."""
    alone = Plan(problem.name, runs=problem.frozen)
    return [broken.rule for broken in violations(problem, alone) if broken.rule != 5]


@settings(deadline=None, max_examples=50)
@given(problem=problems(), bucket=st.integers(0, 5))
def test_a_plan_keeps_every_rule_of_the_problem_it_is_frozen_into(problem: Problem, bucket: int) -> None:
    plan = baseline(problem)
    after = freeze(problem, plan, before_bucket=bucket)
    rest = tuple(order for order in plan.purchases if order.bucket >= bucket)
    assert violations(after, plan.stating(purchases=rest)) == []
    assert {run.cell for run in after.frozen} == {run.cell for run in plan.runs if run.bucket < bucket}
    assert Problem.from_json(after.to_json()) == after


@settings(deadline=None, max_examples=50)
@given(problem=problems(), bucket=st.integers(0, 5), start=st.integers(0, 5), late=st.integers(0, 6))
def test_no_disruption_makes_a_frozen_run_impossible(
    problem: Problem, bucket: int, start: int, late: int
) -> None:
    frozen = freeze(problem, baseline(problem), before_bucket=bucket)
    assert frozen_alone(frozen) == []
    disrupted = change_demand(frozen, dict.fromkeys(frozen.find.lot, 0))
    for each in frozen.lines:
        disrupted = lose_line(disrupted, each.id, from_bucket=start)
    for fabric in frozen.fabrics:
        disrupted = delay_fabric(disrupted, fabric.id, buckets=late)
    assert frozen_alone(disrupted) == []


def test_cloth_ordered_in_the_plan_is_on_its_way_and_cannot_be_bought_again() -> None:
    problem = tiny(fabrics=(Fabric("cloth", ((0, 5),), BUYING),))
    plan = Plan("tiny", purchases=(PurchaseOrder("cloth", 0, 20), PurchaseOrder("cloth", 1, 10)))
    after = freeze(problem, plan, before_bucket=1).find.fabric["cloth"]
    assert after.arrivals == ((0, 5), (1, 20))
    assert after.purchase is not None
    assert after.purchase.maximum == 80


def test_cloth_that_comes_after_the_horizon_is_bought_all_the_same() -> None:
    problem = tiny(fabrics=(Fabric("cloth", (), BUYING),))
    plan = Plan("tiny", purchases=(PurchaseOrder("cloth", 1, 20),))
    after = freeze(problem, plan, before_bucket=2).find.fabric["cloth"]
    assert after.arrivals == ()
    assert after.purchase is not None
    assert after.purchase.maximum == 80


def test_runs_frozen_before_stay_frozen_in_whatever_bucket() -> None:
    late = Run("R-7", "red", "L", 1, (Piece("D1", "red-M", 5),))
    first = Run("new", "red", "L", 0, (Piece("D1", "red-M", 15),))
    problem = tiny(frozen=(late,))
    assert freeze(problem, Plan("tiny", (first, late)), before_bucket=0).frozen == (late,)
    assert freeze(problem, Plan("tiny", (first, late)), before_bucket=1).frozen == (first, late)


def test_a_lost_line_keeps_the_time_of_its_frozen_runs_only() -> None:
    problem = tiny(frozen=(Run("R-7", "red", "L", 1, (Piece("D1", "red-M", 5),)),))
    assert lose_line(problem, "L", from_bucket=0).find.line["L"].capacity == (0, 300)
    assert lose_line(problem, "L", from_bucket=1).find.line["L"].capacity == (36_000, 300)


def test_a_lost_line_gains_no_time_where_its_frozen_runs_already_take_too_much() -> None:
    problem = tiny(
        lines=(line(capacity=(0, 100)),), frozen=(Run("R-7", "red", "L", 1, (Piece("D1", "red-M", 5),)),)
    )
    assert lose_line(problem, "L", from_bucket=0).find.line["L"].capacity == (0, 100)


def test_late_cloth_comes_later_except_what_a_frozen_run_cuts() -> None:
    plain = tiny(fabrics=(Fabric("cloth", ((0, 30), (1, 10))),))
    assert delay_fabric(plain, "cloth", buckets=1).find.fabric["cloth"].arrivals == ((1, 30),)
    assert delay_fabric(plain, "cloth", buckets=9).find.fabric["cloth"].arrivals == ()
    cut = tiny(fabrics=plain.fabrics, frozen=(Run("R-7", "red", "L", 0, (Piece("D1", "red-M", 20),)),))
    assert delay_fabric(cut, "cloth", buckets=1).find.fabric["cloth"].arrivals == ((0, 20), (1, 10))


def test_demand_never_falls_below_what_frozen_runs_make_for_it() -> None:
    problem = tiny(
        lots=(lot("D1", "red-M", 20), lot("D2", "red-M", 7)),
        frozen=(Run("R-7", "red", "L", 0, (Piece("D1", "red-M", 5),)),),
    )
    assert [each.quantity for each in change_demand(problem, {"D1": 0}).lots] == [5, 7]
    assert [each.quantity for each in change_demand(problem, {"D1": 30, "D2": 0}).lots] == [30, 0]


@pytest.mark.parametrize(
    "disrupt",
    [
        lambda problem: lose_line(problem, "nowhere", from_bucket=0),
        lambda problem: delay_fabric(problem, "nowhere", buckets=1),
        lambda problem: change_demand(problem, {"nowhere": 1}),
    ],
    ids=("line", "fabric", "lot"),
)
def test_a_disruption_of_nothing_known_is_refused(disrupt: Callable[[Problem], Problem]) -> None:
    with pytest.raises(InvalidProblem):
        disrupt(tiny())


def test_a_frozen_run_has_its_time_also_where_the_calendar_has_less() -> None:
    held = Run("R", "red", "L", 1, (Piece("D1", "red-M", 20),))
    short = tiny(lines=(line(capacity=(36_000, 600)),), frozen=(held,))
    assert frozen_alone(short) != []
    granted = grant_time(short)
    assert frozen_alone(granted) == []
    assert granted.find.line["L"].capacity == (36_000, 1_200)
    assert grant_time(granted) == granted
