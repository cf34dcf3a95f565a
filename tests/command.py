"""`counterflow up` as a person meets it: started in one data folder, ended by whoever likes."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from api.local import data_folder, processes
from api.local.postgres import PostgresServer


class Platform:
    """The command in one data folder: started when a test needs it to run, ended by whoever likes."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.data_dir = data_dir
        self.variables = variables
        self.said = data_dir.parent / "said"
        self.port = processes.free_port()
        self.page = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "subprocess.Popen[bytes]":
        surroundings = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "COUNTERFLOW_DATA_DIR": str(self.data_dir),
            "COUNTERFLOW_PORT": str(self.port),
            "XDG_CACHE_HOME": str(self.data_dir.parent / "cache"),  # without an Odoo: it has tests of its own
            **self.variables,
        }
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "up", "--empty"],
                stdout=output,
                stderr=output,
                env=surroundings,
            )
        return self.process

    def run(self) -> "subprocess.Popen[bytes]":
        """The running command, its first page served."""
        if self.process is None or self.process.poll() is not None:
            self.start()
            self.wait_for("first page")
        assert self.process
        return self.process

    def wait_for(self, words: str, *, seconds: float = 240) -> None:
        give_up_at = time.monotonic() + seconds
        while words not in self.said.read_text():
            assert self.process
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < give_up_at, self.said.read_text()
            time.sleep(0.1)

    def part(self, words: str) -> int:
        """The process id of the part with these words in its command line."""
        (found,) = [pid for pid in children(self.run().pid) if words in command_line(pid)]
        return found

    def database_url(self) -> str:
        """The application's database as the superuser sees it; its port is another after each start."""
        port = (self.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[3]
        server = PostgresServer(self.data_dir, int(port), data_folder.secret(self.data_dir, "postgres"))
        return server.url("counterflow")

    def database(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A session of the superuser in the application's database."""
        return psycopg.connect(self.database_url())

    def stop(self) -> int:
        process = self.run()
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def everything_is_gone(data_dir: Path, *, within_seconds: float) -> bool:
    """Every process of a platform holds the lock of its folder open; who gets the lock is alone."""
    give_up_at = time.monotonic() + within_seconds
    with (data_dir / "lock").open("a") as lock:
        while time.monotonic() < give_up_at:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return True
    return False
