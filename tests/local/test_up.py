"""`counterflow up` as a person meets it: one data folder for this file, made by a first start."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.local.application import answers
from tests.command import Platform, children, everything_is_gone


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


@pytest.mark.parametrize("part", ["bin/postgres", "valkey-server", "workers.app worker", "-m web"])
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
