"""A run at a firm outside in Odoo: one purchase order with a line for each SKU.

A purchase order has no unique field, so it goes through ``load`` with an external id, which the database
keeps unique. ``load`` rewrites what it finds, even a finished order: it is used only after a look-up showed
nothing, and never to change anything.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from erp_bridge.client import Odoo, Row
from erp_bridge.codes import look_up
from erp_bridge.errors import ErpRejected
from erp_bridge.mapping import to_purchase_order
from erp_bridge.own_line import find_shared
from erp_bridge.records import ErpOrder, Mode

Sheet = tuple[list[str], list[list[str]]]


class Subcontract:
    """The way of orders at firms outside; see ``push.Way``."""

    mode = Mode.SUBCONTRACT
    lines_a_call = 50  # ten seconds to confirm: a receipt for each order, moves and work for each line

    def __init__(self, odoo: Odoo) -> None:
        self._odoo = odoo

    def find(self, orders: Sequence[ErpOrder]) -> dict[str, list[Row]]:
        return find_purchases(self._odoo, [order.reference for order in orders])

    def writer(self, orders: Sequence[ErpOrder]) -> Callable[[ErpOrder], Sheet]:
        skus = {line.sku for order in orders for line in order.lines}
        products = look_up(self._odoo, "product.product", "default_code", skus)
        firms = look_up(self._odoo, "res.partner", "ref", {order.factory for order in orders})
        currencies = self._currencies({order.currency for order in orders})

        def write(order: ErpOrder) -> Sheet:
            if order.currency not in currencies:
                raise ErpRejected(f"Odoo has no currency {order.currency}")
            currency = currencies[order.currency]
            return to_purchase_order(
                order,
                partner_id=firms.pick([order.factory])[order.factory],
                currency_id=currency["id"],
                decimal_places=currency["decimal_places"],
                products=products.pick(line.sku for line in order.lines),
            )

        return write

    def _currencies(self, codes: set[str]) -> dict[str, Row]:
        rows = self._odoo["res.currency"].search_read(
            domain=[("name", "in", sorted(codes))],
            fields=["name", "decimal_places"],
            context={"active_test": False},
        )
        return {row["name"]: row for row in rows}

    def create(self, written: Mapping[str, Sheet]) -> dict[str, list[Row]]:
        sheets = [*written.values()]
        rows = [row for _, rows in sheets for row in rows]
        ids = self._odoo["purchase.order"].load(fields=sheets[0][0], data=rows)
        return {
            name: [{"id": each, "name": name, "state": "draft"}]
            for name, each in zip(written, ids, strict=True)
        }

    def confirm(self, orders: Sequence[ErpOrder], found: Mapping[str, Sequence[Row]]) -> None:
        drafts = [
            row["id"]
            for order in orders
            for row in found[order.reference]
            if row["state"] in {"draft", "sent"}
        ]
        if drafts:
            self._odoo["purchase.order"].button_confirm(ids=drafts)


def find_purchases(odoo: Odoo, references: Sequence[str]) -> dict[str, list[Row]]:
    """Purchase orders by reference, the oldest first; one that was confirmed is found under a new name too.

    Finding it matters: ``load`` would rewrite it. What Odoo buys for manufacturing orders of a run on an own
    line carries the reference of that run too: whoever does not know the mode looks for those first.
    """
    shared = find_shared(odoo, references)
    rows = odoo["purchase.order"].search_read(
        domain=["|", ("name", "in", references), ("reference_ids", "in", [*shared])],
        fields=["name", "state", "reference_ids"],
        order="id",
    )
    found = defaultdict(list)
    for row in rows:
        for name in {row["name"], *(shared.get(each, "") for each in row["reference_ids"])} & {*references}:
            found[name].append(row)
    return dict(found)
