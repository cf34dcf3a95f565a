"""The past in the order in which it happens: an event may set off later ones."""

import heapq
from collections.abc import Callable
from datetime import datetime

Event = Callable[[datetime], None]


class Timeline:
    """Events by their moment; those of one moment in the order in which they were set."""

    def __init__(self) -> None:
        self._events: list[tuple[datetime, int, Event]] = []
        self._count = 0

    def set(self, at: datetime, event: Event) -> None:
        heapq.heappush(self._events, (at, self._count, event))
        self._count += 1

    def play(self, *, until: datetime) -> None:
        """Let everything happen up to and including `until`, what is set meanwhile too."""
        while self._events and self._events[0][0] <= until:
            at, _, event = heapq.heappop(self._events)
            event(at)
