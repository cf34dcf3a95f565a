"""What stands in Odoo of orders at firms outside: purchase orders, their lines and receipts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from erp_bridge.client import Odoo, Row
from erp_bridge.holdings import Document, HeldPieces, Holding
from erp_bridge.mapping import (
    PURCHASE_FIELDS,
    PURCHASE_LINE_FIELDS,
    RECEIPT_FIELDS,
    from_purchase,
    to_pieces,
)
from erp_bridge.pull import IDS_ONLY
from erp_bridge.reading import WHO, People, alive, codes_of, named, people_of
from erp_bridge.records import ErpOrder, ProgressState


@dataclass
class OutsideBooks:
    """Purchase orders of orders at firms outside, by reference."""

    odoo: Odoo
    orders: Sequence[ErpOrder]
    of: dict[str, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        references = {order.reference for order in self.orders}
        self.of = defaultdict(list)
        for row in self.rows:
            carried = {row["name"], row["origin"], *(self._shared.get(each) for each in row["reference_ids"])}
            for reference in carried & references:
                self.of[reference].append(row)

    @cached_property
    def _shared(self) -> dict[int, str]:
        return named(self.odoo, "stock.reference", [order.reference for order in self.orders])

    @cached_property
    def rows(self) -> list[Row]:
        if not self.orders:
            return []
        names = [order.reference for order in self.orders]
        found: list[Row] = self.odoo["purchase.order"].search_read(
            domain=[
                *("|", "|"),
                ("name", "in", names),
                ("reference_ids", "in", [*self._shared]),
                ("origin", "in", names),
            ],
            fields=[*{*PURCHASE_FIELDS, *WHO, "origin", "partner_id", "picking_ids", "reference_ids"}],
            order="id",
            **IDS_ONLY,
        )
        return found

    def holdings(self) -> Iterator[Holding]:
        lines = self._of_purchase("purchase.order.line", "order_id", [*PURCHASE_LINE_FIELDS, "product_qty"])
        receipts = {row["id"]: row for row in self._receipts()}
        skus = codes_of(
            self.odoo,
            "product.product",
            "default_code",
            (each["product_id"] for row in lines.values() for each in row),
        )
        firms = codes_of(self.odoo, "res.partner", "ref", (row["partner_id"] for row in self.rows))
        people = people_of(
            self.odoo, [*self.rows, *receipts.values(), *(each for row in lines.values() for each in row)]
        )
        for order in self.orders:
            sent, strangers = self._told_apart(order.reference)
            if sent is None:
                yield Holding(order.reference, ProgressState.MISSING)
                continue
            arriving = [receipts[each] for each in sent["picking_ids"] if each in receipts]
            wanted_there = lines[sent["id"]]
            progress = from_purchase(sent, wanted_there, arriving, (), skus)
            yield Holding(
                order.reference,
                progress.state,
                tuple(_pieces_outside(wanted_there, skus, people)),
                progress.expected_finish_at,
                (firms[sent["partner_id"]],),
                tuple(
                    Document(
                        row["name"],
                        sum(to_pieces(each["product_qty"]) for each in lines[row["id"]]),
                        people.touch([row]),
                    )
                    for row in strangers
                ),
                people.touch([sent, *wanted_there, *arriving, *strangers]),
            )

    def _told_apart(self, reference: str) -> tuple[Row | None, list[Row]]:
        """The order we sent, also when it was renamed, and living ones that we never sent."""
        rows = sorted(self.of[reference], key=lambda row: (row["name"] != reference, row["id"]))
        return (rows[0] if rows else None), [row for row in rows[1:] if alive(row)]

    def _of_purchase(self, model: str, link: str, fields: Sequence[str]) -> Mapping[int, list[Row]]:
        rows = self.odoo[model].search_read(
            domain=[(link, "in", [row["id"] for row in self.rows])], fields=[*{*fields, *WHO}], **IDS_ONLY
        )
        grouped: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            grouped[row[link]].append(row)
        return grouped

    def _receipts(self) -> list[Row]:
        rows: list[Row] = self.odoo["stock.picking"].search_read(
            domain=[("id", "in", [each for row in self.rows for each in row["picking_ids"]])],
            fields=[*{*RECEIPT_FIELDS, *WHO}],
            **IDS_ONLY,
        )
        return rows


def _pieces_outside(lines: Sequence[Row], skus: Mapping[int, str], people: People) -> Iterator[HeldPieces]:
    by_product: dict[int, list[Row]] = defaultdict(list)
    for row in lines:
        by_product[row["product_id"]].append(row)
    for product, rows in by_product.items():
        quantity = sum(to_pieces(row["product_qty"]) for row in rows)
        yield HeldPieces(skus[product], quantity, ended=False, merged=False, touch=people.touch(rows))
