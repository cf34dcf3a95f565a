"""Whether asking the ERP makes sense: after a few failures in a row it is left alone for a while.

Without it every caller waits a time limit to learn what the one before it learned, and an ERP that comes
back is met by all of them at once.
"""

import time
from collections.abc import Callable
from threading import Lock
from types import TracebackType

from erp_bridge.errors import ErpUnavailable


class Circuit:
    """A guard around each call, ``with circuit:``; safe to share between threads.

    Closed, it lets every call through. So many calls in a row without an answer open it, and entering raises
    at once. After the pause it lets one call through as a trial while the others are still turned away: an
    answer closes it, whatever the answer says, and none opens it for another pause.

    Parameters
    ----------
    failures
        How many calls in a row end in ``ErpUnavailable`` before it opens; > 0.
    pause_seconds
        How long it stays open before a trial.
    clock
        Seconds that only grow; the moment they are counted from does not matter.
    """

    def __init__(
        self, *, failures: int = 5, pause_seconds: float = 10, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._trial_at = 0.0
        self._words = ""

    def __enter__(self) -> None:
        """Go on, or raise ``ErpUnavailable`` without having asked."""
        with self._lock:
            if self._failures < self._limit:
                return
            now = self._clock()
            if (wait := self._trial_at - now) > 0:
                raise ErpUnavailable(
                    f"{self._words}; {self._failures} times in a row, so not asked again for {wait:.0f} s"
                )
            self._trial_at = now + self._pause_seconds  # this call is the trial; others wait for its outcome

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        with self._lock:
            if not isinstance(error, ErpUnavailable):
                self._failures = 0
                return
            self._failures += 1
            self._words = str(error)
            self._trial_at = self._clock() + self._pause_seconds
