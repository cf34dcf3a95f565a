"""`counterflow up` as a person meets it: one data folder for this file, made by a first start."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from api.local import data_folder, processes
from api.local.application import answers
from api.local.postgres import PostgresServer


class Platform:
    """One run of the command, and what it said so far."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.page = f"http://127.0.0.1:{port}/"
        self.said = data_dir.parent / f"said-{port}"
        surroundings = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "COUNTERFLOW_DATA_DIR": str(data_dir),
            "COUNTERFLOW_PORT": str(port),
            "XDG_CACHE_HOME": str(data_dir.parent / "cache"),  # without an Odoo: it has tests of its own
        }
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "up", "--empty"],
                stdout=output,
                stderr=output,
                env=surroundings,
            )

    def wait_for(self, words: str, *, seconds: float = 240) -> None:
        give_up_at = time.monotonic() + seconds
        while words not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < give_up_at, self.said.read_text()
            time.sleep(0.1)

    def kill(self, part: str) -> None:
        """Kill the part that has this word in its command line, and none of its children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (found,) = [pid for pid in children if part in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(int(found), signal.SIGKILL)

    def database(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A session of the superuser in the application's database."""
        port = (self.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[3]
        server = PostgresServer(self.data_dir, int(port), data_folder.secret(self.data_dir, "postgres"))
        return psycopg.connect(server.url("counterflow"))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def running(data_dir: Path) -> Iterator[Platform]:
    platform = Platform(data_dir, processes.free_port())
    try:
        platform.wait_for("first page")
        yield platform
    finally:
        platform.stop()


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


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder after a first start, which must show the way in, and an orderly stop."""
    folder = Path(tempfile.mkdtemp(prefix="counterflow-test-"))
    folder.chmod(0o755)
    with running(folder / "data") as platform:
        assert f"console  {platform.page}console" in platform.said.read_text()
    yield folder / "data"
    shutil.rmtree(folder)


def test_a_second_start_keeps_the_data_and_a_stop_leaves_no_process(data_dir: Path) -> None:
    with running(data_dir) as platform, platform.database() as session:
        session.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 'a pre-order' AS what")
        session.commit()
    with running(data_dir) as platform:
        assert answers(platform.page)
        with platform.database() as session:
            assert session.execute("SELECT what FROM kept").fetchone() == ("a pre-order",)
        assert platform.stop() == 0
    assert everything_is_gone(data_dir, within_seconds=0.2)


def test_no_process_outlives_the_killed_supervisor_and_a_new_start_goes_on(data_dir: Path) -> None:
    with running(data_dir) as platform:
        platform.wait_for("ready.")  # the worker has children
        platform.process.kill()
        platform.process.wait()
        assert everything_is_gone(data_dir, within_seconds=10)
    with running(data_dir) as platform:
        assert answers(platform.page)


@pytest.mark.parametrize("part", ["postgres", "valkey", "worker", "uvicorn"])
def test_a_killed_part_comes_back_and_the_page_answers_again(data_dir: Path, part: str) -> None:
    with running(data_dir) as platform:
        platform.kill(part)
        platform.wait_for("ended (-9)")
        give_up_at = time.monotonic() + 60
        while not answers(f"{platform.page}health"):
            assert time.monotonic() < give_up_at, platform.said.read_text()
            time.sleep(0.1)


def test_a_port_in_use_is_said_before_anything_starts(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        platform = Platform(home / "data", port)
        assert platform.process.wait(timeout=60) == 1
    assert f"port {port} is in use by another program" in platform.said.read_text()
    assert not (home / "data" / "postgres").exists()


def test_a_damaged_data_folder_is_called_damaged(home: Path) -> None:
    (home / "data" / "postgres" / "data").mkdir(parents=True)
    platform = Platform(home / "data", processes.free_port())
    assert platform.process.wait(timeout=60) == 1
    assert "PostgreSQL cannot use" in platform.said.read_text()
    assert "Traceback" not in platform.said.read_text()
    assert everything_is_gone(home / "data", within_seconds=0.2)
