"""Each rule broken once, and each part of the cost by hand."""

from dataclasses import replace

import pytest

from planner import (
    Changeover,
    Cost,
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
    Slot,
    Style,
    Substitute,
    cost,
    violations,
)
from tests.planner.cases import item, line, lot, tiny

RUN = Run("R", "red", "L", 1, (Piece("D1", "red-M", 20),))
BUYING = Fabric("cloth", (), Purchase(minimum=30, multiple=10, unit_cost=3, lead_buckets=1, maximum=60))


def plan(*runs: Run, purchases: tuple[PurchaseOrder, ...] = (), schedule: tuple[Slot, ...] = ()) -> Plan:
    return Plan("tiny", runs or (RUN,), purchases, schedule)


def kinds(problem: Problem, of: Plan) -> list[tuple[int, str]]:
    return sorted({(broken.rule, broken.kind) for broken in violations(problem, of)})


def test_a_plan_that_keeps_every_rule_has_no_violations() -> None:
    assert violations(tiny(), plan(schedule=(Slot("R", 0, 1_200, 0),))) == []


@pytest.mark.parametrize(
    ("problem", "of", "expected"),
    [
        (tiny(lines=(line(styles={}),)), plan(), (1, "unable")),
        (tiny(items=(item("red", release_bucket=2),)), plan(), (1, "before release")),
        (tiny(lines=(line(min_run=21),)), plan(), (1, "run too small")),
        (tiny(lines=(line(max_run=19),)), plan(), (1, "run too large")),
        (tiny(), plan(RUN, replace(RUN, id="R2", pieces=(Piece("D1", "red-M", 1),))), (1, "twice")),
        (tiny(lines=(line(capacity=(0, 1_199)),)), plan(), (2, "line time")),
        (tiny(fabrics=(Fabric("cloth", ((1, 19),)),)), plan(), (3, "fabric")),
        (tiny(), plan(replace(RUN, pieces=(Piece("D1", "red-M", 21),))), (4, "too many")),
        (tiny(items=(item("red", minimum=21),)), plan(), (5, "item minimum")),
        (tiny(styles=(Style("shirt", "tops", campaign_minimum=21),)), plan(), (5, "campaign minimum")),
        (tiny(), plan(replace(RUN, overs=(Over("red-M", 1),))), (5, "overs")),
        (tiny(), plan(purchases=(PurchaseOrder("cloth", 0, 30),)), (5, "purchase")),
        (tiny(fabrics=(BUYING,)), plan(purchases=(PurchaseOrder("cloth", 0, 35),)), (5, "purchase")),
        (tiny(fabrics=(BUYING,)), plan(purchases=(PurchaseOrder("cloth", 0, 20),)), (5, "purchase")),
        (tiny(fabrics=(BUYING,)), plan(purchases=(PurchaseOrder("cloth", 0, 70),)), (5, "purchase")),
        (tiny(fabrics=(BUYING,)), plan(purchases=(PurchaseOrder("cloth", 1, 30),)), (3, "fabric")),
        (tiny(frozen=(replace(RUN, bucket=0),)), plan(), (5, "frozen")),
        (tiny(frozen=(RUN,)), plan(replace(RUN, pieces=(Piece("D1", "red-M", 19),))), (5, "frozen")),
        (tiny(), plan(schedule=(Slot("R", 5, 1_205, 5),)), (6, "changeover")),
        (tiny(), plan(schedule=(Slot("R", 0, 1_199, 0),)), (6, "duration")),
        (tiny(), plan(schedule=(Slot("R", 35_000, 36_200, 0),)), (6, "too long")),
        (tiny(), plan(replace(RUN, line="M")), (0, "unknown")),
    ],
)
def test_a_broken_rule_is_named(problem: Problem, of: Plan, expected: tuple[int, str]) -> None:
    assert expected in kinds(problem, of)


def test_each_style_is_set_up_once_on_a_line_and_bucket_and_each_run_for_itself() -> None:
    two_colours = tiny(
        lines=(line(capacity=(0, 1_200 + 100 + 2 * 10)),),
        styles=(Style("shirt", "tops", setup_seconds=100),),
        items=(item("red", setup_seconds=10), item("blue", setup_seconds=10)),
        skus=(Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1)),
        lots=(lot("D1", "red-M", 10), lot("D2", "blue-M", 10)),
    )
    runs = (
        Run("A", "red", "L", 1, (Piece("D1", "red-M", 10),)),
        Run("B", "blue", "L", 1, (Piece("D2", "blue-M", 10),)),
    )
    assert violations(two_colours, plan(*runs)) == []


def test_a_substitute_needs_consent_and_stays_within_it() -> None:
    def served(maximum: int) -> list[tuple[int, str]]:
        consents = (Substitute("blue-M", maximum),) if maximum else ()
        problem = tiny(
            items=(item("red"), item("blue")),
            skus=(Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1)),
            lots=(lot("D1", "red-M", 20, substitutes=consents),),
        )
        return kinds(problem, plan(Run("R", "blue", "L", 1, (Piece("D1", "blue-M", 9),))))

    assert served(0) == [(4, "no consent")]
    assert served(8) == [(4, "substitutes")]
    assert served(9) == []


def test_runs_of_a_bucket_never_overlap_and_changeovers_have_their_discount() -> None:
    problem = tiny(
        styles=(Style("shirt", "tops", setup_seconds=100),),
        items=(item("red", setup_seconds=11), item("blue", setup_seconds=11)),
        skus=(Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1)),
        lots=(lot("D1", "red-M", 10), lot("D2", "blue-M", 10)),
        changeover=Changeover(same_style=50, same_family=60),
    )
    runs = (
        Run("A", "red", "L", 1, (Piece("D1", "red-M", 10),)),
        Run("B", "blue", "L", 1, (Piece("D2", "blue-M", 10),)),
    )
    first = Slot("A", 111, 711, 111)
    assert kinds(problem, plan(*runs, schedule=(first, Slot("B", 717, 1_317, 6)))) == []
    assert kinds(problem, plan(*runs, schedule=(first, Slot("B", 716, 1_316, 6)))) == [(6, "overlap")]


def test_every_part_of_the_cost_is_that_of_the_contract() -> None:
    problem = tiny(
        lines=(line(tiers=(1, 10), styles={"shirt": Rate(60, (10, 8))}),),
        styles=(Style("shirt", "tops", setup_cost=1_000),),
        items=(item("red", setup_cost=70, overs_value=4, overs_maximum=5), item("blue")),
        skus=(Sku("red-M", "red", "M", 1), Sku("blue-M", "blue", "M", 1)),
        fabrics=(BUYING,),
        lots=(
            lot("D1", "red-M", 8, due_day=11),
            lot("D2", "red-M", 6, due_day=16),
            lot("D3", "blue-M", 3, substitutes=(Substitute("red-M", 2, cost=9),)),
        ),
    )
    pieces = (Piece("D1", "red-M", 8), Piece("D2", "red-M", 6), Piece("D3", "red-M", 2))
    one = plan(
        Run("R", "red", "L", 1, pieces, (Over("red-M", 2),)), purchases=(PurchaseOrder("cloth", 0, 30),)
    )
    assert violations(problem, one) == []
    assert cost(problem, one) == Cost(
        setup=1_070,
        making=18 * 8,
        fabric=90,
        shipping=16 * 2,
        late=8 * 2 * 5,
        early=6 * 3 * 1,
        substitution=2 * 9,
        unfilled=100,
        overs=-8,
    )
    assert cost(problem, one).total == 1_070 + 144 + 90 + 32 + 80 + 18 + 18 + 100 - 8
