"""Orders out as files, answers in as files.

We write orders, new dates and withdrawals; the other side writes numbered answers, and may list in
``products.csv`` what it can make. Nobody changes or removes a file that stands, so which files there are is
the whole state, and no clock takes part. The README has the format.
"""

import getpass
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from erp_bridge.catalogue import PIECE, HeldRecord, Noun, as_wanted
from erp_bridge.dropfolder.answers import Answer, AnswerState
from erp_bridge.dropfolder.files import SUFFIX, failures, names, read, try_out, write_once
from erp_bridge.dropfolder.inbox import DIGITS, Inbox
from erp_bridge.dropfolder.sheets import (
    ListedProduct,
    dates_sheet,
    order_sheet,
    read_dates,
    read_order,
    read_products,
    withdrawal_sheet,
)
from erp_bridge.dropfolder.tables import Malformed
from erp_bridge.errors import ErpRejected, ErpUnavailable
from erp_bridge.records import (
    ErpOrder,
    ErpReference,
    Identity,
    MasterData,
    Pieces,
    Prepared,
    Progress,
    ProgressState,
    Pull,
)

T = TypeVar("T")

FOLDERS = ("orders", "dates", "withdrawals", "answers", "aside")
PRODUCTS = "products.csv"
PIECES = ("", "piece", "pieces", "pcs", "件")
STATES = {
    AnswerState.ACCEPTED: ProgressState.CONFIRMED,
    AnswerState.REFUSED: ProgressState.CANCELLED,
    AnswerState.STARTED: ProgressState.STARTED,
    AnswerState.DONE: ProgressState.DONE,
    AnswerState.CANCELLED: ProgressState.CANCELLED,
}
OVER = (ProgressState.MISSING, ProgressState.DONE, ProgressState.CANCELLED)


class DropFolder:
    """A folder that holds those of ``FOLDERS``, behind the port; one firm or system stands behind it.

    They must be there: making them could mean writing on the disk under a share that is not mounted. The
    file system must know hard links.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._inbox = Inbox(root / "answers", root / "aside", self._skus)
        self._order = lru_cache(maxsize=None)(self._read_order)  # nobody changes an order

    def __repr__(self) -> str:
        return f"<DropFolder {self._root}>"

    def ping(self) -> Identity:
        """Who we are; also proves that we may write in every folder."""
        with failures():
            self._must_stand()
            for name in FOLDERS:
                try_out(self._root / name)
        return Identity(system=f"drop folder {self._root}", user=getpass.getuser())

    def prepare(self, master_data: MasterData) -> Prepared:
        """Nothing to make: the firm keeps its own list, and an order for what is not on it is refused."""
        listed = self.products()
        known = {product.sku for product in listed or ()}
        found = sum(listed is None or product.sku in known for product in master_data.products)
        return Prepared(created=0, found=found)

    def catalogue(self, wanted: MasterData) -> tuple[HeldRecord, ...]:
        """The products the firm lists; what it says nothing of is taken to be as we have it."""
        listed, held = self.products(), as_wanted(wanted)
        if listed is None:
            return held
        makers = {each.code: each.makers for each in held if each.noun is Noun.PRODUCT}
        return (
            *(each for each in held if each.noun is not Noun.PRODUCT),
            *(
                HeldRecord(
                    Noun.PRODUCT,
                    each.sku,
                    each.name,
                    unit=PIECE if each.unit.lower() in PIECES else each.unit,
                    barcode=each.barcode,
                    makers=makers[each.sku],
                )
                for each in listed
                if each.sku in makers
            ),
        )

    def push(self, orders: Sequence[ErpOrder]) -> dict[str, ErpReference | ErpRejected]:
        listed = self.products()
        known = None if listed is None else {product.sku for product in listed}
        with failures():
            return {order.reference: self._push(order, known) for order in _each_once(orders)}

    def pull(self, references: Collection[str], since: str = "") -> Pull:
        """As the port says; a file that cannot be read keeps nothing else from being read.

        The watermark is the number up to which no answer is missing: one that comes late, or comes again
        corrected, is not overlooked.
        """
        with failures():
            self._must_stand()
            self._inbox.look()
            standing, withdrawn = names(self._root / "orders"), names(self._root / "withdrawals")
            told = self._inbox.told_after(int(since or 0)) | withdrawn
            progress, damaged = [], []
            for reference in sorted({*references} & told if since else {*references}):
                try:
                    progress.append(self._progress(reference, standing, withdrawn))
                except Malformed as exc:
                    damaged.append(str(exc))
            watermark = max(since, f"{self._inbox.complete():0{DIGITS}}")
            return Pull(tuple(progress), watermark, (*damaged, *self._inbox.notices()))

    def reschedule(self, reference: str, *, start_at: datetime, finish_at: datetime) -> None:
        with failures():
            self._must_stand()
            if self._current(reference).state in OVER:
                raise ErpRejected(f"{reference} cannot be moved to other dates: nothing of it is open")
            sheet = dates_sheet(reference, start_at, finish_at)
            while (held := self._dates(reference))[-1:] != [(start_at, finish_at)]:
                write_once(self._file("dates", f"{reference}.{len(held) + 1:03}"), sheet)

    def cancel(self, reference: str, *, reason: str) -> None:
        with failures():
            self._must_stand()
            progress = self._current(reference)
            if progress.state in {ProgressState.MISSING, ProgressState.CANCELLED}:
                return
            if progress.state is ProgressState.DONE or any(pieces.quantity for pieces in progress.done):
                raise ErpRejected(f"{reference} cannot be cancelled: pieces of it have been made or received")
            write_once(self._file("withdrawals", reference), withdrawal_sheet(reference, reason))

    def products(self) -> tuple[ListedProduct, ...] | None:
        """What the firm says it can make; None when it gives no list, and answers each order instead."""
        with failures():
            self._must_stand()
            path = self._root / PRODUCTS
            try:
                return read_products(PRODUCTS, read(path)) if path.exists() else None
            except Malformed as exc:
                raise ErpRejected(str(exc)) from exc

    def _push(self, order: ErpOrder, known: Collection[str] | None) -> ErpReference | ErpRejected:
        missing = [] if known is None else sorted({line.sku for line in order.lines} - {*known})
        path = self._file("orders", order.reference)
        if missing and not path.exists():
            return ErpRejected(f"{PRODUCTS} has no product with the code {', '.join(missing)}")
        return ErpReference(order.reference, (path.name,), created=write_once(path, order_sheet(order)))

    def _current(self, reference: str) -> Progress:
        self._inbox.look()
        try:
            return self._progress(reference, names(self._root / "orders"), names(self._root / "withdrawals"))
        except Malformed as exc:
            raise ErpRejected(str(exc)) from exc

    def _progress(self, reference: str, standing: Collection[str], withdrawn: Collection[str]) -> Progress:
        """What the firm said last; where it has not yet answered a withdrawal, that holds."""
        if reference not in standing:
            return Progress(reference, ProgressState.MISSING)
        order, answers = self._order(reference), self._inbox.of(reference)
        done = {line.sku: 0 for line in order.lines} | {row.sku: row.done for row in answers if row.sku}
        state = _state(answers, made=any(done.values()), withdrawn=reference in withdrawn)
        _, finish = [(order.start_at, order.finish_at), *self._dates(reference)][-1]
        return Progress(
            reference,
            state,
            done=tuple(Pieces(sku, done[sku]) for sku in sorted(done)),
            expected_finish_at=_last(row.expected_finish_at for row in answers) or finish,
            documents=(f"{reference}{SUFFIX}",),
            words=_last(row.words for row in answers) or "",
        )

    def _dates(self, reference: str) -> list[tuple[datetime, datetime]]:
        """The dates an order was moved to, the last ones last."""
        found = sorted((self._root / "dates").glob(f"{reference}.*{SUFFIX}"))
        return [read_dates(f"dates/{path.name}", read(path)) for path in found]

    def _skus(self, reference: str) -> frozenset[str]:
        if Path(reference).name != reference or not self._file("orders", reference).exists():
            return frozenset()
        return frozenset(line.sku for line in self._order(reference).lines)

    def _read_order(self, reference: str) -> ErpOrder:
        path = self._file("orders", reference)
        return read_order(f"orders/{path.name}", read(path))

    def _file(self, folder: str, name: str) -> Path:
        """The path of a file of ours; a name from outside never leads out of its folder."""
        return self._root / folder / f"{Path(name).name}{SUFFIX}"

    def _must_stand(self) -> None:
        if absent := [name for name in FOLDERS if not (self._root / name).is_dir()]:
            raise ErpUnavailable(f"{self._root} has no {', '.join(absent)}: is the share mounted?")


def _each_once(orders: Sequence[ErpOrder]) -> Iterable[ErpOrder]:
    return {order.reference: order for order in orders}.values()


def _state(answers: Sequence[Answer], *, made: bool, withdrawn: bool) -> ProgressState:
    said = STATES[answers[-1].state] if answers else ProgressState.WAITING
    if said is ProgressState.CANCELLED and made:
        return ProgressState.DONE  # nothing more will come, but what was made is there
    if withdrawn and not made and said is not ProgressState.DONE:
        return ProgressState.CANCELLED
    return said


def _last(said: Iterable[T | None]) -> T | None:
    """What was said last, by whoever said anything."""
    return next((each for each in reversed([*said]) if each), None)
