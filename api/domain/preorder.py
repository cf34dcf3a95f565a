from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Checked
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy import Sequence as Numbers
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of

MOST_LINES = 50
MOST_PIECES_OF_A_SKU = 99


class Region(StrEnum):
    """Where goods are sent to, as the freight lanes of the factories know it."""

    EAST = "east"
    SOUTH = "south"
    WEST = "west"
    NORTH = "north"
    EUROPE = "europe"
    AMERICA = "america"


class PreorderStatus(StrEnum):
    """Where a pre-order stands; each word is a stage its owner sees."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    SCHEDULED = "scheduled"
    IN_PRODUCTION = "in_production"
    READY = "ready"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


_S = PreorderStatus
PREORDER_LIFECYCLE = Lifecycle(
    noun="pre-order",
    table="preorder",
    moves={
        _S.PLACED: frozenset({_S.CONFIRMED, _S.CANCELLED}),
        _S.CONFIRMED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
        _S.SCHEDULED: frozenset({_S.IN_PRODUCTION, _S.CONFIRMED, _S.CANCELLED}),
        _S.IN_PRODUCTION: frozenset({_S.READY, _S.CANCELLED}),
        _S.READY: frozenset({_S.SHIPPED}),
        _S.CANCELLED: frozenset({_S.REFUNDED}),
        _S.SHIPPED: frozenset(),
        _S.REFUNDED: frozenset(),
    },
)

PREORDER_NUMBERS = Numbers("preorder_number", metadata=SQLModel.metadata)


class Preorder(Stateful, SQLModel, table=True):
    """One consumer's order in one campaign for goods not yet made; its promise never changes silently."""

    __tablename__ = "preorder"
    __table_args__ = (
        CheckConstraint("promise_from_on <= promise_by_on", name="preorder_promise_range"),
        CheckConstraint("price_minor > 0", name="preorder_price"),
    )
    lifecycle: ClassVar[Lifecycle] = PREORDER_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: str = Field(unique=True, max_length=20)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    status: PreorderStatus = Field(
        default=PreorderStatus.PLACED, sa_column=one_of(PreorderStatus, "preorder_status", index=True)
    )
    buyer_name: str = Field(max_length=80)
    email: str = Field(max_length=200)
    region: Region = Field(sa_column=one_of(Region, "preorder_region"))
    address: str = Field(max_length=300)
    placed_at: datetime = Field(sa_type=Moment)
    paid_at: datetime | None = Field(default=None, sa_type=Moment)
    price_minor: int
    """What one piece cost when the order was placed; the settled price of the campaign may be lower."""
    currency: str = Field(max_length=3)
    promise_from_on: date
    promise_by_on: date
    expected_on: date | None = None
    """The last day on which a piece of it reaches the region, by the approved plan or the factory's word."""


class PreorderLine(SQLModel, table=True):
    """One SKU and a whole positive quantity, with the buyer's consents."""

    __tablename__ = "preorder_line"
    __table_args__ = (
        UniqueConstraint("preorder_id", "sku_id", name="preorder_line_sku"),
        CheckConstraint(f"quantity BETWEEN 1 AND {MOST_PIECES_OF_A_SKU}", name="preorder_line_quantity"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id", index=True)
    quantity: int
    accept_other_colour: bool = False
    accept_next_size: bool = False


ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class PreorderLineCreate(BaseModel):
    """A wanted SKU; consents are given here or not at all."""

    model_config = ConfigDict(extra="forbid")

    sku: ShortText
    quantity: Annotated[int, Checked(ge=1, le=MOST_PIECES_OF_A_SKU, strict=True)]
    accept_other_colour: bool = False
    accept_next_size: bool = False


class PreorderCreate(BaseModel):
    """What a consumer sends; everything else is ours to say."""

    model_config = ConfigDict(extra="forbid")

    campaign: ShortText
    lines: Annotated[list[PreorderLineCreate], Checked(min_length=1, max_length=MOST_LINES)]
    name: ShortText
    email: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)
    ]
    region: Region
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]


class PreorderLineRead(BaseModel):
    """One line of a pre-order with the consents given."""

    sku: str
    colour: str
    size: str
    quantity: int
    accept_other_colour: bool
    accept_next_size: bool


class PreorderRead(BaseModel):
    """A pre-order as its owner sees it; money in minor units of `currency`."""

    number: str
    campaign: str
    status: PreorderStatus
    lines: list[PreorderLineRead]
    pieces: int
    currency: str
    price_minor: int
    total_minor: int
    paid_minor: int
    refunded_minor: int
    settled_price_minor: int | None
    placed_at: datetime
    promise_from_on: date
    promise_by_on: date
    expected_on: date | None
    link: str
    pay_link: str | None


def pieces(lines: Sequence[PreorderLine]) -> int:
    """Pieces over all lines."""
    return sum(line.quantity for line in lines)
