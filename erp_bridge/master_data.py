"""Products, fabrics, bills of material and factories made in Odoo before the first order needs them.

This is the only module that uses the second key, whose user may write products, bills of material, work
centers and partners. What already carries one of our codes is left as it is: a customer's own product is
mapped, not overwritten. What is missing goes through ``load`` under an external id, so that two clients
preparing at once make it once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from erp_bridge.client import Odoo, Row
from erp_bridge.codes import find_ids
from erp_bridge.errors import ErpError
from erp_bridge.mapping import external_id, to_bom, to_fabric, to_firm, to_product, to_work_center
from erp_bridge.records import ErpProduct, MasterData, Mode, Prepared

T = TypeVar("T")

ROWS_A_CALL = 100  # 40 rows/s at 100 a call against 10 at one; 500 sit in one transaction for 15 s


def prepare(odoo: Odoo, master_data: MasterData) -> Prepared:
    """Make what is missing of the master data; a second run makes nothing."""
    factories = master_data.factories
    fabrics = {fabric.code: to_fabric(fabric) for fabric in master_data.fabrics}
    products = {product.sku: to_product(product) for product in master_data.products}
    firms = {firm.code: to_firm(firm) for firm in factories if firm.mode is Mode.SUBCONTRACT}
    lines = {
        line: to_work_center(factory, line)
        for factory in factories
        if factory.mode is Mode.OWN_LINE
        for line in factory.lines
    }
    fabric_ids, new_fabrics = _ensure(odoo, "product.product", "default_code", fabrics, kind="fabric")
    sku_ids, new_skus = _ensure(odoo, "product.product", "default_code", products, kind="sku")
    firm_ids, new_firms = _ensure(odoo, "res.partner", "ref", firms, kind="factory")
    line_ids, new_lines = _ensure(odoo, "mrp.workcenter", "code", lines, kind="line")
    boms, new_boms = _twice(
        lambda: _ensure_boms(
            odoo,
            master_data.products,
            product_ids=sku_ids,
            fabric_ids=fabric_ids,
            firm_ids=[*firm_ids.values()],
        )
    )
    created = new_fabrics + new_skus + new_firms + new_lines + new_boms
    held = len(fabric_ids) + len(sku_ids) + len(firm_ids) + len(line_ids) + boms
    return Prepared(created, held - created)


def _ensure(
    odoo: Odoo, model: str, field: str, wanted: Mapping[str, Mapping[str, str]], *, kind: str
) -> tuple[dict[str, int], int]:
    """Ids by code of all the wanted records, and how many of them had to be made."""

    def look_and_load() -> tuple[dict[str, int], int]:
        ids = find_ids(odoo, model, field, wanted)
        missing = [code for code in wanted if code not in ids]
        made = _load(odoo, model, [{"id": external_id(kind, code), **wanted[code]} for code in missing])
        return ids | dict(zip(missing, made, strict=True)), len(missing)

    return _twice(look_and_load)


def _twice(look_and_load: Callable[[], T]) -> T:
    """What the step answers, tried again when it fails: a refusal that stands is raised by the second try.

    A client that makes the same at the same moment, or an answer lost on the way, fails a ``load`` that the
    second look makes needless.
    """
    try:
        return look_and_load()
    except ErpError:
        return look_and_load()


def _ensure_boms(
    odoo: Odoo,
    products: Sequence[ErpProduct],
    *,
    product_ids: Mapping[str, int],
    fabric_ids: Mapping[str, int],
    firm_ids: Sequence[int],
) -> tuple[int, int]:
    """How many bills of material serve the products, and how many of them had to be made.

    Each SKU has one for our own lines and, where there are firms outside, one of type subcontract that names
    them: without it, confirming a purchase order would buy the shirts as if they were pens.
    """
    templates = _templates(odoo, product_ids.values())
    held = _held_boms(odoo, templates)
    wanted = [
        (product, kind, firms)
        for kind, firms in (("normal", ()), ("subcontract", firm_ids))
        if kind == "normal" or firms
        for product in products
    ]
    missing = [
        to_bom(
            product,
            kind,
            product_id=product_ids[product.sku],
            template_id=templates[product_ids[product.sku]],
            fabric_id=fabric_ids[product.fabric],
            firm_ids=firms,
        )
        for product, kind, firms in wanted
        if (product_ids[product.sku], kind) not in held
    ]
    _load(odoo, "mrp.bom", missing)
    _name_subcontractors(odoo, held.values(), firm_ids)
    return len(wanted), len(missing)


def _templates(odoo: Odoo, product_ids: Iterable[int]) -> dict[int, int]:
    rows = odoo["product.product"].read(ids=list(product_ids), fields=["product_tmpl_id"])
    return {row["id"]: row["product_tmpl_id"][0] for row in rows}


def _held_boms(odoo: Odoo, templates: Mapping[int, int]) -> dict[tuple[int, str], Row]:
    """Bills of material by product and type; one of a template serves all its products."""
    rows = odoo["mrp.bom"].search_read(
        domain=[
            ("product_tmpl_id", "in", list(templates.values())),
            ("type", "in", ["normal", "subcontract"]),
        ],
        fields=["product_id", "product_tmpl_id", "type", "subcontractor_ids"],
    )
    return {
        (product, row["type"]): row
        for row in rows
        for product, template in templates.items()
        if (row["product_id"] or [product])[0] == product and row["product_tmpl_id"][0] == template
    }


def _name_subcontractors(odoo: Odoo, held: Iterable[Row], firm_ids: Sequence[int]) -> None:
    """A firm that came later is added to the subcontract bills of material that stand already."""
    stale = {
        row["id"]
        for row in held
        if row["type"] == "subcontract" and {*firm_ids} - {*row["subcontractor_ids"]}
    }
    for ids in _batches(sorted(stale)):
        odoo["mrp.bom"].write(ids=ids, vals={"subcontractor_ids": [(4, firm) for firm in firm_ids]})


def _load(odoo: Odoo, model: str, rows: Sequence[Mapping[str, str]]) -> list[int]:
    return [
        made
        for batch in _batches(rows)
        for made in odoo[model].load(fields=[*batch[0]], data=[[*row.values()] for row in batch])
    ]


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + ROWS_A_CALL] for start in range(0, len(items), ROWS_A_CALL))
