"""A real Odoo that refuses connections for 24 hours, told by the clock of the test."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, col, select

from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import RUN_NUMBERS
from api.domain.preorder import PreorderStatus
from api.services import campaign_close, master_data, metrics, outbox, plan_approval
from api.settings import settings
from erp_bridge import ProgressState
from tests import servers
from tests.factories import PASSWORD, World, make_campaign, make_member, make_preorder, make_world
from tests.fixtures import Clock
from tests.services.test_planning import CLOSED, proposed
from tests.workers.gate import Gate
from workers import erp, gateways
from workers.outbox import _deliver, _parcels

# Two at a time, so that what is sent after the outage is sent in several turns.
TERMS = {master_data.PUSH: outbox.Terms(lease=timedelta(minutes=2), at_once=2, batch=2)}
DAY, TURN = timedelta(hours=24), timedelta(minutes=30)


@pytest.fixture
def gate(odoo: servers.Odoo, session: Session) -> Iterator[Gate]:
    """An installation whose Odoo refuses connections until the gate is opened."""
    with Gate(odoo.url) as closed:
        os.environ |= {"ODOO_URL": closed.url, "ODOO_DB": odoo.db, "ODOO_API_KEY": odoo.api_key}
        os.environ["ODOO_MASTER_DATA_KEY"] = odoo.master_data_key
        settings.cache_clear()
        gateways.odoo.cache_clear()
        # Numbers that no other test has used in this Odoo: the reference is what finds an order again.
        session.execute(text(f"SELECT setval('{RUN_NUMBERS.name}', 770000)"))
        yield closed
        gateways.odoo().close()
        gateways.odoo.cache_clear()


def relay(session: Session, at: datetime) -> None:
    """One turn of the relay and its worker, at this moment."""
    claimed = [(each.topic, str(each.id)) for each in outbox.claim(session, at=at, terms=TERMS)]
    session.flush()
    for _, ids in _parcels(claimed, TERMS):
        _deliver([UUID(each) for each in ids], erp.push_runs, clock=lambda: at)
    session.expire_all()


def sell_and_plan(session: Session, world: World, planner: Member, *, at: datetime) -> None:
    """A campaign is sold, closes, and its plan is approved: nothing of it asks the ERP."""
    slug = f"tee-{at:%H%M}"
    campaign = make_campaign(session, world.team, world.style, at=at - timedelta(days=1), slug=slug)
    preorder = make_preorder(session, campaign=slug, lines=[("TEE-INDIGO-M", 6)], at=at - timedelta(hours=1))
    campaign_close.close(session, campaign.id, at=at)
    session.flush()
    plan = proposed(session, planner)
    plan_approval.approve(session, plan.number, member=planner, at=at)
    session.flush()
    assert preorder.status == PreorderStatus.SCHEDULED


def pushes(session: Session) -> list[OutboxMessage]:
    """The messages that push runs, in the order in which they were recorded."""
    query = select(OutboxMessage).where(OutboxMessage.topic == master_data.PUSH)
    return [*session.exec(query.order_by(col(OutboxMessage.recorded_at), OutboxMessage.subject))]


def test_orders_go_on_the_queue_is_seen_and_drains_in_order_of_age(
    session: Session, gate: Gate, clock: Clock, new_client: Callable[[], TestClient]
) -> None:
    world = make_world(session)
    admin = make_member(session, Role.ADMIN)
    at = CLOSED
    while at < CLOSED + DAY:
        if (at - CLOSED) % timedelta(hours=6) == timedelta(0):
            sell_and_plan(session, world, admin, at=at)
        relay(session, at)
        at += TURN
    waiting = pushes(session)
    assert len(waiting) >= 4
    assert {(each.done_at, each.parked_at) for each in waiting} == {(None, None)}

    clock.at = at
    browser = new_client()
    browser.post("/console/sign-in", data={"email": admin.email, "password": PASSWORD})
    page = browser.get("/console/queue").text
    places = [page.index(each.subject) for each in waiting]
    assert places == sorted(places)
    assert "did not answer" in page or "not asked again" in page
    said = metrics.text(session, at=at)
    assert f'counterflow_queue_oldest_seconds{{topic="erp.push_run"}} {DAY.total_seconds():.0f}\n' in said

    gate.open()
    gateways.odoo().close()
    gateways.odoo.cache_clear()  # as a pause of the circuit later, without waiting for it
    for _ in waiting:  # turns enough for one at a time
        relay(session, at)
        at += timedelta(seconds=15)
    sent = [each.done_at for each in pushes(session) if each.done_at]
    assert len(sent) == len(waiting)
    assert sent == sorted(sent)
    assert len({*sent}) == (len(waiting) + 1) // 2
    found = gateways.odoo().pull([each.subject for each in waiting]).progress
    assert {each.state for each in found} == {ProgressState.CONFIRMED}
