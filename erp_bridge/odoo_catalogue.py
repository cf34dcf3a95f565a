"""Odoo's products, bills of material, firms, work centers and warehouses under our codes.

Seven calls however many codes there are, stored fields only, and no right beyond those of the user who
pushes orders: the key for master data is not needed to look.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from erp_bridge.catalogue import METRE, OWN_LINES, PIECE, HeldRecord, Noun
from erp_bridge.client import Odoo, Row
from erp_bridge.records import MasterData, Mode

ANY = {"active_test": False, "lang": "en_US"}  # archived ones too; units by the names they are delivered with
METRES = "m"
BILL_FIELDS = ["product_id", "product_tmpl_id", "type", "subcontractor_ids", "product_uom_id"]


def read(odoo: Odoo, wanted: MasterData) -> tuple[HeldRecord, ...]:
    """The records that carry one of the codes as their reference, or a product's as their barcode.

    All warehouses are told of, for a person to see: a manufacturing order goes to the default one.
    """
    firms = _firms(odoo, [each.code for each in wanted.factories if each.mode is Mode.SUBCONTRACT])
    return (
        *_products(odoo, wanted, firms),
        *(HeldRecord(Noun.FIRM, row["ref"], row["name"], active=row["active"]) for row in firms),
        *_coded(odoo, "mrp.workcenter", Noun.LINE, [("code", "in", _line_codes(wanted))]),
        *_coded(odoo, "stock.warehouse", Noun.WAREHOUSE, []),
    )


def _line_codes(wanted: MasterData) -> list[str]:
    return sorted(line for each in wanted.factories if each.mode is Mode.OWN_LINE for line in each.lines)


def _firms(odoo: Odoo, codes: Sequence[str]) -> list[Row]:
    rows: list[Row] = odoo["res.partner"].search_read(
        domain=[("ref", "in", codes)], fields=["ref", "name", "active"], order="id", context=ANY
    )
    return rows


def _coded(odoo: Odoo, model: str, noun: Noun, domain: Sequence[object]) -> Iterator[HeldRecord]:
    rows = odoo[model].search_read(domain=domain, fields=["code", "name", "active"], order="id", context=ANY)
    return (HeldRecord(noun, row["code"], row["name"], active=row["active"]) for row in rows)


def _products(odoo: Odoo, wanted: MasterData, firms: Iterable[Row]) -> Iterator[HeldRecord]:
    fabrics = {fabric.code for fabric in wanted.fabrics}
    codes = fabrics | {product.sku for product in wanted.products}
    rows = odoo["product.product"].search_read(
        domain=["|", ("default_code", "in", sorted(codes)), ("barcode", "in", sorted(codes))],
        fields=["default_code", "barcode", "name", "uom_id", "product_tmpl_id", "active"],
        order="id",
        context=ANY,
    )
    units = _units(odoo)
    makers = _makers(odoo, rows, {row["id"]: row["ref"] for row in firms}, units)
    for row in rows:
        own = row["default_code"] or ""
        code = own if own in codes else row["barcode"]
        unit, name = row["uom_id"]
        yield HeldRecord(
            Noun.FABRIC if code in fabrics else Noun.PRODUCT,
            code,
            row["name"],
            unit=units.get(unit, name),
            barcode=row["barcode"] or "",
            active=row["active"],
            makers=frozenset(makers[row["id"]]),
            reference="" if own == code else own or f"#{row['id']}",
        )


def _units(odoo: Odoo) -> dict[int, str]:
    """Odoo's ids of the two units that we count in; the piece is what Odoo counts a new product in."""
    piece = odoo["product.product"].default_get(fields=["uom_id"])["uom_id"]
    metres = odoo["uom.uom"].search(domain=[("name", "=", METRES)], context=ANY)
    return {piece: PIECE} | dict.fromkeys(metres, METRE)


def _makers(
    odoo: Odoo, products: Sequence[Row], firms: Mapping[int, str], units: Mapping[int, str]
) -> Mapping[int, set[str]]:
    """By product: the makers that a bill of material serves, our own lines or the firms it names.

    One of a template serves all its variants; one that is counted in anything but pieces serves nobody.
    """
    templates: defaultdict[int, list[int]] = defaultdict(list)
    for row in products:
        templates[row["product_tmpl_id"][0]].append(row["id"])
    bills = odoo["mrp.bom"].search_read(
        domain=[("product_tmpl_id", "in", sorted(templates)), ("type", "in", ["normal", "subcontract"])],
        fields=BILL_FIELDS,
    )
    makers: defaultdict[int, set[str]] = defaultdict(set)
    for bill in bills:
        if units.get(bill["product_uom_id"][0]) != PIECE:
            continue
        named = {firms[each] for each in bill["subcontractor_ids"] if each in firms}
        served = [bill["product_id"][0]] if bill["product_id"] else templates[bill["product_tmpl_id"][0]]
        for product in served:
            makers[product] |= named if bill["type"] == "subcontract" else {OWN_LINES}
    return makers
