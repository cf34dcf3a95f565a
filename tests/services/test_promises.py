from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select, update

from api.domain.catalogue import Fabric
from api.domain.errors import NothingToMakeIt, Unknown
from api.domain.member import Role
from api.domain.plan import Run, RunStatus
from api.domain.preorder import Preorder
from api.domain.production import Closure, ProductionLine
from api.domain.promise import Promise, PromiseKind
from api.services import promises
from tests.api.buying import Shop
from tests.factories import World, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from tests.services.lateness import scheduled

FIFTEEN_DAYS = 700
"""Pieces at ten minutes each, with 50 minutes of setting up, on a line of eight hours a day."""


@pytest.fixture
def world(session: Session) -> World:
    """Vector V6: six-day weeks, cloth in twenty days, the factory shut for the Spring Festival."""
    world = make_world(session)
    for line in session.exec(select(ProductionLine)):
        line.workdays = 6
    for fabric in session.exec(select(Fabric)):
        fabric.lead_days = 20
    for factory in (world.own, world.outside):
        shut = Closure(
            factory_id=factory.id,
            from_on=date(2027, 1, 23),
            to_on=date(2027, 2, 21),
            reason="Spring Festival",
        )
        session.add(shut)
    session.flush()
    return world


def promised(session: Session, **other: object) -> promises.ShipBy:
    asked = {"pieces": FIFTEEN_DAYS, "closes_on": date(2026, 12, 20), "balance_days": 5, "at": TODAY}
    return promises.ship_by(session, "TEE", **(asked | other))  # type: ignore[arg-type]


def test_v6_the_factorys_calendar_says_2_march_and_one_without_it_1_february(
    client: TestClient, session: Session, world: World
) -> None:
    shop = Shop(client, session)
    shop.sign_in(make_member(session, Role.STOCK, team=world.team))
    asked = {"style": "TEE", "pieces": FIFTEEN_DAYS, "closes_on": "2026-12-20", "balance_days": 5}
    said = shop.ask("GET", "/api/promises/ship-by", params=asked)
    assert (said["balances_on"], said["fabric_on"]) == ("2026-12-25", "2027-01-14")
    assert (said["sewn_on"], said["sewn_on_without_closures"]) == ("2027-03-02", "2027-02-01")
    assert (said["from_on"], said["by_on"], said["past_runs"]) == ("2027-03-02", "2027-03-09", 0)


def test_a_stranger_does_not_read_the_factories_calendar(client: TestClient, world: World) -> None:
    del world
    asked = {"style": "TEE", "pieces": 1, "closes_on": "2026-12-20"}
    assert client.get("/api/promises/ship-by", params=asked).status_code == 401


def test_the_range_ends_where_four_of_five_past_runs_ended(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {world.own.id: [-2, 0, 0, 1, 1, 2, 3, 3, 9, 20], world.outside.id: [30] * 10}
    monkeypatch.setattr(promises.scorecards, "days_late", lambda *_, **__: late)
    said = promised(session)
    assert (said.factory, said.late_days, said.past_runs) == ("F1", 3, 10)
    assert said.by_on == date(2027, 3, 5)


def test_who_has_always_been_early_is_promised_for_the_day_itself(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {world.own.id: [-5] * 6}
    monkeypatch.setattr(promises.scorecards, "days_late", lambda *_, **__: late)
    said = promised(session, factory_code="F1")
    assert said.from_on == said.by_on == date(2027, 3, 2)


def test_runs_in_force_take_their_time_first(session: Session) -> None:
    world, _ = scheduled(session)
    run = session.exec(select(Run)).one()
    code = "F1" if session.get_one(ProductionLine, run.line_id).factory_id == world.own.id else "F2"
    asked = {"pieces": 40, "closes_on": date(2026, 11, 24), "balance_days": 0, "factory_code": code}
    session.exec(update(Run).values(finish_on=date(2027, 6, 1)))
    session.exec(update(Fabric).values(lead_days=1))
    busy = promised(session, **asked)
    run.move(RunStatus.CANCELLED, by="test", at=TODAY, why="test")
    session.flush()
    assert promised(session, **asked).sewn_on < busy.sewn_on


def test_a_batch_beyond_a_year_is_promised_to_nobody(session: Session, world: World) -> None:
    del world
    with pytest.raises(NothingToMakeIt):
        promised(session, pieces=99_000)
    with pytest.raises(Unknown):
        promises.ship_by(session, "NONE", pieces=1, closes_on=date(2026, 12, 20), balance_days=5, at=TODAY)


def test_the_first_promise_is_kept_however_the_pre_order_came(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    (promise,) = promises.history(session, preorder.id)
    assert (promise.kind, promise.at) == (PromiseKind.ORIGINAL, TODAY)
    assert (promise.from_on, promise.by_on) == (preorder.promise_from_on, preorder.promise_by_on)


def test_the_database_refuses_a_promise_that_moves_silently(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    with pytest.raises(IntegrityError, match="says why"), session.begin_nested():
        session.execute(update(Preorder).values(promise_by_on=preorder.promise_by_on + timedelta(days=1)))


def test_a_promise_is_never_rewritten(session: Session) -> None:
    make_world(session)
    make_preorder(session)
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(update(Promise).values(reason="never said"))
