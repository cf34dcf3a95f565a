"""A plan by Celery: real worker processes, a real Valkey."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
import redis

from api.local import processes
from api.local.application import Application
from api.settings import settings
from planner import Plan, Problem
from planner.crews import CrewUnavailable
from planner.hands import LocalCrew
from planner.solve import solve
from tests.planner.cases import tiny
from tests.planner.generator import Shape, generate
from tests.running import eventually
from workers.crew import CeleryCrew
from workers.parts import _Desk

if TYPE_CHECKING:
    import subprocess

FEW = Shape(styles=3, colours=1, waves=2, lines=2, factories=2, buckets=6)
MANY = Shape(styles=24, lines=30)  # its relaxation takes many seconds
WORK: dict[str, Any] = {"seconds": 600, "seed": 5, "workers": 2, "iterations": 6}


@pytest.fixture
def valkey(broker_url: str, monkeypatch: pytest.MonkeyPatch, _environment: None) -> Iterator["redis.Redis"]:
    """The broker of these tests, empty, and named in the settings."""
    monkeypatch.setenv("BROKER_URL", broker_url)
    settings.cache_clear()
    with redis.Redis.from_url(broker_url, decode_responses=True) as client:
        client.flushdb()
        yield client


class Workers:
    """Worker processes of the queue `planner`, each with one part at a time."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._folder = folder
        self._variables = variables
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def hire(self, name: str) -> "subprocess.Popen[bytes]":
        celery = (sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", "planner")
        words = (*celery, "--concurrency=1", "--loglevel=INFO", f"--hostname={name}@%h")
        worker = Application(name, words, self._variables)
        return self._running.enter_context(processes.running(worker, log=self._folder / f"{name}.log"))

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()


@pytest.fixture
def workers(tmp_path: Path, broker_url: str) -> Iterator[Workers]:
    variables = {**processes.plain_environment(), "BROKER_URL": broker_url}
    with Workers(tmp_path, variables) as hired:
        yield hired


@pytest.fixture
def problem(monkeypatch: pytest.MonkeyPatch) -> Problem:
    """One that is solved in parts, as large ones are."""
    monkeypatch.setattr("planner.solve.WHOLE_DECISIONS", 0)
    return generate(FEW, seed=2)


def text(plan: Plan | None) -> str:
    assert plan is not None
    return json.dumps(plan.stating(seconds=0.0).to_json())


def test_workers_and_local_processes_make_the_same_plan_to_the_byte_also_when_one_is_killed(
    valkey: "redis.Redis", workers: Workers, problem: Problem
) -> None:
    doomed = workers.hire("doomed")

    def kill_in_the_middle() -> None:
        eventually(lambda: valkey.keys("planner:*:claim:2"), "the third part is being solved")
        processes.kill_group(doomed.pid)
        workers.hire("heir")

    killing = threading.Thread(target=kill_in_the_middle)
    killing.start()
    local = solve(problem, crew=LocalCrew, **WORK)
    remote = solve(problem, crew=CeleryCrew, **WORK)
    killing.join()
    assert doomed.poll() is not None
    assert remote.failure is None
    assert remote.iterations == local.iterations == WORK["iterations"]
    assert text(remote.plan) == text(local.plan)
    for name in ("doomed", "heir"):
        assert "part.solve" in workers.log(name)


def test_whoever_stops_waiting_ends_the_work_and_the_worker_is_free_for_others(
    valkey: "redis.Redis", workers: Workers
) -> None:
    workers.hire("worker")
    large = generate(MANY, seed=1)
    styles = [style.id for style in large.styles]
    with CeleryCrew(large, 1) as crew:
        abandoned = crew.submit("relax", {"styles": styles, "seconds": 600})
        eventually(lambda: valkey.keys("planner:*:claim:0"), "the part is being solved")
    assert abandoned.cancelled()
    with CeleryCrew(tiny(), 1) as crew:
        assert crew.submit("worthless", {"style": "shirt", "seconds": 2.0}).result(timeout=30) is False
    assert "nobody waits for it" in workers.log("worker")


def test_without_any_worker_the_plan_says_how_to_start_one(
    valkey: "redis.Redis", monkeypatch: pytest.MonkeyPatch, problem: Problem
) -> None:
    monkeypatch.setattr("workers.crew.PATIENCE_SECONDS", 1)
    result = solve(problem, crew=CeleryCrew, **WORK)
    assert "start one with `celery -A workers.app worker -Q planner`" in (result.failure or "")
    assert result.plan is not None
    assert not valkey.keys("planner:*:open")


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize(
    ("url", "why"),
    [("amqp://127.0.0.1", "needs BROKER_URL to name a Valkey"), ("redis://127.0.0.1:1", "does not answer")],
)
def test_a_broker_that_cannot_carry_a_search_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.setenv("BROKER_URL", url)
    settings.cache_clear()
    with pytest.raises(CrewUnavailable, match=why):
        CeleryCrew(tiny(), 1)


def test_a_desk_serves_only_searches_that_told_all_it_has_heard() -> None:
    desk = _Desk("problem", json.dumps(tiny().to_json()))
    desk.hand.end()
    desk._heard = [["prices", "one"]]
    assert desk.suits("problem", [["prices", "one"], ["prices", "two"]])
    assert not desk.suits("problem", [])
    assert not desk.suits("problem", [["prices", "other"]])
    assert not desk.suits("another problem", [["prices", "one"]])
