"""The solver behind a narrow door: one mixed-integer model in, values and a bound out.

HiGHS and SCIP through MathOpt. They cannot be interrupted from Python, so models are solved in
processes of their own (`hands.py`) that a stop may end at any moment. Models are handed over as arrays:
one call for each variable and row took longer than solving them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from planner.errand import Solver
from planner.tables import Numbers

Columns = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

NOTHING: Numbers = np.zeros(0)


class SolverFailed(RuntimeError):
    """The solver refused the model or broke down; the text is its own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver found in its time.

    ``values`` is None without a solution, ``value`` what it costs. ``bound`` holds for every solution
    of the model, None where nothing is known; ``infeasible`` says that there is no solution,
    ``optimal`` that none is better (within the gap asked for), ``cut_short`` that time ran out: the
    same question may then have another answer.
    """

    values: Numbers | None
    value: float
    bound: float | None
    infeasible: bool
    optimal: bool
    cut_short: bool


class Mip:
    """A model to be made small, built from blocks of columns and rows.

    Amounts given to a block are one number for all of it or one for each.
    """

    def __init__(self) -> None:
        self.size = 0
        self.height = 0
        self.constant = 0.0  # of the objective, kept from the solver: its tolerances are relative
        self._least: list[Numbers] = [NOTHING]
        self._most: list[Numbers] = [NOTHING]
        self._cost: list[Numbers] = [NOTHING]
        self._whole: list[npt.NDArray[np.bool_]] = [NOTHING.astype(bool)]
        self._floor: list[Numbers] = [NOTHING]
        self._ceiling: list[Numbers] = [NOTHING]
        self._entries: list[tuple[Rows, Columns, Numbers]] = [(*(np.zeros(0, dtype=np.int64),) * 2, NOTHING)]
        self._pinned: tuple[Columns, Numbers] | None = None
        self._all_whole = False

    def numbers(
        self,
        count: int,
        most: npt.ArrayLike,
        cost: npt.ArrayLike = 0.0,
        *,
        least: npt.ArrayLike = 0.0,
        whole: bool = False,
    ) -> Columns:
        """``count`` new variables between ``least`` and ``most``."""
        self._most.append(_spread(most, count))
        self._least.append(_spread(least, count))
        self._cost.append(_spread(cost, count))
        self._whole.append(np.full(count, whole))
        self.size += count
        return np.arange(self.size - count, self.size)

    def rows(self, count: int, *, least: npt.ArrayLike = -np.inf, most: npt.ArrayLike = np.inf) -> Rows:
        """``count`` new rows whose sums lie between ``least`` and ``most``; filled by `put`."""
        self._floor.append(_spread(least, count))
        self._ceiling.append(_spread(most, count))
        self.height += count
        return np.arange(self.height - count, self.height)

    def put(self, rows: npt.ArrayLike, columns: npt.ArrayLike, coefficient: npt.ArrayLike = 1.0) -> None:
        """Add coefficient times column to each row, side by side; one row or column serves for all."""
        row, column = np.atleast_1d(np.asarray(rows)), np.atleast_1d(np.asarray(columns))
        if not row.size or not column.size:
            return
        count = max(row.size, column.size)
        entry = (np.broadcast_to(row, count), np.broadcast_to(column, count), _spread(coefficient, count))
        self._entries.append(entry)

    def row(
        self,
        columns: Columns,
        coefficient: npt.ArrayLike = 1.0,
        *,
        least: float = -np.inf,
        most: float = np.inf,
    ) -> int:
        """One row over the columns; returns its number for more entries."""
        (number,) = self.rows(1, least=least, most=most)
        self.put(number, columns, coefficient)
        return int(number)

    def total(self, columns: Columns, most: float, *, whole: bool) -> int:
        """A row that holds the sum of the columns to ``most``, and to whole numbers if asked; its number."""
        if not whole:
            return self.row(columns, most=most)
        row = self.row(columns, least=0, most=0)
        self.put(row, self.numbers(1, most, whole=True), -1)
        return row

    def add_cost(self, columns: Columns, cost: npt.ArrayLike) -> None:
        """Add to the cost of one unit of each column."""
        total = np.concatenate(self._cost)
        np.add.at(total, columns, _spread(cost, columns.size))
        self._cost = [total]

    @property
    def cost(self) -> Numbers:
        return np.concatenate(self._cost)

    def limits(self) -> tuple[Numbers, Numbers]:
        """The least and the most of every column."""
        return np.concatenate(self._least), np.concatenate(self._most)

    def limit(self, least: Numbers, most: Numbers) -> None:
        """New limits for every column."""
        self._least, self._most = [least], [most]

    def pin(self, columns: Columns, values: Numbers) -> None:
        """Fix these columns at their rounded values, and ask for whole numbers everywhere else."""
        self._pinned = columns, np.round(values[columns])

    def make_whole(self) -> None:
        """Ask for whole numbers everywhere."""
        self._all_whole = True

    def solve(
        self,
        seconds: float,
        *,
        seed: int = 0,
        nodes: int | None = None,
        hint: Mapping[int, float] | None = None,
        gap: float = 0.0,
        quick: bool = False,
        by: Solver = Solver.HIGHS,
        relaxed: bool = False,
    ) -> Outcome:
        """Minimise within ``seconds``.

        ``gap`` is the relative distance at which to stop; ``hint`` gives values of some columns to
        start from. ``quick`` is for the many small models of a search: SCIP without cutting planes
        finds their solutions three times as fast as HiGHS, which is far better at bounds of large ones.
        ``relaxed`` asks for whole numbers nowhere: a bound in seconds where the rest would take hours.
        """
        limits = mathopt.SolveParameters(
            time_limit=timedelta(seconds=seconds),
            node_limit=nodes,
            random_seed=seed,
            relative_gap_tolerance=gap,
            cuts=mathopt.Emphasis.OFF if quick else None,
        )
        solver = mathopt.SolverType.GSCIP if quick or by == Solver.SCIP else mathopt.SolverType.HIGHS
        try:
            model = mathopt.Model.from_model_proto(self.proto(relaxed=relaxed))
            guide = mathopt.ModelSolveParameters()
            if hint:
                known = {model.get_variable(column): value for column, value in hint.items()}
                guide.solution_hints = [mathopt.SolutionHint(variable_values=known)]
            result = mathopt.solve(model, solver, params=limits, model_params=guide)
        except Exception as error:  # MathOpt raises an AttributeError over the real one
            raise SolverFailed(str(error.__context__ or error)) from error
        return self._outcome(result)

    def proto(self, *, relaxed: bool = False) -> model_pb2.ModelProto:
        """The model as MathOpt takes it; ``relaxed`` without whole numbers."""
        least, most, whole = (np.concatenate(part) for part in (self._least, self._most, self._whole))
        if self._pinned is not None:
            columns, values = self._pinned
            least[columns] = most[columns] = values
        if relaxed or self._all_whole or self._pinned is not None:
            whole = np.full(self.size, not relaxed)
        proto = model_pb2.ModelProto()
        variables = proto.variables
        variables.ids.extend(range(self.size))
        variables.lower_bounds.extend(least.tolist())
        variables.upper_bounds.extend(most.tolist())
        variables.integers.extend(whole.tolist())
        prices = proto.objective.linear_coefficients
        priced = np.flatnonzero(self.cost)
        prices.ids.extend(priced.tolist())
        prices.values.extend(self.cost[priced].tolist())
        self._put_rows(proto)
        return proto

    def _put_rows(self, proto: model_pb2.ModelProto) -> None:
        if not self.height:
            return
        proto.linear_constraints.ids.extend(range(self.height))
        proto.linear_constraints.lower_bounds.extend(np.concatenate(self._floor).tolist())
        proto.linear_constraints.upper_bounds.extend(np.concatenate(self._ceiling).tolist())
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        place, inverse = np.unique(rows * self.size + columns, return_inverse=True)
        matrix = proto.linear_constraint_matrix
        matrix.row_ids.extend((place // self.size).tolist())
        matrix.column_ids.extend((place % self.size).tolist())
        matrix.coefficients.extend(np.bincount(inverse, values).tolist())

    def _outcome(self, result: mathopt.SolveResult) -> Outcome:
        reason, limit = mathopt.TerminationReason, mathopt.Limit
        bounds = result.termination.objective_bounds
        values = None
        if result.has_primal_feasible_solution():
            found = result.variable_values()
            values = np.zeros(self.size)
            values[[variable.id for variable in found]] = list(found.values())
        return Outcome(
            values=values,
            value=self.constant + bounds.primal_bound,
            bound=self.constant + bounds.dual_bound if math.isfinite(bounds.dual_bound) else None,
            infeasible=result.termination.reason == reason.INFEASIBLE,
            optimal=result.termination.reason == reason.OPTIMAL,
            cut_short=result.termination.limit == limit.TIME,
        )


def _spread(value: npt.ArrayLike, count: int) -> Numbers:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), count)
