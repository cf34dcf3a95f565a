"""A firm outside signs in to Odoo's portal and sees its own orders, and nothing of another firm's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from erp_bridge import ErpFabric, ErpFactory, ErpProduct, ErpRejected, MasterData, Mode
from erp_bridge.client import Odoo
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.backoffice import BackOffice
from tests.erp_bridge.sides import make_order, push_one
from tests.servers import Odoo as Server

FIRMS = {"LISBOA": "LISBOA-TEE", "BRAGA": "BRAGA-TEE"}
"""Two firms, and the SKU that each makes for us."""

DOCUMENTS = ("purchase.order", "mrp.production", "stock.picking")
FIRM = {"purchase.order": "partner_id", "mrp.production": "subcontractor_id", "stock.picking": "partner_id"}
CHANGES = {
    "purchase.order": {"date_planned": "2030-01-01 00:00:00"},
    "mrp.production": {"product_qty": 1},
    "stock.picking": {"scheduled_date": "2030-01-01 00:00:00"},
}
PASSWORD = "of a person in tests only"  # noqa: S105


@dataclass(frozen=True)
class Portal:
    """A firm's own view of Odoo, ours, and what there is of each firm, by model."""

    firm: Odoo
    ours: Odoo
    person: BackOffice
    mine: dict[str, list[int]]
    theirs: dict[str, list[int]]


def orders_of(odoo: Odoo, reference: str) -> dict[str, list[int]]:
    """The documents that a run at a firm became: purchase order, manufacturing orders and receipts."""
    purchases = odoo["purchase.order"].search(domain=[("name", "=", reference)])
    (row,) = odoo["purchase.order"].read(ids=purchases, fields=["picking_ids"])
    behind = [("move_finished_ids.move_dest_ids.picking_id", "in", row["picking_ids"])]
    productions = odoo["mrp.production"].search(domain=behind)
    return dict(zip(DOCUMENTS, (purchases, productions, row["picking_ids"]), strict=True))


@pytest.fixture(scope="module")
def portal(odoo: Server, worker: str) -> Iterator[Portal]:
    """Each firm has an order; a contact of the first has a portal user."""
    ours = Odoo(odoo.url, odoo.db, odoo.api_key)
    documents = {}
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
        for firm, sku in FIRMS.items():
            gateway.prepare(
                MasterData(
                    fabrics=(ErpFabric(f"CLOTH-{firm}", "Cloth"),),
                    products=(ErpProduct(sku, f"Tee of {firm}", f"CLOTH-{firm}", 125),),
                    factories=(ErpFactory(firm, f"Firm of {firm}", Mode.SUBCONTRACT),),
                )
            )
            order = make_order(f"R-{firm}-{worker}", Mode.SUBCONTRACT, quantities=(10,))
            line = replace(order.lines[0], sku=sku)
            push_one(gateway, replace(order, factory=firm, lines=(line,)))
            documents[firm] = orders_of(ours, order.reference)
    office = BackOffice(odoo.url, odoo.db, odoo.admin_password)
    (firm,) = office.call("res.partner", "search", [("ref", "=", "LISBOA")])
    contact = office.call(
        "res.partner", "create", {"name": "Ana", "parent_id": firm, "email": "ana@lisboa.example"}
    )
    key = office.add_user("ana", groups=["base.group_portal"], partner=contact)
    (user,) = office.call("res.users", "search", [("login", "=", "ana")])
    office.call("res.users", "write", [user], {"password": PASSWORD})
    office.close()
    person = BackOffice(odoo.url, odoo.db, PASSWORD, login="ana")
    with ours, Odoo(odoo.url, odoo.db, key) as seen:
        yield Portal(seen, ours, person, documents["LISBOA"], documents["BRAGA"])
    person.close()


@pytest.mark.parametrize("model", DOCUMENTS)
def test_a_firm_finds_its_own_orders_and_no_others(portal: Portal, model: str) -> None:
    found = portal.firm[model].search(domain=[])
    assert {*portal.mine[model]} <= {*found}
    rows = portal.ours[model].read(ids=found, fields=[FIRM[model]])
    assert {row[FIRM[model]][1] for row in rows} == {"Firm of LISBOA"}
    assert len(portal.firm[model].read(ids=found, fields=["display_name"])) == len(found)


@pytest.mark.parametrize("model", DOCUMENTS)
def test_another_firms_order_is_refused_by_its_id(portal: Portal, model: str) -> None:
    with pytest.raises(ErpRejected, match="lacks a right"):
        portal.firm[model].read(ids=portal.theirs[model], fields=["display_name"])


@pytest.mark.parametrize("model", DOCUMENTS)
def test_another_firms_order_is_not_found_by_asking_for_it(portal: Portal, model: str) -> None:
    theirs = [("id", "in", portal.theirs[model])]
    assert portal.firm[model].search(domain=theirs) == []
    assert portal.firm[model].search_read(domain=theirs, fields=["display_name"]) == []
    assert portal.firm[model].search_count(domain=theirs) == 0


@pytest.mark.parametrize("model", DOCUMENTS)
@pytest.mark.parametrize("method", ["write", "unlink"])
def test_another_firms_order_is_neither_changed_nor_deleted(portal: Portal, model: str, method: str) -> None:
    asked: dict[str, Any] = {"ids": portal.theirs[model]}
    if method == "write":
        asked["vals"] = CHANGES[model]
    with pytest.raises(ErpRejected, match="lacks a right"):
        portal.firm.call(model, method, asked)


def test_a_firm_does_not_move_the_days_of_its_own_order(portal: Portal) -> None:
    asked = {"ids": portal.mine["mrp.production"], "vals": {"date_start": "2030-01-01 00:00:00"}}
    with pytest.raises(ErpRejected, match="lacks a right"):
        portal.firm.call("mrp.production", "write", asked)


@pytest.mark.parametrize("model", ["mrp.bom", "res.users", "purchase.order", "mrp.workcenter"])
def test_a_firm_makes_no_records(portal: Portal, model: str) -> None:
    with pytest.raises(ErpRejected):
        portal.firm[model].create(vals_list=[{"name": "of the firm", "login": "x"}])


def test_a_firm_reads_no_other_partner(portal: Portal) -> None:
    found = portal.firm["res.partner"].search_read(domain=[("ref", "=", "BRAGA")], fields=["name"])
    assert found == []


@pytest.mark.parametrize("path", ["/my/productions", "/my/purchase"])
def test_the_portals_lists_hold_the_firms_orders_and_no_others(portal: Portal, path: str) -> None:
    page = portal.person.page(path)
    assert page.status_code == 200
    assert "BRAGA" not in page.text
    names = portal.firm["stock.picking" if "productions" in path else "purchase.order"].search_read(
        domain=[], fields=["name"]
    )
    assert any(row["name"] in page.text for row in names)


@pytest.mark.parametrize(
    ("path", "model"), [("/my/productions/{}", "stock.picking"), ("/my/purchase/{}", "purchase.order")]
)
def test_the_portal_opens_ones_own_order_by_its_address_and_no_other(
    portal: Portal, path: str, model: str
) -> None:
    own, strange = (path.format(ids[model][0]) for ids in (portal.mine, portal.theirs))
    assert portal.person.page(own).url.path == own
    refused = portal.person.page(strange)
    assert refused.url.path != strange or refused.status_code in (403, 404)
    assert "BRAGA" not in refused.text
