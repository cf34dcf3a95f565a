"""What crosses the border between the platform and an ERP: plain facts, no field of Odoo and no row of ours.

Quantities are whole pieces, money is integer minor units, moments are aware UTC. An order checks itself when
it is built, so an adapter may trust what it is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self


class Mode(StrEnum):
    """Who makes it: our own production line, or a firm outside that we buy the work from."""

    OWN_LINE = "own_line"
    SUBCONTRACT = "subcontract"


class ProgressState(StrEnum):
    """How far an ERP order is; the order of the members is the order of events."""

    MISSING = "missing"  # the ERP holds nothing under this reference
    WAITING = "waiting"  # it stands there, but nobody there has accepted or approved it
    CONFIRMED = "confirmed"  # accepted, nothing made yet
    STARTED = "started"  # some pieces are being made or have arrived
    DONE = "done"  # nothing more will come, see the quantities for short or over
    CANCELLED = "cancelled"  # withdrawn before anything was made


class Pieces(NamedTuple):
    """So many pieces of one SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ErpOrderLine:
    """Pieces of one SKU to be made, and what a firm outside is paid for each (0 on an own line)."""

    sku: str
    quantity: int
    unit_price_minor: int = 0

    def __post_init__(self) -> None:
        if not self.sku or self.quantity <= 0 or self.unit_price_minor < 0:
            raise ValueError(f"order line {self!r}: wants an SKU, quantity > 0 and a price >= 0")


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """One run as the ERP shall hold it: found again, however often it is sent, by ``reference``.

    Parameters
    ----------
    reference
        Our own number of the run, ``R-000123``: letters, digits and hyphens.
    factory, line
        Our codes of the factory and of its production line, as given to ``prepare``.
    lines
        One for each SKU; an SKU appears once.
    start_at, finish_at
        Aware moments, the start before the finish.
    currency
        ISO 4217 code of the unit prices.
    """

    reference: str
    factory: str
    mode: Mode
    line: str
    lines: tuple[ErpOrderLine, ...]
    start_at: datetime
    finish_at: datetime
    currency: str

    def __post_init__(self) -> None:
        if not self.reference or not self.reference.replace("-", "").isalnum():
            raise ValueError(f"reference {self.reference!r}: wants letters, digits and hyphens")
        if not self.lines or len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError(f"order {self.reference}: wants one line for each SKU, at least one")
        if any(moment.utcoffset() != timedelta(0) for moment in (self.start_at, self.finish_at)):
            raise ValueError(f"order {self.reference}: start and finish must be aware UTC")
        if self.start_at >= self.finish_at:
            raise ValueError(f"order {self.reference}: starts {self.start_at}, finishes {self.finish_at}")


@dataclass(frozen=True, slots=True)
class ErpReference:
    """Where an order stands in the ERP after a push; ``created`` is False when it was there already."""

    reference: str
    documents: tuple[str, ...]
    created: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What the ERP says about one order.

    ``done`` holds every SKU the ERP knows for the order with the pieces finished (own line) or received (firm
    outside), 0 included, in the order of the SKU codes. ``changed_at`` is when the ERP last touched it,
    ``expected_finish_at`` the latest date still standing there, or the real one when it is done; ``words``
    are what a person there wrote about it. ``scrapped`` are pieces thrown away, where the other side keeps
    count: in Odoo they are not taken off ``done``.
    """

    reference: str
    state: ProgressState
    done: tuple[Pieces, ...] = ()
    expected_finish_at: datetime | None = None
    changed_at: datetime | None = None
    documents: tuple[str, ...] = ()
    words: str = ""
    scrapped: tuple[Pieces, ...] = ()


@dataclass(frozen=True, slots=True)
class Pull:
    """Progress of the orders that changed, and the watermark to give to the next pull.

    ``notices`` are words for a person: what the other side sent that cannot be read, and where it lies.
    """

    progress: tuple[Progress, ...]
    watermark: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErpFabric:
    """A fabric, stocked in metres by the ERP."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ErpProduct:
    """One SKU with the fabric one piece of it takes, in whole centimetres."""

    sku: str
    name: str
    fabric: str
    fabric_use_centimetres: int


@dataclass(frozen=True, slots=True)
class ErpFactory:
    """A factory and the codes of its production lines; ``lines`` matter only where we make it ourselves."""

    code: str
    name: str
    mode: Mode
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MasterData:
    """Everything an ERP must know before the first order can be pushed; each product's fabric is among it."""

    products: tuple[ErpProduct, ...] = ()
    fabrics: tuple[ErpFabric, ...] = ()
    factories: tuple[ErpFactory, ...] = ()

    def __post_init__(self) -> None:
        known = {fabric.code for fabric in self.fabrics}
        if missing := sorted({product.fabric for product in self.products} - known):
            raise ValueError(f"products are made of fabrics that are not given: {', '.join(missing)}")

    @classmethod
    def union(cls, parts: Iterable["MasterData"]) -> Self:
        """All that the parts hold, what several of them say alike once."""
        given = [*parts]
        return cls(
            products=tuple(dict.fromkeys(each for part in given for each in part.products)),
            fabrics=tuple(dict.fromkeys(each for part in given for each in part.fabrics)),
            factories=tuple(dict.fromkeys(each for part in given for each in part.factories)),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many master data records were made, and how many were found in place."""

    created: int
    found: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a successful ``ping`` reached, and as whom."""

    system: str
    user: str
