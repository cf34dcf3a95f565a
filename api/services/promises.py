"""Promises: the range a campaign can honestly give, and every range a pre-order was ever given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.catalogue import Fabric, Item, Style
from api.domain.errors import NothingToMakeIt, Unknown
from api.domain.plan import Run, RunSku, RunStatus
from api.domain.preorder import Preorder
from api.domain.production import Closure, Factory, LineRate, ProductionLine, capacity_seconds, day_of_second
from api.domain.promise import Promise, PromiseKind
from api.services import scorecards

PERCENTILE = 80
"""Of a factory's past runs, how many in a hundred ended within the days that a promise allows for."""
HISTORY = timedelta(days=365)
ENOUGH_RUNS = 5
"""Ended runs from which on a factory's own past is believed."""
ASSUMED_LATE_DAYS = 7
"""What a promise allows for where a factory has no past yet."""
HORIZON_DAYS = 365
_BOOKED = (RunStatus.APPROVED, RunStatus.RELEASED, RunStatus.STARTED)


@dataclass(frozen=True, slots=True)
class ShipBy:
    """When a batch can leave, and each step that says so; the range ends at `PERCENTILE` of the past."""

    factory: str
    production_line: str
    closes_on: date
    balances_on: date
    fabric_on: date
    sewn_on: date
    sewn_on_without_closures: date
    """What a calendar without the factory's closures would have promised."""
    from_on: date
    by_on: date
    late_days: int
    past_runs: int
    """Ended runs that `late_days` was taken from; 0 where it is assumed."""


def ship_by(
    session: Session,
    style_code: str,
    *,
    pieces: int,
    closes_on: date,
    balance_days: int,
    at: datetime,
    factory_code: str | None = None,
) -> ShipBy:
    """The earliest honest range for a batch: balances come in, then its cloth, then it is sewn.

    Sewing starts the day after the cloth is there, on the line that is done first after the runs it has
    taken on, on the days its factory is open. Raises Unknown, and NothingToMakeIt where no line can make it
    within a year.
    """
    style = session.exec(select(Style).where(Style.code == style_code)).first()
    if style is None:
        raise Unknown("style", style_code)
    balances_on = closes_on + timedelta(days=balance_days)
    fabric_on = balances_on + timedelta(days=_cloth_days(session, style))
    late = scorecards.days_late(session, since=at - HISTORY)
    found = []
    for factory, line, rate in _lines(session, style, factory_code):
        seconds = (
            pieces * rate.seconds_per_piece + _set_up(session, style) + _booked(session, line, fabric_on)
        )
        closures = session.exec(select(Closure).where(Closure.factory_id == factory.id)).all()
        sewn_on = _sewn_on(line, closures, seconds, after=fabric_on)
        if sewn_on is None:
            continue
        past = late.get(factory.id, ())
        days = _percentile(past) if len(past) >= ENOUGH_RUNS else ASSUMED_LATE_DAYS
        found.append(
            ShipBy(
                factory=factory.code,
                production_line=line.code,
                closes_on=closes_on,
                balances_on=balances_on,
                fabric_on=fabric_on,
                sewn_on=sewn_on,
                sewn_on_without_closures=_sewn_on(line, (), seconds, after=fabric_on) or sewn_on,
                from_on=sewn_on,
                by_on=sewn_on + timedelta(days=days),
                late_days=days,
                past_runs=len(past) if len(past) >= ENOUGH_RUNS else 0,
            )
        )
    if not found:
        raise NothingToMakeIt(style_code, pieces)
    return min(found, key=lambda one: (one.by_on, one.sewn_on, one.production_line))


def _lines(
    session: Session, style: Style, factory_code: str | None
) -> Sequence[tuple[Factory, ProductionLine, LineRate]]:
    query = (
        select(Factory, ProductionLine, LineRate)
        .join(ProductionLine, col(ProductionLine.factory_id) == Factory.id)
        .join(LineRate, col(LineRate.line_id) == ProductionLine.id)
        .where(LineRate.style_id == style.id)
    )
    if factory_code is not None:
        query = query.where(Factory.code == factory_code)
    return session.exec(query.order_by(ProductionLine.code)).all()


def _cloth_days(session: Session, style: Style) -> int:
    """Days until the slowest cloth of a style is there."""
    lead = select(func.max(Fabric.lead_days)).join(Item, col(Item.fabric_id) == Fabric.id)
    return int(session.exec(lead.where(Item.style_id == style.id)).one() or 0)


def _set_up(session: Session, style: Style) -> int:
    of_items = session.exec(select(func.sum(Item.setup_seconds)).where(Item.style_id == style.id)).one()
    return style.setup_seconds + int(of_items or 0)


def _booked(session: Session, line: ProductionLine, after: date) -> int:
    """Seconds that runs in force take of a line after a day."""
    seconds = session.exec(
        select(func.sum(RunSku.quantity * LineRate.seconds_per_piece))
        .join(Run, col(Run.id) == RunSku.run_id)
        .join(Item, col(Item.id) == Run.item_id)
        .join(LineRate, (col(LineRate.style_id) == Item.style_id) & (col(LineRate.line_id) == Run.line_id))
        .where(Run.line_id == line.id, col(Run.status).in_(_BOOKED), Run.finish_on > after)
    ).one()
    return int(seconds or 0)


def _sewn_on(line: ProductionLine, closures: Sequence[Closure], seconds: int, *, after: date) -> date | None:
    start = after + timedelta(days=1)
    if capacity_seconds(line, closures, from_on=start, days=HORIZON_DAYS) < seconds:
        return None
    return day_of_second(line, closures, from_on=start, days=HORIZON_DAYS, second=seconds)


def _percentile(days_late: Sequence[int]) -> int:
    """The fewest days, none at least, within which `PERCENTILE` of a hundred past runs ended."""
    rank = -(-len(days_late) * PERCENTILE // 100)
    return max(0, sorted(days_late)[rank - 1])


def history(session: Session, preorder_id: UUID) -> Sequence[Promise]:
    """Every range a pre-order was given, the first first."""
    return session.exec(
        select(Promise).where(Promise.preorder_id == preorder_id).order_by(col(Promise.id))
    ).all()


def revise(
    session: Session, preorder: Preorder, by_on: date, *, given_by: str, reason: str, at: datetime
) -> Promise:
    """Promise a locked pre-order for a later day, by a range as wide as before; the old one is kept."""
    width = preorder.promise_by_on - preorder.promise_from_on
    promise = Promise(
        preorder_id=preorder.id,
        kind=PromiseKind.REVISED,
        from_on=by_on - width,
        by_on=by_on,
        given_by=given_by,
        reason=reason,
        at=at,
    )
    session.add(promise)
    session.flush()  # the database wants to see the row before the pre-order's range moves
    preorder.promise_from_on, preorder.promise_by_on = promise.from_on, promise.by_on
    return promise
