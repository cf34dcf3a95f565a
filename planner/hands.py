"""The processes that do the work on this machine: a stop ends them in the middle of whatever they solve.

Each is this Python with this module, reading one task a line and writing one answer a line. The
solver is loaded there only, so whoever plans stays light, and a daemon may plan too.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self

from planner.problem import Problem

ORPHAN_SECONDS = 1.0


class TaskFailed(RuntimeError):
    """A task broke down; the text is the error's own."""


class HandGone(TaskFailed):
    """The process that worked on a task is no more."""


class Crew(Protocol):
    """Whoever does tasks: ``size`` of them at once. A context: leaving it ends all work at once."""

    size: int

    def submit(self, task: str, arguments: Mapping[str, Any]) -> "Future[Any]":
        """Have a task of the desk done; its future fails with TaskFailed where it broke down."""
        ...

    def tell(self, task: str, arguments: Mapping[str, Any]) -> None:
        """Have a task done at every desk before anything submitted later."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Hand:
    """One process with a desk of its own."""

    def __init__(self, problem: str) -> None:
        self._problem = problem
        self.begin()

    def begin(self) -> None:
        """Start the process, or another in its place."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "planner.hands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the one who plans
        )
        self._write(self._problem)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def ask(self, task: str, arguments: Mapping[str, Any]) -> Any:
        """The answer to one task. Raises TaskFailed, and HandGone where the process is no more."""
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        try:
            self._write(json.dumps([task, arguments]))
            line = self._process.stdout.readline()
        except (OSError, ValueError) as error:
            raise HandGone(f"the process that solves is gone: {error}") from error
        if not line:
            raise HandGone(f"the process that solves ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise TaskFailed(answer["error"])
        return answer["value"]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what it had not read yet is lost with it
                    stream.close()


class LocalCrew:
    """``size`` processes on this machine; another takes the place, and the task, of one that is killed."""

    def __init__(self, problem: Problem, size: int) -> None:
        self.size = size
        self._told: list[tuple[str, Mapping[str, Any]]] = []
        self._ended = False
        self._beginning = threading.Lock()
        text = json.dumps(problem.to_json(), separators=(",", ":"))
        self._hands = [Hand(text) for _ in range(size)]
        self._idle: queue.SimpleQueue[Hand] = queue.SimpleQueue()
        for hand in self._hands:
            self._idle.put(hand)
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="hand")

    def submit(self, task: str, arguments: Mapping[str, Any]) -> "Future[Any]":
        return self._pool.submit(self._ask, task, arguments)

    def _ask(self, task: str, arguments: Mapping[str, Any]) -> Any:
        hand = self._idle.get()
        try:
            return self._have(hand, task, arguments)
        finally:
            self._idle.put(hand)

    def _have(self, hand: Hand, task: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of a hand, asked once more where its process is gone: memory may have run out."""
        try:
            return hand.ask(task, arguments)
        except HandGone:
            with self._beginning:
                if self._ended:
                    raise
                hand.end()
                hand.begin()
            for told in self._told:
                hand.ask(*told)
            return hand.ask(task, arguments)

    def tell(self, task: str, arguments: Mapping[str, Any]) -> None:
        meeting = threading.Barrier(self.size)

        def each(hand: Hand) -> None:
            meeting.wait()
            self._have(hand, task, arguments)

        for told in [self._pool.submit(each, hand) for hand in self._hands]:
            told.result()
        self._told.append((task, arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._beginning:
            self._ended = True
        for hand in self._hands:
            hand.end()
        self._pool.shutdown(cancel_futures=True)


def main() -> None:
    """Read the problem, then task after task, until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # solvers print as they please
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    desk = None
    for line in sys.stdin:
        if desk is None:
            from planner.desk import Desk  # noqa: PLC0415 - loads the solver: here and nowhere else

            desk = Desk(Problem.from_json(json.loads(line)))
            continue
        task, arguments = json.loads(line)
        try:
            answer = {"value": desk.call(task, arguments)}
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _end_with(parent: int) -> None:
    """End at once when whoever plans is gone, also in the middle of a model."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
