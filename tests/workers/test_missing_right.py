"""A right that our user in the ERP lacks becomes a task that names it; once given, the run goes out."""

import os
from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from api.domain.member import Role
from api.domain.need import NeedKind
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run, RunStatus
from api.services import needs, outbox, plan_approval
from api.settings import settings
from tests.erp_bridge.backoffice import BackOffice
from tests.factories import make_member
from tests.servers import Odoo as Server
from tests.services.test_planning import CLOSED, decided, proposed
from workers import erp, gateways
from workers.outbox import _deliver


@pytest.fixture
def buyer_only(odoo: Server) -> Iterator[Server]:
    """An Odoo whose key belongs to a user who may buy and may not make."""
    office = BackOffice(odoo.url, odoo.db, odoo.admin_password)
    key = office.add_user("buyer only", groups=["purchase.group_purchase_user"])
    office.close()
    use(odoo, key)
    yield odoo
    gateways.odoo.cache_clear()


def use(odoo: Server, key: str) -> None:
    os.environ |= {
        "ODOO_URL": odoo.url,
        "ODOO_DB": odoo.db,
        "ODOO_API_KEY": key,
        "ODOO_MASTER_DATA_KEY": odoo.master_data_key,
    }
    settings.cache_clear()
    gateways.odoo.cache_clear()


def test_a_missing_right_parks_the_message_with_its_name_until_it_is_given(
    session: Session, buyer_only: Server
) -> None:
    decided(session, ("TEE-INDIGO-M", 6))
    who = make_member(session, Role.PLANNER)
    plan_approval.approve(session, proposed(session, who).number, member=who, at=CLOSED)
    session.flush()
    run = session.exec(select(Run)).one()
    message = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "erp.push_run")).one()
    _deliver([message.id], erp.push_runs)
    session.expire_all()
    assert message.parked_at is not None
    words = message.last_error or ""
    assert "lacks a right" in words
    assert "Manufacturing/User" in words
    told = [
        need.facts["error"]
        for need in needs.of_member(session, who, at=CLOSED)
        if need.kind == NeedKind.PARKED
    ]
    assert told == [words]
    use(buyer_only, buyer_only.api_key)
    outbox.revive(session, message.id, member=who, at=CLOSED)
    session.flush()
    _deliver([message.id], erp.push_runs)
    session.expire_all()
    assert message.done_at is not None
    assert run.status == RunStatus.RELEASED
