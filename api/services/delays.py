"""What becomes of a delay: the buyer's answer, or after some days what silence means where they live."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.delay import Delay, DelayStatus
from api.domain.errors import DelayAnswered, Unknown, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.payment import PaymentPurpose
from api.domain.policy import DelayChoice, Silence
from api.domain.preorder import Preorder
from api.services import cancellation, notices, promises
from api.services.delay_notices import OWED
from api.services.preorders import CONSUMER

SHORTEST_PERIOD = timedelta(days=7)
"""Of the further period that a buyer may set: time in which goods can leave at all."""
REFUSED_BY_BUYER = "the buyer does not wait for the later day"
NO_ANSWER = "no answer agreed to the later day"
PERIOD_OVER = "the period that the buyer had set is over"


def standing(session: Session, preorder: Preorder) -> Delay | None:
    """The delay its buyer may answer now."""
    if preorder.status not in OWED:
        return None
    return session.exec(
        select(Delay).where(Delay.preorder_id == preorder.id, Delay.status == DelayStatus.OPEN)
    ).first()


def right_to_step_back(session: Session, preorder: Preorder) -> bool:
    """Whether the promise that holds was said not to be kept, and no day in time is known since."""
    if preorder.status not in OWED:
        return False
    in_time = preorder.expected_on is not None and preorder.expected_on <= preorder.promise_by_on
    broken = session.exec(
        select(Delay.id).where(Delay.preorder_id == preorder.id, Delay.old_by_on == preorder.promise_by_on)
    ).first()
    return broken is not None and not in_time


def answer(
    session: Session, preorder: Preorder, choice: DelayChoice, *, at: datetime, until: date | None = None
) -> Delay:
    """The buyer waits, leaves with everything back, or sets a last day of their own.

    Raises Unknown, DelayAnswered, and InvalidRequest where the law of the place gives no such choice or the
    last day is too near.
    """
    preorder, delay = _locked(session, preorder.id)
    if delay is None:
        raise Unknown("delay", preorder.number)
    if preorder.status not in OWED:
        raise DelayAnswered("over")
    delay.may(choice)
    if choice == DelayChoice.WAIT:
        delay.move(DelayStatus.ACCEPTED, by=CONSUMER, at=at, why="the buyer waits")
        _agree(session, preorder, delay, by=CONSUMER, reason="agreed to by the buyer", at=at)
    elif choice == DelayChoice.CANCEL:
        delay.move(DelayStatus.REFUSED, by=CONSUMER, at=at, why=REFUSED_BY_BUYER)
        _end(session, preorder, by=CONSUMER, why=REFUSED_BY_BUYER, at=at)
    else:
        _set_period(session, preorder, delay, until, at=at)
    session.flush()
    return delay


def due(session: Session, *, at: datetime) -> Sequence[UUID]:
    """Pre-orders with a delay whose time to answer is over, the longest over first."""
    return session.exec(
        select(Delay.preorder_id)
        .where(Delay.status == DelayStatus.OPEN, col(Delay.answer_by) <= at)
        .order_by(col(Delay.answer_by), col(Delay.id))
    ).all()


def settle(session: Session, preorder_id: UUID, *, at: datetime) -> Delay | None:
    """Do what silence means; a delay that was answered, or is not due, is left alone."""
    preorder, delay = _locked(session, preorder_id)
    if delay is None or delay.status != DelayStatus.OPEN or at < delay.answer_by:
        return None
    if preorder.status not in OWED:
        delay.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why=f"the pre-order is {preorder.status.value}")
    elif delay.silence == Silence.CONSENT:
        reason = "silence is consent to a first delay of these days"
        delay.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why=reason)
        _agree(session, preorder, delay, by=SYSTEM, reason=reason, at=at)
    elif delay.silence == Silence.REFUND:
        why = PERIOD_OVER if delay.final_on is not None else NO_ANSWER
        delay.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why=why)
        _end(session, preorder, by=SYSTEM, why=why, at=at)
    else:
        delay.move(DelayStatus.LAPSED, by=SYSTEM, at=at, why="no answer: the promise and all rights stand")
    session.flush()
    return delay


def _agree(session: Session, preorder: Preorder, delay: Delay, *, by: str, reason: str, at: datetime) -> None:
    """The new day becomes the promise; without one the old stays, and the buyer may still leave."""
    if delay.new_on is None:
        return
    promises.revise(session, preorder, delay.new_on, given_by=by, reason=reason, at=at)
    facts = {"from_on": str(preorder.promise_from_on), "by_on": str(preorder.promise_by_on)}
    notices.tell(session, preorder, "promise_revised", key=f"revised:{delay.id}", at=at, **facts)


def _set_period(
    session: Session, preorder: Preorder, delay: Delay, until: date | None, *, at: datetime
) -> None:
    if until is None or until < (at + SHORTEST_PERIOD).date():
        raise invalid(
            "until", until and str(until), f"must be a day, {SHORTEST_PERIOD.days} days from now or later"
        )
    delay.final_on, delay.silence = until, Silence.REFUND
    delay.answer_by = datetime.combine(until + timedelta(days=1), time(), UTC)
    notices.tell(session, preorder, "period_set", key=f"period:{delay.id}:{until}", at=at, until=until)


def _end(session: Session, preorder: Preorder, *, by: str, why: str, at: datetime) -> None:
    back = cancellation.end(session, preorder, by=by, why=why, purpose=PaymentPurpose.CANCELLED, at=at)
    facts = {"amount_minor": back, "why": why}
    notices.tell(session, preorder, "ended", key=f"ended:{preorder.id}", at=at, **facts)


def _locked(session: Session, preorder_id: UUID) -> tuple[Preorder, Delay | None]:
    """A pre-order and its latest delay; its campaign is locked before, as everywhere."""
    preorder = cancellation.locked(session, preorder_id)
    delay = session.exec(
        select(Delay)
        .where(Delay.preorder_id == preorder_id)
        .order_by(col(Delay.status) == DelayStatus.OPEN, col(Delay.noted_at))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return preorder, delay[-1] if delay else None
