"""What a few more pieces would change: computed by hand, and plans that keep every rule."""

from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from planner import Plan, Problem, Purchase, Rate, Run, Sku, Style, Substitute, cost, violations
from planner.advice import Advice, advise, options
from planner.baseline import baseline
from planner.plan import Piece
from planner.supply import Fabric
from tests.planner.cases import item, line, lot, tiny
from tests.planner.generator import Shape, generate

TIERS: dict[str, Any] = {"tiers": (1, 30), "styles": {"shirt": Rate(60, (10, 8))}}


def of_kind(problem: Problem, kind: str, price: int | None = None) -> Advice:
    revenue = None if price is None else {"shirt": price}
    (found,) = [a for a in advise(problem, baseline(problem), revenue=revenue) if a.kind == kind]
    return found


# ---------------------------------------------------------------------------------- next price


def test_ten_more_make_every_piece_of_the_run_cheaper() -> None:
    """20 at 10 and 30 at 8: 40 more for making, 20 for shipping ten more; they bring ten times 50."""
    found = of_kind(tiny(lines=(line(**TIERS),)), "tier", 50)
    assert (found.pieces, found.unit_saving) == (10, 2)
    assert found.cost == (30 * 8 - 20 * 10) + 10 * 2 == 60
    assert (found.brings, found.margin) == (500, 440)
    assert (found.line, found.bucket, found.item) == ("L", 1, "red")
    assert found.more == (("D1", 10),)


def test_a_tier_beyond_the_time_of_the_line_is_not_advised() -> None:
    full = line(capacity=(0, 25 * 60), **TIERS)
    assert [a.kind for a in advise(tiny(lines=(full,)), baseline(tiny(lines=(full,))))] == ["slot"]


def test_the_run_that_reaches_its_tier_at_least_cost_is_named() -> None:
    """The second week's run lacks 2 pieces to its tier, the first week's 10."""
    lots = (lot("D1", "red-M", 20, due_day=6, late_cost=90), lot("D2", "red-M", 28, early_cost=90))
    found = of_kind(tiny(lines=(line(**TIERS),), lots=lots), "tier")
    assert (found.bucket, found.pieces) == (1, 2)
    assert found.brings is None
    assert found.margin is None


# ---------------------------------------------------------------------------------- next slot


def test_what_still_fits_into_the_week_pays_no_set_up() -> None:
    """25 minutes of line time: 20 pieces are planned and 5 more fit, each for 10 and 2 on the way."""
    found = of_kind(tiny(lines=(line(capacity=(0, 1_500)),)), "slot", 30)
    assert (found.pieces, found.cost, found.margin) == (5, 60, 90)


def test_cloth_limits_what_fits_too() -> None:
    found = of_kind(tiny(fabrics=(Fabric("cloth", ((0, 23),)),)), "slot")
    assert found.pieces == 3


def test_cloth_that_must_be_bought_is_part_of_the_cost() -> None:
    """For 20 pieces the arrival does; for each further dye lot of 10 units 70 are paid."""
    bought = Fabric("cloth", ((0, 20),), Purchase(10, 10, 7, 0, 10))
    found = of_kind(tiny(fabrics=(bought,)), "slot")
    assert (found.pieces, found.cost) == (10, 10 * 12 + 70)


# ---------------------------------------------------------------------------------- minimums


def joint(white: int, **changes: Any) -> Problem:
    """Golden vector V2: style 300, colour 100, and 20 of red accept black."""
    colours = ("black", "white", "red")
    parts: dict[str, Any] = {
        "lines": (line(capacity=(360_000, 360_000)),),
        "styles": (Style("shirt", "tops", campaign_minimum=300, setup_cost=50),),
        "items": tuple(item(colour, minimum=100) for colour in colours),
        "skus": tuple(Sku(f"{colour}-M", colour, "M", 1) for colour in colours),
        "lots": (
            lot("D1", "black-M", 180),
            lot("D2", "white-M", white),
            lot("D3", "red-M", 20),
            lot("D4", "red-M", 20, substitutes=(Substitute("black-M", 20, 3),)),
        ),
    }
    return tiny(**{**parts, **changes})


def test_five_more_white_let_the_style_run_with_twenty_of_red_in_black() -> None:
    found = of_kind(joint(95), "minimum", 40)
    assert (found.item, found.pieces, found.more) == ("white", 5, (("D2", 5),))
    assert found.delivered == 300
    assert found.cost == 300 * 12 + 50 + 20 * 3
    assert found.margin == 300 * 40 - found.cost


def test_overs_count_before_more_orders_are_asked_for() -> None:
    problem = joint(93, items=tuple(item(c, minimum=100, overs_maximum=3) for c in ("black", "white", "red")))
    found = of_kind(problem, "minimum")
    assert (found.item, found.pieces) == ("white", 4)


def test_a_style_short_of_its_own_minimum_alone_takes_any_colour() -> None:
    problem = joint(110, styles=(Style("shirt", "tops", campaign_minimum=320),))
    found = of_kind(problem, "minimum")
    assert (found.item, found.pieces) == (None, 10)


def test_buyers_of_a_colour_with_pieces_to_spare_lift_another() -> None:
    """Black has 150 of whom 60 accept white: white lacks 5 and nothing needs to be ordered."""
    lots = (
        lot("D1", "black-M", 150, substitutes=(Substitute("white-M", 60),)),
        lot("D2", "white-M", 95),
    )
    problem = joint(0, styles=(Style("shirt", "tops"),), lots=lots)
    assert not [a for a in advise(problem, Plan("tiny")) if a.kind == "minimum"]
    fewer = joint(0, styles=(Style("shirt", "tops", campaign_minimum=250),), lots=lots)
    assert [a.pieces for a in advise(fewer, Plan("tiny")) if a.kind == "minimum"] == [5]


def test_of_a_style_that_runs_each_further_colour_is_advised_by_itself() -> None:
    problem = joint(60, styles=(Style("shirt", "tops"),))
    found = [a for a in advise(problem, baseline(problem)) if a.kind == "minimum"]
    assert [(a.item, a.pieces) for a in found] == [("white", 40), ("red", 60)]


def test_without_room_on_any_line_there_is_no_advice() -> None:
    assert advise(joint(95, lines=(line(capacity=(0, 0)),)), Plan("tiny")) == ()


# ---------------------------------------------------------------------------------- laws


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 9_999), colours=st.integers(1, 3))
def test_every_changed_plan_keeps_every_rule_and_costs_what_is_said(seed: int, colours: int) -> None:
    problem = generate(Shape(styles=3, colours=colours, waves=2, lines=4, factories=2, buckets=8), seed)
    plan = baseline(problem)
    for option in options(problem, plan, revenue={style.id: 20_000 for style in problem.styles}):
        event(option.advice.kind)
        check(problem, plan, option.advice, option.problem, option.plan)


def check(problem: Problem, plan: Plan, advice: Advice, after: Problem, changed: Plan) -> None:
    assert violations(after, changed) == []
    assert sum(x.quantity for x in after.lots) == sum(x.quantity for x in problem.lots) + advice.pieces
    assert advice.pieces > 0
    made = [sum(p.quantity for run in one.runs for p in run.pieces) for one in (plan, changed)]
    assert advice.delivered == made[1] - made[0]
    new, old = cost(after, changed), cost(problem, plan)
    assert advice.cost <= new.total - new.unfilled - old.total + old.unfilled
    assert advice.to_json()["margin"] is None or advice.brings is not None


def test_released_runs_are_left_alone() -> None:
    released = Run("R-1", "red", "L", 1, (Piece("D1", "red-M", 20),))
    problem = tiny(lines=(line(**TIERS),), frozen=(released,))
    assert advise(problem, baseline(problem)) == ()
