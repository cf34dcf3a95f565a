"""A reason is stated only where it is so."""

from planner import Fabric, Plan, Problem, Sku, Style, Substitute
from planner.baseline import baseline
from planner.explain import explanations
from tests.planner.cases import item, line, lot, tiny


def reasons(problem: Problem, plan: Plan | None = None) -> dict[tuple[str, str], tuple[str, str]]:
    found = explanations(problem, plan or baseline(problem))
    return {(entry.about, entry.id): (entry.kind, entry.text) for entry in found}


def test_a_plan_that_serves_everyone_in_time_needs_no_reasons() -> None:
    assert reasons(tiny()) == {}


def test_a_style_that_cannot_reach_its_minimum_says_how_far_it_gets() -> None:
    found = reasons(
        tiny(styles=(Style("shirt", "tops", campaign_minimum=30),), items=(item("red", overs_maximum=4),))
    )
    assert found["style", "shirt"] == (
        "campaign minimum",
        "Style shirt reaches at most 24 pieces, its campaign minimum is 30.",
    )
    assert found["lot", "D1"][0] == "item"


def test_consents_count_towards_what_a_colour_can_reach() -> None:
    problem = tiny(
        items=(item("red", minimum=100), item("blue", minimum=22, overs_maximum=1)),
        skus=(*tiny().skus, Sku("blue-M", "blue", "M", 1)),
        lots=(lot("D1", "red-M", 20, substitutes=(Substitute("blue-M", 6),)), lot("D2", "blue-M", 14)),
    )
    found = reasons(problem)
    assert found["item", "blue"] == ("item minimum", "blue reaches at most 21 pieces, its minimum is 22.")
    assert found["item", "red"][0] == "item minimum"


def test_a_day_before_the_earliest_arrival_is_a_reason() -> None:
    found = reasons(tiny(lots=(lot("D1", "red-M", 20, due_day=4),)))
    assert found["lot", "D1"][0] == "date"
    assert found["lot", "D1"][1].endswith("due on day 4, the earliest it could arrive is day 6.")


def test_too_little_fabric_is_a_reason() -> None:
    found = reasons(tiny(fabrics=(Fabric("cloth", ((0, 15),)),)))
    assert found["lot", "D1"][0] == "fabric"
    assert "5 units less than wanted" in found["lot", "D1"][1]


def test_full_lines_are_a_reason() -> None:
    found = reasons(tiny(lines=(line(capacity=(300, 300)),)))
    assert found["lot", "D1"][0] == "line time"


def test_what_merely_does_not_pay_is_called_so() -> None:
    found = reasons(tiny(lots=(lot("D1", "red-M", 20, unfilled_cost=1),)))
    assert found["style", "shirt"] == ("trade-off", "The plan found is cheaper without style shirt.")
