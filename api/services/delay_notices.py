"""The first word on a delay is ours: it is written in the run that moves a day past the promise."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from api.domain import policy
from api.domain.delay import Delay, DelayKind, DelayStatus
from api.domain.lifecycle import SYSTEM
from api.domain.policy import Silence
from api.domain.preorder import Preorder, PreorderStatus
from api.services import notices

OWED = (
    PreorderStatus.CONFIRMED,
    PreorderStatus.SCHEDULED,
    PreorderStatus.IN_PRODUCTION,
    PreorderStatus.READY,
)


def note(session: Session, preorder_ids: Collection[UUID], *, at: datetime) -> None:
    """Hold the expected day of each against its promise, and tell who will get theirs later.

    A day that was told before is not told again; one that is met again takes the delay back.
    """
    last, heard = _last(session, preorder_ids), notices.last_day_told(session, preorder_ids)
    owed = session.exec(
        select(Preorder)
        .where(
            col(Preorder.id).in_(preorder_ids),
            col(Preorder.status).in_(OWED),
            col(Preorder.expected_on).is_not(None),
        )
        .order_by(Preorder.number)
    ).all()
    for preorder in owed:
        before, day = last.get(preorder.id), preorder.expected_on
        if day is None:
            continue
        if day <= preorder.promise_by_on:
            _tell_in_time(session, preorder, before, day, heard.get(preorder.id), at=at)
        elif not _told(preorder, before, day):
            _tell(session, preorder, before, day, at=at)
    session.flush()


def overdue(session: Session, *, at: datetime) -> list[UUID]:
    """Pre-orders whose promise has passed, and nobody knows a day to come."""
    today = at.date()
    return list(
        session.exec(
            select(Preorder.id)
            .where(
                col(Preorder.status).in_(OWED),
                col(Preorder.promise_by_on) < today,
                or_(col(Preorder.expected_on).is_(None), col(Preorder.expected_on) < today),
                ~select(Delay.id)
                .where(
                    Delay.preorder_id == Preorder.id,
                    or_(col(Delay.new_on).is_(None), col(Delay.new_on) >= today),
                    Delay.old_by_on == Preorder.promise_by_on,
                )
                .exists(),
            )
            .order_by(Preorder.number)
        )
    )


def note_overdue(session: Session, preorder_id: UUID, *, at: datetime) -> None:
    """Tell the buyer of an overdue pre-order that we know no day; again it tells nothing."""
    preorder = session.exec(
        select(Preorder)
        .where(Preorder.id == preorder_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if preorder_id in overdue(session, at=at):
        _tell(session, preorder, _last(session, [preorder_id]).get(preorder_id), None, at=at)
        session.flush()


def _last(session: Session, preorder_ids: Collection[UUID]) -> dict[UUID, Delay]:
    delays = session.exec(
        select(Delay)
        .where(col(Delay.preorder_id).in_(preorder_ids))
        .order_by(col(Delay.noted_at), col(Delay.status) == DelayStatus.OPEN)
    )
    return {delay.preorder_id: delay for delay in delays}


def _told(preorder: Preorder, before: Delay | None, day: date) -> bool:
    same_promise = before is not None and before.old_by_on == preorder.promise_by_on
    return before is not None and same_promise and before.new_on is not None and day <= before.new_on


def _tell_in_time(
    session: Session, preorder: Preorder, before: Delay | None, day: date, heard: date | None, *, at: datetime
) -> None:
    """A day within the promise takes an open delay back; a day not heard yet is told."""
    if before is not None and before.status == DelayStatus.OPEN:
        before.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why="in time again")
        facts = {"by_on": preorder.promise_by_on, "expected_on": day}
        notices.tell(session, preorder, "in_time_again", key=f"in_time:{before.id}", at=at, **facts)
    elif day != heard:
        key = f"dated:{day}:{at.isoformat()}"
        notices.tell(session, preorder, "dated", key=key, at=at, expected_on=day)


def _tell(
    session: Session, preorder: Preorder, before: Delay | None, day: date | None, *, at: datetime
) -> None:
    """Open a delay in place of the one before; the last day that a buyer has set goes on."""
    kind = DelayKind.FIRST if before is None else DelayKind.SECOND
    rule = policy.delay_rule(preorder.region, at=at)
    days_late = None if day is None else (day - preorder.promise_by_on).days
    delay = Delay(
        preorder_id=preorder.id,
        kind=kind if day is not None else DelayKind.INDEFINITE,
        jurisdiction=rule.jurisdiction,
        old_by_on=preorder.promise_by_on,
        new_on=day,
        choices=[choice.value for choice in rule.choices],
        silence=rule.silence(first=before is None, days_late=days_late),
        noted_at=at,
        answer_by=at + timedelta(days=rule.answer_days),
    )
    if before is not None and before.status == DelayStatus.OPEN:
        before.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why="a later day takes its place")
        session.flush()  # one is open at a time
        if before.final_on is not None:
            delay.final_on, delay.answer_by, delay.silence = before.final_on, before.answer_by, Silence.REFUND
    delay.begin(
        by=SYSTEM, at=at, why=f"promised by {preorder.promise_by_on}, expected {day or 'on no known day'}"
    )
    session.add(delay)
    facts = delay.model_dump(include={"kind", "old_by_on", "new_on", "choices", "silence", "answer_by"})
    facts["expected_on"] = day
    notices.tell(session, preorder, "delayed", key=f"delay:{delay.id}", at=at, **facts)
