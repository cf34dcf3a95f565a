from hypothesis import given, settings

from planner import Problem
from planner.baseline import baseline
from planner.ledger import Ledger
from tests.planner.strategies import problems


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_only_open_buckets_have_room(problem: Problem) -> None:
    books = Ledger(problem, frozen=baseline(problem).runs)
    for item in problem.items:
        for line in problem.lines:
            if item.style in line.styles:
                cells = [(item.id, line.id, bucket) for bucket in range(problem.buckets)]
                roomy = {cell[2] for cell in cells if books.room(cell) > 0}
                assert roomy <= set(books.open_buckets(item.id, line.id))


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_closing_every_run_brings_back_time_fabric_and_demand(problem: Problem) -> None:
    books, fresh = Ledger(problem), Ledger(problem)
    for run in baseline(problem).runs:
        books.enter_run(run)
    for cell in list(books.runs):
        books.close(cell)
    assert (books.free, books.supply, books.missing) == (fresh.free, fresh.supply, fresh.missing)


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_the_cells_of_a_style_are_its_runs_in_the_order_they_were_opened(problem: Problem) -> None:
    books = Ledger(problem)
    for run in baseline(problem).runs:
        books.enter_run(run)
    for cell in list(books.runs)[::2]:
        books.close(cell)
    for style in problem.styles:
        made = [cell for cell in books.runs if problem.find.item[cell[0]].style == style.id]
        assert list(books.cells[style.id]) == made
