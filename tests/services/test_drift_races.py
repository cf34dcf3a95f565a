"""Looks and decisions at the same moment, each in a transaction of its own."""

from uuid import UUID

import pytest
from sqlmodel import Session, select

from api.db import transaction
from api.domain.drift import Decision, Drift
from api.domain.errors import NotDecidable
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run
from api.services import drift, drift_answers, drift_decisions
from tests.services.test_drift import MEDIUM, as_released, with_pieces
from tests.services.test_erp_sync import released
from tests.services.test_planning import CLOSED
from tests.services.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed")


def note(session: Session) -> UUID:
    """A look that finds fewer pieces in the ERP."""
    holding = with_pieces(as_released(session, session.exec(select(Run)).one()), 5)
    drift.note(session, [holding], looked_at=CLOSED, at=CLOSED)
    return session.exec(select(Drift.id)).one()


def in_a_transaction_of_its_own(_: int) -> UUID:
    with transaction() as session:
        return note(session)


def test_looks_at_the_same_moment_write_a_difference_once() -> None:
    with transaction() as session:
        released(session, (MEDIUM, 7))
    assert len(set(at_once(in_a_transaction_of_its_own))) == 1


def test_people_who_decide_at_the_same_moment_decide_once_and_send_once() -> None:
    with transaction() as session:
        _, run = released(session, (MEDIUM, 7))
        drift_id = note(session)

    def keep(_: int) -> bool:
        try:
            with transaction() as session:
                planner = session.exec(select(Member).where(Member.role == Role.PLANNER)).one()
                drift_decisions.decide(
                    session, drift_id, Decision.KEEP, reason="as agreed", member=planner, at=CLOSED
                )
        except NotDecidable:
            return False
        return True

    assert sorted(at_once(keep)) == [False, False, False, True]
    with transaction() as session:
        topic = OutboxMessage.topic == drift_answers.KEEP_OURS
        assert len(session.exec(select(OutboxMessage).where(topic)).all()) == 1
        assert session.get_one(Run, run.id).revision == 2
