"""From the outbox to a handler and back: at least once, until it is done or a person is needed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from api.db import transaction
from api.domain.outbox import OutboxMessage
from api.services import health, outbox
from workers.app import app

log = structlog.get_logger()

Handler = Callable[..., None]


class TryAgainLater(Exception):
    """What was asked cannot be done now, and will be: the message waits."""


class NeedsPerson(Exception):
    """What was asked will not work until somebody changes something: the message is set aside."""


_TERMS: dict[str, outbox.Terms] = {}
_USUAL = outbox.Terms()


def now() -> datetime:
    """The moment at the edge; everything below is told it."""
    return datetime.now(UTC)


def handles(topic: str, terms: outbox.Terms = _USUAL) -> Callable[[Handler], Handler]:
    """Make a function the handler of a topic: it gets the payload, and may be called again after any failure.

    TryAgainLater and any error postpone the message, NeedsPerson parks it.
    """
    _TERMS[topic] = terms

    def decorate(handler: Handler) -> Handler:
        @app.task(name=topic)
        def deliver(message_id: str) -> None:
            _deliver(UUID(message_id), handler)

        return handler

    return decorate


@app.task(name="outbox.relay")
def relay() -> int:
    """Hand every message that is due to its topic's handler; returns how many."""
    at = now()
    with transaction() as session:
        health.beat(session, "worker", at=at)
        claimed = [(message.id, message.topic) for message in outbox.claim(session, at=at, terms=_TERMS)]
    for message_id, topic in claimed:
        app.send_task(
            topic, kwargs={"message_id": str(message_id)}, expires=_TERMS[topic].lease.total_seconds()
        )
    return len(claimed)


def _deliver(message_id: UUID, handler: Handler) -> None:
    with transaction() as session:
        message = outbox.get_for_update(session, message_id)
        if message.done_at is not None or message.parked_at is not None:
            return
        topic, subject, payload = message.topic, message.subject, dict(message.payload)
    events = log.bind(topic=topic, subject=subject, message_id=str(message_id))
    try:
        handler(**payload)
    except NeedsPerson as error:
        words = str(error)
        events.warning("message parked", error=words)
        _settle(message_id, lambda m: m.park(at=now(), error=words))
    except TryAgainLater as error:
        words = str(error)
        events.info("message postponed", error=words)
        _settle(message_id, lambda m: m.postpone(at=now(), error=words))
    except Exception as error:  # noqa: BLE001 - whatever broke, the message must not be lost
        events.exception("message failed")
        words = f"{type(error).__name__}: {error}"
        _settle(message_id, lambda m: m.postpone(at=now(), error=words))
    else:
        _settle(message_id, lambda m: m.finish(at=now()))


def _settle(message_id: UUID, change: Callable[[OutboxMessage], Any]) -> None:
    with transaction() as session:
        change(outbox.get_for_update(session, message_id))
