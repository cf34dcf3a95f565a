from datetime import timedelta

from sqlmodel import Session, select

from api.domain.outbox import LONGEST_PAUSE, TURN, OutboxMessage
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


def test_those_nobody_was_there_for_keep_their_place_and_the_oldest_goes_first(session: Session) -> None:
    for minute in (2, 0, 1, 3):
        outbox.record(session, "slow", subject=f"R-{minute}", at=TODAY + timedelta(minutes=minute))
    at = TODAY + timedelta(hours=1)
    session.flush()
    held = outbox.claim(session, at=at, terms=TERMS)
    for seconds, message in enumerate(reversed(held)):
        message.keep_place(at=at + timedelta(seconds=seconds), error="the ERP is down")
    session.flush()
    turn = max(message.not_before for message in held)
    assert at < turn <= at + 2 * TURN
    assert outbox.claim(session, at=at + timedelta(seconds=2), terms=TERMS) == []
    assert [m.subject for m in outbox.claim(session, at=turn, terms=TERMS)] == ["R-0", "R-1"]


def test_messages_of_one_moment_go_out_in_the_order_of_their_subjects(session: Session) -> None:
    for number in (3, 1, 2):
        outbox.record(session, "a", subject=f"R-00000{number}", at=TODAY)
    session.flush()
    claimed = outbox.claim(session, at=TODAY, terms=TERMS)
    assert [message.subject for message in claimed] == ["R-000001", "R-000002", "R-000003"]


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
