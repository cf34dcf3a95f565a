"""Leave out of a model what no plan below a known cost can have.

Every column of a part's model stands for something whole: pieces, decisions, lots of fabric. Where the
relaxation costs more than the plan known as soon as a column leaves its bound by one, it stays at the
bound; where it does so with a switch (a style made at all, a fabric bought at all) held one way, the
switch stands the other way. Solvers know the first for columns declared whole only, and pieces are not,
since that would make the search many times slower.
"""

from typing import Self

import numpy as np
from ortools.math_opt.python import mathopt

from planner.mip import Columns, Mip
from planner.tables import Numbers

HALF = 0.5  # of a minor unit: plans that cost as much as the known one stay in
TOLERANCE = 1e-8  # of the value, by which the solver's arithmetic may err
MOVED = 1e-7  # a column further than this from its bound has left it


def narrow(mip: Mip, switches: Columns, below: float) -> None:
    """Tighten the bounds of the model's columns, losing no plan of whole pieces that costs up to ``below``.

    ``switches`` are tried both ways; those that are no yes or no are left alone.
    """
    with _Relaxation(mip, below) as relaxation:
        relaxation.tighten()
        for column in switches.tolist():
            relaxation.settle(column)
        relaxation.tighten()
        mip.limit(relaxation.least, relaxation.most)


class _Relaxation:
    """The linear relaxation of a model, solved again and again as its bounds are moved."""

    def __init__(self, mip: Mip, below: float) -> None:
        self.least, self.most = mip.limits()
        self.room = below + HALF - mip.constant
        self.model = mathopt.Model.from_model_proto(mip.proto(relaxed=True))
        self.columns = list(self.model.variables())
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.solver.close()

    def tighten(self) -> None:
        """Hold each column as near to the bound it stands at as its reduced cost asks for."""
        result = self.solver.solve()
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return
        value = result.objective_value()
        room = self.room + TOLERANCE * abs(value) - value
        reduced = np.array(result.reduced_costs(self.columns))
        values = np.array(result.variable_values(self.columns))
        steps = np.floor(room / np.maximum(np.abs(reduced), TOLERANCE))
        low = (reduced > 0) & (values <= self.least + MOVED)
        high = (reduced < 0) & (values >= self.most - MOVED)
        self._hold(
            np.where(high, np.maximum(self.least, self.most - steps), self.least),
            np.where(low, np.minimum(self.most, self.least + steps), self.most),
        )

    def settle(self, column: int) -> None:
        """Turn a switch the only way that leaves a plan, if there is only one."""
        if (self.least[column], self.most[column]) != (0, 1):
            return
        for held, other in ((0.0, 1.0), (1.0, 0.0)):
            variable = self.columns[column]
            variable.lower_bound = variable.upper_bound = held
            if self._too_dear():
                self.least[column] = self.most[column] = other
                variable.lower_bound = variable.upper_bound = other
                return
            variable.lower_bound, variable.upper_bound = 0.0, 1.0

    def _too_dear(self) -> bool:
        result = self.solver.solve()
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            infeasible: bool = result.termination.reason == mathopt.TerminationReason.INFEASIBLE
            return infeasible
        value: float = result.objective_value()
        return value > self.room + TOLERANCE * abs(value)

    def _hold(self, least: Numbers, most: Numbers) -> None:
        for column in np.flatnonzero((least != self.least) | (most != self.most)).tolist():
            self.columns[column].lower_bound = float(least[column])
            self.columns[column].upper_bound = float(most[column])
        self.least, self.most = least, most
