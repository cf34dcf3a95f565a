"""A push that waits for codes in a real Odoo: parked by their names, and sent again by itself."""

import os
from collections.abc import Iterator
from zlib import crc32

import pytest
from sqlmodel import Session, select

import erp_bridge
from api.domain.catalogue import Sku
from api.domain.channel import ChannelStatus
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run, RunStatus
from api.domain.production import OrderChannel, ProductionLine
from api.services import campaign_close, channels, master_data, needs, plan_approval
from api.settings import settings
from erp_bridge.odoo import OdooGateway
from tests import servers
from tests.factories import make_member, make_preorder, make_world
from tests.services.test_master_data import push_of
from tests.services.test_planning import CLOSED, proposed
from workers import erp, gateways
from workers.master_data import read_catalogue, read_catalogues
from workers.outbox import NobodyThere, _deliver

ERP = OrderChannel.ERP


@pytest.fixture
def _mapping_only(odoo: servers.Odoo, session: Session) -> Iterator[None]:
    """An installation with the key for orders only: Odoo's products are made in Odoo."""
    del session
    os.environ |= {"ODOO_URL": odoo.url, "ODOO_DB": odoo.db, "ODOO_API_KEY": odoo.api_key}
    settings.cache_clear()
    gateways.odoo.cache_clear()
    yield
    gateways.odoo.cache_clear()


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    """What sets the codes of a test apart in an Odoo that other tests use too."""
    return f"T{crc32(request.node.name.encode()):08x}"


@pytest.fixture
def run(session: Session, tag: str) -> Run:
    """An approved run of six tees, of a code and at a line that no other test has in Odoo."""
    world = make_world(session)
    session.exec(select(Sku).where(Sku.code == "TEE-INDIGO-M")).one().code = f"{tag}-M"
    session.exec(select(ProductionLine).where(ProductionLine.code == "F1-1")).one().code = f"{tag}-1"
    session.flush()
    make_preorder(session, lines=[(f"{tag}-M", 6)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    return session.exec(select(Run)).one()


def deliver_catalogue(session: Session) -> None:
    """What the relay does with the wish that the catalogue be read."""
    wishes = select(OutboxMessage).where(OutboxMessage.topic == master_data.READ)
    wish = session.exec(wishes.where(OutboxMessage.subject == ERP.value)).one()
    _deliver([wish.id], lambda payloads: [read_catalogue(**each) for each in payloads])


@pytest.mark.usefixtures("_mapping_only")
def test_a_push_waits_for_its_codes_by_name_and_is_sent_again_once_they_are_there(
    session: Session, run: Run, odoo: servers.Odoo, tag: str
) -> None:
    read_catalogue(ERP.value)
    _deliver([push_of(session, run).id], erp.push_runs)
    words = f"erp has no line with the code {tag}-1; erp has no product with the code {tag}-M"
    assert push_of(session, run).last_error == words
    admin = session.exec(select(Member).where(Member.role == Role.ADMIN)).one()
    tasks = needs.of_member(session, admin, at=CLOSED)
    assert [(each.name, each.facts["error"]) for each in tasks if each.kind == needs.NeedKind.PARKED] == [
        (run.number, words)
    ]

    wanted = erp_bridge.MasterData.union(master_data.wanted(session, ERP))
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as person:
        person.prepare(wanted)
    read_catalogues()
    deliver_catalogue(session)
    assert push_of(session, run).parked_at is None
    _deliver([push_of(session, run).id], erp.push_runs)
    assert push_of(session, run).done_at is not None
    assert session.get_one(Run, run.id).status == RunStatus.RELEASED


@pytest.mark.usefixtures("_mapping_only")
def test_a_refused_order_has_the_catalogue_read_at_once(session: Session, run: Run, tag: str) -> None:
    (answer,) = erp.push_runs([{"run_id": str(run.id)}])  # nobody has looked: the bridge itself finds it
    assert f"{tag}-1" in str(answer)
    deliver_catalogue(session)
    session.expire_all()
    listed = {each.code: each.trouble for each in master_data.listed(session, ERP)}
    assert listed[f"{tag}-M"] == "unmapped"


def test_a_catalogue_waits_for_an_erp_that_does_not_answer(session: Session, nowhere: str) -> None:
    del session
    os.environ |= {"ODOO_URL": nowhere, "ODOO_DB": "odoo", "ODOO_API_KEY": "k"}
    settings.cache_clear()
    gateways.odoo.cache_clear()
    with pytest.raises(NobodyThere, match="did not answer"):
        read_catalogue(ERP.value)
    erp.pull_progress()
    gateways.odoo.cache_clear()
    with erp.transaction() as reading:
        states = channels.states(reading)
    silent = states[ERP]
    assert silent is not None
    assert (silent.status, "did not answer" in silent.words) == (ChannelStatus.SILENT, True)
    answering = states[OrderChannel.ORDER_BOOK]
    assert answering is not None
    assert answering.status == ChannelStatus.ANSWERS
