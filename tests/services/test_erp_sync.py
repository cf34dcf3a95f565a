from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

import erp_bridge
from api.domain.errors import InvalidRequest, Unknown
from api.domain.member import Role
from api.domain.orderbook import BookOrder
from api.domain.plan import Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.production import OrderChannel
from api.services import campaign_close, erp_sync, order_book, plan_approval, preorders, tracking
from api.settings import settings
from erp_bridge.orderbook import OrderBook
from tests.factories import World, make_member, make_preorder, make_world
from tests.services.test_planning import CLOSED, proposed


def released(session: Session, *lines: tuple[str, int]) -> tuple[World, Run]:
    """One released run for the given lines, each a pre-order of its own, earliest paid first."""
    world = make_world(session)
    for minute, line in enumerate(lines):
        make_preorder(session, lines=[line], at=CLOSED - timedelta(hours=2) + timedelta(minutes=minute))
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    (run,) = session.exec(select(Run)).all()
    reference = erp_bridge.ErpReference(run.number, (f"{run.number}/1",), created=True)
    erp_sync.mark_released(session, run.id, reference, channel=OrderChannel.ERP, at=CLOSED)
    session.flush()
    return world, run


def said(
    run: Run, state: erp_bridge.ProgressState, done: int, *, on: datetime | None = None
) -> erp_bridge.Progress:
    return erp_bridge.Progress(
        run.reference, state, (erp_bridge.Pieces("TEE-INDIGO-M", done),), on, CLOSED, ("MO/1",)
    )


def test_an_order_has_a_line_for_each_sku_and_the_days_of_the_plan(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2))
    order = erp_sync.erp_order(session, run)
    assert [(line.sku, line.quantity) for line in order.lines] == [("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2)]
    assert order.start_at.date() == run.start_on
    assert order.finish_at.date() == run.finish_on


def test_master_data_of_a_run_names_its_products_cloth_and_factory(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    data = erp_sync.master_data(session, run)
    assert {p.sku for p in data.products} == {"TEE-INDIGO-S", "TEE-INDIGO-M", "TEE-INDIGO-L"}
    assert [f.code for f in data.fabrics] == ["JERSEY-INDIGO"]
    assert [(f.code, f.lines) for f in data.factories] == [("F1", ("F1-1",))]


def test_progress_moves_the_run_the_pre_order_and_its_page(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    preorder = session.exec(select(Preorder)).one()
    erp_sync.apply(session, said(run, erp_bridge.ProgressState.STARTED, 2), at=CLOSED)
    assert (run.status, preorder.status) == (RunStatus.STARTED, PreorderStatus.IN_PRODUCTION)
    erp_sync.apply(session, said(run, erp_bridge.ProgressState.DONE, 6), at=CLOSED)
    assert (run.status, preorder.status) == (RunStatus.DONE, PreorderStatus.READY)
    session.flush()
    stages = {stage.name: stage.state for stage in tracking.track(session, preorder).stages}
    assert (stages["in_production"], stages["ready"], stages["shipped"]) == ("done", "done", "now")


def test_pieces_thrown_away_are_noted_beside_those_done(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    thrown = (erp_bridge.Pieces("TEE-INDIGO-M", 2),)
    progress = replace(said(run, erp_bridge.ProgressState.STARTED, 3), scrapped=thrown)
    erp_sync.apply(session, progress, at=CLOSED)
    (made,) = session.exec(select(RunSku)).all()
    assert (made.done, made.scrapped) == (3, 2)


def test_the_same_word_twice_changes_nothing(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    for _ in range(2):
        erp_sync.apply(session, said(run, erp_bridge.ProgressState.DONE, 6), at=CLOSED)
        session.flush()
    assert run.status == RunStatus.DONE


def test_when_a_run_is_short_those_who_paid_first_are_served(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 4), ("TEE-INDIGO-M", 4))
    erp_sync.apply(session, said(run, erp_bridge.ProgressState.DONE, 7), at=CLOSED)
    first, second = session.exec(select(Preorder).order_by(Preorder.number)).all()
    assert (first.status, second.status) == (PreorderStatus.READY, PreorderStatus.IN_PRODUCTION)


def test_the_factorys_later_date_is_shown_and_the_promise_stays(session: Session) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    preorder = session.exec(select(Preorder)).one()
    promise = preorder.promise_by_on
    late = datetime(2027, 3, 2, tzinfo=UTC)
    erp_sync.apply(session, said(run, erp_bridge.ProgressState.STARTED, 0, on=late), at=CLOSED)
    assert preorder.expected_on == late.date() + timedelta(days=2)
    assert preorder.promise_by_on == promise


def test_without_an_erp_every_factory_reads_the_order_book(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = released(session, ("TEE-INDIGO-M", 6))
    assert erp_sync.channel_of(session, run) == OrderChannel.ORDER_BOOK
    monkeypatch.setenv("ODOO_URL", "http://erp.example")
    settings.cache_clear()
    assert erp_sync.channel_of(session, run) == OrderChannel.ERP


def test_a_factory_works_an_order_from_offer_to_done(session: Session) -> None:
    world, run = released(session, ("TEE-INDIGO-M", 6))
    book = OrderBook(order_book.OrderBookStore(at=CLOSED))
    order = erp_sync.erp_order(session, run)
    assert [book.push([order])[order.reference] for _ in range(2)] == [
        erp_bridge.ErpReference(order.reference, (order.reference,), created=created)
        for created in (True, False)
    ]
    worker = make_member(session, Role.FACTORY, factory=world.own)
    order_book.accept(session, run.number, member=worker, at=CLOSED)
    order_book.start(session, run.number, member=worker, at=CLOSED)
    order_book.report(session, run.number, done={"TEE-INDIGO-M": 6}, finished=True, member=worker, at=CLOSED)
    session.flush()
    (progress,) = book.pull([run.number]).progress
    assert (progress.state, progress.done) == (
        erp_bridge.ProgressState.DONE,
        (erp_bridge.Pieces("TEE-INDIGO-M", 6),),
    )


def test_another_factorys_order_does_not_exist_for_a_factory(session: Session) -> None:
    world, run = released(session, ("TEE-INDIGO-M", 6))
    OrderBook(order_book.OrderBookStore(at=CLOSED)).push([erp_sync.erp_order(session, run)])
    stranger = make_member(session, Role.FACTORY, factory=world.outside)
    assert order_book.of_factory(session, stranger) == []
    with pytest.raises(Unknown):
        order_book.accept(session, run.number, member=stranger, at=CLOSED)


def test_a_report_of_what_cannot_be_names_the_field(session: Session) -> None:
    world, run = released(session, ("TEE-INDIGO-M", 6))
    OrderBook(order_book.OrderBookStore(at=CLOSED)).push([erp_sync.erp_order(session, run)])
    worker = make_member(session, Role.FACTORY, factory=world.own)
    order = session.exec(select(BookOrder)).one()
    for sku, pieces in (("NO-SUCH", 1), ("TEE-INDIGO-M", 13), ("TEE-INDIGO-M", -1)):
        with pytest.raises(InvalidRequest, match=f"done.{sku}"):
            order.report({sku: pieces})
    with pytest.raises(InvalidRequest, match="start it first"):
        order_book.report(session, run.number, done={}, finished=True, member=worker, at=CLOSED)


def test_a_campaign_has_shipped_when_its_last_parcel_left(session: Session) -> None:
    world, run = released(session, ("TEE-INDIGO-M", 6))
    erp_sync.apply(session, said(run, erp_bridge.ProgressState.DONE, 6), at=CLOSED)
    session.flush()
    number = session.exec(select(Preorder.number)).one()
    preorders.ship(session, number, member=make_member(session, Role.STOCK, team=world.team), at=CLOSED)
    assert world.campaign.status == "shipped"
