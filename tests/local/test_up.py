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
from pathlib import Path

import psycopg
import pytest

from api.local import data_folder, processes
from api.local.application import answers
from api.local.postgres import PostgresServer


class Platform:
    """The command in one data folder: started when a test needs it to run, ended by whoever likes."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
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

    def database(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A session of the superuser in the application's database."""
        port = (self.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[3]
        server = PostgresServer(self.data_dir, int(port), data_folder.secret(self.data_dir, "postgres"))
        return psycopg.connect(server.url("counterflow"))

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


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    folder = Path(tempfile.mkdtemp(prefix="counterflow-test-"))
    folder.chmod(0o755)
    platform = Platform(folder / "data")
    yield platform
    if platform.process and platform.process.poll() is None:
        platform.stop()
    shutil.rmtree(folder)


def test_a_second_start_keeps_the_data_and_a_stop_leaves_no_process(platform: Platform) -> None:
    platform.run()
    with platform.database() as session:
        session.execute("CREATE TABLE kept AS SELECT 'a pre-order' AS what")
    assert platform.stop() == 0
    assert everything_is_gone(platform.data_dir, within_seconds=0.2)
    platform.run()
    assert answers(platform.page)
    with platform.database() as session:
        assert session.execute("SELECT what FROM kept").fetchone() == ("a pre-order",)


def test_no_process_outlives_the_killed_supervisor_and_a_new_start_goes_on(platform: Platform) -> None:
    process = platform.run()
    while not children(platform.part("workers.app worker")):
        time.sleep(0.1)
    process.kill()
    process.wait()
    assert everything_is_gone(platform.data_dir, within_seconds=10)
    platform.run()
    assert answers(platform.page)


@pytest.mark.parametrize("part", ["bin/postgres", "valkey-server", "workers.app worker", "uvicorn"])
def test_a_killed_part_comes_back_and_the_page_answers_again(platform: Platform, part: str) -> None:
    platform.run()
    ends = platform.said.read_text().count("ended (-9)")
    os.kill(platform.part(part), signal.SIGKILL)
    give_up_at = time.monotonic() + 60
    while platform.said.read_text().count("ended (-9)") == ends or not answers(f"{platform.page}health"):
        assert time.monotonic() < give_up_at, platform.said.read_text()
        time.sleep(0.1)


def test_the_way_in_is_printed(platform: Platform) -> None:
    platform.run()
    said = platform.said.read_text()
    assert f"shop     {platform.page}\n" in said
    assert f"console  {platform.page}console\n" in said


def test_a_port_in_use_is_said_before_anything_starts(home: Path) -> None:
    platform = Platform(home / "data")
    with socket.create_server(("127.0.0.1", platform.port)):
        assert platform.start().wait(timeout=60) == 1
    assert f"port {platform.port} is in use by another program" in platform.said.read_text()
    assert not (home / "data" / "postgres").exists()


def test_a_damaged_data_folder_is_called_damaged(home: Path) -> None:
    (home / "data" / "postgres" / "data").mkdir(parents=True)
    platform = Platform(home / "data")
    assert platform.start().wait(timeout=60) == 1
    assert "PostgreSQL cannot use" in platform.said.read_text()
    assert "Traceback" not in platform.said.read_text()
    assert everything_is_gone(home / "data", within_seconds=0.2)
