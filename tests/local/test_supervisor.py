import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.local import processes
from api.local.application import Application, answers
from api.local.errors import ServerFailed
from api.local.postgres import PostgresServer
from api.local.supervisor import Supervisor


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(home: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(home / "logs", said.append, echo=frozenset({"web", "job"}))
    yield supervisor
    supervisor.stop()


def a_web_server(port: int) -> Application:
    words = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    return Application("web", words, dict(os.environ), address=f"http://127.0.0.1:{port}/")


def a_job(code: str) -> Application:
    return Application("job", (sys.executable, "-c", code), dict(os.environ))


def watch_until(supervisor: Supervisor, done: Callable[[], bool], seconds: float = 30) -> None:
    give_up_at = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up_at
        supervisor.watch()


def test_a_killed_postgres_comes_back_with_what_was_committed_and_the_others_go_on(
    home: Path, supervisor: Supervisor, said: list[str]
) -> None:
    port = processes.free_port()
    postgres = PostgresServer(home / "postgres", processes.free_port(), "open-sesame")
    supervisor.start(postgres, a_web_server(port))
    postgres.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    pid_file = postgres.folder.resolve() / "data" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    watch_until(supervisor, lambda: any("postgres ended" in line for line in said))
    assert answers(f"http://127.0.0.1:{port}/")
    watch_until(supervisor, postgres.ready)
    assert postgres.execute("SELECT count(*) FROM kept") == "1000"


def test_what_dies_again_and_again_is_started_less_and_less_often(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start(a_job("raise SystemExit(3)"))
    watch_until(supervisor, lambda: sum("job ended (3)" in line for line in said) == 3)
    assert [line.split("again in ")[1] for line in said if "ended" in line] == ["0.5 s", "1.0 s", "2.0 s"]


def test_a_child_does_not_outlive_its_dead_server(home: Path, supervisor: Supervisor) -> None:
    pid_file = home / "pid"
    fork = f"""
import os, time
child = os.fork()
if child == 0:
    time.sleep(60)
open({str(pid_file)!r}, "w").write(str(child))
"""
    supervisor.start(a_job(fork))
    watch_until(supervisor, lambda: pid_file.exists() and pid_file.read_text() != "")
    child = Path("/proc", pid_file.read_text())
    watch_until(supervisor, lambda: not child.exists())


def test_a_server_that_does_not_start_says_why(supervisor: Supervisor) -> None:
    nobody = f"http://127.0.0.1:{processes.free_port()}/"
    words = (sys.executable, "-c", "raise SystemExit('the cellar is flooded')")
    with pytest.raises(ServerFailed, match="web did not start:\nthe cellar is flooded"):
        supervisor.start(Application("web", words, dict(os.environ), address=nobody))


def test_a_server_that_stays_silent_is_given_up(supervisor: Supervisor) -> None:
    nobody = f"http://127.0.0.1:{processes.free_port()}/"
    words = (sys.executable, "-c", "import time; time.sleep(60)")
    with pytest.raises(ServerFailed, match="web is not ready after 0 s"):
        supervisor.start(Application("web", words, dict(os.environ), address=nobody), within_seconds=0.3)


def test_a_job_that_fails_says_why(supervisor: Supervisor) -> None:
    supervisor.complete(a_job("print('all is well')"))
    with pytest.raises(ServerFailed, match="nothing is well"):
        supervisor.complete(a_job("raise SystemExit('nothing is well')"))


def test_the_lines_of_an_echoed_server_carry_its_name_and_stay_in_its_log(
    home: Path, supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.complete(a_job("print('one'); print('two')"))
    assert said[:2] == ["job      | one", "job      | two"]
    assert (home / "logs" / "job.log").read_text() == "one\ntwo\n"


def test_a_stop_ends_what_does_not_want_to_end(home: Path, supervisor: Supervisor) -> None:
    stubborn = f"""
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({str(home / "pid")!r}).write_text(str(os.getpid()))
time.sleep(60)
"""
    supervisor.patience_seconds = 0.2
    supervisor.start(a_job(stubborn))
    watch_until(supervisor, (home / "pid").exists)
    supervisor.stop()
    assert not Path("/proc", (home / "pid").read_text()).exists()
