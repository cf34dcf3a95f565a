"""Exactly once in effect: look first, create under a name only one can have, look again when that fails.

Odoo has no idempotency key. A manufacturing order's name is unique, so two clients cannot both create one;
but a backorder or split renames it and a late repeat would then succeed, so the shared reference, which
survives both and a merge, is looked up before every send. A purchase order has no unique field, so it goes
through ``load`` with an external id, which the database keeps unique; ``load`` rewrites what it finds, even
a finished order, so it is used only after a look-up showed nothing. The README has the whole argument.
"""

from collections.abc import Callable

from erp_bridge.client import Odoo, Row
from erp_bridge.codes import get_ids
from erp_bridge.errors import ErpError, ErpRejected
from erp_bridge.mapping import external_id, to_manufacturing_orders, to_purchase_order, to_text
from erp_bridge.records import ErpOrder, ErpReference, Mode


def push(odoo: Odoo, order: ErpOrder) -> ErpReference:
    """See to it that the order stands in Odoo once and confirmed; an order found there is not changed."""
    if order.mode is Mode.OWN_LINE:
        found, created = _once(
            lambda: find_productions(odoo, order.reference), lambda: _create_productions(odoo, order)
        )
        _confirm_productions(odoo, found, order)
    else:
        found, created = _once(
            lambda: find_purchases(odoo, order.reference), lambda: _load_purchase(odoo, order)
        )
        _confirm_purchases(odoo, found)
    return ErpReference(order.reference, tuple(row["name"] for row in found), created)


def cancel(odoo: Odoo, reference: str, *, reason: str) -> None:
    """Withdraw what stands under the reference, with the reason in its history, unless pieces were made.

    Odoo would let a fully received purchase order be cancelled; this does not.
    """
    productions = [row for row in find_productions(odoo, reference) if row["state"] != "cancel"]
    purchases = [row for row in find_purchases(odoo, reference) if row["state"] != "cancel"]
    begun = any(row["state"] == "done" or row["qty_producing"] for row in productions)
    if begun or _begun_outside(odoo, [row["id"] for row in purchases]):
        raise ErpRejected(f"{reference} cannot be cancelled: pieces of it have been made or received")
    for model, method, rows in (
        ("mrp.production", "action_cancel", productions),
        ("purchase.order", "button_cancel", purchases),
    ):
        ids = [row["id"] for row in rows]
        if ids:
            getattr(odoo[model], method)(ids=ids)
        for each in ids:
            odoo[model].message_post(ids=[each], body=reason)


def find_productions(odoo: Odoo, reference: str) -> list[Row]:
    """Manufacturing orders of a reference, whatever split, backorder, merge or renaming did to them."""
    by_group = ("production_group_id.name", "=like", f"{reference}/%")
    rows: list[Row] = odoo["mrp.production"].search_read(
        domain=["|", ("reference_ids.name", "=", reference), by_group],
        fields=["name", "state", "qty_producing"],
        order="name",
    )
    return rows


def find_purchases(odoo: Odoo, reference: str) -> list[Row]:
    rows: list[Row] = odoo["purchase.order"].search_read(
        domain=[("name", "=", reference)], fields=["name", "state"], order="id"
    )
    return rows


def _once(find: Callable[[], list[Row]], make: Callable[[], None]) -> tuple[list[Row], bool]:
    """What ``find`` finds, after ``make`` if it found nothing; and whether this call made it.

    ``make`` fails when another client was faster, and seems to fail when the answer was lost on the way.
    Odoo's words for the first are translated into the user's language, so a second look decides, not the
    text.
    """
    if found := find():
        return found, False
    try:
        make()
    except ErpError:
        if found := find():
            return found, False
        raise
    return find(), True


def _create_productions(odoo: Odoo, order: ErpOrder) -> None:
    products = get_ids(odoo, "product.product", "default_code", (line.sku for line in order.lines))
    work_center = get_ids(odoo, "mrp.workcenter", "code", [order.line])[order.line]
    shared = _shared_reference(odoo, order.reference)
    odoo["mrp.production"].create(
        vals_list=to_manufacturing_orders(
            order, reference_id=shared, work_center_id=work_center, products=products
        )
    )


def _shared_reference(odoo: Odoo, reference: str) -> int:
    """Id of the one ``stock.reference`` of a run; its name is not unique, its external id is.

    Loading it again changes nothing, since there is nothing in it but the name.
    """
    try:
        ids = odoo["stock.reference"].load(
            fields=["id", "name"], data=[[external_id("reference", reference), reference]]
        )
    except ErpError:
        ids = odoo["stock.reference"].search(domain=[("name", "=", reference)], order="id")
        if not ids:
            raise
    return ids[0]


def _confirm_productions(odoo: Odoo, found: list[Row], order: ErpOrder) -> None:
    """Confirm those left in draft, by this call or by one that died; the end date must be written alone."""
    drafts = [row["id"] for row in found if row["state"] == "draft"]
    if drafts:
        odoo["mrp.production"].write(ids=drafts, vals={"date_finished": to_text(order.finish_at)})
        odoo["mrp.production"].action_confirm(ids=drafts)


def _load_purchase(odoo: Odoo, order: ErpOrder) -> None:
    products = get_ids(odoo, "product.product", "default_code", (line.sku for line in order.lines))
    partner = get_ids(odoo, "res.partner", "ref", [order.factory])[order.factory]
    currency = _currency(odoo, order.currency)
    columns, rows = to_purchase_order(
        order,
        partner_id=partner,
        currency_id=currency["id"],
        decimal_places=currency["decimal_places"],
        products=products,
    )
    odoo["purchase.order"].load(fields=columns, data=rows)


def _currency(odoo: Odoo, code: str) -> Row:
    rows = odoo["res.currency"].search_read(
        domain=[("name", "=", code)], fields=["decimal_places"], context={"active_test": False}
    )
    if not rows:
        raise ErpRejected(f"Odoo has no currency {code}")
    currency: Row = rows[0]
    return currency


def _confirm_purchases(odoo: Odoo, found: list[Row]) -> None:
    drafts = [row["id"] for row in found if row["state"] in {"draft", "sent"}]
    if drafts:
        odoo["purchase.order"].button_confirm(ids=drafts)


def _begun_outside(odoo: Odoo, purchases: list[int]) -> bool:
    """Whether anything of the purchase orders is received, or reported as being made by the firm."""
    received = [("order_id", "in", purchases), ("qty_received", ">", 0)]
    behind = "move_finished_ids.move_dest_ids.purchase_line_id.order_id"
    making = [(behind, "in", purchases), ("qty_producing", ">", 0)]
    return bool(purchases) and (
        odoo["purchase.order.line"].search_count(domain=received) > 0
        or odoo["mrp.production"].search_count(domain=making) > 0
    )
