"""The one door to whatever tells factories what to make: Odoo, a folder of files, or our own order book."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from erp_bridge.catalogue import HeldRecord
from erp_bridge.errors import ErpRejected
from erp_bridge.records import ErpOrder, ErpReference, Identity, MasterData, Prepared, Pull


class Gateway(Protocol):
    """Exactly-once in effect: every method may be repeated after any failure, by anyone, at the same time.

    Each method raises ``ErpUnavailable`` when trying again may help, ``ErpRejected`` when only a person can.
    """

    def ping(self) -> Identity:
        """Reach the other side with the credentials at hand and change nothing."""

    def prepare(self, master_data: MasterData) -> Prepared:
        """Make what is missing of products, fabrics and factories; what is there by its code stays."""

    def catalogue(self, wanted: MasterData) -> tuple[HeldRecord, ...]:
        """What stands there under our codes, and changes nothing; ``catalogue.findings`` says what is wrong.

        A side that keeps no list of its own holds all that is wanted.
        """

    def push(self, orders: Sequence[ErpOrder]) -> dict[str, ErpReference | ErpRejected]:
        """See to it that each order stands there once, as firmly as we can make it; answers by reference.

        In an ERP that is confirmed, never a draft; in our own order book it is offered to the factory. An
        order that is refused is answered with the refusal and does not stand in the way of the others.

        An order found under its reference is never changed, whatever became of it since: cancelled stays
        cancelled. A different quantity is another order, with another reference.

        Raises
        ------
        ErpUnavailable
            When an answer is missing. Some of the orders may stand there: push all of them again.
        ErpRejected
            When we are refused as such, with whatever orders: a bad key, a missing right to look.
        """

    def pull(self, references: Collection[str], since: str = "") -> Pull:
        """Progress of those of ``references`` that changed since a watermark, or of all without one.

        Only the full pull reports ``MISSING``. An order may be reported again unchanged. A reference that no
        pull has asked for before may have changed before the watermark: ask for it without one.
        """

    def reschedule(self, reference: str, *, start_at: datetime, finish_at: datetime) -> None:
        """Move what is still open of an order to other dates, aware UTC; there already is success.

        Raises
        ------
        ErpRejected
            When nothing of it is open: it is done, cancelled or missing.
        """

    def cancel(self, reference: str, *, reason: str) -> None:
        """Withdraw an order of which no piece is made; withdrawn or missing already is success.

        Raises
        ------
        ErpRejected
            When pieces have been made or received.
        """
