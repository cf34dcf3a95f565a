"""Time, stop and progress of one search."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
POLL_SECONDS = 0.05
REPORT_SECONDS = 0.5


class Stopped(Exception):
    """The caller asked for the best answer so far."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a search stands; ``gap`` is (best_cost - bound) / best_cost, None without a bound."""

    elapsed_seconds: float
    best_cost: int | None
    bound: float | None
    gap: float | None
    doing: str


class Watch:
    """The clock of a search, its stop button, and the listener of its progress."""

    def __init__(
        self,
        seconds: float,
        stop: Callable[[], bool] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._start = time.monotonic()
        self._seconds = seconds
        self._stop = stop
        self._tell = on_progress
        self._told = -REPORT_SECONDS
        self.best_cost: int | None = None
        self.bound: float | None = None
        self.doing = "reading"

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        return max(0.0, self._seconds - self.elapsed)

    @property
    def stopped(self) -> bool:
        return self._stop is not None and self._stop()

    def report(self, doing: str | None = None) -> None:
        """Tell the listener at once what changed; without a change, only twice a second."""
        if doing is None and self.elapsed - self._told < REPORT_SECONDS:
            return
        self.doing = doing or self.doing
        self._told = self.elapsed
        if self._tell:
            gap = None
            if self.best_cost and self.bound is not None:
                gap = (self.best_cost - self.bound) / abs(self.best_cost)
            self._tell(Progress(self.elapsed, self.best_cost, self.bound, gap, self.doing))

    def wait_for(self, call: Callable[[], _T]) -> _T:
        """The value of ``call``, made in a thread of its own so that a stop need not wait for it.

        Raises Stopped when the stop button is pressed first; the thread then ends by itself and its
        value is dropped. What the call raises is raised here.
        """
        task = Task(call)
        while not task.done.wait(POLL_SECONDS):
            self.report()
            if self.stopped:
                raise Stopped
        return task.value()


class Task(Generic[_T]):
    """A call in a thread of its own.

    The exit of the program waits for it: a thread that came back from the solver while the interpreter
    shuts down would abort the process. So calls are kept short, see ``solve.MOST_SECONDS``.
    """

    def __init__(self, call: Callable[[], _T]) -> None:
        self.done = threading.Event()
        self._call = call
        self._value: list[_T] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run).start()

    def _run(self) -> None:
        try:
            self._value.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again where the value is asked for
            self._error = error
        finally:
            self.done.set()

    def value(self) -> _T:
        """What the call returned; only after ``done``."""
        if self._error is not None:
            raise self._error
        return self._value[0]
