"""What must happen after a commit, and did it: the queue that survives every broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, and_, col, or_, select, update

from api.domain.errors import Unknown
from api.domain.member import Member, Right
from api.domain.outbox import OutboxMessage

LEASE = timedelta(seconds=30)
"""How long most handlers may take before their message is given out again."""
_RELAYS = 0x72656C61  # "rela": relays take turns, so that counting what is under way is true
_OPEN = and_(col(OutboxMessage.done_at).is_(None), col(OutboxMessage.parked_at).is_(None))


def record(
    session: Session,
    topic: str,
    *,
    subject: str,
    at: datetime,
    not_before: datetime | None = None,
    **payload: Any,
) -> OutboxMessage:
    """Announce in the caller's transaction that `topic` is to be handled, at the earliest at `not_before`."""
    message = OutboxMessage(
        topic=topic, subject=subject, payload=payload, recorded_at=at, not_before=not_before or at
    )
    session.add(message)
    return message


@dataclass(frozen=True, slots=True)
class Terms:
    """How the messages of a topic are given out."""

    lease: timedelta = LEASE
    """How long a handler may take, unless it holds its message for longer."""
    at_once: int = 20
    """How many of them may be under way: a slow topic must not keep every worker from the others."""
    batch: int = 1
    """How many of them a handler gets at a time."""


def claim(session: Session, *, at: datetime, terms: Mapping[str, Terms]) -> list[OutboxMessage]:
    """Lease the oldest messages that are due and nobody's; two relays never get the same one.

    A topic without terms has no handler here and is left alone.
    """
    session.execute(select(func.pg_advisory_xact_lock(_RELAYS)))
    under_way = dict(
        session.exec(
            select(OutboxMessage.topic, func.count())
            .where(_OPEN, col(OutboxMessage.leased_until) > at)
            .group_by(OutboxMessage.topic)
        ).all()
    )
    return [
        message
        for topic, agreed in terms.items()
        for message in _lease(session, topic, agreed, room=agreed.at_once - under_way.get(topic, 0), at=at)
    ]


def _lease(
    session: Session, topic: str, agreed: Terms, *, room: int, at: datetime
) -> Sequence[OutboxMessage]:
    if room <= 0:
        return []
    messages = session.exec(
        select(OutboxMessage)
        .where(
            _OPEN,
            OutboxMessage.topic == topic,
            col(OutboxMessage.not_before) <= at,
            or_(col(OutboxMessage.leased_until).is_(None), col(OutboxMessage.leased_until) <= at),
        )
        .order_by(col(OutboxMessage.recorded_at), col(OutboxMessage.subject))
        .limit(room)
        .with_for_update(skip_locked=True)
    ).all()
    for message in messages:
        message.leased_until = at + agreed.lease
        message.attempts += 1
    return messages


def hold(session: Session, topic: str, subject: str, *, at: datetime) -> None:
    """A handler at work says so: its message is not given out again for another lease."""
    session.execute(
        update(OutboxMessage)
        .where(_OPEN, col(OutboxMessage.topic) == topic, col(OutboxMessage.subject) == subject)
        .values(leased_until=at + LEASE)
    )


def get_for_update(session: Session, message_id: UUID) -> OutboxMessage:
    """The message, locked; raises Unknown."""
    message = session.exec(
        select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update()
    ).first()
    if message is None:
        raise Unknown("message", str(message_id))
    return message


def revive(session: Session, message_id: UUID, *, member: Member, at: datetime) -> OutboxMessage:
    """Send a parked message again, by a person with the right."""
    member.must_have(Right.RETRY_MESSAGE)
    message = get_for_update(session, message_id)
    if message.parked_at is not None:
        message.revive(at=at)
    return message


def waiting(session: Session, *, limit: int = 200, offset: int = 0) -> Sequence[OutboxMessage]:
    """Messages not done, the parked ones first, then by age."""
    return session.exec(
        select(OutboxMessage)
        .where(col(OutboxMessage.done_at).is_(None))
        .order_by(col(OutboxMessage.parked_at).is_(None), col(OutboxMessage.recorded_at))
        .limit(limit)
        .offset(offset)
    ).all()


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages not done: on their way, and set aside for a person."""

    waiting: int
    parked: int


def counts(session: Session) -> Counts:
    """How full the queue is."""
    every, parked = session.exec(
        select(func.count(), func.count(col(OutboxMessage.parked_at))).where(
            col(OutboxMessage.done_at).is_(None)
        )
    ).one()
    return Counts(every - parked, parked)


@dataclass(frozen=True, slots=True)
class TopicQueue:
    """The messages of one topic that are not done."""

    topic: str
    waiting: int
    parked: int
    oldest_at: datetime
    next_at: datetime | None
    """When the first of those that wait is tried; None where all are parked."""
    retries: int
    """How often they were tried after their first time."""


def by_topic(session: Session) -> list[TopicQueue]:
    """How full each topic is, the one with the oldest message first."""
    parked = func.count(col(OutboxMessage.parked_at))
    oldest = func.min(OutboxMessage.recorded_at)
    rows = session.execute(
        select(  # type: ignore[call-overload]  # SQLModel's own select knows up to four columns
            OutboxMessage.topic,
            func.count() - parked,
            parked,
            oldest,
            func.min(OutboxMessage.not_before).filter(col(OutboxMessage.parked_at).is_(None)),
            func.sum(func.greatest(col(OutboxMessage.attempts) - 1, 0)),
        )
        .where(col(OutboxMessage.done_at).is_(None))
        .group_by(OutboxMessage.topic)
        .order_by(oldest)
    )
    return [TopicQueue(*row) for row in rows]
