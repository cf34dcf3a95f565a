"""Time, stop and progress of one search."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")
POLL_SECONDS = 0.05
REPORT_SECONDS = 0.5


class Stopped(Exception):
    """The caller asked for the best answer so far, or the time is over."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a search stands; ``gap`` as `Watch.gap`."""

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
        self._kept_back = 0.0
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
        return max(0.0, self._seconds - self._kept_back - self.elapsed)

    def keep_back(self, seconds: float) -> None:
        """Count so much of the time as over already; 0 gives it back."""
        self._kept_back = seconds

    @property
    def stopped(self) -> bool:
        return self._stop is not None and self._stop()

    @property
    def gap(self) -> float | None:
        """(best_cost - bound) / best_cost, None where one of them is not known or the cost is nothing."""
        if not self.best_cost or self.bound is None:
            return None
        return (self.best_cost - self.bound) / abs(self.best_cost)

    def report(self, doing: str | None = None) -> None:
        """Tell the listener at once what changed; without a change, only twice a second."""
        if doing is None and self.elapsed - self._told < REPORT_SECONDS:
            return
        self.doing = doing or self.doing
        self._told = self.elapsed
        if self._tell:
            self._tell(Progress(self.elapsed, self.best_cost, self.bound, self.gap, self.doing))

    def wait_for(self, future: "Future[_T]") -> _T:
        """What the future brings, or what it raises. Raises Stopped as `wait_for_any` does."""
        return self.wait_for_any([future]).result()

    def wait_for_any(self, futures: Sequence["Future[_T]"]) -> "Future[_T]":
        """One that is done, the first of them in their order.

        Raises Stopped when the stop button is pressed or the time is over first.
        """
        while True:
            self.report()
            if self.stopped or self.left <= 0:
                raise Stopped
            wait(futures, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in futures:
                if future.done():
                    return future
