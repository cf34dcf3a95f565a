"""One part of somebody's search, solved in this worker: the other side of `crew.py`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from planner.hands import Hand, TaskFailed
from workers.app import app
from workers.board import BEAT_SECONDS, Board, DocumentLost

MOST_DESKS = (
    2  # kept by each worker process: what is worked out about a problem is worth keeping, not for ever
)

log = structlog.get_logger()


class _Desk:
    """A process with a problem before it, and what it was told, in order."""

    def __init__(self, problem: str, text: str) -> None:
        self._problem = problem
        self._heard: list[list[str]] = []
        self.hand = Hand(text)

    def suits(self, problem: str, told: list[list[str]]) -> bool:
        """Whether it knows this problem and nothing that was not told in this search."""
        return self._problem == problem and told[: len(self._heard)] == self._heard

    def hear(self, told: list[list[str]], board: Board) -> None:
        for task, digest in told[len(self._heard) :]:
            self.hand.ask(task, json.loads(board.document(digest)))
            self._heard.append([task, digest])


_DESKS: list[_Desk] = []


# Late acknowledgement only keeps a busy worker from reserving what an idle one could do; what a dead
# worker had is given away by the search itself (`crew.py`), as the outbox does.
@app.task(name="part.solve", acks_late=True)
def solve_part(
    search: str, number: int, problem: str, told: list[list[str]], task: str, arguments: dict[str, Any]
) -> None:
    """Do one task at a desk that knows the problem and was told all of this, both named by digest."""
    with Board(search) as board:
        if not board.is_open() or not board.claim(number):
            return
        try:
            desk = _take(problem, told, board)
            with _held(board, number, desk.hand):
                value = _done(desk, told, board, task, arguments)
        except (TaskFailed, DocumentLost) as error:
            events = log.bind(search=search, number=number, task=task)
            if board.is_open():
                events.warning("part failed", error=str(error))
                board.answer(number, {"error": str(error)})
            else:
                events.info("part ended, nobody waits for it")
        else:
            board.answer(number, {"value": value})


def _take(problem: str, told: list[list[str]], board: Board) -> _Desk:
    """A desk that suits, of those kept; else a new one in place of the one that waited longest."""
    for place, desk in enumerate(_DESKS):
        if desk.suits(problem, told):
            return _DESKS.pop(place)
    while len(_DESKS) >= MOST_DESKS:
        _DESKS.pop(0).hand.end()
    return _Desk(problem, board.document(problem))


def _done(desk: _Desk, told: list[list[str]], board: Board, task: str, arguments: dict[str, Any]) -> Any:
    """What the task brings. The desk is kept for the next one unless something broke down at it."""
    try:
        desk.hear(told, board)
        value = desk.hand.ask(task, arguments)
    except BaseException:
        desk.hand.end()
        raise
    _DESKS.append(desk)
    return value


@contextmanager
def _held(board: Board, number: int, hand: Hand) -> Iterator[None]:
    """Keep the claim alive during the work, and end the work when nobody waits for it any more."""
    done = threading.Event()

    def hold() -> None:
        while not done.wait(BEAT_SECONDS):
            if not board.hold(number):
                hand.end()
                return

    holding = threading.Thread(target=hold, name="claim", daemon=True)
    holding.start()
    try:
        yield
    finally:
        done.set()
        holding.join()
