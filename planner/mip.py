"""The solver behind a narrow door: one mixed-integer model in, values and a bound out.

HiGHS through MathOpt. It takes no limit on threads and is not asked to be interrupted, so callers use
short time limits; the interpreter lock is free meanwhile, so models may be solved in threads.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from ortools.math_opt.python import mathopt

Variable: TypeAlias = mathopt.Variable
Term: TypeAlias = tuple[float, Variable]


class SolverFailed(RuntimeError):
    """The solver refused the model or broke down; the text is its own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver found in its time.

    ``values`` is None without a solution, ``value`` what it costs. ``bound`` holds for every solution
    of the model, None where nothing is known; ``infeasible`` says that there is no solution,
    ``optimal`` that none is better.
    """

    values: Mapping[Variable, float] | None
    value: float
    bound: float | None
    infeasible: bool
    optimal: bool


class Mip:
    """A model to be made small: sums of (coefficient, variable) pairs."""

    def __init__(self) -> None:
        self._model = mathopt.Model()
        self._integers: list[Variable] = []
        self._numbers: list[Variable] = []
        self._prices: dict[Variable, float] = {}
        self.size = 0

    def number(self, most: float, cost: float = 0, *, least: float = 0, whole: bool = False) -> Variable:
        variable = self._model.add_variable(lb=least, ub=most, is_integer=whole)
        self.size += 1
        (self._integers if whole else self._numbers).append(variable)
        self.price(variable, cost)
        return variable

    def price(self, variable: Variable, cost: float) -> None:
        """Add to the cost of one unit."""
        if cost:
            self._prices[variable] = self._prices.get(variable, 0) + cost

    def row(self, terms: Sequence[Term], *, least: float = -math.inf, most: float = math.inf) -> None:
        """Hold the sum of the terms between ``least`` and ``most``."""
        row = self._model.add_linear_constraint(lb=least, ub=most)
        total: dict[Variable, float] = {}
        for coefficient, variable in terms:
            total[variable] = total.get(variable, 0) + coefficient
        for variable, coefficient in total.items():  # three times as fast as an expression
            row.set_coefficient(variable, coefficient)

    def pin(self, values: Mapping[Variable, float]) -> None:
        """Fix every variable that was made whole at its rounded value."""
        for variable in self._integers:
            variable.lower_bound = variable.upper_bound = round(values[variable])

    def make_whole(self) -> None:
        """Ask for whole numbers everywhere."""
        for variable in self._numbers:
            variable.integer = True

    def relax(self) -> None:
        """Ask for whole numbers nowhere: a bound in seconds where the rest would take hours."""
        for variable in self._integers:
            variable.integer = False

    def solve(
        self,
        seconds: float,
        *,
        seed: int = 0,
        nodes: int | None = None,
        hint: Mapping[Variable, float] | None = None,
        gap: float = 0.0,
    ) -> Outcome:
        """Minimise within ``seconds``; ``gap`` is the relative distance at which to stop."""
        for variable, cost in self._prices.items():
            self._model.objective.set_linear_coefficient(variable, cost)
        limits = mathopt.SolveParameters(
            time_limit=timedelta(seconds=seconds),
            node_limit=nodes,
            random_seed=seed,
            relative_gap_tolerance=gap,
        )
        hints = [mathopt.SolutionHint(variable_values=dict(hint))] if hint else []
        guide = mathopt.ModelSolveParameters(solution_hints=hints)
        try:
            result = mathopt.solve(self._model, mathopt.SolverType.HIGHS, params=limits, model_params=guide)
        except Exception as error:  # MathOpt raises an AttributeError over the real one
            raise SolverFailed(str(error.__context__ or error)) from error
        return _outcome(result)


def _outcome(result: mathopt.SolveResult) -> Outcome:
    reason = mathopt.TerminationReason
    bound = result.termination.objective_bounds.dual_bound
    return Outcome(
        value=result.termination.objective_bounds.primal_bound,
        values=result.variable_values() if result.has_primal_feasible_solution() else None,
        bound=bound if math.isfinite(bound) else None,
        infeasible=result.termination.reason == reason.INFEASIBLE,
        optimal=result.termination.reason == reason.OPTIMAL,
    )
