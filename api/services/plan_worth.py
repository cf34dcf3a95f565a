"""Shadow prices: what one more hour of a production line or metre of cloth would be worth to a plan.

Marginal values at the prices of the planner's relaxation: true for a little more, promised to nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

import planner
from api.domain.catalogue import Fabric
from api.domain.plan import Plan
from api.domain.production import Factory, ProductionLine
from api.services import planning

if TYPE_CHECKING:
    from planner.prices import Prices

_HOUR = 3_600
_METRE = 100  # of the centimetres in which cloth is planned
_DIGITS = 4  # of a minor unit per second or centimetre: an hour is right to half a minor unit


@dataclass(frozen=True, slots=True)
class HourWorth:
    """What the plan would save with one more hour of the line in the week, in minor units (> 0)."""

    line: ProductionLine
    factory: Factory
    bucket: int
    week_on: date
    worth_minor: int


@dataclass(frozen=True, slots=True)
class MetreWorth:
    """What it would save with one more metre of the cloth, there by the week, in minor units (> 0)."""

    fabric: Fabric
    week_on: date
    worth_minor: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What more of either would be worth, the dearest first; what is not named is not short."""

    hours: tuple[HourWorth, ...]
    metres: tuple[MetreWorth, ...]


def kept(problem: planner.Problem, prices: "Prices") -> dict[str, Any]:
    """Prices as they are kept with a plan: `[id, bucket, price]`, minor units per second and centimetre."""
    return {
        "time": _above_zero((line.id for line in problem.lines), prices.time),
        "cloth": _above_zero((fabric.id for fabric in problem.fabrics), prices.cloth),
    }


def _above_zero(ids: Iterable[str], table: Iterable[Iterable[float]]) -> list[list[Any]]:
    """The entries of a table (ids, buckets) that round to more than nothing."""
    return [
        [key, bucket, price]
        for key, row in zip(ids, table, strict=True)
        for bucket, price in enumerate(round(float(one), _DIGITS) for one in row)
        if price > 0
    ]


def read(session: Session, plan: Plan) -> Worth | None:
    """What more would be worth to the plan; None where no prices were kept with it."""
    if plan.prices is None:
        return None
    hours = _hours(session, plan, plan.prices["time"])
    metres = _metres(session, plan, plan.prices["cloth"])
    return Worth(
        hours=tuple(sorted(hours, key=lambda one: (-one.worth_minor, one.bucket, one.line.code))),
        metres=tuple(sorted(metres, key=lambda one: (-one.worth_minor, one.week_on, one.fabric.code))),
    )


def _hours(session: Session, plan: Plan, rows: Sequence[Sequence[Any]]) -> Iterable[HourWorth]:
    lines = {line.code: line for line in session.exec(select(ProductionLine))}
    factories = {factory.id: factory for factory in session.exec(select(Factory))}
    for code, bucket, price in rows:
        worth = round(price * _HOUR)
        if worth:
            line = lines[code]
            yield HourWorth(line, factories[line.factory_id], bucket, _week(plan, bucket), worth)


def _metres(session: Session, plan: Plan, rows: Sequence[Sequence[Any]]) -> Iterable[MetreWorth]:
    """Cloth is worth the same until it comes too late for somebody: one entry for each such step down."""
    fabrics = {fabric.code: fabric for fabric in session.exec(select(Fabric))}
    worths = [(code, bucket, round(price * _METRE)) for code, bucket, price in rows]
    for (code, worth), alike in groupby(worths, key=lambda one: (one[0], one[2])):
        *_, (_, latest, _) = alike
        if worth:
            yield MetreWorth(fabrics[code], _week(plan, latest), worth)


def _week(plan: Plan, bucket: int) -> date:
    return plan.day_zero + timedelta(days=bucket * planning.BUCKET_DAYS)
