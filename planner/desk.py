"""Where one piece of the work is done: the tasks of a search, as calls that take and give plain JSON.

The same tasks run in processes on this machine (`hands.py`) and, asked for, in workers anywhere:
a task says which plan it starts from and shares nothing else with the others.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from planner.candidates import Candidates
from planner.check import cost
from planner.errand import Solver, answer_json, runs_of
from planner.explain import explanations
from planner.ledger import Ledger
from planner.plan import Plan
from planner.problem import Problem
from planner.subproblem import Start, bound_part, solve_part
from planner.tables import Tables
from planner.waves import waves

WORTH_TOLERANCE = 1e-3  # of a minor unit
BOUND_GAP = 2e-3  # a bound of one style needs no more: the prices matter more


class Desk:
    """One problem, and what is worked out about it once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.demand = waves(problem)
        self.tables = Tables(problem, self.demand)
        self.candidates: Candidates | None = None
        self.time_price = np.zeros((len(problem.lines), problem.buckets))
        self.cloth_price = np.zeros((len(problem.fabrics), problem.buckets))

    def call(self, task: str, arguments: Mapping[str, Any]) -> Any:
        """Do one task by its name; what it returns can be written as JSON."""
        return getattr(self, f"task_{task}")(**arguments)

    def task_prices(self, time: list[list[float]], cloth: list[list[float]]) -> None:
        """Take over the prices by which places are ranked, and line time is kept for others."""
        self.time_price = np.array(time, dtype=np.float64).reshape(self.time_price.shape)
        self.cloth_price = np.array(cloth, dtype=np.float64).reshape(self.cloth_price.shape)
        self.candidates = Candidates(self.tables, self.time_price, self.cloth_price)

    def task_place(self, styles: list[str], runs: list[Any], **effort: Any) -> dict[str, Any]:
        """The best runs for styles that have none, line time paid at its price."""
        return self._part(styles, runs, time_price=self.time_price, **effort)

    def task_improve(self, styles: list[str], runs: list[Any], **effort: Any) -> dict[str, Any]:
        """The best runs for styles against what all others leave."""
        return self._part(styles, runs, time_price=None, **effort)

    def _part(
        self,
        styles: list[str],
        runs: list[Any],
        *,
        time_price: Any,
        cells: int,
        noise: float,
        seed: int,
        seconds: float,
        nodes: int | None,
        gap: float,
    ) -> dict[str, Any]:
        books, start = self._books(runs, styles)
        assert self.candidates is not None  # noqa: S101 - prices come first
        allowed = self.candidates.of(books, styles, cells, noise=noise, seed=seed)
        for cell in start.quantities:
            allowed[cell[0]].add(cell)
        answer = solve_part(
            books,
            styles,
            self.demand,
            seconds=seconds,
            seed=seed,
            nodes=nodes,
            gap=gap,
            allowed=allowed,
            start=start if start.quantities else None,
            quick=time_price is not None,
            tables=self.tables,
            time_price=time_price,
        )
        return answer_json(answer)

    def _books(self, runs: list[Any], free: Iterable[str]) -> tuple[Ledger, Start]:
        """The books of a plan without the free styles, and what these had to start from."""
        books = Ledger(self.problem)
        books.enter_runs(runs_of(runs))
        bought = {order.fabric: order.quantity for order in books.purchases()}
        quantities = {
            cell: content.quantity
            for style in free
            for cell, content in books.cells[style].items()
            if not content.frozen
        }
        for cell in quantities:
            books.close(cell)
        return books, Start(quantities, bought)

    def task_bound(self, style: str, *, seconds: float) -> float | None:
        """What the style costs at least at the prices, beyond nothing of it being made."""
        shared = self.tables.styles_of_fabric
        priced = {
            fabric: self.cloth_price[number]
            for fabric, number in self.tables.fabric_number.items()
            if len(shared[fabric]) > 1
        }
        return bound_part(
            Ledger(self.problem),
            {style},
            self.tables,
            seconds=seconds,
            gap=BOUND_GAP,
            time_price=self.time_price,
            cloth_price=priced,
        )

    def task_worthless(self, style: str, *, seconds: float) -> bool:
        """Whether no plan gains by making the style, even with all lines to itself and shared fabric free.

        Then some best plan is without it: taking it out of any plan makes that no dearer.
        """
        shared = self.tables.styles_of_fabric
        free_cloth = {
            fabric: np.zeros(self.problem.buckets) for fabric, users in shared.items() if len(users) > 1
        }
        bound = bound_part(
            Ledger(self.problem), {style}, self.tables, seconds=seconds, cloth_price=free_cloth
        )
        return bound is not None and bound > -WORTH_TOLERANCE

    def task_relax(self, *, styles: list[str], seconds: float) -> float | None:
        """A bound of the problem's cost from the linear relaxation of the exact model."""
        books = Ledger(self.problem)
        bound = bound_part(books, styles, self.tables, seconds=seconds, relaxed=True)
        return None if bound is None else bound + self._cost_of_nothing(books)

    def task_exact(
        self,
        styles: list[str],
        runs: list[Any],
        *,
        seconds: float,
        seed: int,
        nodes: int | None,
        whole: bool,
        by: str,
        below: int | None,
    ) -> dict[str, Any]:
        """The exact model of all styles worth making; its bound is a bound of the problem's cost.

        ``below`` is the cost of a plan known, where the model is small enough to be narrowed by it.
        """
        books, start = self._books(runs, [style.id for style in self.problem.styles])
        empty = self._cost_of_nothing(books)
        answer = solve_part(
            books,
            styles,
            self.demand,
            seconds=seconds,
            seed=seed,
            nodes=nodes,
            start=start,
            whole=whole,
            counted=not whole,
            by=Solver(by),
            below=math.inf if below is None else below - empty,
            tables=self.tables,
        )
        found = answer_json(answer)
        found["bound"] = None if answer.bound is None else answer.bound + empty
        return found

    def task_explain(self, plan: dict[str, Any], *, seconds: float, seed: int) -> list[dict[str, Any]]:
        """The reasons beside a plan, the smallest change of each verified as far as the time goes."""
        found = explanations(self.problem, Plan.from_json(plan), seconds=seconds, seed=seed)
        return [reason.to_json() for reason in found]

    def _cost_of_nothing(self, books: Ledger) -> int:
        """The cost of the frozen runs alone without fabric, all else unfilled: where models count from."""
        return cost(self.problem, books.plan().stating(purchases=())).total
