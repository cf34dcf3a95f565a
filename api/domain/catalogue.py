"""What can be made: a style in its items (colours), an item in its SKUs (sizes), and the cloth they share."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.domain.types import json_column, one_of


class Silhouette(StrEnum):
    """The drawing a style starts with."""

    TEE = "tee"
    SHIRT = "shirt"
    HOODIE = "hoodie"
    DRESS = "dress"
    TROUSERS = "trousers"
    SKIRT = "skirt"
    JACKET = "jacket"
    KNIT = "knit"


class Fabric(SQLModel, table=True):
    """A cloth in one colour, shared by every item that names it; quantities in whole centimetres."""

    __tablename__ = "fabric"
    __table_args__ = (
        CheckConstraint(
            "stock_cm >= 0 AND dye_lot_minimum_cm >= 0 AND roll_cm > 0", name="fabric_quantities"
        ),
        CheckConstraint("cost_per_metre_minor >= 0 AND lead_days >= 0", name="fabric_terms"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    """Names cloth and colour."""
    name_en: str = Field(max_length=80)
    name_zh: str = Field(max_length=80)
    """The cloth alone: its colour is the item's to say."""
    stock_cm: int
    """In the stores when the books were opened; arrivals and what runs cut are counted on top."""
    dye_lot_minimum_cm: int
    roll_cm: int
    """A purchase is a multiple of this."""
    cost_per_metre_minor: int
    lead_days: int
    purchase_maximum_cm: int


class FabricArrival(SQLModel, table=True):
    """A dye lot bought by an approved plan: so much cloth from a day on."""

    __tablename__ = "fabric_arrival"
    __table_args__ = (CheckConstraint("quantity_cm > 0", name="fabric_arrival_quantity"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    fabric_id: UUID = Field(foreign_key="fabric.id", index=True)
    plan_id: UUID = Field(foreign_key="plan.id", index=True)
    quantity_cm: int
    arrives_on: date


class Style(SQLModel, table=True):
    """A design, owned by a team."""

    __tablename__ = "style"
    __table_args__ = (CheckConstraint("setup_seconds >= 0 AND setup_cost_minor >= 0", name="style_setup"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    team_id: UUID = Field(foreign_key="team.id", index=True)
    name_en: str = Field(max_length=80)
    name_zh: str = Field(max_length=80)
    about_en: str = Field(max_length=500)
    about_zh: str = Field(max_length=500)
    silhouette: Silhouette = Field(sa_column=one_of(Silhouette, "style_silhouette"))
    family: str = Field(max_length=40)
    """Styles of one family change over faster on a production line."""
    setup_seconds: int
    setup_cost_minor: int


class Item(SQLModel, table=True):
    """A style in one colour."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("style_id", "colour", name="item_colour"),
        CheckConstraint(
            "minimum >= 0 AND overs_maximum >= 0 AND overs_value_minor >= 0", name="item_amounts"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=60)
    style_id: UUID = Field(foreign_key="style.id", index=True)
    fabric_id: UUID = Field(foreign_key="fabric.id", index=True)
    colour: str = Field(max_length=40)
    colour_zh: str = Field(max_length=40)
    colour_hex: str = Field(max_length=7)
    setup_seconds: int
    setup_cost_minor: int
    minimum: int
    """Fewest pieces of this colour, or none at all."""
    overs_maximum: int
    overs_value_minor: int


SIZES = ("XS", "S", "M", "L", "XL", "XXL")


class Sku(SQLModel, table=True):
    """An item in one size; the code equals the ERP's product code."""

    __tablename__ = "sku"
    __table_args__ = (
        UniqueConstraint("item_id", "size", name="sku_size"),
        CheckConstraint("fabric_use_cm > 0", name="sku_fabric_use"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=60)
    item_id: UUID = Field(foreign_key="item.id", index=True)
    size: str = Field(max_length=10)
    fabric_use_cm: int
    measurements: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    """Centimetres by name (chest, length), for the size guide."""
