import os
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from api.domain.member import Role
from api.domain.orderbook import BookOrder
from api.domain.plan import Run, RunStatus
from api.services import plan_approval
from api.settings import settings
from tests.factories import make_member
from tests.services.test_planning import CLOSED, decided, proposed
from workers import erp, gateways
from workers.outbox import NobodyThere, _ask


@pytest.fixture
def runs(session: Session) -> Sequence[Run]:
    """Two approved runs whose orders nobody has sent."""
    decided(session)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    return session.exec(select(Run).order_by(Run.number)).all()


def payloads(runs: Sequence[Run]) -> list[dict[str, str]]:
    return [{"run_id": str(run.id)} for run in runs]


def test_runs_are_released_together_and_a_second_time_changes_nothing(
    session: Session, runs: Sequence[Run]
) -> None:
    for _ in range(2):
        assert erp.push_runs(payloads(runs)) == [None, None]
        session.expire_all()
        assert [run.status for run in runs] == [RunStatus.RELEASED] * 2
        assert [run.documents for run in runs] == [[run.number] for run in runs]
    held = session.exec(select(BookOrder.reference).order_by(BookOrder.reference)).all()
    assert held == [run.number for run in runs]


def test_a_run_nobody_knows_stops_no_other(session: Session, runs: Sequence[Run]) -> None:
    answers = _ask(erp.push_runs, [{"run_id": str(uuid4())}, *payloads(runs)])
    assert [answer is None for answer in answers] == [False, True, True]
    session.expire_all()
    assert [run.status for run in runs] == [RunStatus.RELEASED] * 2


def test_runs_wait_while_the_erp_does_not_answer(session: Session, runs: Sequence[Run], nowhere: str) -> None:
    os.environ |= {"ODOO_URL": nowhere, "ODOO_DB": "odoo", "ODOO_API_KEY": "k", "ODOO_MASTER_DATA_KEY": "m"}
    settings.cache_clear()
    gateways.odoo.cache_clear()
    with pytest.raises(NobodyThere, match="did not answer"):
        erp.push_runs(payloads(runs))
    gateways.odoo.cache_clear()
    session.expire_all()
    assert [run.status for run in runs] == [RunStatus.APPROVED] * 2
