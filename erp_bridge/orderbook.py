"""The port without an ERP: a factory that has none signs in and works from our own order book."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from erp_bridge.catalogue import HeldRecord, Noun, as_wanted
from erp_bridge.errors import ErpRejected
from erp_bridge.records import (
    ErpOrder,
    ErpReference,
    Identity,
    MasterData,
    Prepared,
    Progress,
    ProgressState,
    Pull,
)

OVERLAP = timedelta(minutes=1)  # a report is dated before its transaction commits


class Store(Protocol):
    """What the order book wants of the application's tables; each method is one committed transaction."""

    def unknown_skus(self, skus: Collection[str]) -> Collection[str]:
        """Those of the SKUs the catalogue does not have."""

    def insert(self, order: ErpOrder) -> bool:
        """Offer the order to its factory; False, and nothing changed, when its reference is there already."""

    def read(self, references: Collection[str]) -> Iterable[Progress]:
        """Progress of those of the references that are there, as the factories reported it."""

    def reschedule(self, reference: str, start_at: datetime, finish_at: datetime) -> bool:
        """Give an order other dates; False, and nothing changed, when it is done, cancelled or not there."""

    def withdraw(self, reference: str, reason: str) -> bool:
        """Mark as cancelled; False, and nothing changed, when any piece is reported made."""


class OrderBook:
    """Our own order book behind the port."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ping(self) -> Identity:
        list(self._store.read(()))
        return Identity(system="our own order book", user="the platform")

    def prepare(self, master_data: MasterData) -> Prepared:
        """Nothing to make: the catalogue the master data came from is the order book's own."""
        return Prepared(created=0, found=len(master_data.products))

    def catalogue(self, wanted: MasterData) -> tuple[HeldRecord, ...]:
        held = as_wanted(wanted)
        unknown = {*self._store.unknown_skus([each.code for each in held if each.noun is Noun.PRODUCT])}
        return tuple(each for each in held if each.noun is not Noun.PRODUCT or each.code not in unknown)

    def push(self, orders: Sequence[ErpOrder]) -> dict[str, ErpReference | ErpRejected]:
        unknown = set(self._store.unknown_skus({line.sku for order in orders for line in order.lines}))
        once = {order.reference: order for order in orders}
        return {reference: self._insert(order, unknown) for reference, order in once.items()}

    def _insert(self, order: ErpOrder, unknown: Collection[str]) -> ErpReference | ErpRejected:
        if strange := sorted(line.sku for line in order.lines if line.sku in unknown):
            return ErpRejected(f"the catalogue has no product with the code {', '.join(strange)}")
        return ErpReference(order.reference, (order.reference,), created=self._store.insert(order))

    def pull(self, references: Collection[str], since: str = "") -> Pull:
        held = sorted(self._store.read(references), key=lambda each: each.reference)
        watermark = max([since, *(each.changed_at.isoformat() for each in held if each.changed_at)])
        if since:
            start = datetime.fromisoformat(since) - OVERLAP
            return Pull(
                tuple(each for each in held if each.changed_at and each.changed_at >= start), watermark
            )
        missing = sorted({*references} - {each.reference for each in held})
        return Pull((*held, *(Progress(each, ProgressState.MISSING) for each in missing)), watermark)

    def reschedule(self, reference: str, *, start_at: datetime, finish_at: datetime) -> None:
        if not self._store.reschedule(reference, start_at, finish_at):
            raise ErpRejected(f"{reference} cannot be moved to other dates: nothing of it is open")

    def cancel(self, reference: str, *, reason: str) -> None:
        found = list(self._store.read([reference]))
        if found and not self._store.withdraw(reference, reason):
            raise ErpRejected(f"{reference} cannot be cancelled: pieces of it have been made or received")
