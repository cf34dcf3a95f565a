"""solve(): laws over small problems, and instances whose best plan is proved by hand."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from planner import (
    Fabric,
    Over,
    Piece,
    Plan,
    Problem,
    Purchase,
    PurchaseOrder,
    Rate,
    Run,
    Sku,
    Style,
    Substitute,
    cost,
    violations,
)
from planner.baseline import baseline
from planner.desk import Desk
from planner.mip import SolverFailed
from planner.solve import Result, Status
from planner.solve import solve as solve_in_processes
from planner.watch import Progress
from tests.planner.cases import item, line, lot, tiny
from tests.planner.generator import SMALL, Shape, generate
from tests.planner.inline import solve
from tests.planner.strategies import problems

FEW = Shape(styles=3, colours=1, waves=2, lines=2, factories=2, buckets=6)


def best(problem: Problem) -> Plan:
    """The plan proved best."""
    result = solve(problem, seconds=60)
    assert result.plan is not None
    assert (result.status, result.failure) == (Status.OPTIMAL, None)
    assert violations(problem, result.plan) == []
    return result.plan


def made(plan: Plan) -> dict[str, int]:
    total: dict[str, int] = {}
    for run in plan.runs:
        total[run.item] = total.get(run.item, 0) + run.quantity
    return total


# ---------------------------------------------------------------------------------- laws


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_a_plan_keeps_every_rule_costs_what_it_says_and_no_less_than_its_bound(problem: Problem) -> None:
    result = solve(problem, seconds=2)
    assert result.failure is None
    for plan in (result.plan, result.baseline):
        assert plan is not None
        assert violations(problem, plan) == []
        assert len(plan.schedule) == len(plan.runs)
        assert plan.objective == cost(problem, plan).total
    assert result.plan is not None
    assert result.baseline is not None
    assert result.lower_bound is not None
    assert result.lower_bound <= cost(problem, result.plan).total <= cost(problem, result.baseline).total


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_the_order_in_which_demand_is_listed_does_not_change_the_best_cost(problem: Problem) -> None:
    turned = replace(problem, lots=problem.lots[::-1], items=problem.items[::-1], lines=problem.lines[::-1])
    one, other = solve(problem, seconds=5), solve(turned, seconds=5)
    if one.status == other.status == Status.OPTIMAL:
        assert one.plan is not None
        assert other.plan is not None
        assert one.plan.objective == other.plan.objective


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_the_relaxation_is_never_above_the_cost_of_any_plan(problem: Problem) -> None:
    result = solve(problem, seconds=2)
    assert result.plan is not None
    assert result.baseline is not None
    bound = Desk(problem).task_relax(styles=[style.id for style in problem.styles], seconds=9)
    assert bound is not None
    assert bound <= cost(problem, result.plan).total + 1e-6


@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_problem_seed_workers_and_iterations_give_the_same_plan_to_the_byte(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("planner.solve.WHOLE_DECISIONS", 0)
    problem = generate(FEW, seed=2)
    one = solve(problem, seconds=600, seed=5, workers=workers, iterations=6)
    other = solve_in_processes(problem, seconds=600, seed=5, workers=workers, iterations=6)
    assert one.repeatable
    assert one.plan is not None
    assert other.plan is not None
    assert one.plan.stating(seconds=0.0).to_json() == other.plan.stating(seconds=0.0).to_json()


def test_a_plan_by_seconds_is_made_again_by_its_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.solve.SMALL_DECISIONS", 0)
    monkeypatch.setattr("planner.solve.WHOLE_DECISIONS", 0)
    monkeypatch.setattr("planner.search.PATIENCE_SECONDS", 600)
    problem = generate(FEW, seed=4)
    one = solve(problem, seconds=3, seed=1)
    assert one.repeatable
    again = solve(problem, seconds=600, seed=1, iterations=one.iterations)
    assert one.plan is not None
    assert again.plan is not None
    assert (again.plan.runs, again.plan.purchases) == (one.plan.runs, one.plan.purchases)


def test_parts_alone_improve_on_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.solve.WHOLE_DECISIONS", 0)
    problem = generate(FEW, seed=1)
    result = solve(problem, seconds=600, iterations=6)
    assert result.plan is not None
    assert result.baseline is not None
    assert result.failure is None
    assert violations(problem, result.plan) == []
    assert cost(problem, result.plan).total < cost(problem, result.baseline).total


# ---------------------------------------------------------------------------------- proved by hand


def test_nothing_wanted_costs_nothing() -> None:
    result = solve(tiny(lots=()), seconds=5)
    assert result.status == Status.OPTIMAL
    assert result.plan is not None
    assert (result.plan.runs, result.plan.objective, result.lower_bound) == ((), 0, 0)


def test_a_line_that_can_make_nothing_leaves_everything_unfilled() -> None:
    plan = best(tiny(lines=(line(styles={}),)))
    assert (plan.runs, plan.objective) == ((), 20 * 100)


def test_demand_that_cannot_be_met_is_an_honest_plan() -> None:
    plan = best(tiny(lines=(line(capacity=(0, 0)),)))
    assert plan.objective == 2_000
    assert {entry.about for entry in plan.explanations} == {"style", "item", "lot"}
    assert {entry.kind for entry in plan.explanations} <= {"no way", "line time", "item"}


def test_a_lot_waits_for_its_day_when_early_costs_more_than_nothing() -> None:
    plan = best(tiny())
    assert [run.bucket for run in plan.runs] == [1]
    assert plan.objective == 20 * (10 + 2)


def test_a_style_below_its_campaign_minimum_is_not_made_at_all() -> None:
    plan = best(tiny(styles=(Style("shirt", "tops", campaign_minimum=21),)))
    assert (plan.runs, plan.objective) == ((), 2_000)


def test_a_larger_run_is_made_for_the_price_of_its_tier() -> None:
    """19 pieces at 10 and one early... or 20 in one run at 5: the second lot is made a week early."""
    tiers = line(tiers=(1, 20), styles={"shirt": Rate(60, (10, 5))})
    lots = (lot("D1", "red-M", 10, due_day=6), lot("D2", "red-M", 10, due_day=7))
    plan = best(tiny(lines=(tiers,), lots=lots))
    assert [(run.bucket, run.quantity) for run in plan.runs] == [(0, 20)]
    assert plan.objective == 20 * (5 + 2) + 10 * 1


def test_two_colours_share_one_dye_lot_of_their_fabric() -> None:
    """Each colour alone would pay for 40 units to cut 10; together they need one purchase."""
    buying = Fabric("cloth", (), Purchase(minimum=40, multiple=20, unit_cost=10, lead_buckets=0, maximum=80))
    plan = best(
        tiny(
            items=(item("red"), item("blue")),
            skus=(Sku("red-M", "red", "M", 2), Sku("blue-M", "blue", "M", 2)),
            fabrics=(buying,),
            lots=(lot("D1", "red-M", 10), lot("D2", "blue-M", 10)),
        )
    )
    assert plan.purchases == (PurchaseOrder("cloth", 0, 40),)
    assert plan.objective == 400 + 20 * 12


def test_consents_and_overs_together_rescue_a_style_that_each_check_alone_would_fail() -> None:
    """Vector V2: black 180, white 95, red 40 against 100 per colour and 300 for the style.

    Red cannot reach 100, and black and white alone make 275. 20 of red accept black (200) and 5 white
    are made for nobody yet (100): exactly 300, and 20 red are refunded.
    """
    consents = (Substitute("black-M", 20),)
    problem = tiny(
        styles=(Style("shirt", "tops", campaign_minimum=300),),
        items=tuple(item(c, minimum=100, overs_maximum=5) for c in ("black", "white", "red")),
        skus=tuple(Sku(f"{c}-M", c, "M", 1) for c in ("black", "white", "red")),
        lots=(
            lot("black", "black-M", 180),
            lot("white", "white-M", 95),
            lot("red", "red-M", 40, substitutes=consents),
        ),
    )
    result = solve(problem, seconds=60)
    assert result.status == Status.OPTIMAL
    assert result.plan is not None
    assert made(result.plan) == {"black": 200, "white": 100}
    assert sum(over.quantity for run in result.plan.runs for over in run.overs) == 5
    assert cost(problem, result.plan).unfilled == 20 * 100
    assert result.baseline is not None
    assert made(result.baseline) == {}  # looking at one check after the other refuses all of it


def test_sizes_that_use_less_fabric_are_told_apart_when_fabric_is_short() -> None:
    """10 units: ten of the small size, at 1 unit each, rather than five of the large at 2."""
    plan = best(
        tiny(
            skus=(Sku("red-S", "red", "S", 1), Sku("red-L", "red", "L", 2)),
            fabrics=(Fabric("cloth", ((0, 10),)),),
            lots=(lot("small", "red-S", 10), lot("large", "red-L", 10)),
        )
    )
    assert {piece.lot for run in plan.runs for piece in run.pieces} == {"small"}
    assert made(plan) == {"red": 10}


# ---------------------------------------------------------------------------------- frozen, impossible


FROZEN = Run("released", "red", "L", 0, (Piece("D1", "red-M", 8),))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_what_is_released_stands_in_every_later_plan(problem: Problem) -> None:
    released = tuple(run for run in baseline(problem).runs if run.bucket <= 1)
    again = replace(problem, frozen=released)
    result = solve(again, seconds=5)
    assert result.failure is None
    assert result.plan is not None
    assert violations(again, result.plan) == []
    assert set(released) <= set(result.plan.runs)


def test_frozen_runs_stand_and_the_rest_is_planned_around_them() -> None:
    problem = tiny(frozen=(FROZEN,), lines=(line(capacity=(480, 36_000)),))
    plan = best(problem)
    assert FROZEN in plan.runs
    assert made(plan) == {"red": 20}


def test_a_style_begun_is_lifted_to_its_minimum_though_it_does_not_pay() -> None:
    lots = (lot("D1", "red-M", 8), lot("D2", "red-M", 12, unfilled_cost=1))
    plan = best(tiny(frozen=(FROZEN,), styles=(Style("shirt", "tops", campaign_minimum=20),), lots=lots))
    assert made(plan) == {"red": 20}


@pytest.mark.parametrize(
    "frozen",
    [
        replace(FROZEN, pieces=(Piece("D1", "red-M", 21),)),
        replace(FROZEN, overs=(Over("red-M", 1),)),
        replace(FROZEN, pieces=(Piece("D1", "red-M", 8),), line="idle"),
    ],
    ids=["more than the lot", "overs not allowed", "a line that cannot"],
)
def test_frozen_runs_that_break_a_rule_leave_no_plan(frozen: Run) -> None:
    result = solve(tiny(frozen=(frozen,), lines=(line(), line("idle", styles={}))), seconds=5)
    assert (result.status, result.plan, result.lower_bound) == (Status.INFEASIBLE, None, None)


def test_frozen_runs_without_fabric_leave_no_plan() -> None:
    result = solve(tiny(frozen=(FROZEN,), fabrics=(Fabric("cloth", ((1, 99),)),)), seconds=5)
    assert result.status == Status.INFEASIBLE


def test_a_minimum_that_frozen_runs_can_never_reach_leaves_no_plan() -> None:
    result = solve(tiny(frozen=(FROZEN,), items=(item("red", minimum=21),)), seconds=5)
    assert result.status == Status.INFEASIBLE


# ---------------------------------------------------------------------------------- stop and failure


def test_a_stop_brings_the_best_plan_so_far_at_once() -> None:
    problem = generate(SMALL, seed=1)
    result = solve_in_processes(problem, seconds=10, stop=lambda: True)
    assert result.plan is not None
    assert violations(problem, result.plan) == []


def test_a_search_that_breaks_down_returns_the_baseline_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Result:
        raise SolverFailed("the model was refused")

    monkeypatch.setattr("planner.desk.solve_part", refuse)
    result = solve(generate(FEW, seed=1), seconds=5)
    assert result.failure == "SolverFailed: the model was refused"
    assert result.status == Status.FEASIBLE
    assert result.plan is not None
    assert result.baseline is not None
    assert result.plan.runs == result.baseline.runs


def test_a_process_killed_in_the_middle_is_replaced_and_the_plan_is_the_same() -> None:
    problem = generate(FEW, seed=1)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.doing in ("placing", "improving") and not killed:
            killed.append(_hands()[-1])
            os.kill(killed[0], signal.SIGKILL)

    alone = solve_in_processes(problem, seconds=60, workers=2, iterations=6)
    disturbed = solve_in_processes(problem, seconds=60, workers=2, iterations=6, on_progress=kill)
    assert killed
    assert disturbed.failure is None
    assert disturbed.plan is not None
    assert alone.plan is not None
    assert disturbed.plan.runs == alone.plan.runs


def _hands() -> list[int]:
    """Processes that solve for this one."""
    tasks = Path("/proc/self/task").glob("*/children")
    children = sorted(int(child) for task in tasks for child in task.read_text().split())
    return [child for child in children if b"planner.hands" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_progress_tells_cost_bound_and_what_is_done() -> None:
    seen: list[Progress] = []
    result = solve(generate(SMALL, seed=2), seconds=2, on_progress=seen.append)
    assert [entry.elapsed_seconds for entry in seen] == sorted(entry.elapsed_seconds for entry in seen)
    costs = [entry.best_cost for entry in seen if entry.best_cost is not None]
    assert costs == sorted(costs, reverse=True)
    assert all(isinstance(entry, Progress) for entry in seen)
    assert {entry.doing for entry in seen} >= {"baseline", "prices", "placing"}
    assert all(entry.bound <= entry.best_cost for entry in seen if entry.bound and entry.best_cost)
    assert result.plan is not None


def test_a_plan_in_force_that_names_what_is_gone_is_placed_anew() -> None:
    problem = tiny()
    gone = Run("old", "green", "L", 0, (Piece("D9", "green-M", 5),))
    unknown_lot = Run("other", "red", "L", 0, (Piece("D9", "red-M", 5),))
    for run in (gone, unknown_lot):
        result = solve(problem, seconds=5, before=Plan("tiny", runs=(run,)))
        assert result.failure is None
        assert result.plan is not None
        assert result.plan.objective == 240
