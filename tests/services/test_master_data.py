from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

import erp_bridge
from api.domain.member import Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run
from api.domain.production import OrderChannel, OrderMode
from api.services import campaign_close, erp_sync, master_data, plan_approval
from api.settings import settings
from erp_bridge.catalogue import OWN_LINES, HeldRecord, Noun, as_wanted
from tests.factories import World, make_factory, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from tests.services.test_planning import CLOSED, proposed

ERP = OrderChannel.ERP
SKU = "TEE-INDIGO-M"


@pytest.fixture
def world(session: Session, monkeypatch: pytest.MonkeyPatch) -> World:
    """A style that an own factory and a firm make for the ERP, and one that reads the order book."""
    monkeypatch.setenv("ODOO_URL", "http://erp.example")
    settings.cache_clear()
    made = make_world(session)
    make_factory(
        session, "F3", OrderMode.SUBCONTRACT, made.style, unit_cost=9000, channel=OrderChannel.ORDER_BOOK
    )
    session.flush()
    return made


@pytest.fixture
def run(session: Session, world: World) -> Run:
    """An approved run of six indigo tees in M, whose orders are still to be pushed."""
    make_preorder(session, lines=[(SKU, 6)], at=CLOSED - timedelta(hours=2))
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    return session.exec(select(Run)).one()


def all_there(session: Session) -> list[HeldRecord]:
    return [*as_wanted(erp_bridge.MasterData.union(master_data.wanted(session, ERP)))]


def read(session: Session, *, missing: str = "") -> int:
    """Read a catalogue in which all is right but for what is missing."""
    held = [each for each in all_there(session) if each.code != missing]
    return master_data.note(session, ERP, master_data.wanted(session, ERP), held, at=TODAY)


def push_of(session: Session, run: Run) -> OutboxMessage:
    session.flush()
    session.expire_all()
    query = select(OutboxMessage).where(OutboxMessage.subject == run.number)
    return session.exec(query.where(OutboxMessage.topic == master_data.PUSH)).one()


@pytest.mark.usefixtures("world")
def test_an_erp_should_hold_what_its_factories_can_make(session: Session) -> None:
    (wanted,) = master_data.wanted(session, ERP)
    assert [each.sku for each in wanted.products] == [
        f"TEE-{colour}-{size}" for colour in ("INDIGO", "WHITE") for size in "LMS"
    ]
    assert wanted.products[1].name == "Work tee, indigo, M"
    assert [each.code for each in wanted.fabrics] == ["JERSEY-INDIGO", "JERSEY-WHITE"]
    assert [(each.code, each.lines) for each in wanted.factories] == [("F1", ("F1-1",)), ("F2", ("F2-1",))]


@pytest.mark.usefixtures("world")
def test_what_was_read_is_kept_with_what_is_wrong_first(session: Session) -> None:
    held = [replace(each, unit="Pack of 6") if each.code == SKU else each for each in all_there(session)]
    master_data.note(session, ERP, master_data.wanted(session, ERP), held, at=TODAY)
    listed = master_data.listed(session, ERP)
    assert len(listed) == 10  # six products, two fabrics, a line, a firm
    assert (listed[0].code, listed[0].trouble, listed[0].detail) == (SKU, "wrong_unit", "Pack of 6")
    assert {each.trouble for each in listed[1:]} == {None}
    assert master_data.counts(session) == {("erp", ""): 9, ("erp", "wrong_unit"): 1}


def test_an_unmapped_sku_stands_in_the_way_of_its_run_by_name_unless_we_may_make_it(
    session: Session, run: Run
) -> None:
    order = erp_sync.erp_order(session, run)
    assert master_data.obstacles(session, ERP, order, may_create=False) == ""  # nobody has looked yet
    read(session, missing=SKU)
    words = master_data.obstacles(session, ERP, order, may_create=False)
    assert words == "erp has no product with the code TEE-INDIGO-M"
    assert master_data.obstacles(session, ERP, order, may_create=True) == ""


def test_a_bill_of_material_that_a_firm_lacks_stops_only_what_that_firm_makes(
    session: Session, run: Run
) -> None:
    order = erp_sync.erp_order(session, run)
    for lacking, words in (
        ("F2", ""),
        (OWN_LINES, f"erp has no bill of material for the product {SKU} (own lines)"),
    ):
        held = [
            replace(each, makers=each.makers - {lacking}) if each.code == SKU else each
            for each in all_there(session)
        ]
        master_data.note(session, ERP, master_data.wanted(session, ERP), held, at=TODAY)
        assert master_data.obstacles(session, ERP, order, may_create=False) == words


@pytest.mark.parametrize("may_create", [True, False])
def test_what_we_cannot_make_right_stands_in_the_way_in_any_case(
    session: Session, run: Run, *, may_create: bool
) -> None:
    twin = HeldRecord(Noun.LINE, "F1-1", "Another line")
    held = [*all_there(session), twin]
    master_data.note(session, ERP, master_data.wanted(session, ERP), held, at=TODAY)
    order = erp_sync.erp_order(session, run)
    words = master_data.obstacles(session, ERP, order, may_create=may_create)
    assert words == "erp has more than one line with the code F1-1 (F1-1, Another line)"


@pytest.mark.parametrize("lacking", [SKU, "F1-1"])
def test_a_parked_push_is_sent_again_once_what_it_lacked_is_there(
    session: Session, run: Run, lacking: str
) -> None:
    read(session, missing=lacking)
    push_of(session, run).park(at=CLOSED, error="erp has no product with the code")
    assert read(session, missing=lacking) == 0
    assert push_of(session, run).parked_at == CLOSED
    assert read(session) == 1
    message = push_of(session, run)
    assert (message.parked_at, message.attempts, message.not_before) == (None, 0, TODAY)


def test_a_push_parked_for_another_reason_stays_parked(session: Session, run: Run) -> None:
    read(session, missing="TEE-WHITE-M")
    push_of(session, run).park(at=CLOSED, error="the key was revoked")
    assert read(session) == 0
    assert push_of(session, run).parked_at == CLOSED
