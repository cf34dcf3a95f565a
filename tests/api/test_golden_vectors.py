"""Vectors of the domain rules that were computed by hand, through the public API."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func
from sqlmodel import Session, select

from api.domain.catalogue import Fabric
from api.domain.ledger import Account, LedgerPosting
from api.domain.member import Role
from api.services import campaign_close
from tests.api.buying import Shop
from tests.factories import World, make_item, make_member, make_world
from tests.fixtures import TODAY, Clock

LADDER = [[1, 20_000], [50, 18_000], [100, 16_000], [200, 14_900]]
CLOSED = TODAY + timedelta(days=7, seconds=1)
BALANCES_OVER = CLOSED + timedelta(days=5, seconds=1)


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def shop(client: TestClient, session: Session, world: World) -> Shop:
    """The shop with a buyer of the world's team at the console."""
    shop = Shop(client, session)
    shop.sign_in(make_member(session, Role.BUYER, team=world.team))
    return shop


def close_due(session: Session, clock: Clock) -> None:
    """What the workers do every few seconds."""
    for campaign_id in campaign_close.due(session, at=clock.at):
        campaign_close.close(session, campaign_id, at=clock.at)
        session.flush()


def balances(session: Session) -> dict[Account, int]:
    """What stands in each account of the ledger, those at nothing left out."""
    rows = session.exec(
        select(LedgerPosting.account, func.sum(LedgerPosting.amount_minor)).group_by(LedgerPosting.account)
    )
    return {account: int(amount) for account, amount in rows if amount}


def ladder_campaign(shop: Shop) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """V1: 120 paid units, 40 of them prepaid at 200.00, 80 on a deposit of 29.80."""
    shop.open(
        ladder=LADDER,
        minimum=90,
        terms=["prepaid", "deposit"],
        deposit_minor=2_980,
        deposit_kind="forfeitable",
    )
    prepaid = [shop.place("TEE-INDIGO-M") for _ in range(40)]
    deposits = [shop.place("TEE-WHITE-S", terms="deposit") for _ in range(80)]
    return [shop.pay(one) for one in prepaid], [shop.pay(one) for one in deposits]


def net_of(order: dict[str, Any]) -> int:
    return int(order["paid_minor"] - order["refunded_minor"])


def test_v1_everybody_ends_at_the_settled_price(shop: Shop, session: Session, clock: Clock) -> None:
    prepaid, deposits = ladder_campaign(shop)
    assert {order["paid_minor"] for order in prepaid} == {20_000}
    clock.at = CLOSED
    close_due(session, clock)
    campaign = shop.ask("GET", "/api/campaigns/spring-tee")
    assert (campaign["status"], campaign["settled_price_minor"]) == ("collecting", 16_000)
    refunds = shop.confirm_refunds()
    assert refunds == [4_000] * 40
    assert [shop.read(order)["open_minor"] for order in deposits] == [13_020] * 80
    for order in deposits:
        shop.pay(order)
    close_due(session, clock)
    orders = [shop.read(order) for order in (*prepaid, *deposits)]
    assert shop.ask("GET", "/api/campaigns/spring-tee")["status"] == "decided"
    assert {order["status"] for order in orders} == {"confirmed"}
    assert {net_of(order) for order in orders} == {16_000}
    assert sum(net_of(order) for order in orders) == 1_920_000
    assert balances(session) == {Account.PROVIDER: 1_920_000, Account.BUYERS: -1_920_000}


def test_v1b_who_defaults_forfeits_and_nobody_else_pays_more(
    shop: Shop, session: Session, clock: Clock
) -> None:
    prepaid, deposits = ladder_campaign(shop)
    clock.at = CLOSED
    close_due(session, clock)
    shop.confirm_refunds()
    for order in deposits[25:]:
        shop.pay(order)
    clock.at = BALANCES_OVER
    close_due(session, clock)
    campaign = shop.ask("GET", "/api/campaigns/spring-tee")
    assert (campaign["status"], campaign["settled_price_minor"]) == ("decided", 16_000)
    assert campaign["paid_pieces"] == 95
    assert {shop.read(order)["status"] for order in deposits[:25]} == {"cancelled"}
    assert {net_of(shop.read(order)) for order in (*prepaid, *deposits[25:])} == {16_000}
    assert balances(session)[Account.FORFEITS] == -74_500


def test_v1b_the_decision_is_made_again_on_collected_money(
    shop: Shop, session: Session, clock: Clock
) -> None:
    shop.open(minimum=3, terms=["deposit"], deposit_minor=2_000, deposit_kind="forfeitable")
    orders = [shop.pay(shop.place("TEE-INDIGO-M")) for _ in range(4)]
    clock.at = CLOSED
    close_due(session, clock)
    for order in orders[2:]:
        shop.pay(order)
    clock.at = BALANCES_OVER
    close_due(session, clock)  # one piece more would save it: the team is asked, and does not answer
    clock.go(hours=24)
    close_due(session, clock)
    assert shop.ask("GET", "/api/campaigns/spring-tee")["status"] == "failed"
    assert shop.confirm_refunds() == [2_000, 2_000, 18_000, 18_000]
    assert [shop.read(order)["status"] for order in orders] == ["cancelled"] * 2 + ["refunded"] * 2


def black_too(consents: bool) -> dict[str, Any]:  # noqa: FBT001 - read at its one caller
    return {"accept_other_colour": consents, "only_colours": ["black"] if consents else []}


def colours(shop: Shop, session: Session, world: World) -> dict[str, list[dict[str, Any]]]:
    """V2: style at least 300, each colour 100; black 180, white 95, red 40, half of which take black too."""
    for code, minimum in (("indigo", 0), ("white", 100)):
        world.items[code].minimum = minimum
    make_item(session, world.style, "black", "黑", "#111111", minimum=100)
    make_item(session, world.style, "red", "红", "#aa2222", minimum=100)
    shop.open(minimum=300)
    return {
        "black": [shop.pay(shop.place("TEE-BLACK-M", 60)) for _ in range(3)],
        "white": [shop.pay(shop.place("TEE-WHITE-M", 19)) for _ in range(5)],
        "red": [shop.pay(shop.place("TEE-RED-M", **black_too(n % 2 == 0))) for n in range(40)],
    }


def test_v2_the_cheapest_rescue_is_found_over_all_minimums_together(
    shop: Shop, session: Session, world: World, clock: Clock
) -> None:
    orders = colours(shop, session, world)
    clock.at = CLOSED
    close_due(session, clock)
    shop.sign_in(make_member(session, Role.ADMIN))
    rescue = shop.ask("GET", "/api/campaigns/spring-tee/rescue")
    assert {(move["from_sku"], move["to_sku"]) for move in rescue["moves"]} == {("TEE-RED-M", "TEE-BLACK-M")}
    assert sum(move["pieces"] for move in rescue["moves"]) == 20
    assert (rescue["top_ups"], rescue["dropped"]) == ({"TEE-WHITE": 5}, {"TEE-RED": 20})
    shop.ask("POST", "/api/campaigns/spring-tee/rescue/accept")
    assert shop.ask("GET", "/api/campaigns/spring-tee")["status"] == "decided"
    assert shop.confirm_refunds() == [20_000] * 20
    reds = [shop.read(order) for order in orders["red"]]
    assert [order["status"] for order in reds] == ["confirmed", "refunded"] * 20
    assert {order["lines"][0]["sku"] for order in reds[::2]} == {"TEE-BLACK-M"}
    made = sum(
        order["pieces"] for of in orders.values() for order in map(shop.read, of) if "conf" in order["status"]
    )
    assert made + sum(rescue["top_ups"].values()) == 300


def test_v2_a_rescue_nobody_accepts_pays_everybody_back(
    shop: Shop, session: Session, world: World, clock: Clock
) -> None:
    colours(shop, session, world)
    clock.at = CLOSED
    close_due(session, clock)
    clock.go(hours=24)
    close_due(session, clock)
    assert shop.ask("GET", "/api/campaigns/spring-tee")["status"] == "failed"
    assert sum(shop.confirm_refunds()) == 315 * 20_000
    assert balances(session) == {}


def test_a_rescue_beyond_the_teams_limit_is_a_buyers_to_accept(
    shop: Shop, session: Session, world: World, clock: Clock
) -> None:
    colours(shop, session, world)
    clock.at = CLOSED
    close_due(session, clock)
    shop.sign_in(make_member(session, Role.STOCK, team=world.team))
    refusal = shop.ask("POST", "/api/campaigns/spring-tee/rescue/accept", status=403)
    assert (refusal["title"], refusal["limit_minor"]) == ("above limit", 0)


def test_v2b_a_dye_lot_minimum_leaves_cloth_for_more_pieces(
    shop: Shop, session: Session, world: World
) -> None:
    """Black 180 pieces of 1.4 m are 252 m; the mill dyes at least 300: 48 m, or 34 pieces, are left over."""
    make_item(session, world.style, "black", "黑", "#111111")
    cloth = session.exec(select(Fabric).where(Fabric.code == "JERSEY-BLACK")).one()
    cloth.stock_cm, cloth.roll_cm = 0, 100
    shop.open(minimum=100)
    for _ in range(3):
        shop.pay(shop.place("TEE-BLACK-L", 60))
    verdict = shop.ask("GET", "/api/campaigns/spring-tee/verdict")
    assert (verdict["go"], verdict["pieces"]) == (True, 180)
    assert verdict["surplus"] == {"JERSEY-BLACK": {"units": 4_800, "pieces": 34}}
    assert verdict["cost_minor"] == 48 * 2_000


@pytest.mark.parametrize(("short_permille", "quantity"), [(30, 310), (50, 316)])
def test_v3_what_is_ordered_covers_the_tolerance(shop: Shop, short_permille: int, quantity: int) -> None:
    asked = {"owed": 300, "short_permille": short_permille}
    assert shop.ask("GET", "/api/rules/order-quantity", params=asked)["quantity"] == quantity


@pytest.mark.parametrize(("lot", "sample", "accept"), [(150, 20, 1), (300, 50, 3), (1_000, 80, 5)])
def test_v4_a_lot_is_sampled_by_the_standard(shop: Shop, lot: int, sample: int, accept: int) -> None:
    plan = shop.ask("GET", "/api/rules/inspection", params={"lot": lot, "level": "II", "aql": "2.5"})
    assert (plan["sample"], plan["accept"], plan["reject"]) == (sample, accept, accept + 1)


@pytest.mark.parametrize(("turnover_percent", "amount"), [(120, 4_704), (100, 3_920), (70, 2_744)])
def test_v5_the_bonus_formula_gives_what_was_computed_by_hand(
    shop: Shop, turnover_percent: int, amount: int
) -> None:
    asked = {
        "sales_minor": 50_000_000,
        "refunds_minor": 2_500_000,
        "cost_minor": 26_000_000,
        "fees_minor": 1_900_000,
        "rate_basis_points": 200,
        "turnover_percent": turnover_percent,
    }
    answer = shop.ask("GET", "/api/rules/bonus", params=asked)
    assert (answer["margin_basis_points"], answer["bonus_minor"]) == (4_126, amount * 100)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(10_000, [1, 1, 1], [3_334, 3_333, 3_333]), (9_999, [3, 2, 2], [4_285, 2_857, 2_857])],
)
def test_v7_a_split_loses_nothing(shop: Shop, total: int, weights: list[int], shares: list[int]) -> None:
    assert shop.ask("GET", "/api/rules/split", params={"total_minor": total, "weights": weights}) == shares
