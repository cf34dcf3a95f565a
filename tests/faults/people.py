"""Somebody who works in Odoo while orders arrive, and what may have become of the orders they touched."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from threading import Event, Thread
from typing import Any, Self

from api.local.odoo_setup import Access
from erp_bridge import ErpError, ErpOrder
from erp_bridge.holdings import Difference, DriftKind, Holding, compare
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.sides import OdooSide
from tests.faults.audit import Books, Verdict
from tests.faults.runs import OurBooks

Row = dict[str, Any]

PAUSE_SECONDS = 1.0
OURS = ("reference_ids.name", "=like", "R-%")
ENOUGH_TO_PART = ("product_qty", ">=", 4)


class People:
    """One person with a manager's rights, straight at Odoo; ``with people:`` is a working day.

    ``touched`` are the references of all orders they tried to change, ``deleted`` those of which they tried
    to delete something: an answer that got lost counts, since Odoo may have done it.
    """

    def __init__(self, url: str, database: str, access: Access, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self.touched: set[str] = set()
        self.deleted: set[str] = set()
        self._where = (url, database, access.master_data_key)
        self._reader = (url, database, access.api_key)
        self._luck = Random(seed)
        self._over = Event()
        self._thread = Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def holdings(self, orders: list[ErpOrder]) -> dict[str, Holding]:
        """What the bridge says stands there of the orders."""
        with OdooGateway(*self._reader) as gateway:
            return {held.reference: held for held in gateway.holdings(orders).holdings}

    def _work(self) -> None:
        side = OdooSide(*self._where)
        ways = (
            self._split,
            self._merge,
            self._make_some,
            self._receive_some,
            self._delete_production,
            self._delete_purchase,
        )
        while not self._over.wait(PAUSE_SECONDS):
            try:
                if what := self._luck.choice(ways)(side):
                    self.done[what] += 1
            except ErpError:
                self.done["in vain"] += 1  # Odoo was down, or another transaction was faster
        side.close()

    def _split(self, side: OdooSide) -> str | None:
        if (row := self._production(side, ENOUGH_TO_PART)) is None:
            return None
        half = int(row["product_qty"]) // 2
        parts = [
            (0, 0, {"quantity": pieces, "date": row["date_start"]})
            for pieces in (half, int(row["product_qty"]) - half)
        ]
        model = side.odoo["mrp.production.split"]
        wizard = {"production_id": row["id"], "production_detailed_vals_ids": parts}
        model.action_split(ids=model.create(vals_list=[wizard]))
        return "split"

    def _merge(self, side: OdooSide) -> str | None:
        if (first := self._production(side)) is None:
            return None
        alike = ("product_id", "=", first["product_id"][0])
        second = self._production(side, alike, ("bom_id", "=", first["bom_id"][0]), ("id", "!=", first["id"]))
        if second is None:
            return None
        side.odoo["mrp.production"].action_merge(ids=[first["id"], second["id"]])
        return "merged"

    def _make_some(self, side: OdooSide) -> str | None:
        if (row := self._production(side, ENOUGH_TO_PART)) is None:
            return None
        model = side.odoo["mrp.production"]
        model.write(ids=[row["id"]], vals={"qty_producing": int(row["product_qty"]) // 2})
        context = {"skip_consumption": True, "skip_backorder": True, "mo_ids_to_backorder": [row["id"]]}
        model.button_mark_done(ids=[row["id"]], context=context)
        return "made in part"

    def _receive_some(self, side: OdooSide) -> str | None:
        if (row := self._purchase(side)) is None:
            return None
        lines = side.odoo["purchase.order.line"].search_read(
            domain=[("order_id", "=", row["id"])], fields=["product_id", "product_qty"]
        )
        codes = side.odoo["product.product"].read(
            ids=[line["product_id"][0] for line in lines], fields=["default_code"]
        )
        sku = {each["id"]: each["default_code"] for each in codes}
        side.report(
            row["name"], {sku[line["product_id"][0]]: int(line["product_qty"]) // 2 for line in lines}
        )
        return "received in part"

    def _delete_production(self, side: OdooSide) -> str | None:
        if (row := self._production(side, deletes=True)) is None:
            return None
        side.odoo["mrp.production"].action_cancel(ids=[row["id"]])
        side.odoo["mrp.production"].unlink(ids=[row["id"]])
        return "deleted"

    def _delete_purchase(self, side: OdooSide) -> str | None:
        if (row := self._purchase(side, deletes=True)) is None:
            return None
        side.odoo["purchase.order"].button_cancel(ids=[row["id"]])
        side.odoo["purchase.order"].unlink(ids=[row["id"]])
        return "deleted"

    def _production(self, side: OdooSide, *wanted: tuple[str, str, Any], deletes: bool = False) -> Row | None:
        """Any confirmed manufacturing order of ours, noted as touched with every run it belongs to."""
        rows = side.odoo["mrp.production"].search_read(
            domain=[OURS, ("state", "=", "confirmed"), *wanted],
            fields=["product_id", "product_qty", "bom_id", "date_start", "reference_ids"],
            order="id",
        )
        if not rows:
            return None
        row: Row = self._luck.choice(rows)
        shared = side.odoo["stock.reference"].read(ids=row["reference_ids"], fields=["name"])
        self._touch({each["name"] for each in shared}, deletes=deletes)
        return row

    def _purchase(self, side: OdooSide, *, deletes: bool = False) -> Row | None:
        """Any confirmed purchase order of ours of which nothing has arrived."""
        rows = side.odoo["purchase.order"].search_read(
            domain=[("name", "=like", "R-%"), ("state", "=", "purchase"), ("receipt_status", "=", "pending")],
            fields=["name"],
            order="id",
        )
        if not rows:
            return None
        row: Row = self._luck.choice(rows)
        self._touch({row["name"]}, deletes=deletes)
        return row

    def _touch(self, references: set[str], *, deletes: bool) -> None:
        self.touched |= references
        if deletes:
            self.deleted |= references


def judge_touched(people: People, ours: OurBooks, theirs: Books, verdict: Verdict) -> None:
    """What people touched is found again or told as drift, and nothing of it stands there twice.

    All the pieces that lack in Odoo's own database, whoever counts them, must be pieces that the comparison
    tells us of, or that an order ended short of; and there may be none of which nobody deleted anything.
    """
    orders = [*ours.orders.values()]
    told = people.holdings(orders)
    missing: Counter[str] = Counter()
    for order in orders:
        held = told[order.reference]
        for difference in (*compare(order, held), *_ended_otherwise(order, held)):
            if difference.kind is not DriftKind.DATE:  # splitting and merging move days, and may
                missing.update(_lacking(order, difference))
                _judge(people, order, difference, verdict)
        if ours.statuses[order.reference] in {"approved", "cancelled"}:
            verdict.lost.append(f"{order.reference} is {ours.statuses[order.reference]} on our side")
    wanted: Counter[str] = Counter()
    for order in orders:
        wanted.update({line.sku: line.quantity for line in order.lines})
    living = theirs.living()
    for sku in wanted:
        if living[sku] + missing[sku] != wanted[sku]:
            kind = verdict.duplicates if living[sku] > wanted[sku] - missing[sku] else verdict.lost
            kind.append(f"{sku}: {wanted[sku]} wanted, {living[sku]} stand, {missing[sku]} told as missing")


def _ended_otherwise(order: ErpOrder, held: Holding) -> Iterator[Difference]:
    """What `compare` leaves to the progress of a run: an SKU that is done there with other pieces than ours.

    Somebody who makes a part and deletes the rest has ended it short.
    """
    ended = {pieces.sku: pieces for pieces in held.pieces if pieces.ended}
    for line in order.lines:
        if line.sku in ended and ended[line.sku].quantity != line.quantity:
            quantities = str(line.quantity), str(ended[line.sku].quantity)
            yield Difference(order.reference, DriftKind.QUANTITY, line.sku, *quantities, held.touch)


def _lacking(order: ErpOrder, difference: Difference) -> "Counter[str]":
    """Pieces of the order that a difference says do not stand there."""
    if difference.kind in {DriftKind.QUANTITY, DriftKind.MERGED}:
        return Counter({difference.part: int(difference.ours) - int(difference.theirs)})
    if difference.kind in {DriftKind.MISSING, DriftKind.STATE} and difference.theirs != "waiting":
        return Counter({line.sku: line.quantity for line in order.lines})
    return Counter()


def _judge(people: People, order: ErpOrder, difference: Difference, verdict: Verdict) -> None:
    what = f"{difference.kind.value} {difference.part}".strip()
    words = f"{order.reference}: {what}: {difference.ours} here, {difference.theirs} there"
    if difference.kind is DriftKind.UNKNOWN or _more(difference):
        verdict.duplicates.append(words)
    elif difference.theirs == "waiting":
        verdict.drafts.append(words)
    elif order.reference not in people.deleted:
        verdict.lost.append(words)


def _more(difference: Difference) -> bool:
    counts = difference.kind in {DriftKind.QUANTITY, DriftKind.MERGED}
    return counts and int(difference.theirs) > int(difference.ours)
