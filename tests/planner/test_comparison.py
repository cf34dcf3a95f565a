"""compare(): what a planner reviews before approving a replan."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from planner import (
    Cost,
    Difference,
    Effects,
    Fabric,
    Factory,
    LotChange,
    MadeAt,
    Move,
    Over,
    Piece,
    Plan,
    Problem,
    Purchase,
    PurchaseOrder,
    Run,
    RunChange,
    Shipping,
    Sku,
    Substitute,
    compare,
    cost,
    freeze,
    lose_line,
)
from planner.baseline import baseline
from tests.planner.cases import item, line, lot, tiny
from tests.planner.strategies import problems

FAR = Factory("G", {"east": Shipping(unit_cost=1, lead_days=3)})


def two_factories(**changes: object) -> Problem:
    """L is in F, a week from G's line M only by its three days on the way."""
    here = Factory("F", {"east": Shipping(unit_cost=2, lead_days=0)})
    return tiny(factories=(here, FAR), lines=(line("L"), line("M", factory="G")), **changes)


def plan(*runs: tuple[str, str, int, int]) -> Plan:
    """Runs of red-M as (line, lot, bucket, pieces)."""
    return Plan(
        "tiny",
        tuple(
            Run(f"R{n}", "red", on, bucket, (Piece(wanted, "red-M", pieces),))
            for n, (on, wanted, bucket, pieces) in enumerate(runs)
        ),
    )


# ---------------------------------------------------------------------------------- laws


@settings(max_examples=50, deadline=None)
@given(problem=problems())
def test_a_plan_differs_in_nothing_from_itself(problem: Problem) -> None:
    made = baseline(problem)
    same = compare(problem, made, made)
    assert (same.moves, same.runs, same.lots, same.broken) == ((), (), (), ())
    assert same.cost_before == same.cost_after == cost(problem, made)
    assert same.cost_change == Cost()


@settings(max_examples=50, deadline=None)
@given(problem=problems(), bucket=st.integers(0, 3))
def test_a_frozen_plan_still_differs_in_nothing_and_its_cloth_is_paid_once(
    problem: Problem, bucket: int
) -> None:
    made = baseline(problem)
    later = freeze(problem, made, before_bucket=bucket)
    rest = made.stating(purchases=tuple(order for order in made.purchases if order.bucket >= bucket))
    same = compare(later, made, rest)
    assert (same.moves, same.runs, same.lots, same.cost_change) == ((), (), (), Cost())
    assert same.frozen_untouched == tuple(run.id for run in later.frozen)


@settings(max_examples=50, deadline=None)
@given(problem=problems(), other=problems())
def test_a_plan_for_any_older_problem_can_be_compared_and_the_pieces_add_up(
    problem: Problem, other: Problem
) -> None:
    before, after = baseline(other), baseline(problem)
    found = compare(problem, before, after)
    assert Difference.from_json(json.loads(json.dumps(found.to_json()))) == found
    was, now = (sum(p.quantity for run in made.runs for p in run.pieces) for made in (before, after))
    assert now - was == found.effects.served - found.effects.unfilled - found.effects.gone
    assert sum(move.pieces for move in found.moves) == (
        found.effects.moved + found.effects.served + found.effects.unfilled + found.effects.gone
    )
    assert sum(found.by_item().values(), Effects()) == found.effects


@settings(max_examples=50, deadline=None)
@given(problem=problems(), bucket=st.integers(0, 3))
def test_the_way_back_is_the_difference_turned_round(problem: Problem, bucket: int) -> None:
    before = baseline(problem)
    after = baseline(lose_line(freeze(problem, before, before_bucket=bucket), "L0", from_bucket=bucket))
    there, back = compare(problem, before, after), compare(problem, after, before)
    assert back.effects.moved == there.effects.moved
    assert back.effects.piece_days == -there.effects.piece_days
    assert back.effects.became_late == there.effects.became_timely
    assert back.effects.served == there.effects.unfilled


# ---------------------------------------------------------------------------------- one thing at a time


def test_pieces_that_stay_in_a_factory_and_bucket_do_not_move_whatever_their_line() -> None:
    problem = tiny(lines=(line("L"), line("M")))
    found = compare(problem, plan(("L", "D1", 0, 20)), plan(("L", "D1", 0, 8), ("M", "D1", 0, 12)))
    assert (found.moves, found.lots) == ((), ())
    assert found.runs == (RunChange("red", "L", 0, 20, 8), RunChange("red", "M", 0, 0, 12))


def test_only_the_pieces_that_leave_move_and_their_days_are_counted() -> None:
    problem = two_factories(lots=(lot("D1", "red-M", 20, due_day=14),))
    found = compare(problem, plan(("L", "D1", 0, 20)), plan(("L", "D1", 0, 15), ("M", "D1", 1, 5)))
    assert found.moves == (Move("red", MadeAt("F", 0), MadeAt("G", 1), 5),)
    # From day 6 at no distance to day 13 and three days on the way: ten days later, after day 14.
    effects = Effects(moved=5, piece_days=50, became_late=5)
    assert found.lots == (LotChange("D1", "red", 20, effects),)


def test_the_earliest_made_before_become_the_earliest_made_after() -> None:
    problem = tiny(
        buckets=4, lines=(line(capacity=(36_000,) * 4),), lots=(lot("D1", "red-M", 20, due_day=27),)
    )
    found = compare(
        problem, plan(("L", "D1", 0, 10), ("L", "D1", 1, 10)), plan(("L", "D1", 2, 12), ("L", "D1", 3, 8))
    )
    assert [(move.before, move.after, move.pieces) for move in found.moves] == [
        (MadeAt("F", 0), MadeAt("F", 2), 10),
        (MadeAt("F", 1), MadeAt("F", 2), 2),
        (MadeAt("F", 1), MadeAt("F", 3), 8),
    ]


def test_pieces_no_longer_made_are_unfilled_where_they_are_wanted_and_gone_where_not() -> None:
    before, after = plan(("L", "D1", 0, 20)), plan(("L", "D1", 0, 12))
    (missing,) = compare(tiny(), before, after).lots
    assert missing.effects == Effects(unfilled=8)
    fewer = tiny(lots=(lot("D1", "red-M", 15),))
    assert compare(fewer, before, after).lots[0].effects == Effects(unfilled=3, gone=5)
    assert compare(tiny(), after, before).lots[0].effects == Effects(served=8)


def test_what_the_problem_no_longer_knows_is_gone_from_the_cost_and_named() -> None:
    before = Plan(
        "older",
        (
            Run("R0", "red", "L", 0, (Piece("D1", "red-M", 12), Piece("D0", "red-M", 4))),
            Run("R1", "red", "sold", 1, (Piece("D1", "red-M", 8),)),
            Run("R2", "blue", "L", 7, (Piece("D9", "blue-M", 5),), (Over("blue-S", 1),)),
        ),
        (PurchaseOrder("silk", 0, 10),),
    )
    found = compare(tiny(), before, plan(("L", "D1", 0, 20)))
    assert {change.lot: (change.item, change.wanted, change.effects) for change in found.lots} == {
        "D0": ("red", 0, Effects(gone=4)),
        "D1": ("red", 20, Effects(moved=8)),
        "D9": ("blue", 0, Effects(gone=5)),
    }
    assert Move("red", MadeAt(None, 1), MadeAt("F", 0), 8) in found.moves
    assert found.cost_before == cost(tiny(), plan(("L", "D1", 0, 12)))


def test_a_lost_line_shows_as_the_rules_the_plan_before_would_break() -> None:
    problem = lose_line(two_factories(), "L", from_bucket=0)
    found = compare(problem, plan(("L", "D1", 0, 20)), plan(("M", "D1", 0, 20)))
    assert [broken.kind for broken in found.broken] == ["line time"]
    assert found.cost_change.shipping == -20


def test_cloth_ordered_for_the_plan_before_is_in_neither_cost() -> None:
    buying = Purchase(minimum=10, multiple=10, unit_cost=3, lead_buckets=0, maximum=50)
    problem = tiny(fabrics=(Fabric("cloth", (), buying),))
    before = plan(("L", "D1", 0, 20)).stating(purchases=(PurchaseOrder("cloth", 0, 20),))
    assert compare(problem, before, before).cost_before.fabric == 60
    ordered = freeze(problem, before, before_bucket=1)
    found = compare(ordered, before, before.stating(purchases=()))
    assert (found.cost_before.fabric, found.cost_after.fabric) == (0, 0)


def test_pieces_that_change_their_colour_are_counted() -> None:
    consent = lot("D1", "red-M", 20, substitutes=(Substitute("blue-M", 20),))
    skus = (Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1))
    problem = tiny(items=(item("red"), item("blue")), skus=skus, lots=(consent,))
    blue = Plan("tiny", (Run("B", "blue", "L", 0, (Piece("D1", "blue-M", 20),)),))
    (change,) = compare(problem, plan(("L", "D1", 0, 20)), blue).lots
    assert (change.item, change.effects) == ("red", Effects(substituted=20))


def test_frozen_runs_are_named_as_untouched_or_as_changed() -> None:
    run = Run("R-7", "red", "L", 0, (Piece("D1", "red-M", 12),), (Over("red-M", 1),))
    problem = tiny(frozen=(run,))
    kept = Plan("tiny", (replace(run, id="other"),))
    assert compare(problem, kept, kept).frozen_untouched == ("R-7",)
    assert compare(problem, kept, plan(("L", "D1", 0, 13))).frozen_changed == ("R-7",)
    assert compare(problem, Plan("tiny"), kept).frozen_changed == ("R-7",)


def test_the_worst_item_and_lot_come_first() -> None:
    problem = tiny(
        items=(item("red"), item("blue")),
        skus=(Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1)),
        lots=(
            lot("D1", "red-M", 20),
            lot("D2", "red-M", 3, due_day=40),
            lot("D3", "blue-M", 4, due_day=6),
        ),
    )

    def everything(bucket: int) -> Plan:
        red = Run("R", "red", "L", bucket, (Piece("D1", "red-M", 20), Piece("D2", "red-M", 3)))
        return Plan("tiny", (red, Run("B", "blue", "L", bucket, (Piece("D3", "blue-M", 4),))))

    found = compare(problem, everything(0), everything(1))
    assert [change.lot for change in found.lots] == ["D3", "D1", "D2"]
    assert list(found.by_item()) == ["blue", "red"]
