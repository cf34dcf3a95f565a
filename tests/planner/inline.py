"""A crew that does each task at once, in this process: small problems need not wait for others to start."""

from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from planner.desk import Desk
from planner.hands import TaskFailed
from planner.problem import Problem
from planner.solve import Result
from planner.solve import solve as solve_with


class InlineCrew:
    """The desk itself, asked through the same narrow door as processes and workers."""

    def __init__(self, problem: Problem, size: int) -> None:
        self.size = size
        self.desk = Desk(problem)

    def submit(self, task: str, arguments: Mapping[str, Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(self.desk.call(task, arguments))
        except Exception as error:  # noqa: BLE001 - as a process would tell it
            future.set_exception(TaskFailed(f"{type(error).__name__}: {error}"))
        return future

    def tell(self, task: str, arguments: Mapping[str, Any]) -> None:
        self.desk.call(task, arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to end."""


def solve(problem: Problem, **how: Any) -> Result:
    """`planner.solve.solve` with this crew."""
    return solve_with(problem, crew=InlineCrew, **how)
