"""From the outbox to a handler and back: at least once, until it is done or a person is needed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog

from api.db import transaction
from api.services import health, outbox
from workers.app import app

log = structlog.get_logger()

Handler = Callable[..., None]
Payload = Mapping[str, Any]


class TryAgainLater(Exception):
    """What was asked cannot be done now, and will be: the message waits, longer each time."""


class NobodyThere(TryAgainLater):
    """The other side does not answer: the message keeps its place before those recorded later."""


class NeedsPerson(Exception):
    """What was asked will not work until somebody changes something: the message is set aside."""


Answer = Exception | None
"""What became of one message: done, or why not."""
BatchHandler = Callable[[Sequence[Payload]], Sequence[Answer]]

_TERMS: dict[str, outbox.Terms] = {}
_USUAL = outbox.Terms()


def now() -> datetime:
    """The moment at the edge; everything below is told it."""
    return datetime.now(UTC)


def handles(topic: str, terms: outbox.Terms = _USUAL) -> Callable[[Handler], Handler]:
    """Make a function the handler of a topic: it gets the payload, and may be called again after any failure.

    TryAgainLater and any error postpone the message, NeedsPerson parks it.
    """

    def decorate(handler: Handler) -> Handler:
        def one_by_one(payloads: Sequence[Payload]) -> Sequence[Answer]:
            for payload in payloads:
                handler(**payload)
            return [None for _ in payloads]

        handles_together(topic, terms)(one_by_one)
        return handler

    return decorate


def handles_together(topic: str, terms: outbox.Terms) -> Callable[[BatchHandler], BatchHandler]:
    """Make a function the handler of up to ``terms.batch`` messages of a topic: it answers each in turn.

    It answers None for what is done, or one of the errors above. What it raises instead concerns all of
    them: NobodyThere is taken so, after anything else each message is handed over again by itself.
    """
    _TERMS[topic] = terms

    def decorate(handler: BatchHandler) -> BatchHandler:
        @app.task(name=topic)
        def deliver(message_ids: Sequence[str]) -> None:
            _deliver([UUID(each) for each in message_ids], handler)

        return handler

    return decorate


@app.task(name="outbox.relay")
def relay() -> int:
    """Hand every message that is due to its topic's handler; returns how many."""
    at = now()
    with transaction() as session:
        health.beat(session, "worker", at=at)
        claimed = [(message.topic, str(message.id)) for message in outbox.claim(session, at=at, terms=_TERMS)]
    for topic, message_ids in _parcels(claimed, _TERMS):
        app.send_task(topic, kwargs={"message_ids": message_ids}, expires=_TERMS[topic].lease.total_seconds())
    return len(claimed)


def _parcels(
    claimed: Sequence[tuple[str, str]], terms: Mapping[str, outbox.Terms]
) -> Iterator[tuple[str, list[str]]]:
    """Messages as they go out together: of one topic, in their order, as many as it takes at a time."""
    for topic, group in groupby(claimed, key=lambda pair: pair[0]):
        message_ids = [message_id for _, message_id in group]
        size = terms[topic].batch
        for start in range(0, len(message_ids), size):
            yield topic, message_ids[start : start + size]


def _deliver(message_ids: Sequence[UUID], handler: BatchHandler, clock: Callable[[], datetime] = now) -> None:
    """Hand over those of the messages that are still open, and note what became of each and when."""
    with transaction() as session:
        messages = [outbox.get_for_update(session, message_id) for message_id in message_ids]
        waiting = [m for m in messages if m.done_at is None and m.parked_at is None]
        payloads = {(m.id, m.topic, m.subject): dict(m.payload) for m in waiting}
    for (message_id, topic, subject), answer in zip(
        payloads, _ask(handler, [*payloads.values()]), strict=True
    ):
        events = log.bind(topic=topic, subject=subject, message_id=str(message_id))
        _settle(message_id, answer, events, at=clock())


def _ask(handler: BatchHandler, payloads: Sequence[Payload]) -> list[Answer]:
    """What became of each; what breaks several at once is tried for each alone: one stops no other."""
    try:
        return list(handler(payloads)) if payloads else []
    except NobodyThere as error:
        return [error for _ in payloads]
    except Exception as error:  # noqa: BLE001 - whatever broke, no message must be lost
        if len(payloads) == 1:
            return [error]
        return [answer for payload in payloads for answer in _ask(handler, [payload])]


def _settle(message_id: UUID, answer: Answer, events: structlog.stdlib.BoundLogger, *, at: datetime) -> None:
    words = str(answer)
    with transaction() as session:
        message = outbox.get_for_update(session, message_id)
        match answer:
            case None:
                message.finish(at=at)
            case NeedsPerson():
                events.warning("message parked", error=words)
                message.park(at=at, error=words)
            case NobodyThere():
                events.info("message keeps its place", error=words)
                message.keep_place(at=at, error=words)
            case TryAgainLater():
                events.info("message postponed", error=words)
                message.postpone(at=at, error=words)
            case _:
                events.error("message failed", exc_info=answer)
                message.postpone(at=at, error=f"{type(answer).__name__}: {words}")
