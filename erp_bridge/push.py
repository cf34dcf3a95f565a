"""Exactly once in effect: look first, create under a name only one can have, look again when that fails.

Odoo has no idempotency key. What it keeps unique differs by document and stands in ``own_line`` and
``subcontract``; the order of the steps is the same for both and stands here. Each step goes out for many
orders in one call, because Odoo makes five documents a second one by one and forty in batches. A call is all
or nothing, so a batch that is refused is halved until the orders to blame stand alone. The README has the
whole argument.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from erp_bridge.client import Odoo, Row
from erp_bridge.errors import ErpError, ErpRejected, ErpUnavailable
from erp_bridge.own_line import OwnLine
from erp_bridge.records import ErpOrder, ErpReference, Mode
from erp_bridge.subcontract import Subcontract

Answers = dict[str, ErpReference | ErpRejected]
Found = dict[str, Sequence[Row]]
Write = Callable[[ErpOrder], Any]
T = TypeVar("T")


class Way(Protocol):
    """How orders of one mode stand in Odoo; each method takes a few calls, however many the orders."""

    @property
    def mode(self) -> Mode:
        """The orders it is for."""

    @property
    def lines_a_call(self) -> int:
        """So many lines together; each becomes a manufacturing order, and a call has a time limit."""

    def find(self, orders: Sequence[ErpOrder]) -> Mapping[str, Sequence[Row]]:
        """Documents with name and state by reference; an order without any is left out."""

    def writer(self, orders: Sequence[ErpOrder]) -> Write:
        """What writes one of the orders in Odoo's fields; it raises ErpRejected for a code Odoo lacks."""

    def create(self, written: Mapping[str, Any]) -> Mapping[str, Sequence[Row]]:
        """Make the documents of what was written, all or none; as ``find`` would find them, in draft."""

    def confirm(self, orders: Sequence[ErpOrder], found: Mapping[str, Sequence[Row]]) -> None:
        """Confirm those of the documents found that are in draft; all or none."""


def push(odoo: Odoo, orders: Sequence[ErpOrder]) -> Answers:
    """See to it that each order stands in Odoo once and confirmed; an order found there is not changed."""
    answers: Answers = {}
    ways: tuple[Way, ...] = (OwnLine(odoo), Subcontract(odoo))
    for way in ways:
        mine = (order for order in orders if order.mode is way.mode)
        for batch in _batches(mine, way.lines_a_call):
            answers |= _Batch(way, batch).push()
    return answers


def _batches(orders: Iterable[ErpOrder], lines_a_call: int) -> Iterator[list[ErpOrder]]:
    """The orders in their sequence, together as long as their lines fit into one call."""
    batch: list[ErpOrder] = []
    for order in orders:
        if batch and sum(len(each.lines) for each in (*batch, order)) > lines_a_call:
            yield batch
            batch = []
        batch.append(order)
    if batch:
        yield batch


class _Batch:
    """Orders of one mode on their way: which of them this client made, and which were refused."""

    def __init__(self, way: Way, orders: Sequence[ErpOrder]) -> None:
        self._way = way
        self._orders = {order.reference: order for order in orders}
        self._made: set[str] = set()
        self._refused: dict[str, ErpRejected] = {}

    def push(self) -> Answers:
        found = self._find(self._orders)
        if absent := [order for name, order in self._orders.items() if name not in found]:
            found |= self._create(self._write(absent))
        self._confirm([self._orders[name] for name in found], found)
        return {name: self._answer(name, found) for name in self._orders}

    def _find(self, references: Iterable[str]) -> Found:
        return dict(self._way.find([self._orders[name] for name in references]))

    def _answer(self, reference: str, found: Mapping[str, Sequence[Row]]) -> ErpReference | ErpRejected:
        documents = tuple(sorted(row["name"] for row in found.get(reference, ())))
        return self._refused.get(reference) or ErpReference(
            reference, documents, created=reference in self._made
        )

    def _write(self, orders: Sequence[ErpOrder]) -> dict[str, Any]:
        """What Odoo shall hold of the orders whose codes it knows, so that one bad SKU stops no other."""
        write = self._way.writer(orders)
        written = {}
        for order in orders:
            try:
                written[order.reference] = write(order)
            except ErpRejected as refusal:
                self._refused[order.reference] = refusal
        return written

    def _create(self, written: Mapping[str, Any]) -> Found:
        """Make what is written, unless it turns out to stand there after all; what stands there then.

        Creating fails when another client was faster, and seems to fail when the answer was lost on the way.
        Odoo's words for the first are translated into the user's language, so a second look decides, not the
        text.
        """
        if not written:
            return {}
        try:
            made = self._way.create(written)
        except ErpError as error:
            found = self._find(written)
            left = {name: document for name, document in written.items() if name not in found}
            if left and isinstance(error, ErpUnavailable):
                raise
            if len(left) < len(written):
                return found | self._create(left)
            if isinstance(error, ErpRejected) and len(left) == 1:
                self._refused |= dict.fromkeys(left, error)
                return {}
            first, second = _halves([*left.items()])
            return self._create(dict(first)) | self._create(dict(second))
        self._made |= written.keys()
        return dict(made)

    def _confirm(self, orders: Sequence[ErpOrder], found: Mapping[str, Sequence[Row]]) -> None:
        try:
            self._way.confirm(orders, found)
        except ErpRejected as refusal:
            if len(orders) == 1:
                self._refused[orders[0].reference] = refusal
                return
            for half in _halves(orders):
                self._confirm(half, found)


def _halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]
