import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from api.local import accounts, processes
from api.local.errors import DataFolderDamaged, DiskFull, ServerFailed
from api.local.postgres import THROWAWAY, PostgresServer, binary


def a_server(home: Path, **settings: str) -> PostgresServer:
    return PostgresServer(home / "postgres", processes.free_port(), "open-sesame", {**THROWAWAY, **settings})


def connect(server: PostgresServer, **who: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(server.url("postgres", **who))


def test_a_cluster_is_created_once_and_keeps_its_data(home: Path) -> None:
    for expected in (["before"], ["before", "after"]):
        server = a_server(home)
        with processes.running(server, log=home / "log"), connect(server) as session:
            session.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
            session.execute("INSERT INTO kept VALUES (%s)", [expected[-1]])
            assert [word for (word,) in session.execute("SELECT word FROM kept")] == expected


def test_it_checks_its_pages_and_sorts_by_code_point(home: Path) -> None:
    server = a_server(home)
    with processes.running(server, log=home / "log"):
        assert server.execute("SHOW data_checksums") == "on"
        assert server.execute("SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"


def test_it_answers_only_to_those_who_know_the_password(home: Path) -> None:
    server = a_server(home)
    with processes.running(server, log=home / "log"):
        for password in ("one", "two"):
            server.ensure_role("stranger", password)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(server, role="stranger", password="one")  # noqa: S106
        with connect(server, role="stranger", password="two") as session:  # noqa: S106
            assert session.execute("SELECT current_user").fetchone() == ("stranger",)


def test_a_stale_pid_file_that_names_another_program_is_no_obstacle(home: Path) -> None:
    server = a_server(home)
    server.initialise()
    (server.folder.resolve() / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with processes.running(server, log=home / "log"):
        assert server.ready()


def test_an_interrupted_creation_begins_anew(home: Path) -> None:
    server = a_server(home)
    folder = accounts.own_folder(server.folder, server.account)
    (folder / "unfinished" / "base").mkdir(parents=True)
    with processes.running(server, log=home / "log"):
        assert server.execute("SELECT 1") == "1"


def test_a_folder_without_its_control_file_is_called_damaged(home: Path) -> None:
    server = a_server(home)
    server.initialise()
    (server.folder.resolve() / "data" / "global" / "pg_control").unlink()
    with (
        pytest.raises(DataFolderDamaged, match="Restore it from a backup"),
        processes.running(server, log=home / "log"),
    ):
        pass


def test_a_cluster_of_another_version_is_called_by_its_version(home: Path) -> None:
    server = a_server(home)
    server.initialise()
    (server.folder.resolve() / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DataFolderDamaged, match="it holds 17, this is PostgreSQL 18"):
        server.initialise()


def test_a_full_disk_is_called_a_full_disk(home: Path) -> None:
    server = a_server(home)
    assert isinstance(server.failure("could not write to file: No space left on device"), DiskFull)
    with pytest.raises(DiskFull, match="COUNTERFLOW_DATA_DIR"):
        processes.ensure_room(home, needed_bytes=2**62)


def test_the_words_of_a_server_that_does_not_start_are_passed_on(home: Path) -> None:
    server = a_server(home, shared_buffers="nonsense")
    with (
        pytest.raises(ServerFailed, match='invalid value for parameter "shared_buffers"'),
        processes.running(server, log=home / "log"),
    ):
        pass


def test_the_server_ends_with_the_process_that_started_it(home: Path) -> None:
    server = a_server(home)
    server.initialise()
    words = processes.leashed(server.command(), account=server.account, death_signal=signal.SIGINT)
    owner = f"""
import subprocess, os, time
words = {words!r}
words[4] = str(os.getpid())
print(subprocess.Popen(words, stderr=subprocess.DEVNULL).pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", owner], stdout=subprocess.PIPE, env=server.environment()
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        processes.wait_until_ready(server, lambda: True, log=home / "log", seconds=20)
        parent.kill()
    give_up_at = time.monotonic() + 10
    while Path("/proc", str(pid)).exists():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def test_below_a_closed_folder_the_data_of_a_lent_account_lives_elsewhere(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = a_server(closed)
    try:
        with processes.running(server, log=home / "log"):
            assert server.folder.is_symlink() == (server.account is not None)
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(server.folder.resolve())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the programs to another user")
def test_the_copy_of_the_programs_runs(home: Path) -> None:
    source = binary("postgres").parents[2]
    parts = {
        "wheel/pginstall18": source / "pginstall18",
        "wheel.libs": source.with_name(f"{source.name}.libs"),
    }
    copy = accounts.shared_copy(f"test-{home.name}", parts)
    try:
        assert copy == accounts.shared_copy(f"test-{home.name}", parts)
        answer = processes.run([copy / "wheel/pginstall18/bin/postgres", "--version"])
        assert answer.startswith("postgres (PostgreSQL) 18")
    finally:
        shutil.rmtree(copy)
