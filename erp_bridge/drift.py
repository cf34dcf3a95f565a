"""What Odoo holds of our orders, with who changed it and when, for whoever compares it with what we sent.

A first look reads of every order only which documents are there and when they were written; the second, in
full, only those that changed since the watermark or lack a document: somebody who deletes leaves no
``write_date`` behind. A few queries each, however many orders, and stored fields only.
"""

from collections.abc import Sequence

from erp_bridge.client import Odoo
from erp_bridge.drift_outside import OutsideBooks
from erp_bridge.drift_own_line import OwnLineBooks
from erp_bridge.errors import ErpRejected
from erp_bridge.holdings import Held
from erp_bridge.mapping import to_moment, to_text
from erp_bridge.pull import IDS_ONLY, OVERLAP
from erp_bridge.records import ErpOrder, Mode

BEHIND_A_PURCHASE = (
    "order_line.write_date",
    "picking_ids.write_date",
    "order_line.move_ids.move_orig_ids.production_id.write_date",
)
RECEIVED = ("order_line.qty_received", ">", 0)


def read(odoo: Odoo, orders: Sequence[ErpOrder], since: str = "") -> Held:
    """What stands there of the orders that changed since the watermark, or of all of them without one."""
    own = [order for order in orders if order.mode is Mode.OWN_LINE]
    outside = [order for order in orders if order.mode is Mode.SUBCONTRACT]
    if since:
        moment = to_text(to_moment(since) - OVERLAP)
        own, outside = _own_line_since(odoo, own, moment), _outside_since(odoo, outside, moment)
    holdings = (*OwnLineBooks(odoo, own).holdings(), *OutsideBooks(odoo, outside).holdings())
    moments = [to_text(each.touch.at) for each in holdings if each.touch.at]
    return Held(holdings, max([since, *moments]))


def withdraw(odoo: Odoo, reference: str, document: str, *, reason: str) -> None:
    """Cancel a document that carries a reference of ours, unless it was made or is one that we sent."""
    if document.partition("/")[0] == reference:
        raise ErpRejected(f"{document} is the order {reference} itself, not one beside it")
    for model, method, carries, begun in (
        (
            "mrp.production",
            "action_cancel",
            ("reference_ids.name", "=", reference),
            ("qty_producing", ">", 0),
        ),
        ("purchase.order", "button_cancel", ("origin", "=", reference), RECEIVED),
    ):
        ids = odoo[model].search(domain=[("name", "=", document), ("state", "!=", "cancel"), carries])
        if ids and odoo[model].search_count(domain=[("id", "in", ids), begun]):
            raise ErpRejected(f"{document} cannot be cancelled: pieces of it have been made or received")
        if ids:
            getattr(odoo[model], method)(ids=ids)
            odoo[model].message_post(ids=ids, body=reason)


def _own_line_since(odoo: Odoo, orders: Sequence[ErpOrder], moment: str) -> list[ErpOrder]:
    """Those of which a document was written since the moment, or an SKU has no document any more."""
    books = OwnLineBooks(odoo, orders, fields=("product_id", "write_date"))
    changed = odoo["mrp.workorder"].search_read(
        domain=[("production_id", "in", [row["id"] for row in books.rows]), ("write_date", ">=", moment)],
        fields=["production_id"],
        **IDS_ONLY,
    )
    touched = {row["production_id"] for row in changed}
    return [
        order
        for order in orders
        if len({row["product_id"] for row in books.of[order.reference]}) < len(order.lines)
        or any(row["write_date"] >= moment or row["id"] in touched for row in books.of[order.reference])
    ]


def _outside_since(odoo: Odoo, orders: Sequence[ErpOrder], moment: str) -> list[ErpOrder]:
    """Those of which the order, a line or what is behind it was written since, or which are gone."""
    there = OutsideBooks(odoo, orders)
    ids = [row["id"] for row in there.rows]
    behind = [(path, ">=", moment) for path in ("write_date", *BEHIND_A_PURCHASE)]
    touched = {
        *odoo["purchase.order"].search(domain=[("id", "in", ids), *["|"] * (len(behind) - 1), *behind])
    }
    return [
        order
        for order in orders
        if not there.of[order.reference] or any(row["id"] in touched for row in there.of[order.reference])
    ]
