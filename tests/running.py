"""The platform as it runs for people: web, worker and beat as processes of their own."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from api.local import processes
from api.local.parts import parts
from api.settings import Settings, settings

_T = TypeVar("_T")


@contextmanager
def platform(folder: Path, **variables: str) -> Iterator[str]:
    """Run the processes of `counterflow up` on servers of the test run; the address of the shop.

    The variables reach this process too, so that a test may look into the same database.
    """
    port = processes.free_port()
    address = f"http://127.0.0.1:{port}"
    os.environ |= variables
    os.environ |= {
        "COUNTERFLOW_PORT": str(port),
        "COUNTERFLOW_PUBLIC_URL": address,
        "COUNTERFLOW_DATA_DIR": str(folder),
    }
    settings.cache_clear()
    with ExitStack() as running:
        for part in parts(Settings()).applications():
            running.enter_context(processes.running(part, log=folder / f"{part.name}.log"))
        yield address


def eventually(look: Callable[[], _T | None], what: str, *, seconds: float = 60) -> _T:
    """What `look` finds, once it finds it; how long that takes is not the test's business."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")
