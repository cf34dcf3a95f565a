"""Narrowing a model by the cost of a plan known: what it may leave out, and what it must not."""

import numpy as np
from hypothesis import HealthCheck, given, settings

from planner import Problem, cost
from planner.errand import answer_json
from planner.ledger import Ledger
from planner.mip import Mip
from planner.narrow import narrow
from planner.subproblem import solve_part
from planner.waves import waves
from tests.planner.strategies import problems


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems())
def test_a_model_narrowed_by_the_cost_of_its_best_plan_still_has_it(problem: Problem) -> None:
    styles = {style.id for style in problem.styles}
    free = solve_part(Ledger(problem), styles, waves(problem), seconds=20, whole=True)
    assert free.entries is not None
    assert free.optimal
    books = Ledger(problem)
    empty = cost(problem, books.plan()).total
    free.entries.enter(books)
    best = cost(problem, books.plan()).total
    again = solve_part(
        Ledger(problem), styles, waves(problem), seconds=20, whole=True, below=best - empty + 1
    )
    assert answer_json(again)["found"]
    assert again.bound is not None
    assert round(again.bound + empty) == best


def test_a_switch_that_can_stand_only_one_way_is_turned_and_pieces_no_plan_has_are_left_out() -> None:
    mip = Mip()
    (switch,) = mip.numbers(1, 1, 10, whole=True)
    (cheap,), (dear,) = mip.numbers(1, 5, 1), mip.numbers(1, 5, 30)
    wanted = mip.row(np.array([cheap, dear]), least=4, most=4)
    needs = mip.row(np.array([cheap]), most=0)
    mip.put(needs, switch, -5)
    narrow(mip, np.array([switch]), below=40.0)  # 4 cheap pieces and the switch cost 14, one dear piece 43
    least, most = mip.limits()
    assert wanted == 0
    assert (least[switch], most[switch], most[dear]) == (1, 1, 0)
    assert most[cheap] == 5


def test_what_costs_as_much_as_the_plan_known_stays_in() -> None:
    mip = Mip()
    one, other = mip.numbers(1, 1, 7, whole=True), mip.numbers(1, 1, 7, whole=True)
    mip.row(np.concatenate([one, other]), least=1)
    mip.constant = 100.0
    narrow(mip, np.concatenate([one, other]), below=107.0)
    least, most = mip.limits()
    assert (least.tolist(), most.tolist()) == ([0, 0], [1, 1])
