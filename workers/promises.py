"""Promises are watched and delays settled, each pre-order in a transaction of its own."""

from collections.abc import Callable
from uuid import UUID

import structlog

from api.db import transaction
from api.services import delay_notices, delays
from workers.app import app
from workers.outbox import now

log = structlog.get_logger()


@app.task(name="promises.watch")
def watch() -> None:
    """Tell whose promise has passed without a day, then do what silence means where time is over."""
    at = now()
    with transaction() as session:
        overdue, due = delay_notices.overdue(session, at=at), delays.due(session, at=at)
    for preorder_id in overdue:
        _each(preorder_id, _note)
    for preorder_id in due:
        _each(preorder_id, _settle)


def _each(preorder_id: UUID, do: Callable[[UUID], None]) -> None:
    """One broken pre-order does not keep the others from their answer."""
    try:
        do(preorder_id)
    except Exception:
        log.exception("delay not handled", preorder_id=str(preorder_id))


def _note(preorder_id: UUID) -> None:
    with transaction() as session:
        delay_notices.note_overdue(session, preorder_id, at=now())


def _settle(preorder_id: UUID) -> None:
    with transaction() as session:
        delays.settle(session, preorder_id, at=now())
