import json

import pytest

from planner import Explanation, InvalidPlan, Over, Piece, Plan, PurchaseOrder, Run, Slot

PLAN = Plan(
    problem="tiny",
    runs=(Run("R1", "red", "L", 0, (Piece("D1", "red-M", 20),), (Over("red-M", 2),)),),
    purchases=(PurchaseOrder("cloth", 0, 50),),
    schedule=(Slot("R1", 10, 20, 10),),
    explanations=(Explanation("lot", "D1", "line time", "No line has time.", {"missing": 3}),),
    objective=7,
    lower_bound=6.5,
)


def test_a_plan_survives_json() -> None:
    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_a_run_counts_overs_as_made() -> None:
    assert PLAN.runs[0].quantity == 22


def test_a_plan_without_pieces_where_it_says_some_is_refused() -> None:
    raw = PLAN.to_json()
    raw["runs"][0]["pieces"][0]["quantity"] = 0
    with pytest.raises(InvalidPlan, match=r"pieces\[D1\].quantity: must be at least 1, is 0"):
        Plan.from_json(raw)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="status"):
        Plan(problem="tiny", status="perfect")


def test_two_runs_never_share_an_id() -> None:
    with pytest.raises(InvalidPlan, match=r"runs.id"):
        Plan(problem="tiny", runs=(Run("R1", "red", "L", 0), Run("R1", "red", "L", 1)))
