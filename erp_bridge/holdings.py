"""What an ERP holds of an order we released, and in what it differs: plain facts and one pure comparison.

``drift.read`` fills a ``Holding`` from Odoo. A day is compared in UTC, a quantity by SKU over all documents
that carry it, so a split, a backorder or a merge whose pieces still add up is no difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from erp_bridge.records import ErpOrder, Mode, ProgressState


class DriftKind(StrEnum):
    """In what an order here and an order there can differ."""

    QUANTITY = "quantity"  # another number of pieces of an SKU
    MERGED = "merged"  # the same, and the document holds another order's pieces too
    DATE = "date"  # another last day
    STATE = "state"  # cancelled there, or a draft again
    MISSING = "missing"  # nothing there carries the reference any more
    PLACE = "place"  # another production line, or another firm
    UNKNOWN = "unknown"  # a document that carries our reference, and that we never sent


@dataclass(frozen=True, slots=True)
class Touch:
    """Who last wrote a record there, and when; nobody and never where it is gone."""

    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldPieces:
    """Pieces of one SKU wanted there; ``ended`` when nothing more of it will be made."""

    sku: str
    quantity: int
    ended: bool
    merged: bool
    touch: Touch


@dataclass(frozen=True, slots=True)
class Document:
    """One order of the ERP by its name there."""

    name: str
    quantity: int
    touch: Touch


@dataclass(frozen=True, slots=True)
class Holding:
    """One order as it stands in the ERP.

    ``places`` are the codes of the lines (own line) or of the firm (outside) that make it, each once; one
    without a code of ours is ``?``. ``finish_at`` is the last date standing there, ``strangers`` are
    documents that carry our reference beside those we sent.
    """

    reference: str
    state: ProgressState
    pieces: tuple[HeldPieces, ...] = ()
    finish_at: datetime | None = None
    places: tuple[str, ...] = ()
    strangers: tuple[Document, ...] = ()
    touch: Touch = Touch()


@dataclass(frozen=True, slots=True)
class Held:
    """What stands there of the orders that were asked for and changed, and the watermark of the next look."""

    holdings: tuple[Holding, ...]
    watermark: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is so here and otherwise there.

    ``part`` is the SKU of a quantity, the document of an unknown order and empty otherwise. Pieces are
    written as digits, days as ISO dates, states as words of ``ProgressState``.
    """

    reference: str
    kind: DriftKind
    part: str
    ours: str
    theirs: str
    touch: Touch


@runtime_checkable
class Holder(Protocol):
    """A gateway to a place where people may edit our orders by hand."""

    def holdings(self, orders: Sequence[ErpOrder], since: str = "") -> Held:
        """What stands there of those orders that changed since a watermark, or of all without one.

        An order of which a document is gone is always among them.
        """

    def withdraw(self, reference: str, document: str, *, reason: str) -> None:
        """Cancel one document that carries the reference and that we never sent; gone already is success.

        Raises
        ------
        ErpRejected
            When pieces of it have been made, or it is not one of those.
        """


_AMISS = {
    ProgressState.MISSING: DriftKind.MISSING,
    ProgressState.CANCELLED: DriftKind.STATE,
    ProgressState.WAITING: DriftKind.STATE,
}


def compare(order: ErpOrder, holding: Holding) -> tuple[Difference, ...]:
    """Everything in which an order there differs from what we sent; nothing when it is done there."""
    return tuple(_differences(order, holding))


def _differences(order: ErpOrder, holding: Holding) -> Iterator[Difference]:
    for document in holding.strangers:
        pieces = str(document.quantity)
        yield Difference(order.reference, DriftKind.UNKNOWN, document.name, "0", pieces, document.touch)
    if kind := _AMISS.get(holding.state):
        confirmed, there = ProgressState.CONFIRMED.value, holding.state.value
        yield Difference(order.reference, kind, "", confirmed, there, holding.touch)
    if holding.state in (ProgressState.WAITING, ProgressState.CONFIRMED, ProgressState.STARTED):
        yield from _of_pieces(order, holding)
        yield from _of_day_and_place(order, holding)


def _of_pieces(order: ErpOrder, holding: Holding) -> Iterator[Difference]:
    for sku, ours, theirs in _pairs(order, holding):
        if not theirs.ended and theirs.quantity != ours:
            kind = DriftKind.MERGED if theirs.merged else DriftKind.QUANTITY
            yield Difference(order.reference, kind, sku, str(ours), str(theirs.quantity), theirs.touch)


def _of_day_and_place(order: ErpOrder, holding: Holding) -> Iterator[Difference]:
    ours = order.finish_at.date()
    theirs = holding.finish_at.date() if holding.finish_at else ours
    if theirs != ours:
        yield Difference(
            order.reference, DriftKind.DATE, "", ours.isoformat(), theirs.isoformat(), holding.touch
        )
    place = order.line if order.mode is Mode.OWN_LINE else order.factory
    if holding.places and holding.places != (place,):
        there = ", ".join(holding.places)
        yield Difference(order.reference, DriftKind.PLACE, "", place, there, holding.touch)


def _pairs(order: ErpOrder, holding: Holding) -> Iterator[tuple[str, int, HeldPieces]]:
    """Each SKU of either side with our pieces and what is held."""
    ours = {line.sku: line.quantity for line in order.lines}
    held = {each.sku: each for each in holding.pieces}
    for sku in sorted(ours.keys() | held.keys()):
        nothing = HeldPieces(sku, 0, ended=False, merged=False, touch=holding.touch)
        yield sku, ours.get(sku, 0), held.get(sku, nothing)
