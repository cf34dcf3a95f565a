from collections.abc import Sequence

import pytest
from sqlmodel import Session

from api.domain.outbox import OutboxMessage
from api.services import outbox
from tests.fixtures import TODAY
from workers.app import app
from workers.outbox import (
    Answer,
    BatchHandler,
    NeedsPerson,
    NobodyThere,
    Payload,
    TryAgainLater,
    _deliver,
    _parcels,
    handles,
)


def messages(session: Session, count: int = 1) -> list[OutboxMessage]:
    recorded = [
        outbox.record(session, "test.topic", subject=f"thing {number}", at=TODAY, number=number)
        for number in range(count)
    ]
    session.flush()
    return recorded


def deliver(session: Session, given: Sequence[OutboxMessage], handler: BatchHandler) -> None:
    _deliver([message.id for message in given], handler)
    session.expire_all()


def test_a_handler_gets_the_payload_and_its_message_is_done(session: Session) -> None:
    seen: list[int] = []

    @handles("test.alone")
    def note(number: int) -> None:
        seen.append(number)

    (message,) = messages(session)
    app.tasks["test.alone"](message_ids=[str(message.id)])
    session.expire_all()
    assert seen == [0]
    assert message.done_at is not None


def test_a_message_that_is_done_is_not_handled_again(session: Session) -> None:
    seen: list[Payload] = []

    def note(payloads: Sequence[Payload]) -> Sequence[Answer]:
        seen.extend(payloads)
        return [None for _ in payloads]

    first, second = messages(session, 2)
    deliver(session, [first], note)
    deliver(session, [first, second], note)
    deliver(session, [first, second], note)
    assert seen == [{"number": 0}, {"number": 1}]


def test_each_message_of_a_batch_gets_its_own_answer(session: Session) -> None:
    given = messages(session, 3)
    answers = [NeedsPerson("no product TEE-M"), None, TryAgainLater("not yet")]
    deliver(session, given, lambda _: answers)
    parked, done, postponed = given
    assert (parked.parked_at is not None, parked.last_error) == (True, "no product TEE-M")
    assert done.done_at is not None
    assert (postponed.done_at, postponed.parked_at, postponed.last_error) == (None, None, "not yet")


@pytest.mark.parametrize("error", [TryAgainLater("the provider is slow"), ZeroDivisionError("a bug")])
def test_whatever_breaks_the_message_waits_with_the_words(session: Session, error: Exception) -> None:
    def broken(_: Sequence[Payload]) -> Sequence[Answer]:
        raise error

    (waiting,) = messages(session)
    deliver(session, [waiting], broken)
    assert (waiting.done_at, waiting.parked_at) == (None, None)
    assert str(error) in (waiting.last_error or "")
    assert waiting.not_before != TODAY
    assert waiting.leased_until is None


def test_what_needs_a_person_is_parked_with_the_words(session: Session) -> None:
    def refused(_: Sequence[Payload]) -> Sequence[Answer]:
        raise NeedsPerson("the catalogue has no product TEE-M")

    (parked,) = messages(session)
    deliver(session, [parked], refused)
    assert parked.parked_at is not None
    assert parked.last_error == "the catalogue has no product TEE-M"


def test_a_message_that_breaks_its_batch_breaks_only_itself(session: Session) -> None:
    def fragile(payloads: Sequence[Payload]) -> Sequence[Answer]:
        if any(payload["number"] == 1 for payload in payloads):
            raise ZeroDivisionError("a bug")
        return [None for _ in payloads]

    given = messages(session, 3)
    deliver(session, given, fragile)
    assert [message.done_at is not None for message in given] == [True, False, True]
    assert given[1].last_error == "ZeroDivisionError: a bug"


def test_when_nobody_is_there_the_batch_keeps_its_place_and_is_not_tried_singly(session: Session) -> None:
    calls: list[int] = []

    def unanswered(payloads: Sequence[Payload]) -> Sequence[Answer]:
        calls.append(len(payloads))
        raise NobodyThere("the ERP is down")

    given = messages(session, 3)
    deliver(session, given, unanswered)
    assert calls == [3]
    assert {message.last_error for message in given} == {"the ERP is down"}
    assert all(message.leased_until == message.not_before for message in given)
    assert len({message.not_before for message in given}) <= 2


def test_messages_go_out_by_topic_and_as_many_as_a_handler_takes() -> None:
    terms = {"alone": outbox.Terms(), "many": outbox.Terms(batch=2)}
    claimed = [("alone", "a"), ("alone", "b"), ("many", "c"), ("many", "d"), ("many", "e")]
    assert [*_parcels(claimed, terms)] == [
        ("alone", ["a"]),
        ("alone", ["b"]),
        ("many", ["c", "d"]),
        ("many", ["e"]),
    ]
