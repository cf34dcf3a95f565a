"""Where a search and its workers read each other: keys of the broker's Valkey, all of which expire."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import redis

from api.settings import settings
from planner.crews import CrewUnavailable

BEAT_SECONDS = 1  # between two signs of life
LEASE_SECONDS = 4  # without one, a worker is taken for dead and its part is given to another
OPEN_SECONDS = 15  # likewise whoever searches: nobody waits for the answers
KEPT_SECONDS = 60  # of documents and answers, after the last sign of life

Answer = dict[str, Any]
"""What became of a part: ``value`` or, where it broke down, ``error``."""


class DocumentLost(RuntimeError):
    """The broker no longer has what a part needs."""


class Board:
    """The keys of one search. A context: leaving it closes the connection, not the search.

    Raises CrewUnavailable when the broker in the settings is no Valkey or Redis.
    """

    def __init__(self, search: str) -> None:
        url = settings().broker_url
        if not url.startswith(("redis://", "rediss://")):
            raise CrewUnavailable("a plan by Celery needs BROKER_URL to name a Valkey or Redis: redis://…")
        self._valkey = redis.Redis.from_url(url, decode_responses=True)
        self._open = f"planner:{search}:open"
        self._claim = f"planner:{search}:claim:"
        self._answers = f"planner:{search}:answers"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._valkey.close()

    # ------------------------------------------------------------------ whoever searches

    def keep_open(self, documents: Mapping[str, str]) -> None:
        """Say that the answers are waited for, and keep the documents, by digest, within reach."""
        self._valkey.set(self._open, 1, ex=OPEN_SECONDS)
        for digest, text in documents.items():
            if not self._valkey.expire(_document(digest), KEPT_SECONDS):
                self._valkey.set(_document(digest), text, ex=KEPT_SECONDS)

    def close(self) -> None:
        """Say that no answer is waited for any more; also wakes whoever waits in `next_answer`."""
        self._valkey.delete(self._open)
        self._valkey.rpush(self._answers, "null")
        self._valkey.expire(self._answers, KEPT_SECONDS)

    def claimed(self, numbers: Iterable[int]) -> set[int]:
        """Which of these parts somebody is at work on."""
        asked = list(numbers)
        found = self._valkey.mget([f"{self._claim}{number}" for number in asked]) if asked else []
        return {number for number, claim in zip(asked, found, strict=True) if claim}

    def next_answer(self, seconds: float) -> tuple[int, Answer] | None:
        """The number of a part and its answer; None when there is none within the seconds, or on `close`."""
        found = self._valkey.blpop([self._answers], timeout=seconds)
        said = json.loads(found[1]) if found else None
        return (said[0], said[1]) if said else None

    # ------------------------------------------------------------------ whoever works

    def is_open(self) -> bool:
        return bool(self._valkey.exists(self._open))

    def claim(self, number: int) -> bool:
        """Take a part for LEASE_SECONDS; False where another has it or has just answered it."""
        return bool(self._valkey.set(f"{self._claim}{number}", 1, nx=True, ex=LEASE_SECONDS))

    def hold(self, number: int) -> bool:
        """Keep a part for LEASE_SECONDS more; False where nobody waits for its answer any more."""
        self._valkey.set(f"{self._claim}{number}", 1, ex=LEASE_SECONDS)
        return self.is_open()

    def document(self, digest: str) -> str:
        """The text with this digest. Raises DocumentLost."""
        text = self._valkey.get(_document(digest))
        if text is None:
            raise DocumentLost(f"the broker no longer has the document {digest[:12]}")
        return str(text)

    def answer(self, number: int, answer: Answer) -> None:
        """Bring an answer; the claim stays for its lease, so that a second message finds it taken."""
        self._valkey.rpush(self._answers, json.dumps([number, answer]))
        self._valkey.expire(self._answers, KEPT_SECONDS)
        self._valkey.set(f"{self._claim}{number}", 1, ex=LEASE_SECONDS)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _document(digest: str) -> str:
    return f"planner:document:{digest}"
