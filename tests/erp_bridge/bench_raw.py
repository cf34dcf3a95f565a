"""The same documents without the bridge: the fewest JSON-2 calls that make them, nothing looked up first.

What a client saves that keeps no promise: it finds nothing that stands there already, notices no code that is
missing, and after a lost answer makes everything twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from erp_bridge import ErpOrder
from erp_bridge.mapping import to_manufacturing_orders, to_price, to_text


class Json2:
    """A pooled client of one database, and nothing more."""

    def __init__(self, url: str, db: str, api_key: str) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "X-Odoo-Database": db}
        self._http = httpx.Client(base_url=f"{url}/json/2/", headers=headers, timeout=300)

    def close(self) -> None:
        self._http.close()

    def __call__(self, call: str, **arguments: Any) -> Any:
        answer = self._http.post(call, json=arguments)
        answer.raise_for_status()
        return answer.json()


@dataclass(frozen=True, slots=True)
class Ids:
    """Odoo's ids of what the orders name, known beforehand."""

    products: Mapping[str, int]
    line: int
    firm: int
    currency: int


def make_own_line(odoo: Json2, ids: Ids, orders: Sequence[ErpOrder]) -> None:
    """Manufacturing orders of a batch, confirmed, with their shared references and the ends of the plan."""
    shared = odoo("stock.reference/create", vals_list=[{"name": order.reference} for order in orders])
    rows = [
        (order.finish_at, {**values, "reference_ids": [(4, reference)]})
        for order, reference in zip(orders, shared, strict=True)
        for values in to_manufacturing_orders(order, work_center_id=ids.line, products=ids.products)
    ]
    made = odoo("mrp.production/create", vals_list=[values for _, values in rows])
    odoo("mrp.production/action_confirm", ids=made)
    ends = defaultdict(list)
    for each, (finish_at, _) in zip(made, rows, strict=True):
        ends[to_text(finish_at)].append(each)
    for end, some in ends.items():
        context = {"tracking_disable": True}
        odoo("mrp.production/write", ids=some, vals={"date_finished": end}, context=context)


def make_outside(odoo: Json2, ids: Ids, orders: Sequence[ErpOrder]) -> None:
    """Purchase orders of a batch, confirmed."""
    made = odoo("purchase.order/create", vals_list=[_purchase(order, ids) for order in orders])
    odoo("purchase.order/button_confirm", ids=made)


def _purchase(order: ErpOrder, ids: Ids) -> dict[str, Any]:
    finish = to_text(order.finish_at)
    return {
        "name": order.reference,
        "origin": f"{order.factory} {order.line}",
        "partner_id": ids.firm,
        "currency_id": ids.currency,
        "date_planned": finish,
        "order_line": [
            (
                0,
                0,
                {
                    "product_id": ids.products[line.sku],
                    "product_qty": line.quantity,
                    "price_unit": to_price(line.unit_price_minor, 2),
                    "date_planned": finish,
                },
            )
            for line in order.lines
        ],
    }


def make_sales(odoo: Json2, ids: Ids, *, orders: int) -> None:
    """Sale orders of two lines each, confirmed."""
    lines = [(0, 0, {"product_id": each, "product_uom_qty": 1}) for each in [*ids.products.values()][:2]]
    made = odoo("sale.order/create", vals_list=[{"partner_id": ids.firm, "order_line": lines}] * orders)
    odoo("sale.order/action_confirm", ids=made)
