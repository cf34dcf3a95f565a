"""A search on as many workers as there are: each part a Celery message, each answer through Valkey.

A message says all that the part needs, large documents by their digest. No broker is asked to
redeliver: whoever searches sends a part again when nobody holds it, and takes the first answer. So
workers may come, go and be killed at any moment, and the plan is the same.
"""

import itertools
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import redis

from api.settings import settings
from planner.crews import CrewUnavailable
from planner.hands import TaskFailed
from planner.problem import Problem
from workers.app import app
from workers.board import BEAT_SECONDS, LEASE_SECONDS, Answer, Board, digest_of

QUEUE = "planner"  # of its own: the platform's messages never wait behind a part
PATIENCE_SECONDS = 30  # for the first sign of any worker
LIFE_SECONDS = LEASE_SECONDS + 2 * BEAT_SECONDS  # of a message: by then it was sent again


@dataclass(slots=True)
class _Errand:
    """A part under way: the words of its message, and when they were last sent."""

    message: dict[str, Any]
    sent_at: float = 0.0
    future: "Future[Any]" = field(default_factory=Future)


class CeleryCrew:
    """``size`` parts at once with the workers of the queue `planner`: the same promise as `LocalCrew`.

    Raises CrewUnavailable when the broker is no Valkey or Redis, or does not answer. Parts fail
    with TaskFailed when the broker breaks down, or when no worker shows within PATIENCE_SECONDS.
    """

    def __init__(self, problem: Problem, size: int) -> None:
        self.size = size
        self._search = uuid4().hex
        self._board = Board(self._search)
        self._connection = app.connection_for_write(settings().broker_url)
        self._producer = app.amqp.Producer(self._connection, auto_declare=False)
        self._sending = threading.Lock()
        self._documents: dict[str, str] = {}
        self._told: list[list[str]] = []
        self._errands: dict[int, _Errand] = {}
        self._numbers = itertools.count()
        self._met = False
        self._failure: str | None = None
        self._over = threading.Event()
        self._collector = threading.Thread(target=self._collect, name="answers", daemon=True)
        try:
            self._problem = self._keep(problem.to_json())
        except redis.RedisError as error:
            raise CrewUnavailable(f"the broker does not answer: {error}") from error

    def _keep(self, document: Any) -> str:
        text = json.dumps(document, separators=(",", ":"))
        digest = digest_of(text)
        self._documents = {**self._documents, digest: text}
        self._board.keep_open(self._documents)
        return digest

    def submit(self, task: str, arguments: Mapping[str, Any]) -> "Future[Any]":
        number = next(self._numbers)
        message = {
            "search": self._search,
            "number": number,
            "problem": self._problem,
            "told": list(self._told),
            "task": task,
            "arguments": dict(arguments),
        }
        errand = _Errand(message)
        self._send(errand)
        self._errands[number] = errand
        if self._failure is not None:
            self._fail(self._failure)
        return errand.future

    def tell(self, task: str, arguments: Mapping[str, Any]) -> None:
        self._told.append([task, self._keep(arguments)])

    def _send(self, errand: _Errand) -> None:
        with self._sending:
            app.send_task(
                "part.solve",
                kwargs=errand.message,
                queue=QUEUE,
                expires=LIFE_SECONDS,
                producer=self._producer,
            )
        errand.sent_at = time.monotonic()

    # ------------------------------------------------------------------ in a thread of its own

    def _collect(self) -> None:
        began = looked = time.monotonic()
        try:
            while not self._over.is_set():
                answered = self._board.next_answer(BEAT_SECONDS)
                if answered:
                    self._settle(*answered)
                if time.monotonic() - looked >= BEAT_SECONDS:
                    looked = time.monotonic()
                    self._look_after(looked - began)
        except Exception as error:  # noqa: BLE001 - told to whoever waits for a part
            self._fail(f"{type(error).__name__}: {error}")

    def _settle(self, number: int, answer: Answer) -> None:
        self._met = True
        errand = self._errands.pop(number, None)
        if errand is None:  # a part done twice: the first answer was taken
            return
        if "error" in answer:
            errand.future.set_exception(TaskFailed(answer["error"]))
        else:
            errand.future.set_result(answer["value"])

    def _look_after(self, elapsed: float) -> None:
        """Give a sign of life, and send again what nobody holds."""
        self._board.keep_open(self._documents)
        errands = dict(self._errands)
        held = self._board.claimed(errands)
        self._met = self._met or bool(held)
        if errands and not self._met and elapsed > PATIENCE_SECONDS:
            raise TaskFailed(
                f"no worker came within {PATIENCE_SECONDS} s: "
                f"start one with `celery -A workers.app worker -Q {QUEUE}`"
            )
        for number in errands.keys() - held:
            if time.monotonic() - errands[number].sent_at > LEASE_SECONDS:
                self._send(errands[number])

    def _fail(self, why: str) -> None:
        self._failure = why
        while self._errands:
            with suppress(KeyError):
                self._errands.popitem()[1].future.set_exception(TaskFailed(why))

    # ------------------------------------------------------------------ its length

    def __enter__(self) -> Self:
        self._collector.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(redis.RedisError), self._board as board:  # a broker that is gone has nothing to end
            board.close()
            self._collector.join()
        self._connection.release()
        for errand in self._errands.values():
            errand.future.cancel()
