from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Checked
from sqlalchemy import CheckConstraint
from sqlalchemy import Sequence as Numbers
from sqlmodel import Field, SQLModel

from api.domain.catalogue import SIZES, Sku
from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.payment import PaymentTerms
from api.domain.types import Moment, json_column, one_of

MOST_LINES = 50
MOST_PIECES_OF_A_SKU = 99
MOST_COLOURS = 3


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
    BALANCE_DUE = "balance_due"  # its campaign goes ahead once the rest is paid
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
        _S.PLACED: frozenset({_S.BALANCE_DUE, _S.CONFIRMED, _S.CANCELLED}),
        _S.BALANCE_DUE: frozenset({_S.CONFIRMED, _S.CANCELLED}),
        _S.CONFIRMED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
        _S.SCHEDULED: frozenset({_S.IN_PRODUCTION, _S.CONFIRMED, _S.CANCELLED}),
        _S.IN_PRODUCTION: frozenset({_S.READY, _S.CANCELLED}),
        _S.READY: frozenset({_S.SHIPPED, _S.CANCELLED}),
        _S.CANCELLED: frozenset({_S.PLACED, _S.REFUNDED}),  # a late payment finds room after all
        _S.SHIPPED: frozenset({_S.CANCELLED}),  # sent back
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
    language: str = Field(default="zh", max_length=2)
    """In which its buyer is written to."""
    terms: PaymentTerms = Field(
        default=PaymentTerms.PREPAID, sa_column=one_of(PaymentTerms, "preorder_terms")
    )
    stored_method: str | None = Field(default=None, max_length=120)
    """The provider's name of the method that a buyer on later terms has let it keep."""
    pay_until: datetime | None = Field(default=None, sa_type=Moment)
    """Until when its pieces are reserved for the first payment, where pieces are scarce."""
    group_id: UUID | None = Field(default=None, foreign_key="buying_group.id", index=True)
    price_minor: int
    """What one piece cost when the order was placed; the settled price of the campaign may be lower."""
    deposit_minor: int = 0
    """Of that, what a piece costs at once on terms of a deposit."""
    currency: str = Field(max_length=3)
    promise_from_on: date
    promise_by_on: date
    expected_on: date | None = None
    """The last day on which a piece of it reaches the region, by the approved plan or the factory's word."""


class BuyingGroup(SQLModel, table=True):
    """People who order together in a team buy, opened by the first of them; whole or not served."""

    __tablename__ = "buying_group"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    code: str = Field(unique=True, max_length=12)
    opened_at: datetime = Field(sa_type=Moment)


class PreorderLine(SQLModel, table=True):
    """One SKU and a whole positive quantity, with the buyer's consents."""

    __tablename__ = "preorder_line"
    __table_args__ = (
        CheckConstraint(f"quantity BETWEEN 1 AND {MOST_PIECES_OF_A_SKU}", name="preorder_line_quantity"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id", index=True)
    chosen_sku_id: UUID | None = Field(default=None, foreign_key="sku.id")
    """What the buyer chose first, where the close took them at their consent to another."""
    quantity: int
    accept_other_colour: bool = False
    only_colours: list[str] = Field(default_factory=list, sa_column=json_column())
    """Of the other colours only these are accepted; none named: any."""
    accept_next_size: bool = False

    @property
    def consents(self) -> str:
        """What is accepted, as one word: lines with the same word accept the same."""
        colours = f"c{','.join(sorted(self.only_colours))}" if self.accept_other_colour else ""
        return f"{colours}{'s' if self.accept_next_size else ''}" or "-"

    def accepts(self, own: Sku, other: Sku, colour: str) -> bool:
        """Whether `other`, of that colour and the same style, may be made instead of `own`."""
        if other.item_id != own.item_id:
            named = not self.only_colours or colour in self.only_colours
            return self.accept_other_colour and named and other.size == own.size
        steps = abs(SIZES.index(other.size) - SIZES.index(own.size))
        return self.accept_next_size and steps == 1


class DroppedLine(SQLModel, table=True):
    """A line that left its pre-order because its colour is not made; its money went back."""

    __tablename__ = "dropped_line"

    id: UUID = Field(primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    sku_id: UUID = Field(foreign_key="sku.id")
    quantity: int
    why: str = Field(max_length=200)
    dropped_at: datetime = Field(sa_type=Moment)


ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)
]


class PreorderLineCreate(BaseModel):
    """A wanted SKU; consents are given here or not at all."""

    model_config = ConfigDict(extra="forbid")

    sku: ShortText
    quantity: Annotated[int, Checked(ge=1, le=MOST_PIECES_OF_A_SKU, strict=True)]
    accept_other_colour: bool = False
    only_colours: Annotated[list[ShortText], Checked(max_length=MOST_COLOURS)] = []
    """Of the other colours only these; none named: any."""
    accept_next_size: bool = False


class PreorderCreate(BaseModel):
    """What a consumer sends; everything else is ours to say."""

    model_config = ConfigDict(extra="forbid")

    campaign: ShortText
    lines: Annotated[list[PreorderLineCreate], Checked(min_length=1, max_length=MOST_LINES)]
    name: ShortText
    email: Email
    region: Region
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]
    language: Literal["zh", "en"] = "zh"
    terms: PaymentTerms | None = None
    """None: the campaign's usual terms."""
    group: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12)] | None = None
    """Of a team buy: the code of the group to join; None opens one."""
    offer: UUID | None = None
    """The offer of the waiting list that this order takes up."""


class PreorderLineRead(BaseModel):
    """One line of a pre-order with the consents given."""

    sku: str
    colour: str
    size: str
    quantity: int
    accept_other_colour: bool
    only_colours: list[str]
    accept_next_size: bool


class PreorderRead(BaseModel):
    """A pre-order as its owner sees it; money in minor units of `currency`."""

    number: str
    campaign: str
    status: PreorderStatus
    lines: list[PreorderLineRead]
    pieces: int
    terms: PaymentTerms
    group: str | None
    currency: str
    price_minor: int
    total_minor: int
    open_minor: int
    """What is to be paid at this stage."""
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
