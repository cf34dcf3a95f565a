"""The most memory this process and all that descend from it hold at one moment (Linux: read from /proc)."""

import contextlib
import os
import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY_SECONDS = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


def held(root: int) -> int:
    """Bytes resident in the process and its descendants; pages they share count for each."""
    children: dict[int, list[int]] = defaultdict(list)
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # gone since it was listed
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children[int(fields[1])].append(int(entry.name))
                pages[int(entry.name)] = int(fields[21])
    family, total = [root], 0
    while family:
        process = family.pop()
        total += pages.get(process, 0) * PAGE
        family += children[process]
    return total


class Peak:
    """``bytes`` is the most held while the context was open, looked at ten times a second."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, held(os.getpid()))
            if self._over.wait(EVERY_SECONDS):
                return

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watcher.join()
