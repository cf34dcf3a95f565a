"""Master data in a real Odoo: made once, and what a customer has there already is left alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from erp_bridge import ErpFabric, ErpFactory, ErpProduct, ErpRejected, MasterData, Mode, Prepared
from erp_bridge.client import Odoo
from erp_bridge.codes import find_ids
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.conftest import OdooServer


@pytest.fixture
def gateway(odoo: OdooServer) -> Iterator[OdooGateway]:
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as opened:
        yield opened


@pytest.fixture
def editor(odoo: OdooServer) -> Iterator[Odoo]:
    """A person who keeps products in Odoo."""
    with Odoo(odoo.url, odoo.db, odoo.master_data_key) as opened:
        yield opened


def make_master_data(code: str) -> MasterData:
    """Two shirts of one fabric, a factory of two lines and a firm outside, with codes of their own."""
    return MasterData(
        fabrics=(ErpFabric(f"{code}-POPLIN", "Poplin 120 g"),),
        products=tuple(ErpProduct(f"{code}-{size}", f"Shirt {size}", f"{code}-POPLIN", 180) for size in "SM"),
        factories=(
            ErpFactory(f"{code}-MILL", "Mill", Mode.OWN_LINE, lines=(f"{code}-1", f"{code}-2")),
            ErpFactory(f"{code}-FIRM", "Firm", Mode.SUBCONTRACT),
        ),
    )


def test_master_data_is_made_once(gateway: OdooGateway, reference: str) -> None:
    given = make_master_data(reference)
    # a fabric, two products, two lines, a firm, and two bills of material for each product
    assert gateway.prepare(given) == Prepared(created=10, found=0)
    assert gateway.prepare(given) == Prepared(created=0, found=10)


def test_two_clients_that_prepare_at_once_make_everything_once(
    odoo: OdooServer, editor: Odoo, reference: str
) -> None:
    given, start = make_master_data(reference), Barrier(2)

    def prepare(_: int) -> Prepared:
        with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
            start.wait()
            return gateway.prepare(given)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(prepare, range(2)))
    ids = find_ids(editor, "product.product", "default_code", [f"{reference}-S", f"{reference}-M"])
    boms = editor["mrp.bom"].search_read(
        domain=[("product_id", "in", list(ids.values()))], fields=["bom_line_ids"]
    )
    assert [len(bom["bom_line_ids"]) for bom in boms] == [1, 1, 1, 1]


def test_a_product_the_customer_has_is_mapped_and_keeps_its_name(
    gateway: OdooGateway, editor: Odoo, reference: str
) -> None:
    ids = editor["product.product"].create(
        vals_list=[{"name": "Our good old shirt", "default_code": f"{reference}-S"}]
    )
    assert gateway.prepare(make_master_data(reference)).found == 1
    (row,) = editor["product.product"].read(ids=ids, fields=["name"])
    assert row["name"] == "Our good old shirt"


def test_a_bill_of_materials_the_customer_keeps_for_the_template_is_not_doubled(
    gateway: OdooGateway, editor: Odoo, reference: str
) -> None:
    given = make_master_data(reference)
    (product,) = editor["product.product"].create(
        vals_list=[{"name": "Shirt", "default_code": f"{reference}-S"}]
    )
    (row,) = editor["product.product"].read(ids=[product], fields=["product_tmpl_id"])
    editor["mrp.bom"].create(vals_list=[{"product_tmpl_id": row["product_tmpl_id"][0], "type": "normal"}])
    assert gateway.prepare(given) == Prepared(created=8, found=2)


def test_a_firm_that_comes_later_is_named_in_the_bills_that_stand(
    gateway: OdooGateway, editor: Odoo, reference: str
) -> None:
    given = make_master_data(reference)
    gateway.prepare(given)
    later = ErpFactory(f"{reference}-LATER", "Later", Mode.SUBCONTRACT)
    gateway.prepare(replace(given, factories=(*given.factories, later)))
    firms = find_ids(editor, "res.partner", "ref", [f"{reference}-FIRM", later.code])
    (bom,) = editor["mrp.bom"].search_read(
        domain=[("product_id.default_code", "=", f"{reference}-S"), ("type", "=", "subcontract")],
        fields=["subcontractor_ids"],
    )
    assert sorted(bom["subcontractor_ids"]) == sorted(firms.values())


def test_a_code_two_products_share_is_refused_and_not_guessed(
    gateway: OdooGateway, editor: Odoo, reference: str
) -> None:
    twins = [{"name": "A twin", "default_code": f"{reference}-S"} for _ in range(2)]
    editor["product.product"].create(vals_list=twins)
    with pytest.raises(ErpRejected, match=f"more than one product with the code {reference}-S"):
        gateway.prepare(make_master_data(reference))


def test_without_the_second_key_nothing_is_prepared(odoo: OdooServer) -> None:
    with (
        OdooGateway(odoo.url, odoo.db, odoo.api_key) as gateway,
        pytest.raises(ErpRejected, match="key for master data"),
    ):
        gateway.prepare(MasterData())


def test_the_key_of_the_bridge_may_not_write_master_data(odoo: OdooServer, reference: str) -> None:
    with (
        OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.api_key) as gateway,
        pytest.raises(ErpRejected, match="not allowed to create 'Product Variant'"),
    ):
        gateway.prepare(make_master_data(reference))


def test_a_product_of_a_fabric_that_is_not_given_is_no_master_data() -> None:
    with pytest.raises(ValueError, match="JERSEY"):
        MasterData(products=(ErpProduct("TEE", "Tee", "JERSEY", 100),))
