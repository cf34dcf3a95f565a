"""Starting a server so that it cannot outlive us, and stopping it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from api.local.accounts import Account
from api.local.errors import DiskFull, LocalError, ServerFailed

_LEASH = Path(__file__).with_name("leash.py")


class Server(Protocol):
    """What it takes to run one server: how to start it, how to ask it, how to stop it.

    ``stop_signal`` asks it to end; ``death_signal`` reaches it when its supervisor was killed.
    """

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> Account | None: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def death_signal(self) -> signal.Signals: ...
    def initialise(self) -> None: ...
    def command(self) -> list[str]: ...
    def environment(self) -> Mapping[str, str]: ...
    def ready(self) -> bool: ...
    def failure(self, output: str) -> LocalError: ...


def leashed(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """``command``, run as ``account`` and sent ``death_signal`` when the thread that starts it ends.

    A thread, not only a process: whoever starts a server from a thread keeps that thread alive.
    """
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    leash = [sys.executable, "-I", "-S", str(_LEASH), os.getpid(), int(death_signal), uid, gid]
    return [str(word) for word in (*leash, *command)]


def launch(server: Server, *, log: Path, inherit: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start ``server`` in a process group of its own, bound to our life, adding what it says to ``log``.

    It writes to the file itself, so its last words are kept when we die first. ``inherit`` are file
    descriptors that it and its children keep open.
    """
    with log.open("ab") as output:
        return _launch(server, output.fileno(), inherit)


def _launch(server: Server, output: int, inherit: Sequence[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # a list of words, no shell
        leashed(server.command(), account=server.account, death_signal=server.death_signal),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=server.environment(),
        cwd="/",
        start_new_session=True,
        pass_fds=inherit,
    )


def run(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    folder: Path = Path("/"),
) -> str:
    """Run a short command to its end and return what it said.

    ``environment`` is added to `plain_environment`. ServerFailed carries the words of a command that fails.
    """
    done = subprocess.run(  # noqa: S603  # a list of words, no shell
        [str(word) for word in command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=folder,
        env={**plain_environment(), **(environment or {})},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed: {done.stdout.strip()}")
    return done.stdout


def plain_environment() -> dict[str, str]:
    """The surroundings without what would redirect a database client or another Python."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PG", "PYTHON"))}


def ask_to_end(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Ask a server to end, without waiting for it."""
    if process.poll() is None:
        process.send_signal(stop_signal)


def end(process: subprocess.Popen[bytes], *, patience_seconds: float = 8) -> None:
    """Wait for a server that was asked to end; then kill what is left of it and of its process group."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_seconds)
    kill_group(process.pid)
    process.wait()


def kill_group(leader: int) -> None:
    """Kill every process that still belongs to the group of ``leader``."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


@contextmanager
def running(server: Server, *, log: Path, start_seconds: float = 60) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``server`` for the length of a block, from ready to gone; its output goes to ``log``."""
    server.initialise()
    process = launch(server, log=log)
    try:
        wait_until_ready(server, lambda: process.poll() is None, log=log, seconds=start_seconds)
        yield process
    finally:
        ask_to_end(process, server.stop_signal)
        end(process)


def wait_until_ready(server: Server, alive: Callable[[], bool], *, log: Path, seconds: float) -> None:
    """Return once ``server`` answers; raise its own reading of the log when it ends or stays silent."""
    give_up_at = time.monotonic() + seconds
    while not server.ready():
        if not alive() or time.monotonic() > give_up_at:
            raise server.failure(log.read_text(errors="replace")[-4000:])
        time.sleep(0.05)


def is_free(port: int) -> bool:
    """Whether a server could listen on this TCP port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: closed ones linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ensure_room(folder: Path, needed_bytes: int) -> None:
    """Raise DiskFull when the file system of ``folder`` has less than ``needed_bytes`` left."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise DiskFull(
            f"{folder} has {free // 2**20} MB left and {needed_bytes // 2**20} MB are needed: "
            "make room, or point COUNTERFLOW_DATA_DIR at another disk"
        )
