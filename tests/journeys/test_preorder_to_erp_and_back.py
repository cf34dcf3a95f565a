"""One pre-order, from the click to the factory's order and back: the eight steps of ARCHITECTURE.md."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlmodel import Session

from api.db import transaction
from api.domain.member import Role
from tests import servers
from tests.factories import PASSWORD, make_member, make_world
from tests.journeys.conftest import Platform
from tests.running import eventually

BODY = {
    "campaign": "tee",
    "lines": [{"sku": "TEE-INDIGO-M", "quantity": 6}, {"sku": "TEE-WHITE-S", "quantity": 5}],
    "name": "Lin Yue",
    "email": "lin@example.com",
    "region": "east",
    "address": "12 Harbour Road, Ningbo",
}


def test_a_pre_order_becomes_orders_in_odoo_and_its_progress_comes_back(platform: Platform) -> None:
    with transaction() as session:
        _open_for_business(session)
    consumer, planner = platform.browser(), _signed_in(platform, Role.PLANNER)

    # 1. the client posts JSON with an Idempotency-Key
    placed = consumer.post("/api/preorders", json=BODY, headers={"Idempotency-Key": "journey"})
    assert placed.status_code == 201, placed.text
    token = urlsplit(placed.json()["link"]).path.removeprefix("/o/")

    # 2. pre-order and payment request are written; the buyer pays at the provider
    checkout = consumer.post(f"/api/preorders/{token}/pay").json()["checkout_url"]
    assert consumer.post(checkout, data={"outcome": "pay"}).status_code == 303

    # 3. the relay delivers the provider's signed word, and the counter moves
    eventually(lambda: _campaign(consumer)["paid_pieces"] == 11, "the payment is confirmed")

    # 4. the campaign is closed and decided: the settled price is lower, the difference goes back
    buyer = _signed_in(platform, Role.BUYER)
    closed = buyer.post("/api/campaigns/tee/close", json={"why": "enough for a first run"})
    assert (closed.json()["status"], closed.json()["settled_price_minor"]) == ("decided", 18_000)
    eventually(
        lambda: _preorder(consumer, token)["refunded_minor"] == 11 * 2_000, "the difference is paid back"
    )

    # 5. confirmed lines become lots, and the planner turns lots into runs
    asked = planner.post("/api/plans", json={"seconds": 5, "seed": 7})
    assert asked.status_code == 202, asked.text
    number = asked.json()["number"]
    plan = eventually(lambda: _plan_when(planner, number, "proposed"), "the plan is made", seconds=90)

    # 6. checked by a second opinion, beside the baseline, it is approved and every piece is pegged
    assert plan["cost"]["plan"]["total"] <= plan["cost"]["baseline"]["total"]
    assert planner.post(f"/api/plans/{number}/approve").json()["status"] == "approved"
    assert _preorder(consumer, token)["status"] == "scheduled"

    # 7. each run becomes orders in Odoo, once
    released = eventually(
        lambda: _runs_when(planner, number, "released"), "the runs are released", seconds=120
    )
    references = [run["number"] for run in released]
    orders = _manufacturing_orders(platform.odoo, references)
    assert sum(order["product_qty"] for order in orders if order["state"] == "confirmed") == 11

    # 8. a person marks them done in Odoo, and the consumer's page says so
    _finish(platform.odoo, orders)
    eventually(lambda: _preorder(consumer, token)["status"] == "ready", "the pre-order is ready")
    page = consumer.get(f"/o/{token}", headers={"Accept-Language": "en"}).text
    assert "Finished and counted" in page


def _open_for_business(session: Session) -> None:
    """The world of the tests with every run going to an own line, and people who may act in it."""
    world = make_world(session, at=datetime.now(UTC).replace(microsecond=0))
    world.campaign.ship_by_on = datetime.now(UTC).date() + timedelta(days=60)
    for role in (Role.PLANNER, Role.BUYER):
        make_member(session, role, team=world.team if role == Role.BUYER else None)


def _signed_in(platform: Platform, role: Role) -> httpx.Client:
    browser = platform.browser()
    who = {"email": f"{role.value}@counterflow.example", "password": PASSWORD}
    assert browser.post("/api/sessions", json=who).status_code == 204
    return browser


def _campaign(browser: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/api/campaigns/tee").json()
    return found


def _preorder(browser: httpx.Client, token: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"/api/preorders/{token}").json()
    return found


def _plan_when(browser: httpx.Client, number: str, status: str) -> dict[str, Any] | None:
    plan: dict[str, Any] = browser.get(f"/api/plans/{number}").json()
    assert plan["status"] != "failed", plan
    return plan if plan["status"] == status else None


def _runs_when(browser: httpx.Client, plan: str, status: str) -> list[dict[str, Any]] | None:
    runs: list[dict[str, Any]] = browser.get("/api/runs", params={"plan": plan}).json()
    return runs if runs and all(run["status"] == status for run in runs) else None


def _call(odoo: servers.Odoo, model: str, method: str, **named: Any) -> Any:
    """A person at Odoo's own screens, by the key with the wider rights."""
    answer = httpx.post(
        f"{odoo.url}/json/2/{model}/{method}",
        json=named,
        headers={"Authorization": f"Bearer {odoo.api_key}", "X-Odoo-Database": odoo.db},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def _manufacturing_orders(odoo: servers.Odoo, references: list[str]) -> list[dict[str, Any]]:
    domain = ["|"] * (len(references) - 1) + [["reference_ids.name", "=", each] for each in references]
    found: list[dict[str, Any]] = _call(
        odoo, "mrp.production", "search_read", domain=domain, fields=["name", "state", "product_qty"]
    )
    return found


def _finish(odoo: servers.Odoo, orders: list[dict[str, Any]]) -> None:
    for order in orders:
        _call(
            odoo, "mrp.production", "write", ids=[order["id"]], vals={"qty_producing": order["product_qty"]}
        )
    _call(
        odoo,
        "mrp.production",
        "button_mark_done",
        ids=[order["id"] for order in orders],
        context={"skip_consumption": True, "skip_backorder": True},
    )
