import json
from typing import Any

import pytest
from hypothesis import given, settings

from planner import InvalidProblem, Line, Problem
from tests.planner.cases import line, lot, tiny
from tests.planner.strategies import problems


def broken(path: str, value: Any) -> dict[str, Any]:
    """The tiny problem as JSON with one field changed, or removed where the value is ``...``."""
    raw: dict[str, Any] = json.loads(json.dumps(tiny().to_json()))
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = raw
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return raw


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_a_problem_survives_json(problem: Problem) -> None:
    again = Problem.from_json(json.loads(json.dumps(problem.to_json())))
    assert again == problem
    assert again.digest() == problem.digest()


def test_unknown_fields_are_ignored() -> None:
    raw = {**tiny().to_json(), "note": "from the spreadsheet"}
    assert Problem.from_json(raw) == tiny()


def test_the_digest_changes_with_any_quantity() -> None:
    assert tiny().digest() != tiny(lots=(lot("D1", "red-M", 21),)).digest()


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("format", "counterflow-problem/2", "format"),
        ("buckets", ..., "buckets"),
        ("buckets", 0, "buckets"),
        ("lots", ..., "lots"),
        ("lots", {}, "lots"),
        ("lots.0", 7, "lots[0]"),
        ("lots.0.quantity", ..., "lots[D1].quantity"),
        ("lots.0.quantity", -5, "lots[D1].quantity"),
        ("lots.0.quantity", 1.5, "lots[D1].quantity"),
        ("lots.0.quantity", True, "lots[D1].quantity"),
        ("lots.0.due_day", "monday", "lots[D1].due_day"),
        ("lots.0.sku", "blue-M", "lots[D1].sku"),
        ("lots.0.sku", ["red-M"], "lots[D1].sku"),
        ("lots.0.region", "moon", "lots[D1].region"),
        ("lots.0.id", 7, "lots.id"),
        ("lots.0.substitutes", [{"sku": "red-M", "maximum": 1, "cost": 0}], "lots[D1].substitutes"),
        ("items.0.style", "coat", "items[red].style"),
        ("items.0.fabric", "silk", "items[red].fabric"),
        ("items.0.minimum", -1, "items[red].minimum"),
        ("skus.0.item", "blue", "skus[red-M].item"),
        ("lines.0.capacity", [1], "lines[L].capacity"),
        ("lines.0.capacity.0", -1, "lines[L].capacity[0]"),
        ("lines.0.min_run", 0, "lines[L].min_run"),
        ("lines.0.max_run", 0, "lines[L].max_run"),
        ("lines.0.tiers", [2], "lines[L].tiers"),
        ("lines.0.tiers", [1, 1], "lines[L].tiers"),
        ("lines.0.factory", "G", "lines[L].factory"),
        ("lines.0.styles.shirt.unit_cost", [1, 2], "lines[L].styles.shirt.unit_cost"),
        ("factories.0.shipping", {}, "factories[F].shipping.east"),
        ("fabrics.0.arrivals.0", [9, 1], "fabrics[cloth].arrivals[0] bucket"),
        ("fabrics.0.arrivals.0", [1], "fabrics[cloth].arrivals[0]"),
        ("changeover.same_style", 101, "changeover.same_style"),
    ],
)
def test_a_wrong_question_is_refused_by_field_and_value(path: str, value: Any, field: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        Problem.from_json(broken(path, value))
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


def test_two_records_never_share_an_id() -> None:
    with pytest.raises(InvalidProblem, match="must be unique"):
        tiny(lines=(line("L"), line("L")))


def test_a_frozen_run_names_what_exists() -> None:
    raw = tiny().to_json()
    raw["frozen"] = [{"id": "R1", "item": "red", "line": "M", "bucket": 0, "pieces": [], "overs": []}]
    with pytest.raises(InvalidProblem, match=r"frozen\[R1\].line"):
        Problem.from_json(raw)


def test_records_are_checked_when_built_not_only_when_read() -> None:
    with pytest.raises(InvalidProblem, match=r"lines\[L\].min_run"):
        line(min_run=-1)
    assert isinstance(line(), Line)
