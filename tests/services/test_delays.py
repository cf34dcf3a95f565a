from datetime import date, timedelta

import pytest
from sqlmodel import Session

from api.domain.delay import DelayKind, DelayStatus
from api.domain.errors import DelayAnswered, InvalidRequest, Unknown
from api.domain.member import Role
from api.domain.policy import DelayChoice, Silence
from api.domain.preorder import PreorderStatus, Region
from api.domain.promise import PromiseKind
from api.services import delay_notices, delays, payments, preorders, promises
from tests.factories import make_member
from tests.services.lateness import delays_of, expect, later, scheduled, told
from tests.services.test_planning import CLOSED

SILENT = CLOSED + timedelta(days=14)


def test_who_gets_it_later_is_told_in_the_run_that_moves_the_day(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    promised = preorder.promise_by_on
    day = later(session, preorder, 9)
    (delay,) = delays_of(session, preorder)
    assert (delay.kind, delay.old_by_on, delay.new_on) == (DelayKind.FIRST, promised, day)
    assert told(session, preorder)[-1] == "delayed"
    assert preorder.promise_by_on == promised  # nobody has agreed to anything


def test_a_day_within_the_promise_is_no_delay(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    later(session, preorder, 0)
    assert delays_of(session, preorder) == []


def test_the_same_day_is_told_once_and_a_still_later_one_again(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    for days in (9, 9, 8, 12):
        later(session, preorder, days)
    assert told(session, preorder).count("delayed") == 2
    first, second = sorted(delays_of(session, preorder), key=lambda one: one.kind)
    assert (first.status, second.status) == (DelayStatus.LAPSED, DelayStatus.OPEN)
    assert second.kind == DelayKind.SECOND


def test_a_day_in_time_again_takes_the_delay_back(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    later(session, preorder, 9)
    later(session, preorder, -1, at=CLOSED + timedelta(hours=1))
    (delay,) = delays_of(session, preorder)
    assert delay.status == DelayStatus.LAPSED
    assert told(session, preorder)[-1] == "in_time_again"


def test_who_waits_has_a_new_promise_and_the_old_one_is_kept(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    old = (preorder.promise_from_on, preorder.promise_by_on)
    day = later(session, preorder, 9)
    delays.answer(session, preorder, DelayChoice.WAIT, at=CLOSED)
    first, revised = promises.history(session, preorder.id)
    assert (first.kind, first.from_on, first.by_on) == (PromiseKind.ORIGINAL, *old)
    assert (revised.kind, revised.by_on, revised.given_by) == (PromiseKind.REVISED, day, "consumer")
    assert (preorder.promise_from_on, preorder.promise_by_on) == (revised.from_on, revised.by_on)
    assert told(session, preorder)[-1] == "promise_revised"


def test_who_leaves_gets_everything_back(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    later(session, preorder, 9)
    paid = payments.received(payments.of_preorder(session, preorder.id))
    delays.answer(session, preorder, DelayChoice.CANCEL, at=CLOSED)
    assert preorder.status == PreorderStatus.CANCELLED
    assert payments.under_way_back(payments.of_preorder(session, preorder.id)) == paid == 120_000
    assert delays_of(session, preorder)[0].status == DelayStatus.REFUSED


def test_a_delay_is_answered_once(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    with pytest.raises(Unknown):
        delays.answer(session, preorder, DelayChoice.WAIT, at=CLOSED)
    later(session, preorder, 9)
    delays.answer(session, preorder, DelayChoice.WAIT, at=CLOSED)
    with pytest.raises(DelayAnswered):
        delays.answer(session, preorder, DelayChoice.CANCEL, at=CLOSED)


@pytest.mark.parametrize(
    ("region", "days", "silence", "status", "revised"),
    [
        (Region.AMERICA, 30, Silence.CONSENT, PreorderStatus.SCHEDULED, True),
        (Region.AMERICA, 31, Silence.REFUND, PreorderStatus.CANCELLED, False),
        (Region.EUROPE, 30, Silence.STANDS, PreorderStatus.SCHEDULED, False),
        (Region.EAST, 30, Silence.STANDS, PreorderStatus.SCHEDULED, False),
    ],
)
def test_silence_means_what_the_buyers_place_says(
    session: Session, region: Region, days: int, silence: Silence, status: PreorderStatus, *, revised: bool
) -> None:
    _, (preorder,) = scheduled(session, region)
    promised = preorder.promise_by_on
    later(session, preorder, days)
    assert delays_of(session, preorder)[0].silence == silence
    assert list(delays.due(session, at=SILENT - timedelta(seconds=1))) == []
    assert list(delays.due(session, at=SILENT)) == [preorder.id]
    for _ in range(2):  # a second turn finds nothing to do
        delays.settle(session, preorder.id, at=SILENT)
    assert (preorder.status, preorder.promise_by_on > promised) == (status, revised)
    assert list(delays.due(session, at=SILENT)) == []
    assert told(session, preorder).count("ended") == (status == PreorderStatus.CANCELLED)


def test_an_american_who_was_silent_once_must_agree_the_second_time(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.AMERICA)
    later(session, preorder, 10)
    delays.settle(session, preorder.id, at=SILENT)
    later(session, preorder, 5, at=SILENT)
    delay = delays.standing(session, preorder)
    assert delay is not None
    assert (delay.kind, delay.silence) == (DelayKind.SECOND, Silence.REFUND)


def test_a_european_sets_a_last_day_and_after_it_everything_goes_back(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    later(session, preorder, 20)
    with pytest.raises(InvalidRequest):
        delays.answer(session, preorder, DelayChoice.SET_PERIOD, until=CLOSED.date(), at=CLOSED)
    until = CLOSED.date() + timedelta(days=30)
    delays.answer(session, preorder, DelayChoice.SET_PERIOD, until=until, at=CLOSED)
    later(session, preorder, 25, at=CLOSED + timedelta(days=1))  # a later day does not move the buyer's own
    assert list(delays.due(session, at=CLOSED + timedelta(days=29))) == []
    delays.settle(session, preorder.id, at=CLOSED + timedelta(days=32))
    assert preorder.status == PreorderStatus.CANCELLED


def test_a_last_day_is_a_choice_of_european_law_alone(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.EAST)
    later(session, preorder, 20)
    with pytest.raises(InvalidRequest):
        delays.answer(session, preorder, DelayChoice.SET_PERIOD, until=date(2027, 5, 1), at=CLOSED)


def test_a_promise_that_passes_without_a_day_is_a_delay_to_no_known_day(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.AMERICA)
    preorder.expected_on = None
    session.flush()
    after = CLOSED + (preorder.promise_by_on - CLOSED.date()) + timedelta(days=1)
    assert delay_notices.overdue(session, at=after - timedelta(days=1)) == []
    for _ in range(2):
        delay_notices.note_overdue(session, preorder.id, at=after)
    (delay,) = delays_of(session, preorder)
    assert (delay.kind, delay.new_on, delay.silence) == (DelayKind.INDEFINITE, None, Silence.REFUND)
    delays.answer(session, preorder, DelayChoice.WAIT, at=after)
    assert preorder.promise_by_on == delay.old_by_on
    assert delays.right_to_step_back(session, preorder)
    expect(session, delay.old_by_on + timedelta(days=20), at=after)
    assert [one.kind for one in delays_of(session, preorder)][-1] == DelayKind.SECOND


def test_what_has_left_before_the_answer_is_not_ended_by_silence(session: Session) -> None:
    world, (preorder,) = scheduled(session, Region.AMERICA)
    later(session, preorder, 40)
    for step in (PreorderStatus.IN_PRODUCTION, PreorderStatus.READY):
        preorder.move(step, by="test", at=CLOSED, why="made")
        session.flush()
    stock = make_member(session, Role.STOCK, team=world.team)
    preorders.ship(session, preorder.number, member=stock, at=CLOSED)
    delays.settle(session, preorder.id, at=SILENT)
    assert preorder.status == PreorderStatus.SHIPPED
    assert delays_of(session, preorder)[0].status == DelayStatus.LAPSED
