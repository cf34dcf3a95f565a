"""Delays are settled where their time is over, each by itself, however often and with whatever beside it."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from api.domain.delay import DelayKind, DelayStatus
from api.domain.preorder import PreorderStatus, Region
from api.services import cancellation, payments
from tests.services.lateness import delays_of, later, scheduled, told
from tests.services.test_planning import CLOSED
from workers import promises

SILENT = CLOSED + timedelta(days=14)


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "now", lambda: SILENT)


def test_silence_is_settled_once_however_often_the_watch_goes_round(session: Session) -> None:
    _, (american, chinese) = scheduled(session, Region.AMERICA, Region.EAST)
    later(session, american, 40)
    session.commit()
    for _ in range(3):
        promises.watch()
    session.expire_all()
    assert (american.status, chinese.status) == (PreorderStatus.CANCELLED, PreorderStatus.SCHEDULED)
    refunds = [one for one in payments.of_preorder(session, american.id) if one.refunds_id]
    assert sorted(refund.amount_minor for refund in refunds) == [12_000, 108_000]  # the first: a lower price
    assert told(session, american).count("ended") == 1


def test_one_that_cannot_be_settled_keeps_no_other_waiting(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (broken, sound) = scheduled(session, Region.AMERICA, Region.AMERICA)
    later(session, broken, 40)
    session.commit()
    whole = cancellation.locked

    def locked(session: Session, preorder_id: object) -> object:
        if preorder_id == broken.id:
            raise RuntimeError("the disk is full")
        return whole(session, preorder_id)  # type: ignore[arg-type]

    monkeypatch.setattr(cancellation, "locked", locked)
    promises.watch()
    session.expire_all()
    assert (broken.status, sound.status) == (PreorderStatus.SCHEDULED, PreorderStatus.CANCELLED)
    assert delays_of(session, broken)[0].status == DelayStatus.OPEN


def test_who_is_overdue_without_a_day_is_told_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    preorder.expected_on = None
    session.commit()
    passed = CLOSED + (preorder.promise_by_on - CLOSED.date()) + timedelta(days=1)
    monkeypatch.setattr(promises, "now", lambda: passed)
    for _ in range(2):
        promises.watch()
    assert [delay.kind for delay in delays_of(session, preorder)] == [DelayKind.INDEFINITE]
    assert told(session, preorder).count("delayed") == 1
