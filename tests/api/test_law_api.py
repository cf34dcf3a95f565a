"""The same case in China, the EU and the USA: nine that differ as their laws do, through the public API."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.member import Role
from api.domain.payment import Payment, PaymentKind
from api.domain.preorder import Preorder, PreorderStatus, Region
from api.services import campaign_close, delays, preorders
from tests.api.buying import Shop
from tests.factories import World, make_member, make_world
from tests.fixtures import TODAY, Clock
from tests.services.lateness import later, scheduled
from tests.services.test_planning import CLOSED

CLOSES = TODAY + timedelta(hours=6)
OVER = CLOSES + timedelta(seconds=1)
EMAIL = "lin@example.com"


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def shop(client: TestClient, session: Session, world: World) -> Shop:
    shop = Shop(client, session)
    shop.sign_in(make_member(session, Role.BUYER, team=world.team))
    return shop


def close_due(session: Session, clock: Clock) -> None:
    for campaign_id in campaign_close.due(session, at=clock.at):
        campaign_close.close(session, campaign_id, at=clock.at)
        session.flush()


def link(preorder: Preorder) -> str:
    return f"/api/preorders/{preorders.token(preorder)}"


def going_back(session: Session) -> int:
    refunds = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
    return sum(refund.amount_minor for refund in refunds)


# Delay: forty days later than promised, and nobody answers.


@pytest.mark.parametrize(
    ("region", "choices", "silence", "status"),
    [
        (Region.EAST, ["wait", "cancel"], "stands", "scheduled"),
        (Region.EUROPE, ["wait", "set_period", "cancel"], "stands", "scheduled"),
        (Region.AMERICA, ["wait", "cancel"], "refund", "cancelled"),
    ],
)
def test_forty_days_of_delay_and_no_answer(
    client: TestClient,
    session: Session,
    clock: Clock,
    region: Region,
    choices: list[str],
    silence: str,
    status: str,
) -> None:
    _, (preorder,) = scheduled(session, region)
    later(session, preorder, 40)
    clock.at = CLOSED
    delay = client.get(f"{link(preorder)}/choices").json()["delay"]
    assert (delay["kind"], delay["choices"], delay["silence"]) == ("first", choices, silence)
    clock.go(days=15)
    for preorder_id in delays.due(session, at=clock.at):
        delays.settle(session, preorder_id, at=clock.at)
    read = client.get(link(preorder)).json()
    assert read["status"] == status
    assert going_back(session) == (120_000 if status == "cancelled" else 0)
    cancel = client.get(f"{link(preorder)}/choices").json()["cancel"]
    assert (cancel["ground"], cancel["refused"]) == (
        ("delay", None) if status == "scheduled" else (None, "ended")
    )


# Withdrawal: a pre-order that is certain and not yet made, then one that has come.


@pytest.mark.parametrize(
    ("region", "refused"),
    [(Region.EAST, "not_received"), (Region.EUROPE, None), (Region.AMERICA, "sellers_terms")],
)
def test_withdrawing_before_delivery(
    client: TestClient, session: Session, clock: Clock, region: Region, refused: str | None
) -> None:
    _, (preorder,) = scheduled(session, region)
    clock.at = CLOSED
    who = {"number": preorder.number, "email": EMAIL}
    look = client.post("/api/withdrawals/look", json=who)
    if refused:
        assert (look.status_code, look.json()["reason"]) == (409, refused)
        assert client.post("/api/withdrawals", json=who | {"back_minor": 120_000}).status_code == 409
        assert going_back(session) == 0
        return
    assert look.json()["back_minor"] == 120_000
    done = client.post("/api/withdrawals", json=who | {"back_minor": 120_000})
    assert (done.status_code, done.json()["ground"]) == (201, "withdrawal")
    assert going_back(session) == 120_000
    assert client.get(link(preorder)).json()["status"] == "cancelled"


@pytest.mark.parametrize(("region", "days"), [(Region.EAST, 7), (Region.EUROPE, 14), (Region.AMERICA, None)])
def test_withdrawing_after_receipt(
    client: TestClient, session: Session, clock: Clock, region: Region, days: int | None
) -> None:
    world, (preorder,) = scheduled(session, region)
    ship(session, world, preorder, clock)
    who = {"number": preorder.number, "email": EMAIL}
    clock.go(days=2 + (days or 7))  # two days on the way
    answers = [client.post("/api/withdrawals/look", json=who).status_code]
    clock.go(days=1)
    answers.append(client.post("/api/withdrawals/look", json=who).status_code)
    assert answers == ([200, 409] if days else [409, 409])


def ship(session: Session, world: World, preorder: Preorder, clock: Clock) -> None:
    clock.at = CLOSED
    for step in (PreorderStatus.IN_PRODUCTION, PreorderStatus.READY):
        preorder.move(step, by="test", at=CLOSED, why="made")
        session.flush()
    stock = make_member(session, Role.STOCK, team=world.team)
    preorders.ship(session, preorder.number, member=stock, at=CLOSED)
    session.flush()


def test_goods_made_to_order_are_excepted_in_china_and_not_in_europe(
    client: TestClient, session: Session, clock: Clock
) -> None:
    world, bought = scheduled(session, Region.EAST, Region.EUROPE, kind="made_to_order", minimum=0)
    for preorder in bought[:1]:
        ship(session, world, preorder, clock)
    clock.at = CLOSED + timedelta(days=3)
    looks = [
        client.post("/api/withdrawals/look", json={"number": one.number, "email": EMAIL}) for one in bought
    ]
    assert looks[0].json()["reason"] == "made_to_order"
    assert looks[1].status_code == 200


# Deposit: a tenth is paid as 定金 where it may be, and the balance never comes.


@pytest.mark.parametrize(("region", "back"), [("east", 0), ("europe", 2_980), ("america", 2_980)])
def test_a_buyer_who_does_not_pay_the_balance(
    shop: Shop, session: Session, clock: Clock, region: str, back: int
) -> None:
    preorder = on_deposit(shop, region)
    clock.at = OVER
    close_due(session, clock)
    clock.go(days=5, seconds=1)
    close_due(session, clock)
    assert shop.read(preorder)["status"] == "cancelled"
    assert going_back(session) == back


@pytest.mark.parametrize(("region", "back"), [("east", 22_980), ("europe", 20_000), ("america", 20_000)])
def test_a_team_that_gives_a_decided_campaign_up(
    shop: Shop, session: Session, clock: Clock, region: str, back: int
) -> None:
    preorder = on_deposit(shop, region)
    clock.at = OVER
    close_due(session, clock)
    shop.pay(preorder)
    close_due(session, clock)
    assert shop.read(preorder)["status"] == "confirmed"
    done = shop.ask("POST", "/api/campaigns/spring-tee/cancel", json={"why": "the mill has burnt down"})
    assert done["status"] == "cancelled"
    assert shop.read(preorder)["status"] == "cancelled"
    assert going_back(session) == back


def on_deposit(shop: Shop, region: str) -> dict[str, Any]:
    shop.open(
        closes_at=CLOSES.isoformat(),
        terms=["deposit"],
        deposit_minor=2_980,
        deposit_kind="forfeitable",
        expected_drop_percent=0,
    )
    preorder: dict[str, Any] = shop.place("TEE-INDIGO-M", region=region)
    shop.pay(preorder)
    return preorder


# What a buyer may do alone.


def choices(shop: Shop, preorder: dict[str, Any]) -> dict[str, Any]:
    return dict(shop.ask("GET", f"/api/preorders/{preorder['link'].rsplit('/', 1)[1]}/choices"))


def path(preorder: dict[str, Any]) -> str:
    return f"/api/preorders/{preorder['link'].rsplit('/', 1)[1]}"


def test_size_and_address_may_be_changed_until_the_cut_off(shop: Shop, clock: Clock) -> None:
    shop.open(closes_at=CLOSES.isoformat())
    preorder = shop.place("TEE-INDIGO-M")
    shop.pay(preorder)
    assert "TEE-WHITE-L" in choices(shop, preorder)["skus"]
    wanted = {
        "lines": [{"from_sku": "TEE-INDIGO-M", "to_sku": "TEE-WHITE-L"}],
        "address": "3 Quay, Ningbo",
    }
    changed = shop.ask("POST", f"{path(preorder)}/change", json=wanted)
    assert [line["sku"] for line in changed["lines"]] == ["TEE-WHITE-L"]
    assert (changed["price_minor"], changed["paid_minor"]) == (20_000, 20_000)
    clock.at = OVER
    assert choices(shop, preorder)["change_until"] is None
    refused = shop.ask("POST", f"{path(preorder)}/change", json={"address": "4 Quay, Ningbo"}, status=409)
    assert refused["type"] == "urn:counterflow:change_too_late"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"from_sku": "TEE-WHITE-S", "to_sku": "TEE-WHITE-L"}, "lines[0].from_sku"),
        ({"from_sku": "TEE-INDIGO-M", "to_sku": "SHIRT-M"}, "lines[0].to_sku"),
    ],
)
def test_a_change_that_cannot_be_names_its_field(shop: Shop, line: dict[str, str], field: str) -> None:
    shop.open(closes_at=CLOSES.isoformat())
    preorder = shop.place("TEE-INDIGO-M")
    refused = shop.ask("POST", f"{path(preorder)}/change", json={"lines": [line]}, status=422)
    assert [error["field"] for error in refused["errors"]] == [field]


@pytest.mark.parametrize(("region", "back", "kept"), [("east", 0, 2_980), ("europe", 2_980, 0)])
def test_what_goes_back_is_shown_before_it_is_confirmed(
    shop: Shop, session: Session, region: str, back: int, kept: int
) -> None:
    preorder = on_deposit(shop, region)
    shown = choices(shop, preorder)["cancel"]
    assert (shown["back_minor"], shown["kept_minor"]) == (back, kept)
    other = shop.ask("POST", f"{path(preorder)}/cancel", json={"back_minor": back + 1}, status=409)
    assert other["type"] == "urn:counterflow:amount_changed"
    assert shop.ask("POST", f"{path(preorder)}/cancel", json={"back_minor": back})["status"] == "cancelled"
    again = shop.ask("POST", f"{path(preorder)}/cancel", json={"back_minor": back}, status=409)
    assert again["reason"] == "ended"
    assert going_back(session) == back


def test_a_chinese_buyer_leaves_freely_until_the_cut_off_and_not_after_it(
    shop: Shop, session: Session, clock: Clock
) -> None:
    shop.open(closes_at=CLOSES.isoformat(), expected_drop_percent=0)
    first, second = shop.place("TEE-INDIGO-M"), shop.place("TEE-INDIGO-M")
    shop.pay(first), shop.pay(second)
    assert choices(shop, first)["cancel"]["ground"] == "terms"
    shop.ask("POST", f"{path(first)}/cancel", json={"back_minor": 20_000})
    clock.at = OVER
    close_due(session, clock)
    refused = shop.ask("POST", f"{path(second)}/cancel", json={"back_minor": 20_000}, status=409)
    assert (refused["type"], refused["reason"]) == ("urn:counterflow:no_right_to_step_back", "not_received")


def test_the_withdrawal_function_tells_nobody_which_of_the_two_was_wrong(shop: Shop) -> None:
    shop.open(closes_at=CLOSES.isoformat())
    preorder = shop.place("TEE-INDIGO-M", email=EMAIL)
    answers = [
        shop.ask("POST", "/api/withdrawals/look", json={"number": number, "email": email}, status=404)
        for number, email in ((preorder["number"], "else@example.com"), ("P-999999", EMAIL))
    ]
    assert answers[0] == answers[1]


def test_a_campaign_is_extended_once_and_who_was_in_may_leave_with_the_deposit(
    shop: Shop, clock: Clock
) -> None:
    preorder = on_deposit(shop, "east")
    longer = {"closes_at": (OVER + timedelta(days=5)).isoformat(), "why": "the mill is closed this week"}
    clock.go(hours=1)
    shop.ask("POST", "/api/campaigns/spring-tee/extend", json=longer)
    shown = choices(shop, preorder)["cancel"]
    assert (shown["ground"], shown["back_minor"], shown["kept_minor"]) == ("extension", 2_980, 0)
    late = shop.place("TEE-INDIGO-M")
    shop.pay(late)
    assert choices(shop, late)["cancel"]["kept_minor"] == 2_980  # knew the later day
    longer["closes_at"] = (OVER + timedelta(days=9)).isoformat()
    again = shop.ask("POST", "/api/campaigns/spring-tee/extend", json=longer, status=409)
    assert again["type"] == "urn:counterflow:extended_before"


@pytest.mark.parametrize("hours", [-24, 0, 31 * 24])
def test_an_extension_is_later_than_before_by_a_month_at_most(shop: Shop, hours: int) -> None:
    shop.open(closes_at=CLOSES.isoformat())
    closes_at = (CLOSES + timedelta(hours=hours)).isoformat()
    wanted = {"closes_at": closes_at, "why": "more time"}
    shop.ask("POST", "/api/campaigns/spring-tee/extend", json=wanted, status=422)


def test_a_closed_campaign_is_not_extended(shop: Shop, clock: Clock) -> None:
    shop.open(closes_at=CLOSES.isoformat())
    clock.at = OVER
    wanted = {"closes_at": (OVER + timedelta(days=1)).isoformat(), "why": "more time"}
    shop.ask("POST", "/api/campaigns/spring-tee/extend", json=wanted, status=409)


def test_a_team_may_not_pay_twofold_beyond_its_limit_without_a_buyer(
    client: TestClient, session: Session, clock: Clock, world: World
) -> None:
    shop = Shop(client, session)
    shop.sign_in(make_member(session, Role.DEVELOPER, team=world.team))
    preorder = on_deposit(shop, "east")
    clock.at = OVER
    close_due(session, clock)
    shop.pay(preorder)
    close_due(session, clock)
    why = {"why": "the mill has burnt down"}
    refused = shop.ask("POST", "/api/campaigns/spring-tee/cancel", json=why, status=403)
    assert (refused["type"], refused["cost_minor"]) == ("urn:counterflow:above_limit", 2_980)
    assert shop.read(preorder)["status"] == "confirmed"


def test_a_delay_is_answered_by_its_link(client: TestClient, session: Session, clock: Clock) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    day = later(session, preorder, 9)
    clock.at = CLOSED
    first = client.post(f"{link(preorder)}/delay", json={"answer": "set_period", "until": "2026-11-25"})
    assert first.status_code == 422
    done = client.post(f"{link(preorder)}/delay", json={"answer": "wait"}).json()
    assert done["status"] == "accepted"
    read = client.get(f"{link(preorder)}/choices").json()
    assert [(one["kind"], one["by_on"]) for one in read["promises"]][-1] == ("revised", str(day))
    assert client.get(link(preorder)).json()["promise_by_on"] == str(day)
    assert client.post(f"{link(preorder)}/delay", json={"answer": "wait"}).status_code == 409
