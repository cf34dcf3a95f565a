"""The smallest change is verified: with it the loss is freed, with one step less it is not."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, event, given, settings

from planner import (
    Explanation,
    Fabric,
    Plan,
    Problem,
    Run,
    Sku,
    Style,
    Substitute,
)
from planner.baseline import baseline
from planner.explain import explanations
from planner.levers import Lever, smallest
from planner.part import in_time
from planner.plan import Piece
from planner.solve import Status
from tests.planner.cases import item, line, lot, tiny
from tests.planner.generator import SMALL, generate
from tests.planner.inline import solve
from tests.planner.strategies import problems

ENOUGH = 600.0  # seconds; the number of looks ends it sooner


def verified(problem: Problem, plan: Plan | None = None) -> dict[tuple[str, str], Explanation]:
    found = explanations(problem, plan or baseline(problem), seconds=ENOUGH, looks=200)
    return {(entry.about, entry.id): entry for entry in found if entry.needs["verified"]}


def change(entry: Explanation) -> tuple[object, object]:
    return entry.needs["change"], entry.needs["amount"]


# ---------------------------------------------------------------------------------- by hand


def joint(white: int) -> Problem:
    """Golden vector V2: 300 of the style and 100 a colour; 20 of red accept black, 5 of white lack."""
    colours = ("black", "white", "red")
    return tiny(
        lines=(line(capacity=(360_000, 360_000)),),
        styles=(Style("shirt", "tops", campaign_minimum=300),),
        items=tuple(item(colour, minimum=100) for colour in colours),
        skus=tuple(Sku(f"{colour}-M", colour, "M", 1) for colour in colours),
        lots=(
            lot("D1", "black-M", 180),
            lot("D2", "white-M", white),
            lot("D3", "red-M", 20),
            lot("D4", "red-M", 20, substitutes=(Substitute("black-M", 20),)),
        ),
    )


def test_five_more_white_and_twenty_of_red_in_black_free_the_whole_style() -> None:
    found = verified(joint(95))
    style = found["style", "shirt"]
    assert change(style) == ("pieces", 5)
    assert style.needs["item"] == "white"
    assert style.text.endswith("5 more of white would free it.")
    assert {key for key in found if key[0] == "item"} == {("item", "black"), ("item", "white")}
    assert {key for key in found if key[0] == "lot"} == {("lot", "D1"), ("lot", "D2"), ("lot", "D4")}


def test_ten_pieces_too_many_for_a_line_need_a_quarter_of_an_hour() -> None:
    (entry,) = verified(tiny(lines=(line(capacity=(300, 300)),))).values()
    assert (entry.kind, change(entry)) == ("line time", ("line time", 900))
    assert (entry.needs["line"], entry.needs["missing"]) == ("L", 10)


def test_a_line_gets_no_more_hours_than_it_needs() -> None:
    """Of 200 pieces 60 s each, 100 fit: 6,000 s more, that is seven quarters of an hour."""
    problem = tiny(lines=(line(capacity=(3_000, 3_000)),), lots=(lot("D1", "red-M", 200),))
    (entry,) = verified(problem).values()
    assert change(entry) == ("line time", 6_300)


def test_cloth_for_five_pieces_is_wanted_by_the_last_week_in_time() -> None:
    (entry,) = verified(tiny(fabrics=(Fabric("cloth", ((0, 15),)),))).values()
    assert change(entry) == ("fabric", 5)
    assert (entry.needs["fabric"], entry.needs["bucket"]) == ("cloth", 1)


def test_a_promise_two_days_too_early_could_be_two_days_later() -> None:
    (entry,) = verified(tiny(lots=(lot("D1", "red-M", 20, due_day=4),))).values()
    assert (entry.kind, change(entry)) == ("date", ("days", 2))


def test_what_is_released_late_can_only_be_promised_later() -> None:
    problem = tiny(
        lots=(lot("D1", "red-M", 20, due_day=6),),
        frozen=(Run("R-1", "red", "L", 1, (Piece("D1", "red-M", 20),)),),
    )
    (entry,) = verified(problem).values()
    assert (entry.kind, change(entry)) == ("released", ("days", 7))


def test_a_line_that_takes_no_small_runs_needs_a_larger_lot() -> None:
    problem = tiny(lines=(line(min_run=30),), items=(item("red", minimum=0),), lots=(lot("D1", "red-M", 18),))
    assert change(verified(problem)["style", "shirt"]) == ("pieces", 12)


def test_what_does_not_pay_names_the_price_at_which_it_would() -> None:
    """20 pieces cost 240 and a set-up of 10; unfilled they cost 20, and from 13 a piece more than 250."""
    problem = tiny(
        styles=(Style("shirt", "tops", setup_cost=10),), lots=(lot("D1", "red-M", 20, unfilled_cost=1),)
    )
    entry = verified(problem)["style", "shirt"]
    assert (entry.kind, change(entry)) == ("trade-off", ("cost", 230))
    assert entry.needs["unit_cost"] == 12


def test_being_in_time_may_cost_more_than_it_brings() -> None:
    """Ten pieces in the same run a week late cost 50 days of lateness; a run of their own costs 80."""
    problem = tiny(
        items=(item("red", setup_cost=80),),
        lots=(lot("D1", "red-M", 20, early_cost=9), lot("D2", "red-M", 10, due_day=12)),
    )
    plan = Plan("tiny", runs=(run(1, ("D1", 20), ("D2", 10)),))
    (entry,) = verified(problem, plan).values()
    assert (entry.id, entry.kind) == ("D2", "trade-off")
    assert change(entry) == ("cost", 80 + 10 * 6 * 1 - 10 * 1 * 5)


def test_a_lot_served_at_the_expense_of_another_says_of_how_many_pieces() -> None:
    """Ten fit of two lots of ten: the one that is worth 90 instead of 100 would cost ten times 10 more."""
    problem = tiny(
        lines=(line(capacity=(0, 600)),),
        lots=(lot("D1", "red-M", 10), lot("D2", "red-M", 10, unfilled_cost=90)),
    )
    (entry,) = verified(problem).values()
    assert (entry.id, change(entry), entry.needs["displaces"]) == ("D2", ("cost", 100), 10)
    assert entry.text.endswith("100 more than it brings and take 10 pieces from other lots.")


def test_a_plan_that_merely_missed_it_says_so() -> None:
    entry = verified(tiny(), Plan("tiny"))["style", "shirt"]
    assert (entry.kind, change(entry)) == ("search", ("none", 0))
    assert entry.needs["saves"] == 20 * (100 - 12)


def run(bucket: int, *given_to: tuple[str, int]) -> Run:
    pieces = tuple(Piece(name, "red-M", quantity) for name, quantity in given_to)
    return Run(f"r{bucket}", "red", "L", bucket, pieces)


# ---------------------------------------------------------------------------------- effort


def test_without_seconds_no_model_is_solved_and_every_entry_says_so() -> None:
    problem = tiny(lines=(line(capacity=(300, 300)),))
    found = explanations(problem, baseline(problem))
    assert [entry.needs["verified"] for entry in found] == [0]


def test_a_stop_leaves_the_reasons_unverified() -> None:
    problem = tiny(lines=(line(capacity=(300, 300)),))
    found = explanations(problem, baseline(problem), seconds=ENOUGH, stop=lambda: True)
    assert [entry.needs["verified"] for entry in found] == [0]


def test_the_dearest_loss_comes_first() -> None:
    problem = tiny(
        lines=(line(capacity=(300, 300)),),
        lots=(lot("D1", "red-M", 20, unfilled_cost=90), lot("D2", "red-M", 20, due_day=12)),
    )
    found = explanations(problem, baseline(problem), seconds=ENOUGH, looks=3)
    lost = {entry.id: entry.needs["missing"] for entry in found}
    checked = {entry.id for entry in found if entry.needs["verified"]}
    assert lost["D1"] == 20
    assert checked <= {"D1"}


def test_the_same_looks_give_the_same_explanations() -> None:
    problem = generate(SMALL, seed=4)
    plan = baseline(problem)
    one, other = (explanations(problem, plan, seconds=ENOUGH, looks=12) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("least", [1, 2, 6, 7, 9, 40])
@pytest.mark.parametrize("guess", [1, 6, 40])
def test_the_least_amount_is_found_from_any_guess(least: int, guess: int) -> None:
    lever = Lever("pieces", 1, guess, 40, lambda problem, _: problem)
    assert smallest(lever, lambda amount: amount >= least) == least
    assert smallest(lever, lambda _: False) is None


# ---------------------------------------------------------------------------------- law


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_with_the_change_some_plan_of_the_whole_problem_frees_the_loss(problem: Problem) -> None:
    plan = baseline(problem)
    changes = [entry for entry in verified(problem, plan).values() if entry.needs["change"] in EASED]
    event(f"{len(changes)} changes")
    for entry in changes[:2]:
        style = style_of(problem, entry)
        others = tuple(run for run in plan.runs if problem.find.item[run.item].style != style)
        eager = at_any_price(eased(problem, entry), entry)
        result = solve(replace(eager, frozen=others), seconds=20)
        assert (result.status, result.failure) == (Status.OPTIMAL, None)
        assert result.plan is not None
        arrived = in_time(eager, result.plan.runs)
        if entry.about == "lot":
            assert arrived[entry.id] == eager.find.lot[entry.id].quantity
        else:
            assert any(entry.id in (run.item, style) for run in result.plan.runs)


EASED = ("pieces", "days", "line time", "fabric")


def style_of(problem: Problem, entry: Explanation) -> str:
    if entry.about == "lot":
        return problem.find.style_of(problem.find.lot[entry.id].sku).id
    return problem.find.item[entry.id].style if entry.about == "item" else entry.id


def at_any_price(problem: Problem, entry: Explanation) -> Problem:
    """The problem in which what the entry is about is made, a lot in time, wherever that is possible."""
    for one in problem.lots:
        sku = problem.find.sku[one.sku]
        if entry.id == one.id:
            problem = with_lot(problem, one.id, unfilled_cost=100_000, late_cost=100_000)
        elif entry.id in (sku.item, problem.find.item[sku.item].style):
            problem = with_lot(problem, one.id, unfilled_cost=100_000)
    return problem


def eased(problem: Problem, entry: Explanation) -> Problem:
    """The problem with the change of the entry, made here by hand."""
    amount, change_ = int(entry.needs["amount"]), entry.needs["change"]
    if change_ == "days":
        return with_lot(problem, entry.id, due_day=problem.find.lot[entry.id].due_day + amount)
    if change_ == "pieces":
        own = [lot for lot in problem.lots if problem.find.sku[lot.sku].item == entry.needs["item"]]
        named = [lot for lot in own if lot.id == entry.id]
        largest = max(named or own, key=lambda one: (one.quantity, one.id))
        return with_lot(problem, largest.id, quantity=largest.quantity + amount)
    bucket = int(entry.needs["bucket"])
    if change_ == "fabric":
        fabric = problem.find.fabric[str(entry.needs["fabric"])]
        more = replace(fabric, arrivals=(*fabric.arrivals, (bucket, amount)))
        return replace(problem, fabrics=tuple(more if f.id == more.id else f for f in problem.fabrics))
    known = problem.find.line[str(entry.needs["line"])]
    hours = [had + (amount if place == bucket else 0) for place, had in enumerate(known.capacity)]
    longer = replace(known, capacity=tuple(hours))
    return replace(problem, lines=tuple(longer if one.id == longer.id else one for one in problem.lines))


def with_lot(problem: Problem, name: str, **facts: int) -> Problem:
    return replace(
        problem,
        lots=tuple(replace(one, **facts) if one.id == name else one for one in problem.lots),  # type: ignore[arg-type]
    )
