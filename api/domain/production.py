"""Where goods are made: factories, their production lines, calendars, rates and freight."""

from collections.abc import Iterable
from datetime import UTC, date, time, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.domain.preorder import Region
from api.domain.types import json_column, one_of

# A shift in China, in UTC: a run starts in the morning of its first day and ends in the evening of its last.
SHIFT_STARTS, SHIFT_ENDS = time(0, tzinfo=UTC), time(10, tzinfo=UTC)


class OrderMode(StrEnum):
    """What a run becomes: a manufacturing order per SKU, or one subcontract purchase order."""

    OWN_LINE = "own_line"
    SUBCONTRACT = "subcontract"


class OrderChannel(StrEnum):
    """Where a factory reads its orders."""

    ERP = "erp"
    ORDER_BOOK = "order_book"
    DROP_FOLDER = "drop_folder"


class Factory(SQLModel, table=True):
    """A place that makes garments, ours or a firm outside."""

    __tablename__ = "factory"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=20)
    name: str = Field(max_length=80)
    place: str = Field(max_length=80)
    mode: OrderMode = Field(sa_column=one_of(OrderMode, "factory_mode"))
    channel: OrderChannel = Field(sa_column=one_of(OrderChannel, "factory_channel"))


class Lane(SQLModel, table=True):
    """Freight from a factory to a region, per piece and in days."""

    __tablename__ = "lane"
    __table_args__ = (CheckConstraint("unit_cost_minor >= 0 AND lead_days >= 0", name="lane_amounts"),)

    factory_id: UUID = Field(foreign_key="factory.id", primary_key=True)
    region: Region = Field(sa_column=one_of(Region, "lane_region", key=True))
    unit_cost_minor: int
    lead_days: int


class Closure(SQLModel, table=True):
    """Days on which a factory works less than usual, or not at all: holidays, ramps before and after them."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("from_on <= to_on", name="closure_days"),
        CheckConstraint("capacity_percent BETWEEN 0 AND 100", name="closure_percent"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    factory_id: UUID = Field(foreign_key="factory.id", index=True)
    from_on: date
    to_on: date
    capacity_percent: int = 0
    reason: str = Field(max_length=80)


class ProductionLine(SQLModel, table=True):
    """A resource that makes one run at a time, reserved for us on some days of the week."""

    __tablename__ = "production_line"
    __table_args__ = (
        CheckConstraint("shift_seconds > 0 AND workdays BETWEEN 1 AND 7", name="production_line_shift"),
        CheckConstraint(
            "min_run >= 1 AND (max_run IS NULL OR max_run >= min_run)", name="production_line_run"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    code: str = Field(unique=True, max_length=20)
    factory_id: UUID = Field(foreign_key="factory.id", index=True)
    shift_seconds: int
    workdays: int
    """Working days of the week, counted from Monday."""
    min_run: int
    max_run: int | None = None
    tiers: list[int] = Field(sa_column=json_column())
    """Run quantities from which a cheaper unit cost holds; the first is 1."""


class LineRate(SQLModel, table=True):
    """A style on a production line: seconds a piece, and the unit cost of each of the line's tiers."""

    __tablename__ = "line_rate"
    __table_args__ = (
        UniqueConstraint("line_id", "style_id", name="line_rate_pair"),
        CheckConstraint("seconds_per_piece > 0", name="line_rate_seconds"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    line_id: UUID = Field(foreign_key="production_line.id", index=True)
    style_id: UUID = Field(foreign_key="style.id", index=True)
    seconds_per_piece: int
    unit_cost_minor: list[int] = Field(sa_column=json_column())


def day_seconds(line: ProductionLine, closures: Iterable[Closure], day: date) -> int:
    """Working seconds of a line on a day; where closures overlap the smallest share counts."""
    if day.weekday() >= line.workdays:
        return 0
    shares = [c.capacity_percent for c in closures if c.from_on <= day <= c.to_on]
    return line.shift_seconds * min(shares, default=100) // 100


def capacity_seconds(line: ProductionLine, closures: Iterable[Closure], *, from_on: date, days: int) -> int:
    """Working seconds of a line over so many days from `from_on`."""
    known = list(closures)
    return sum(day_seconds(line, known, from_on + timedelta(days=n)) for n in range(days))


def day_of_second(
    line: ProductionLine, closures: Iterable[Closure], *, from_on: date, days: int, second: int
) -> date:
    """The calendar day on which the `second`-th working second after `from_on` falls, within `days` days."""
    known, left = list(closures), second
    for n in range(days):
        left -= day_seconds(line, known, from_on + timedelta(days=n))
        if left <= 0:
            return from_on + timedelta(days=n)
    return from_on + timedelta(days=days - 1)
