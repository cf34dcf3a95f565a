from collections.abc import Callable
from uuid import UUID

import pytest
from sqlmodel import Session

from api.domain.outbox import OutboxMessage
from api.services import outbox
from tests.fixtures import TODAY
from workers.outbox import NeedsPerson, TryAgainLater, _deliver


def message(session: Session) -> OutboxMessage:
    recorded = outbox.record(session, "test.topic", subject="a thing", at=TODAY, number=7)
    session.flush()
    return recorded


def delivered(session: Session, message_id: UUID, handler: Callable[..., None]) -> OutboxMessage:
    _deliver(message_id, handler)
    session.expire_all()
    return session.get_one(OutboxMessage, message_id)


def test_a_handler_gets_the_payload_and_its_message_is_done(session: Session) -> None:
    seen: list[dict[str, int]] = []
    done = delivered(session, message(session).id, lambda **payload: seen.append(payload))
    assert seen == [{"number": 7}]
    assert done.done_at is not None


def test_a_message_that_is_done_is_not_handled_again(session: Session) -> None:
    seen: list[dict[str, int]] = []
    recorded = message(session)
    for _ in range(2):
        delivered(session, recorded.id, lambda **payload: seen.append(payload))
    assert seen == [{"number": 7}]


@pytest.mark.parametrize("error", [TryAgainLater("the ERP is down"), ZeroDivisionError("a bug")])
def test_whatever_breaks_the_message_waits_with_the_words(session: Session, error: Exception) -> None:
    def broken(number: int) -> None:  # noqa: ARG001 - the payload
        raise error

    waiting = delivered(session, message(session).id, broken)
    assert (waiting.done_at, waiting.parked_at) == (None, None)
    assert str(error) in (waiting.last_error or "")
    assert waiting.not_before != TODAY
    assert waiting.leased_until is None


def test_what_needs_a_person_is_parked_with_the_words(session: Session) -> None:
    def refused(number: int) -> None:  # noqa: ARG001 - the payload
        raise NeedsPerson("the catalogue has no product TEE-M")

    parked = delivered(session, message(session).id, refused)
    assert parked.parked_at is not None
    assert parked.last_error == "the catalogue has no product TEE-M"
