"""How well a factory kept its word, from what happened and not from what anybody says of it."""

from datetime import timedelta

from sqlmodel import Session

import erp_bridge
from api.services import erp_sync, order_book, proposals, scorecards
from api.services.scorecards import Scorecard
from tests.services.factory_desk import FactoryDesk, make_desk
from tests.services.test_planning import CLOSED

HOUR = timedelta(hours=1)


def finish(session: Session, desk: FactoryDesk, pieces: int, *, days_late: int = 0) -> None:
    """The run is done with so many pieces, so many days after its last day."""
    at = CLOSED.replace(
        year=desk.run.finish_on.year, month=desk.run.finish_on.month, day=desk.run.finish_on.day
    )
    made = (erp_bridge.Pieces("TEE-INDIGO-M", pieces),)
    said = erp_bridge.Progress(desk.run.number, erp_bridge.ProgressState.DONE, made)
    erp_sync.apply(session, said, at=at + timedelta(days=days_late))
    session.flush()


def score(session: Session, desk: FactoryDesk) -> Scorecard | None:
    return scorecards.listed(session, since=CLOSED - HOUR).get(desk.world.own.id)


def test_a_factory_of_which_nothing_is_known_has_no_scorecard(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    assert score(session, desk) is None


def test_a_run_on_its_last_day_with_all_pieces_counts_twice(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    finish(session, desk, 6)
    assert score(session, desk) == Scorecard(ended=1, on_time=1, complete=1)


def test_a_run_that_is_late_or_short_counts_as_ended_alone(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    finish(session, desk, 5, days_late=1)
    assert score(session, desk) == Scorecard(ended=1)


def test_a_day_that_was_agreed_is_the_day_that_counts(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    desk.run.finish_on += timedelta(days=3)
    finish(session, desk, 6)
    assert score(session, desk) == Scorecard(ended=1, on_time=1, complete=1)


def test_an_answer_is_the_first_word_on_an_order_be_it_a_proposal(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    number, who = desk.order.reference, desk.worker
    order_book.accept(session, number, member=who, at=CLOSED + 5 * HOUR)
    session.flush()
    assert score(session, desk) == Scorecard(reply=5 * HOUR)
    fewer = {"TEE-INDIGO-M": 5}
    proposals.propose(
        session,
        number,
        finish_on=desk.order.finish_on,
        quantities=fewer,
        reason="cloth",
        member=who,
        at=CLOSED + 2 * HOUR,
    )
    session.flush()
    assert score(session, desk) == Scorecard(reply=2 * HOUR)


def test_what_happened_before_is_not_counted(session: Session) -> None:
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    finish(session, desk, 6)
    assert scorecards.listed(session, since=CLOSED + timedelta(days=400)) == {}
