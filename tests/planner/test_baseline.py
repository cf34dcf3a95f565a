from hypothesis import given, settings

from planner import Fabric, Problem, Purchase, PurchaseOrder, Shipping, Style, cost, violations
from planner.baseline import baseline
from planner.supply import Factory
from tests.planner.cases import item, line, lot, tiny
from tests.planner.generator import SEASON, generate
from tests.planner.strategies import problems


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_the_baseline_keeps_every_rule(problem: Problem) -> None:
    assert violations(problem, baseline(problem)) == []


def test_the_baseline_keeps_every_rule_of_a_season() -> None:
    problem = generate(SEASON, seed=1)
    plan = baseline(problem)
    assert violations(problem, plan) == []
    assert cost(problem, plan).unfilled < sum(lot.quantity * lot.unfilled_cost for lot in problem.lots)


def test_the_earliest_due_day_is_served_first() -> None:
    lots = (lot("later", "red-M", 10, due_day=13), lot("sooner", "red-M", 10, due_day=12))
    plan = baseline(tiny(lots=lots, lines=(line(capacity=(0, 600)),)))
    assert {piece.lot for run in plan.runs for piece in run.pieces} == {"sooner"}


def test_the_cheapest_capable_line_is_taken_shipping_included() -> None:
    near, far = (Factory(name, {"east": Shipping(price, 0)}) for name, price in (("N", 1), ("F", 9)))
    lines = (line("far", factory="F"), line("near", factory="N"))
    plan = baseline(tiny(factories=(near, far), lines=lines))
    assert {run.line for run in plan.runs} == {"near"}


def test_only_as_much_fabric_is_bought_as_is_cut_and_in_whole_dye_lots() -> None:
    buying = Fabric("cloth", (), Purchase(minimum=15, multiple=10, unit_cost=3, lead_buckets=1, maximum=90))
    plan = baseline(tiny(fabrics=(buying,)))
    assert plan.purchases == (PurchaseOrder("cloth", 0, 20),)


def test_a_style_below_its_minimum_is_topped_up_with_overs_or_not_made() -> None:
    def made(overs: int) -> int:
        styles = (Style("shirt", "tops", campaign_minimum=25),)
        plan = baseline(tiny(styles=styles, items=(item("red", overs_maximum=overs),)))
        return sum(run.quantity for run in plan.runs)

    assert made(overs=4) == 0
    assert made(overs=5) == 25
