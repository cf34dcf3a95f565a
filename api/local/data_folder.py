"""The folder that holds everything of one platform: who may use it, and the secrets in it."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from api.local.errors import AlreadyRunning


def secret(data_dir: Path, name: str) -> str:
    """The secret ``name`` of this platform, made on first use and kept for its owner's eyes only."""
    file = data_dir / "secrets" / name
    if not file.is_file():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(32))
        unfinished.rename(file)
    return file.read_text()


@contextmanager
def sole_use(data_dir: Path, *, patience_seconds: float = 10) -> Iterator[int]:
    """Hold the folder for one supervisor and its servers.

    The descriptor given is to be inherited by every server: the lock ends with the last process that has
    it, so after a kill a new start waits for what is still leaving.

    Raises
    ------
    AlreadyRunning
        At once when a living supervisor holds it; after ``patience_seconds`` when something else does.
    """
    data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (data_dir / "lock").open("a+") as lock:
        give_up_at = time.monotonic() + patience_seconds
        while not _locked(lock):
            _refuse_living_holder(lock, data_dir)
            if time.monotonic() > give_up_at:
                raise AlreadyRunning(
                    f"a server of an earlier run still uses {data_dir}: end it and try again"
                )
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_living_holder(lock: TextIO, data_dir: Path) -> None:
    lock.seek(0)
    holder = lock.read()
    if holder and Path("/proc", holder).exists():
        raise AlreadyRunning(
            f"process {holder} already runs Counterflow in {data_dir}: "
            "stop it, or choose another folder with COUNTERFLOW_DATA_DIR"
        )
