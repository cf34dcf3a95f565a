"""What stands in Odoo of orders on our own lines: manufacturing orders, with what people made of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from erp_bridge.client import Odoo, Row
from erp_bridge.holdings import Document, HeldPieces, Holding
from erp_bridge.mapping import PRODUCTION_FIELDS, from_productions, production_name, to_moment, to_pieces
from erp_bridge.merged import parts, wanted
from erp_bridge.pull import IDS_ONLY
from erp_bridge.reading import WHO, People, alive, codes_of, named, people_of
from erp_bridge.records import ErpOrder

ODOOS_OWN_LENGTH = timedelta(hours=1)


@dataclass
class OwnLineBooks:
    """Manufacturing orders of orders on our own lines, by reference; a merged one under each of its own."""

    odoo: Odoo
    orders: Sequence[ErpOrder]
    fields: Sequence[str] = (*PRODUCTION_FIELDS, *WHO, "date_start", "origin", "product_qty")
    of: dict[str, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.of = defaultdict(list)
        for row in self.rows:
            for reference in self._owners(row):
                self.of[reference].append(row)

    @cached_property
    def _first_names(self) -> dict[str, str]:
        """References by the names under which their manufacturing orders were made."""
        return {
            production_name(order.reference, line.sku): order.reference
            for order in self.orders
            for line in order.lines
        }

    @cached_property
    def _shared(self) -> dict[int, str]:
        return named(self.odoo, "stock.reference", [order.reference for order in self.orders])

    @cached_property
    def _groups(self) -> dict[int, str]:
        found = named(self.odoo, "mrp.production.group", [*self._first_names])
        return {each: self._first_names[name] for each, name in found.items()}

    @cached_property
    def rows(self) -> list[Row]:
        if not self.orders:
            return []
        found: list[Row] = self.odoo["mrp.production"].search_read(
            domain=[
                *("|", "|"),
                ("reference_ids", "in", [*self._shared]),
                ("production_group_id", "in", [*self._groups]),
                ("name", "in", [*self._first_names]),
            ],
            fields=[*{"name", *self.fields, "reference_ids", "production_group_id"}],
            order="id",
            **IDS_ONLY,
        )
        return found

    def _owners(self, row: Row) -> set[str]:
        candidates = [self._first_names.get(row["name"]), self._groups.get(row["production_group_id"])]
        candidates += [self._shared.get(each) for each in row["reference_ids"]]
        return {each for each in candidates if each is not None}

    def holdings(self) -> Iterator[Holding]:
        skus = codes_of(
            self.odoo, "product.product", "default_code", (row["product_id"] for row in self.rows)
        )
        people = people_of(self.odoo, self.rows)
        living = [row for row in self.rows if alive(row)]
        shares = parts(living, "product_qty", wanted(self.odoo, living))
        places = self._places()
        for order in self.orders:
            counted, strangers = self._told_apart(order.reference)
            progress = from_productions(order.reference, counted, skus)
            yield Holding(
                order.reference,
                progress.state,
                tuple(self._pieces(order.reference, counted, skus, shares, people)),
                self._finish(counted) or progress.expected_finish_at,
                tuple(sorted({each for row in counted if alive(row) for each in places[row["id"]]})),
                tuple(
                    Document(row["name"], to_pieces(row["product_qty"]), people.touch([row]))
                    for row in strangers
                ),
                people.touch([*counted, *strangers]),
            )

    def _told_apart(self, reference: str) -> tuple[list[Row], list[Row]]:
        """Documents we sent with what became of them, and living ones that we never sent.

        What a merge made counts in the place of what it cancelled; beside living orders of its SKU, and with
        none cancelled, it is a copy.
        """
        rows = self.of[reference]
        sent = [row for row in rows if self._sent(reference, row)]
        living = {row["product_id"] for row in sent if alive(row)}
        replaced = {row["product_id"] for row in sent if not alive(row)}
        counted, strangers = [*sent], list[Row]()
        for row in rows:
            if not self._sent(reference, row) and alive(row):
                copy = row["product_id"] in living and row["product_id"] not in replaced
                (strangers if copy else counted).append(row)
        return counted, strangers

    def _sent(self, reference: str, row: Row) -> bool:
        return self._groups.get(row["production_group_id"]) == reference or row["name"].startswith(
            production_name(reference, "")
        )

    def _pieces(
        self,
        reference: str,
        counted: Sequence[Row],
        skus: Mapping[int, str],
        shares: Mapping[int, Mapping[int, int]],
        people: People,
    ) -> Iterator[HeldPieces]:
        by_product: dict[int, list[Row]] = defaultdict(list)
        for row in counted:
            by_product[row["product_id"]].append(row)
        for product, rows in by_product.items():
            living = [row for row in rows if alive(row)]
            yield HeldPieces(
                skus[product],
                sum(self._part(reference, row, shares.get(row["id"], {})) for row in living),
                ended=bool(living) and all(row["state"] == "done" for row in living),
                merged=any(row["id"] in shares for row in living),
                touch=people.touch(rows),
            )

    def _part(self, reference: str, row: Row, shares: Mapping[int, int]) -> int:
        """Pieces of one document that are this order's."""
        own = [pieces for owner, pieces in shares.items() if self._shared.get(owner) == reference]
        return own[0] if own else to_pieces(row["product_qty"])

    def _finish(self, counted: Sequence[Row]) -> datetime | None:
        """The end that stands there while nothing has begun, was split, merged or left over.

        Later Odoo computes ends of its own, and so it does when a quantity is changed: only the later of end
        and deadline says something then.
        """
        living = [row for row in counted if alive(row)]
        as_sent = all(row["state"] == "confirmed" and row["name"] in self._first_names for row in living)
        ends = [to_moment(row["date_finished"]) for row in living if _is_somebodys(row)]
        return max(ends) if as_sent and len(ends) == len(living) > 0 else None

    def _places(self) -> Mapping[int, set[str]]:
        """Codes of the lines by manufacturing order."""
        rows = self.odoo["mrp.workorder"].search_read(
            domain=[("production_id", "in", [row["id"] for row in self.rows])],
            fields=["production_id", "workcenter_id"],
            **IDS_ONLY,
        )
        codes = codes_of(self.odoo, "mrp.workcenter", "code", (row["workcenter_id"] for row in rows))
        places: dict[int, set[str]] = defaultdict(set)
        for row in rows:
            places[row["production_id"]].add(codes[row["workcenter_id"]])
        return places


def _is_somebodys(row: Row) -> bool:
    """Whether the end was written by somebody: what Odoo computes by itself is an hour after the start."""
    if not (row["date_start"] and row["date_finished"]):
        return False
    return to_moment(row["date_finished"]) - to_moment(row["date_start"]) > ODOOS_OWN_LENGTH
