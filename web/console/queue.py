"""The queue: what was decided and still has to be told to someone."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from api.domain.member import Right
from api.domain.outbox import OutboxMessage
from api.services import outbox
from web.console import channels
from web.console.desk import Desk, DeskDep, minutes_since, paging

router = APIRouter(prefix="/queue")

PAGE = 50


@router.get("")
def queue_page(desk: DeskDep, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """How each channel answers, each topic's queue, and the messages not done, for a person first."""
    counts = outbox.counts(desk.session)
    found = outbox.waiting(desk.session, limit=PAGE, offset=(page - 1) * PAGE)
    topics = [
        {
            "topic": each.topic,
            "waiting": each.waiting,
            "parked": each.parked,
            "oldest_at": each.oldest_at,
            "age_minutes": minutes_since(each.oldest_at, desk.at),
            "next_at": each.next_at if each.next_at and each.next_at > desk.at else None,
            "retries": each.retries,
        }
        for each in outbox.by_topic(desk.session)
    ]
    numbers = [
        (desk.reader.gettext("On the way"), str(counts.waiting), ""),
        (desk.reader.gettext("Parked"), str(counts.parked), ""),
    ]
    return desk.show(
        "queue",
        "console/queue.html",
        messages=[_row(desk, message) for message in found],
        counts=numbers,
        topics=topics,
        channels=channels.lines(desk),
        paging=paging("/console/queue", page=page, size=PAGE, total=counts.waiting + counts.parked),
    )


@router.post("/{message_id}/retry")
def retry_message(desk: DeskDep, message_id: UUID) -> Response:
    """Send a parked message again."""
    outbox.revive(desk.session, message_id, member=desk.member, at=desk.at)
    return RedirectResponse("/console/queue", 303)


def _row(desk: Desk, message: OutboxMessage) -> dict[str, Any]:
    status = _status(desk, message)
    retry = status == "parked" and desk.may(Right.RETRY_MESSAGE)
    return {
        "id": str(message.id),
        "topic": message.topic,
        "subject": message.subject,
        "status": status,
        "attempts": message.attempts,
        "recorded_at": message.recorded_at,
        "age_minutes": minutes_since(message.recorded_at, desk.at),
        "not_before": message.not_before,
        "last_error": message.last_error or "",
        "retry_action": f"/console/queue/{message.id}/retry" if retry else None,
    }


def _status(desk: Desk, message: OutboxMessage) -> str:
    if message.parked_at is not None:
        return "parked"
    if message.leased_until is not None and message.leased_until > desk.at >= message.not_before:
        return "sending"
    return "again" if message.last_error else "waiting"
