from datetime import timedelta

from sqlmodel import Session, select

from api.domain.outbox import LONGEST_PAUSE, OutboxMessage
from api.services import outbox
from tests.fixtures import TODAY

TERMS = {"a": outbox.Terms(), "slow": outbox.Terms(at_once=2)}


def record(session: Session, topic: str = "a", *, count: int = 1, **other: object) -> None:
    for n in range(count):
        outbox.record(session, topic, subject=f"{topic}-{n}", at=TODAY, **other)  # type: ignore[arg-type]
    session.flush()


def test_a_message_is_leased_once_until_its_lease_ends(session: Session) -> None:
    record(session)
    assert len(outbox.claim(session, at=TODAY, terms=TERMS)) == 1
    assert outbox.claim(session, at=TODAY, terms=TERMS) == []
    (again,) = outbox.claim(session, at=TODAY + outbox.LEASE, terms=TERMS)
    assert again.attempts == 2


def test_a_message_for_later_waits(session: Session) -> None:
    record(session, not_before=TODAY + timedelta(seconds=20))
    assert outbox.claim(session, at=TODAY + timedelta(seconds=19), terms=TERMS) == []
    assert len(outbox.claim(session, at=TODAY + timedelta(seconds=20), terms=TERMS)) == 1


def test_a_slow_topic_does_not_take_every_worker(session: Session) -> None:
    record(session, "slow", count=5)
    record(session, "a", count=3)
    topics = sorted(m.topic for m in outbox.claim(session, at=TODAY, terms=TERMS))
    assert topics == ["a", "a", "a", "slow", "slow"]
    assert outbox.claim(session, at=TODAY, terms=TERMS) == []


def test_whoever_is_at_work_keeps_the_message(session: Session) -> None:
    record(session)
    outbox.claim(session, at=TODAY, terms=TERMS)
    outbox.hold(session, "a", "a-0", at=TODAY + timedelta(seconds=29))
    session.expire_all()
    assert outbox.claim(session, at=TODAY + timedelta(seconds=31), terms=TERMS) == []


def test_a_message_nobody_handles_is_left_alone(session: Session) -> None:
    record(session, "unheard")
    assert outbox.claim(session, at=TODAY, terms=TERMS) == []


def test_pauses_double_up_to_five_minutes(session: Session) -> None:
    record(session)
    message = session.exec(select(OutboxMessage)).one()
    pauses = []
    for attempt in range(1, 12):
        message.attempts = attempt
        message.postpone(at=TODAY, error="down")
        pauses.append(message.not_before - TODAY)
    assert pauses[0] == timedelta(seconds=4)
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses == sorted(pauses)


def test_a_parked_message_waits_for_a_person(session: Session) -> None:
    record(session)
    (message,) = outbox.claim(session, at=TODAY, terms=TERMS)
    message.park(at=TODAY, error="no such product")
    session.flush()
    assert outbox.claim(session, at=TODAY + timedelta(days=9), terms=TERMS) == []
    assert outbox.counts(session) == outbox.Counts(waiting=0, parked=1)
    message.revive(at=TODAY + timedelta(days=9))
    session.flush()
    assert len(outbox.claim(session, at=TODAY + timedelta(days=9), terms=TERMS)) == 1
