"""Looking at factories: their production lines, closures, and how full the coming weeks are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.catalogue import Item
from api.domain.plan import Run, RunSku, RunStatus
from api.domain.production import Closure, Factory, LineRate, ProductionLine, capacity_seconds

WEEK = timedelta(days=7)
_HOLDING = (RunStatus.APPROVED, RunStatus.RELEASED, RunStatus.STARTED, RunStatus.DONE)


@dataclass(frozen=True, slots=True)
class WeekLoad:
    """Working seconds of one week: in a full one, in this one, and those that runs hold."""

    full_seconds: int
    open_seconds: int
    used_seconds: int


@dataclass(frozen=True, slots=True)
class FactoryView:
    """A factory with the closures to come and each production line's weeks."""

    factory: Factory
    closures: tuple[Closure, ...]
    lines: tuple[tuple[ProductionLine, tuple[WeekLoad, ...]], ...]


def listed(session: Session, *, from_on: date, weeks: int) -> list[FactoryView]:
    """Every factory, over so many weeks from a Monday."""
    used = _used(session, from_on)
    lines: dict[UUID, list[ProductionLine]] = defaultdict(list)
    for line in session.exec(select(ProductionLine).order_by(ProductionLine.code)):
        lines[line.factory_id].append(line)
    closures: dict[UUID, list[Closure]] = defaultdict(list)
    coming = (
        select(Closure)
        .where(col(Closure.to_on) >= from_on, col(Closure.from_on) < from_on + WEEK * weeks)
        .order_by(col(Closure.from_on))
    )
    for closure in session.exec(coming):
        closures[closure.factory_id].append(closure)
    mondays = [from_on + WEEK * week for week in range(weeks)]
    return [
        FactoryView(
            factory,
            tuple(closures[factory.id]),
            tuple(
                (line, tuple(_load(line, closures[factory.id], monday, used) for monday in mondays))
                for line in lines[factory.id]
            ),
        )
        for factory in session.exec(select(Factory).order_by(Factory.code))
    ]


def _load(
    line: ProductionLine, closures: Sequence[Closure], monday: date, used: dict[tuple[UUID, date], int]
) -> WeekLoad:
    return WeekLoad(
        full_seconds=line.shift_seconds * line.workdays,
        open_seconds=capacity_seconds(line, closures, from_on=monday, days=WEEK.days),
        used_seconds=used.get((line.id, monday), 0),
    )


def _used(session: Session, from_on: date) -> dict[tuple[UUID, date], int]:
    """Sewing seconds of runs by production line and the Monday of their week; changeovers are not counted."""
    rows = session.execute(
        select(
            Run.line_id, col(Run.bucket_on), func.sum(col(RunSku.quantity) * col(LineRate.seconds_per_piece))
        )
        .join(RunSku, col(RunSku.run_id) == Run.id)
        .join(Item, col(Item.id) == Run.item_id)
        .join(LineRate, (col(LineRate.line_id) == Run.line_id) & (col(LineRate.style_id) == Item.style_id))
        .where(col(Run.bucket_on) >= from_on, col(Run.status).in_(_HOLDING))
        .group_by(col(Run.line_id), col(Run.bucket_on))
    )
    return {(line_id, monday): int(seconds) for line_id, monday, seconds in rows}
