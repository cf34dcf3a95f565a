"""What an Odoo holds under our codes, and every way in which that can be wrong."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from erp_bridge import ErpFabric, ErpFactory, ErpProduct, MasterData, Mode
from erp_bridge.catalogue import OWN_LINES, Finding, Noun, Trouble, as_wanted, findings
from erp_bridge.client import Odoo
from erp_bridge.odoo import OdooGateway
from erp_bridge.odoo_catalogue import read
from tests.erp_bridge.conftest import OdooServer


@pytest.fixture
def wanted(reference: str) -> MasterData:
    """Two shirts of one fabric, a factory of one line and a firm outside, with codes of their own."""
    return MasterData(
        fabrics=(ErpFabric(f"{reference}-POPLIN", "Poplin 120 g"),),
        products=tuple(
            ErpProduct(f"{reference}-{size}", f"Shirt {size}", f"{reference}-POPLIN", 180) for size in "SM"
        ),
        factories=(
            ErpFactory(f"{reference}-MILL", "Mill", Mode.OWN_LINE, lines=(f"{reference}-1",)),
            ErpFactory(f"{reference}-FIRM", "Firm", Mode.SUBCONTRACT),
        ),
    )


@pytest.fixture
def reader(odoo: OdooServer) -> Iterator[Odoo]:
    """The integration user, who may push orders and change no master data."""
    with Odoo(odoo.url, odoo.db, odoo.api_key) as opened:
        yield opened


@pytest.fixture
def editor(odoo: OdooServer) -> Iterator[Odoo]:
    """A person who keeps products in Odoo."""
    with Odoo(odoo.url, odoo.db, odoo.master_data_key) as opened:
        yield opened


@pytest.fixture
def prepared_there(odoo: OdooServer, wanted: MasterData) -> MasterData:
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
        gateway.prepare(wanted)
    return wanted


def test_what_was_prepared_is_mapped_and_has_nothing_wrong(reader: Odoo, prepared_there: MasterData) -> None:
    held = read(reader, prepared_there)
    assert {(each.noun, each.code) for each in held if each.noun is not Noun.WAREHOUSE} == {
        (each.noun, each.code) for each in as_wanted(prepared_there)
    }
    assert [each.name for each in held if each.noun is Noun.WAREHOUSE] == ["My Company"]
    assert findings(prepared_there, held) == ()


def test_what_is_not_there_is_unmapped(reader: Odoo, wanted: MasterData, reference: str) -> None:
    assert findings(wanted, read(reader, wanted)) == (
        Finding(Noun.PRODUCT, f"{reference}-S", Trouble.UNMAPPED),
        Finding(Noun.PRODUCT, f"{reference}-M", Trouble.UNMAPPED),
        Finding(Noun.FABRIC, f"{reference}-POPLIN", Trouble.UNMAPPED),
        Finding(Noun.LINE, f"{reference}-1", Trouble.UNMAPPED),
        Finding(Noun.FIRM, f"{reference}-FIRM", Trouble.UNMAPPED),
    )


def product_id(odoo: Odoo, code: str) -> int:
    (found,) = odoo["product.product"].search(domain=[("default_code", "=", code)])
    return int(found)


def test_a_product_known_by_its_barcode_only_is_unmapped_and_named(
    reader: Odoo, editor: Odoo, prepared_there: MasterData, reference: str
) -> None:
    vals = {"default_code": f"{reference}-OTHER", "barcode": f"{reference}-S"}
    editor["product.product"].write(ids=[product_id(editor, f"{reference}-S")], vals=vals)
    assert findings(prepared_there, read(reader, prepared_there)) == (
        Finding(Noun.PRODUCT, f"{reference}-S", Trouble.UNMAPPED, f"{reference}-OTHER"),
    )


def test_a_code_that_two_products_carry_is_double(
    reader: Odoo, editor: Odoo, prepared_there: MasterData, reference: str
) -> None:
    editor["product.product"].create(vals_list=[{"name": "A twin", "default_code": f"{reference}-S"}])
    (finding,) = findings(prepared_there, read(reader, prepared_there))
    assert finding == Finding(Noun.PRODUCT, f"{reference}-S", Trouble.DOUBLE, "Shirt S, A twin")


def test_a_product_that_was_archived_is_told_apart_from_one_that_never_was(
    reader: Odoo, editor: Odoo, prepared_there: MasterData, reference: str
) -> None:
    editor["product.product"].action_archive(ids=[product_id(editor, f"{reference}-S")])
    (finding,) = findings(prepared_there, read(reader, prepared_there))
    assert finding == Finding(Noun.PRODUCT, f"{reference}-S", Trouble.ARCHIVED)


def test_a_product_counted_in_packs_has_the_wrong_unit(
    reader: Odoo, editor: Odoo, wanted: MasterData, odoo: OdooServer, reference: str
) -> None:
    (pack,) = editor["uom.uom"].search(domain=[("name", "=", "Pack of 6")])
    editor["product.product"].create(
        vals_list=[{"name": "Six shirts", "default_code": f"{reference}-S", "uom_id": pack, "type": "consu"}]
    )
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
        gateway.prepare(wanted)
    (finding,) = findings(wanted, read(reader, wanted))
    assert finding == Finding(Noun.PRODUCT, f"{reference}-S", Trouble.WRONG_UNIT, "Pack of 6")


def test_a_product_without_a_bill_of_material_says_for_whom(
    reader: Odoo, editor: Odoo, prepared_there: MasterData, reference: str
) -> None:
    bills = editor["mrp.bom"].search_read(
        domain=[("product_id", "=", product_id(editor, f"{reference}-S"))], fields=["type"]
    )
    kinds = {row["type"]: row["id"] for row in bills}
    editor["mrp.bom"].write(ids=[kinds["subcontract"]], vals={"subcontractor_ids": [(5, 0, 0)]})
    lacks_firm = Finding(Noun.PRODUCT, f"{reference}-S", Trouble.NO_BILL, f"{reference}-FIRM")
    assert findings(prepared_there, read(reader, prepared_there)) == (lacks_firm,)
    editor["mrp.bom"].action_archive(ids=[kinds["normal"]])
    both = replace(lacks_firm, detail=f"{reference}-FIRM, own lines")
    assert findings(prepared_there, read(reader, prepared_there)) == (both,)
    own = replace(prepared_there, factories=prepared_there.factories[:1])
    assert findings(own, read(reader, own)) == (replace(lacks_firm, detail=OWN_LINES),)


def test_a_bill_of_material_of_a_template_serves_all_its_variants(
    reader: Odoo, editor: Odoo, prepared_there: MasterData, reference: str
) -> None:
    bills = editor["mrp.bom"].search(domain=[("product_id", "=", product_id(editor, f"{reference}-S"))])
    editor["mrp.bom"].write(ids=bills, vals={"product_id": False})
    assert findings(prepared_there, read(reader, prepared_there)) == ()


def test_seven_calls_are_enough(odoo: OdooServer, prepared_there: MasterData) -> None:
    with Counting(odoo.url, odoo.db, odoo.api_key) as counting:
        read(counting, prepared_there)
        assert counting.calls == 7


class Counting(Odoo):
    calls = 0

    def call(self, *arguments: object) -> object:  # type: ignore[override]
        self.calls += 1
        return super().call(*arguments)  # type: ignore[arg-type]


def test_a_side_without_master_data_of_its_own_has_nothing_wrong(wanted: MasterData) -> None:
    assert findings(wanted, as_wanted(wanted)) == ()
