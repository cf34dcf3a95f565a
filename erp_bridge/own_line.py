"""A run on our own line in Odoo: a manufacturing order for each SKU, tied together by a shared reference.

A manufacturing order's name is unique, so two clients cannot both create one. But a backorder or split
renames it, and a late repeat would then succeed: so the shared reference, which survives both and a merge, is
looked up before every send, and beside it the production group, which keeps the first name.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from erp_bridge.client import Odoo, Row
from erp_bridge.codes import look_up
from erp_bridge.errors import ErpError
from erp_bridge.mapping import external_id, production_name, to_manufacturing_orders, to_text
from erp_bridge.records import ErpOrder, Mode

FIELDS = [
    *("name", "state", "qty_producing", "reference_ids", "production_group_id"),
    *("date_finished", "date_deadline", "create_uid", "write_uid"),
]


class OwnLine:
    """The way of orders on our own lines; see ``push.Way``."""

    mode = Mode.OWN_LINE
    lines_a_call = 100  # four seconds to create and as many to confirm on a quiet machine

    def __init__(self, odoo: Odoo) -> None:
        self._odoo = odoo

    def find(self, orders: Sequence[ErpOrder]) -> dict[str, list[Row]]:
        """Manufacturing orders by reference, whatever split, backorder, merge or renaming did to them."""
        first_names = [production_name(order.reference, line.sku) for order in orders for line in order.lines]
        return _find(
            self._odoo,
            [order.reference for order in orders],
            by_group=("production_group_id.name", "in", first_names),
        )

    def writer(self, orders: Sequence[ErpOrder]) -> Callable[[ErpOrder], list[Row]]:
        skus = {line.sku for order in orders for line in order.lines}
        products = look_up(self._odoo, "product.product", "default_code", skus)
        lines = look_up(self._odoo, "mrp.workcenter", "code", {order.line for order in orders})

        def write(order: ErpOrder) -> list[Row]:
            return to_manufacturing_orders(
                order,
                work_center_id=lines.pick([order.line])[order.line],
                products=products.pick(line.sku for line in order.lines),
            )

        return write

    def create(self, written: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
        shared = self._share(sorted(written))
        values = [
            {**each, "reference_ids": [(4, shared[reference])]}
            for reference, productions in written.items()
            for each in productions
        ]
        ids = iter(self._odoo["mrp.production"].create(vals_list=values))
        return {
            reference: [{"id": next(ids), "name": each["name"], "state": "draft"} for each in productions]
            for reference, productions in written.items()
        }

    def _share(self, references: Sequence[str]) -> dict[str, int]:
        """Ids of the one ``stock.reference`` of each run; its name is not unique, its external id is.

        Loading it again changes nothing, since there is nothing in it but the name.
        """
        model = self._odoo["stock.reference"]
        rows = [[external_id("reference", reference), reference] for reference in references]
        try:
            return dict(zip(references, model.load(fields=["id", "name"], data=rows), strict=True))
        except ErpError:
            held = find_shared(self._odoo, references)
            if len(held) < len(references):
                raise
            return {name: each for each, name in held.items()}

    def confirm(self, orders: Sequence[ErpOrder], found: Mapping[str, Sequence[Row]]) -> None:
        """Confirm what is in draft, then write its end, which creating overwrites.

        In draft the end would cost more than creating: Odoo makes the moves anew.
        """
        model = self._odoo["mrp.production"]
        rows = [(order, row) for order in orders for row in found[order.reference]]
        if drafts := [row["id"] for _, row in rows if row["state"] == "draft"]:
            model.action_confirm(ids=drafts)
        ends: dict[str, list[int]] = defaultdict(list)
        for order, row in rows:
            if row["state"] == "draft" or _left_half_done(row):
                ends[to_text(order.finish_at)].append(row["id"])
        for end, ids in ends.items():
            model.write(ids=ids, vals={"date_finished": end}, context={"tracking_disable": True})


def _left_half_done(row: Row) -> bool:
    """Confirmed by a client that never wrote its end, which is its deadline, and touched by nobody since."""
    return bool(
        row["state"] == "confirmed"
        and row["date_finished"] != row["date_deadline"]
        and row["write_uid"] == row["create_uid"]
    )


def find_productions(odoo: Odoo, reference: str) -> list[Row]:
    """Manufacturing orders of one reference whose SKUs are not known here."""
    by_group = ("production_group_id.name", "=like", production_name(reference, "%"))
    return _find(odoo, [reference], by_group=by_group).get(reference, [])


def _find(odoo: Odoo, references: Sequence[str], *, by_group: tuple[str, str, Any]) -> dict[str, list[Row]]:
    shared = find_shared(odoo, references)
    rows = odoo["mrp.production"].search_read(
        domain=["|", ("reference_ids", "in", [*shared]), by_group], fields=FIELDS, order="name"
    )
    found = defaultdict(list)
    for row in rows:
        names = {shared[each] for each in row["reference_ids"] if each in shared}
        if row["production_group_id"]:
            names |= {row["production_group_id"][1].partition("/")[0]} & {*references}
        for name in names:
            found[name].append(row)
    return dict(found)


def find_shared(odoo: Odoo, references: Sequence[str]) -> dict[int, str]:
    """Names of shared references by their ids."""
    rows = odoo["stock.reference"].search_read(domain=[("name", "in", references)], fields=["name"])
    return {row["id"]: row["name"] for row in rows}
