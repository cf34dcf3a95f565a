"""What may still change of an order that stands in Odoo: its dates, and that it stands at all.

A quantity does not change: Odoo answers an edit of a confirmed purchase order with returns and second orders.
It is a cancellation and a new order under a new reference.
"""

from collections.abc import Sequence
from datetime import datetime

from erp_bridge.client import Odoo, Row
from erp_bridge.errors import ErpRejected
from erp_bridge.mapping import to_text
from erp_bridge.own_line import find_productions
from erp_bridge.subcontract import find_purchases

CLOSED = frozenset({"done", "cancel"})


def reschedule(odoo: Odoo, reference: str, *, start_at: datetime, finish_at: datetime) -> None:
    """Move what is open of an order to other dates; work that has begun keeps its start."""
    productions, purchases = _find(odoo, reference)
    still_open = [row for row in productions if row["state"] not in CLOSED]
    if not (
        _move_productions(odoo, still_open, start_at, finish_at)
        or _move_purchases(odoo, [row["id"] for row in purchases], finish_at)
    ):
        raise ErpRejected(f"{reference} cannot be moved to other dates: nothing of it is open")


def _move_productions(
    odoo: Odoo, productions: Sequence[Row], start_at: datetime, finish_at: datetime
) -> bool:
    """Writing the start makes Odoo compute the end anew, so the end comes second and without it."""
    ids = [row["id"] for row in productions]
    waiting = [row["id"] for row in productions if row["state"] in {"draft", "confirmed"}]
    model, finish = odoo["mrp.production"], to_text(finish_at)
    if waiting:
        model.write(ids=waiting, vals={"date_start": to_text(start_at)})
    if ids:
        model.write(ids=ids, vals={"date_deadline": finish})
        model.write(ids=ids, vals={"date_finished": finish})
    return bool(ids)


def _move_purchases(odoo: Odoo, purchases: Sequence[int], finish_at: datetime) -> bool:
    """Once it is confirmed open receipts carry the date, and the work behind them follows; before, lines."""
    mine = [("order_id", "in", purchases), ("order_id.state", "in", ["draft", "sent", "to approve"])]
    open_receipts = [("purchase_id", "in", purchases), ("state", "not in", [*CLOSED])]
    moved = False
    for model, domain, field in (
        ("purchase.order.line", mine, "date_planned"),
        ("stock.picking", open_receipts, "scheduled_date"),
    ):
        ids = odoo[model].search(domain=domain) if purchases else []
        if ids:
            odoo[model].write(ids=ids, vals={field: to_text(finish_at)})
            moved = True
    return moved


def cancel(odoo: Odoo, reference: str, *, reason: str) -> None:
    """Withdraw what stands under the reference, with the reason in its history, unless pieces were made.

    Odoo would let a fully received purchase order be cancelled; this does not.
    """
    productions, purchases = (
        [row for row in rows if row["state"] != "cancel"] for rows in _find(odoo, reference)
    )
    if any(len(row["reference_ids"]) > 1 for row in productions):
        raise ErpRejected(f"{reference} cannot be cancelled: it stands in one order with another")
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


def _find(odoo: Odoo, reference: str) -> tuple[list[Row], list[Row]]:
    """Its manufacturing orders, or else its purchase orders."""
    productions = find_productions(odoo, reference)
    return productions, [] if productions else find_purchases(odoo, [reference]).get(reference, [])


def _begun_outside(odoo: Odoo, purchases: list[int]) -> bool:
    """Whether anything of the purchase orders is received, or reported as being made by the firm."""
    received = [("order_id", "in", purchases), ("qty_received", ">", 0)]
    behind = "move_finished_ids.move_dest_ids.purchase_line_id.order_id"
    making = [(behind, "in", purchases), ("qty_producing", ">", 0)]
    return bool(purchases) and (
        odoo["purchase.order.line"].search_count(domain=received) > 0
        or odoo["mrp.production"].search_count(domain=making) > 0
    )
