"""From our records to Odoo's fields and back: pure functions, and the only place with floats.

Odoo stores quantities and prices as floats and moments as naive UTC text. A quantity becomes whole pieces by
rounding down, since half a shirt is no shirt; a price becomes the float nearest to minor units divided once
by a power of ten. The field table stands in the README.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from erp_bridge.records import ErpFabric, ErpFactory, ErpOrder, ErpProduct, Pieces, Progress, ProgressState

Row = Mapping[str, Any]

MODULE = "counterflow"
FORMAT = "%Y-%m-%d %H:%M:%S"
NOISE = 1e-6  # below Odoo's own rounding of pieces (0.01), above the error of any sum of them
CENTIMETRES_PER_METRE = 100

STORED = {"type": "consu", "is_storable": "1"}
METRE = "uom.product_uom_meter"  # an external id: the unit's name is translated

PRODUCTION_FIELDS = [
    "name",
    "state",
    "product_id",
    "qty_producing",
    "date_finished",
    "date_deadline",
    "write_date",
]
SCRAP_FIELDS = ["production_id", "product_id", "scrap_qty", "write_date"]
PURCHASE_FIELDS = ["name", "state", "receipt_status", "date_planned", "write_date"]
PURCHASE_LINE_FIELDS = ["order_id", "product_id", "qty_received", "write_date"]
RECEIPT_FIELDS = ["name", "origin", "state", "scheduled_date", "date_done", "write_date"]
SUBCONTRACT_FIELDS = ["name", "origin", "state", "qty_producing", "write_date"]


def external_id(kind: str, *codes: str) -> str:
    """The id under which Odoo's ``load`` knows a record of ours; different codes never share one."""
    return f"{MODULE}.{kind}_" + "/".join(quote(code, safe="-_") for code in codes)


def production_name(reference: str, sku: str) -> str:
    """The name a manufacturing order is made under; its production group keeps it."""
    return f"{reference}/{sku}"


def to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(FORMAT)


def to_moment(text: str) -> datetime:
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC)


def to_pieces(quantity: float) -> int:
    return math.floor(quantity + NOISE)


def to_metres(centimetres: int) -> float:
    return centimetres / CENTIMETRES_PER_METRE


def to_price(minor: int, decimal_places: int) -> float:
    return minor / float(10**decimal_places)


def to_manufacturing_orders(
    order: ErpOrder, *, work_center_id: int, products: Mapping[str, int]
) -> list[dict[str, Any]]:
    """One manufacturing order for each SKU, without what ties them together; ids by SKU code.

    Odoo picks the bill of materials by its own rules. The end is given twice: ``date_finished`` moves with
    whatever Odoo recomputes, ``date_deadline`` stays.
    """
    return [
        {
            "name": production_name(order.reference, line.sku),
            "origin": f"{order.factory} {order.line}",
            "product_id": products[line.sku],
            "product_qty": line.quantity,
            "date_start": to_text(order.start_at),
            "date_deadline": to_text(order.finish_at),
            "workorder_ids": [(0, 0, {"name": order.line, "workcenter_id": work_center_id})],
        }
        for line in order.lines
    ]


def to_purchase_order(
    order: ErpOrder, *, partner_id: int, currency_id: int, decimal_places: int, products: Mapping[str, int]
) -> tuple[list[str], list[list[str]]]:
    """Columns and rows for ``load``: the order on the first row only, a line with its own id on every row."""
    head = {
        "id": external_id("purchase", order.reference),
        "name": order.reference,
        "origin": f"{order.factory} {order.line}",
        "partner_id/.id": str(partner_id),
        "currency_id/.id": str(currency_id),
        "date_planned": to_text(order.finish_at),
    }
    lines = [
        {
            "order_line/id": external_id("purchase", order.reference, line.sku),
            "order_line/product_id/.id": str(products[line.sku]),
            "order_line/product_qty": str(line.quantity),
            "order_line/price_unit": str(to_price(line.unit_price_minor, decimal_places)),
            "order_line/date_planned": to_text(order.finish_at),
        }
        for line in order.lines
    ]
    columns = [*head, *lines[0]]
    heads = [list(head.values()), *([[""] * len(head)] * (len(lines) - 1))]
    return columns, [[*start, *line.values()] for start, line in zip(heads, lines, strict=True)]


def to_fabric(fabric: ErpFabric) -> dict[str, str]:
    return {**STORED, "name": fabric.name, "default_code": fabric.code, "uom_id/id": METRE}


def to_product(product: ErpProduct) -> dict[str, str]:
    return {**STORED, "name": product.name, "default_code": product.sku}


def to_firm(factory: ErpFactory) -> dict[str, str]:
    return {"name": factory.name, "ref": factory.code, "is_company": "1"}


def to_work_center(factory: ErpFactory, line: str) -> dict[str, str]:
    return {"name": f"{factory.name} {line}", "code": line}


def to_bom(
    product: ErpProduct,
    kind: str,
    *,
    product_id: int,
    template_id: int,
    fabric_id: int,
    firm_ids: Sequence[int] = (),
) -> dict[str, str]:
    """One piece takes so much fabric; ``kind`` is ``normal`` or ``subcontract``."""
    return {
        "id": external_id(f"bom-{kind}", product.sku),
        "product_tmpl_id/.id": str(template_id),
        "product_id/.id": str(product_id),
        "type": kind,
        "subcontractor_ids/.id": ",".join(map(str, firm_ids)),
        "bom_line_ids/id": external_id(f"bom-{kind}", product.sku, product.fabric),
        "bom_line_ids/product_id/.id": str(fabric_id),
        "bom_line_ids/product_qty": str(to_metres(product.fabric_use_centimetres)),
    }


def from_productions(
    reference: str, productions: Sequence[Row], skus: Mapping[int, str], scraps: Sequence[Row] = ()
) -> Progress:
    """Progress of an order on an own line, from all its manufacturing orders, backorders and splits too.

    Of what was scrapped only pieces count: cloth is scrapped under the same manufacturing orders.
    """
    if not productions:
        return Progress(reference, ProgressState.MISSING)
    done: dict[str, int] = defaultdict(int)
    for production in productions:
        made = 0 if production["state"] == "cancel" else to_pieces(production["qty_producing"])
        done[skus[production["product_id"]]] += made
    pieces = {production["product_id"] for production in productions}
    scrapped: dict[str, int] = defaultdict(int)
    for scrap in scraps:
        if scrap["product_id"] in pieces:
            scrapped[skus[scrap["product_id"]]] += to_pieces(scrap["scrap_qty"])
    return Progress(
        reference,
        _state_of_productions([production["state"] for production in productions]),
        done=_in_order(done),
        scrapped=_in_order(scrapped),
        expected_finish_at=max(map(_finish_of_production, productions)),
        changed_at=max(to_moment(row["write_date"]) for row in (*productions, *scraps)),
        documents=tuple(sorted(production["name"] for production in productions)),
    )


def from_purchase(
    purchase: Row,
    lines: Sequence[Row],
    receipts: Sequence[Row],
    productions: Sequence[Row],
    skus: Mapping[int, str],
) -> Progress:
    """Progress of an order at a firm outside, from its receipts and the manufacturing orders behind them."""
    done: dict[str, int] = defaultdict(int)
    for line in lines:
        done[skus[line["product_id"]]] += to_pieces(line["qty_received"])
    touched = [to_moment(row["write_date"]) for row in (purchase, *lines, *receipts, *productions)]
    return Progress(
        purchase["name"],
        _state_of_purchase(purchase, any(done.values()), [p["state"] for p in productions]),
        done=_in_order(done),
        expected_finish_at=_finish_of_purchase(purchase, receipts),
        changed_at=max(touched),
        documents=(purchase["name"], *sorted(row["name"] for row in (*receipts, *productions))),
    )


def _in_order(done: Mapping[str, int]) -> tuple[Pieces, ...]:
    return tuple(Pieces(sku, done[sku]) for sku in sorted(done))


def _state_of_productions(states: Sequence[str]) -> ProgressState:
    alive = [state for state in states if state != "cancel"]
    if not alive:
        return ProgressState.CANCELLED
    if all(state == "done" for state in alive):
        return ProgressState.DONE
    if any(state in {"progress", "to_close", "done"} for state in alive):
        return ProgressState.STARTED
    return ProgressState.WAITING if "draft" in alive else ProgressState.CONFIRMED


def _finish_of_production(production: Row) -> datetime:
    """The later of end and deadline: starting to produce sets the end back to an hour after the start."""
    moments = [
        production["date_finished"],
        *([] if production["state"] == "done" else [production["date_deadline"]]),
    ]
    return max(to_moment(moment) for moment in moments if moment)


def _state_of_purchase(purchase: Row, arrived: bool, making: Sequence[str]) -> ProgressState:  # noqa: FBT001
    if purchase["state"] == "cancel":
        return ProgressState.DONE if arrived else ProgressState.CANCELLED
    if purchase["state"] not in {"purchase", "done"}:
        return ProgressState.WAITING
    if purchase["receipt_status"] == "full":
        return ProgressState.DONE
    if arrived or any(state in {"progress", "to_close", "done"} for state in making):
        return ProgressState.STARTED
    return ProgressState.CONFIRMED


def _finish_of_purchase(purchase: Row, receipts: Sequence[Row]) -> datetime | None:
    open_until = [
        to_moment(row["scheduled_date"]) for row in receipts if row["state"] not in {"done", "cancel"}
    ]
    if open_until:
        return max(open_until)
    arrived = [to_moment(row["date_done"]) for row in receipts if row["date_done"]]
    if arrived:
        return max(arrived)
    return to_moment(purchase["date_planned"]) if purchase["date_planned"] else None
