"""From confirmed pre-order lines to the planner's problem: lots, lines with calendars, cloth, frozen runs."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

import planner
from api.domain.campaign import Campaign
from api.domain.catalogue import SIZES, Fabric, FabricArrival, Item, Sku, Style
from api.domain.errors import NothingToPlan
from api.domain.plan import Pegging, Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus, Region
from api.domain.production import Closure, Factory, Lane, LineRate, ProductionLine, capacity_seconds
from api.services import rescues
from planner.pegging import Atom

BUCKET_DAYS = 7
BUCKETS = 14
FIRST_BUCKET = 1
"""Nothing new starts in the week that is already running."""

# What a piece late, early, missing or of another SKU costs, in thousandths of the price its buyer pays.
LATE_PER_DAY = 30
EARLY_PER_DAY = 1
SUBSTITUTED = 20
UNFILLED = 1_250

_HELD = (RunStatus.APPROVED, RunStatus.RELEASED, RunStatus.STARTED)
_SERVED = (*_HELD, RunStatus.DONE)


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be planned and for whom: the problem, its first day, and the orders behind its lots."""

    problem: planner.Problem
    day_zero: date
    atoms: tuple[Atom, ...]
    """Pre-order lines (by their id) with the pieces that no run holds yet, in the order they were paid."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    line: PreorderLine
    preorder: Preorder
    campaign: Campaign
    sku: Sku

    @property
    def lot(self) -> str:
        """Lines of one lot are alike for the planner: SKU, region, day, price and consents."""
        parts = (
            self.sku.code,
            self.preorder.region.value,
            self.preorder.promise_by_on.isoformat(),
            self.price,
            self.line.consents,
        )
        return "/".join(map(str, parts))

    @property
    def price(self) -> int:
        return self.campaign.settled_price_minor or self.preorder.price_minor


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def load(session: Session, *, at: datetime, only: Collection[UUID] | None = None) -> Demand:
    """The problem as it stands at a moment. Raises NothingToPlan.

    `only` names pre-order lines: what others wait for stays out of it, and there may be nothing left to
    plan but runs that stand.
    """
    day_zero = monday_of(at.date())
    wanted = _wanted(session)
    frozen = _frozen_runs(session, day_zero)
    held = _held(session)
    in_frozen = _pegged(session, [run.id for run in frozen])
    open_pieces = {
        w.line.id: w.line.quantity - held.get(w.line.id, 0) if only is None or w.line.id in only else 0
        for w in wanted
    }
    if only is None and not any(open_pieces.values()):
        raise NothingToPlan
    catalogue = _Catalogue(session)
    lots = _lots(catalogue, wanted, open_pieces, in_frozen, day_zero)
    factories = session.exec(select(Factory).order_by(Factory.code)).all()
    problem = planner.Problem(
        name=f"counterflow {at:%Y-%m-%d %H:%M:%S}",
        bucket_days=BUCKET_DAYS,
        buckets=BUCKETS,
        regions=tuple(Region),
        factories=_factories(session, factories),
        lines=_lines(session, catalogue, factories, day_zero),
        styles=tuple(catalogue.planner_styles()),
        items=tuple(
            catalogue.planner_items(
                frozen,
                _items_of_this_week(frozen, day_zero),
                rescues.top_ups(session),
                _overs_in(session, frozen),
            )
        ),
        skus=tuple(catalogue.planner_skus()),
        fabrics=tuple(_fabrics(session, catalogue, frozen, day_zero)),
        lots=tuple(lots),
        frozen=tuple(_frozen(session, catalogue, frozen, day_zero)),
        changeover=planner.Changeover(same_style=50, same_family=60),
    )
    atoms = tuple(_atoms(catalogue, wanted, open_pieces))
    return Demand(planner.grant_time(problem), day_zero, atoms)


def _wanted(session: Session) -> Sequence[_Wanted]:
    """Lines of confirmed or scheduled pre-orders, the earliest paid first."""
    live = (PreorderStatus.CONFIRMED, PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION)
    rows = session.exec(
        select(PreorderLine, Preorder, Campaign, Sku)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .join(Sku, col(Sku.id) == PreorderLine.sku_id)
        .where(col(Preorder.status).in_(live))
        .order_by(col(Preorder.paid_at), Preorder.number, Sku.code)
    )
    return [_Wanted(*row) for row in rows]


def _held(session: Session) -> dict[UUID, int]:
    """Pieces of each pre-order line that a run, released or done, is meant for."""
    rows = session.execute(
        select(Pegging.preorder_line_id, func.sum(Pegging.quantity))
        .join(Run, col(Run.id) == Pegging.run_id)
        .where(col(Run.status).in_(_SERVED))
        .group_by(col(Pegging.preorder_line_id))
    )
    return {line_id: int(pieces) for line_id, pieces in rows}


def _frozen_runs(session: Session, day_zero: date) -> Sequence[Run]:
    """Approved and not yet done, in a week of the horizon; past weeks use no time that is planned."""
    last = day_zero + timedelta(days=BUCKETS * BUCKET_DAYS)
    return session.exec(
        select(Run)
        .where(col(Run.status).in_(_HELD), col(Run.bucket_on) >= day_zero, col(Run.bucket_on) < last)
        .order_by(Run.number)
    ).all()


def _pegged(session: Session, run_ids: Sequence[UUID]) -> dict[str, int]:
    """Pieces in frozen runs by the lot they came through."""
    rows = session.execute(
        select(Pegging.lot, func.sum(Pegging.quantity))
        .where(col(Pegging.run_id).in_(run_ids))
        .group_by(col(Pegging.lot))
    )
    return {lot: int(pieces) for lot, pieces in rows}


class _Catalogue:
    """The catalogue by id, with the siblings an SKU may be replaced by."""

    def __init__(self, session: Session) -> None:
        self.styles = {s.id: s for s in session.exec(select(Style).order_by(Style.code))}
        self.items = {i.id: i for i in session.exec(select(Item).order_by(Item.code))}
        self.skus = {s.id: s for s in session.exec(select(Sku).order_by(Sku.code))}
        self.fabrics = {f.id: f for f in session.exec(select(Fabric).order_by(Fabric.code))}
        self._by_cell = {(s.item_id, s.size): s for s in self.skus.values()}
        self._of_style: dict[UUID, list[Item]] = defaultdict(list)
        for item in self.items.values():
            self._of_style[item.style_id].append(item)

    def accepted(self, line: PreorderLine) -> list[Sku]:
        """SKUs the buyer takes instead: the same size in another colour, or the next size in this one."""
        own = self.skus[line.sku_id]
        siblings = self._of_style[self.items[own.item_id].style_id]
        cells = [(item, SIZES.index(own.size)) for item in siblings if item.id != own.item_id]
        here, place = self.items[own.item_id], SIZES.index(own.size)
        cells += [(here, step) for step in (place + 1, place - 1) if 0 <= step < len(SIZES)]
        others = [(item, self._by_cell.get((item.id, SIZES[step]))) for item, step in cells]
        return [sku for item, sku in others if sku is not None and line.accepts(own, sku, item.colour)]

    def planner_styles(self) -> Iterable[planner.Style]:
        for s in self.styles.values():
            yield planner.Style(s.code, s.family, s.setup_seconds, s.setup_cost_minor)

    def planner_items(
        self, frozen: Sequence[Run], running: set[UUID], added: Mapping[str, int], freed: Mapping[UUID, int]
    ) -> Iterable[planner.Item]:
        """Overs may be as many as usual, what teams added and what those who stepped back left in runs."""
        released = {run.item_id for run in frozen}
        for i in self.items.values():
            yield planner.Item(
                id=i.code,
                style=self.styles[i.style_id].code,
                colour=i.colour,
                fabric=self.fabrics[i.fabric_id].code,
                setup_seconds=i.setup_seconds,
                setup_cost=i.setup_cost_minor,
                # What is released already has met its minimum, with runs that may be done and gone from here.
                minimum=0 if i.id in released else i.minimum,
                release_bucket=0 if i.id in running else FIRST_BUCKET,
                overs_value=i.overs_value_minor,
                overs_maximum=i.overs_maximum + added.get(i.code, 0) + freed[i.id],
            )

    def planner_skus(self) -> Iterable[planner.Sku]:
        for s in self.skus.values():
            yield planner.Sku(s.code, self.items[s.item_id].code, s.size, s.fabric_use_cm)


def _overs_in(session: Session, frozen: Sequence[Run]) -> Counter[UUID]:
    """Overs that frozen runs hold already, by item."""
    items = {run.id: run.item_id for run in frozen}
    held: Counter[UUID] = Counter()
    for made in session.exec(select(RunSku).where(col(RunSku.run_id).in_(items), RunSku.overs > 0)):
        held[items[made.run_id]] += made.overs
    return held


def _items_of_this_week(frozen: Sequence[Run], day_zero: date) -> set[UUID]:
    """Items that a released run makes in the running week: only for them may that week be used."""
    return {run.item_id for run in frozen if run.bucket_on == day_zero}


def _fabrics(
    session: Session, catalogue: _Catalogue, frozen: Sequence[Run], day_zero: date
) -> Iterable[planner.Fabric]:
    """Cloth by the week from which it can be cut; what runs outside the problem cut is gone already."""
    cut = _cut_outside(session, catalogue, {run.id for run in frozen})
    arrivals: dict[UUID, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for arrival in session.exec(select(FabricArrival)):
        bucket = max(0, (arrival.arrives_on - day_zero).days // BUCKET_DAYS)
        if bucket < BUCKETS:
            arrivals[arrival.fabric_id][bucket] += arrival.quantity_cm
    for f in catalogue.fabrics.values():
        known = arrivals[f.id]
        known[0] = max(0, known[0] + f.stock_cm - cut[f.id])
        purchase = planner.Purchase(
            minimum=f.dye_lot_minimum_cm,
            multiple=f.roll_cm,
            unit_cost=max(1, f.cost_per_metre_minor // 100),
            lead_buckets=-(-f.lead_days // BUCKET_DAYS),
            maximum=f.purchase_maximum_cm,
        )
        yield planner.Fabric(f.code, tuple((b, q) for b, q in sorted(known.items()) if q), purchase)


def _cut_outside(session: Session, catalogue: _Catalogue, frozen: set[UUID]) -> dict[UUID, int]:
    used: dict[UUID, int] = defaultdict(int)
    rows = session.exec(
        select(RunSku).join(Run, col(Run.id) == RunSku.run_id).where(col(Run.status).in_(_SERVED))
    )
    for made in rows:
        if made.run_id not in frozen:
            sku = catalogue.skus[made.sku_id]
            used[catalogue.items[sku.item_id].fabric_id] += made.quantity * sku.fabric_use_cm
    return used


def _lots(
    catalogue: _Catalogue,
    wanted: Sequence[_Wanted],
    open_pieces: dict[UUID, int],
    in_frozen: dict[str, int],
    day_zero: date,
) -> list[planner.Lot]:
    """Open pieces pooled by what makes them alike, beside what frozen runs already hold for the lot."""
    pools: dict[str, list[_Wanted]] = defaultdict(list)
    for one in wanted:
        pools[one.lot].append(one)
    lots = []
    for key, members in sorted(pools.items()):
        quantity = sum(open_pieces[w.line.id] for w in members) + in_frozen.get(key, 0)
        if quantity == 0:
            continue
        first = members[0]
        lots.append(
            planner.Lot(
                id=key,
                sku=first.sku.code,
                quantity=quantity,
                due_day=(first.preorder.promise_by_on - day_zero).days,
                region=first.preorder.region.value,
                late_cost=share(first.price, LATE_PER_DAY),
                early_cost=share(first.price, EARLY_PER_DAY),
                unfilled_cost=share(first.price, UNFILLED),
                substitutes=tuple(
                    planner.Substitute(sku.code, quantity, share(first.price, SUBSTITUTED))
                    for sku in catalogue.accepted(first.line)
                ),
            )
        )
    return lots


def share(price: int, thousandths: int) -> int:
    """Thousandths of the price of a piece, at least one minor unit."""
    return max(1, price * thousandths // 1000)


def _atoms(catalogue: _Catalogue, wanted: Sequence[_Wanted], open_pieces: dict[UUID, int]) -> Iterable[Atom]:
    for rank, one in enumerate(wanted):
        if open_pieces[one.line.id]:
            yield Atom(
                id=str(one.line.id),
                lot=one.lot,
                sku=one.sku.code,
                quantity=open_pieces[one.line.id],
                rank=rank,
                accepts=tuple(sku.code for sku in catalogue.accepted(one.line)),
            )


def _factories(session: Session, factories: Sequence[Factory]) -> tuple[planner.Factory, ...]:
    lanes: dict[UUID, dict[str, planner.Shipping]] = defaultdict(dict)
    for lane in session.exec(select(Lane)):
        lanes[lane.factory_id][lane.region.value] = planner.Shipping(lane.unit_cost_minor, lane.lead_days)
    return tuple(planner.Factory(f.code, lanes[f.id]) for f in factories)


def _lines(
    session: Session, catalogue: _Catalogue, factories: Sequence[Factory], day_zero: date
) -> tuple[planner.Line, ...]:
    codes = {f.id: f.code for f in factories}
    closures: dict[UUID, list[Closure]] = defaultdict(list)
    for closure in session.exec(select(Closure)):
        closures[closure.factory_id].append(closure)
    rates: dict[UUID, dict[str, planner.Rate]] = defaultdict(dict)
    for rate in session.exec(select(LineRate)):
        style = catalogue.styles[rate.style_id].code
        rates[rate.line_id][style] = planner.Rate(rate.seconds_per_piece, tuple(rate.unit_cost_minor))
    return tuple(
        planner.Line(
            id=line.code,
            factory=codes[line.factory_id],
            capacity=tuple(
                capacity_seconds(
                    line,
                    closures[line.factory_id],
                    from_on=day_zero + timedelta(days=b * BUCKET_DAYS),
                    days=BUCKET_DAYS,
                )
                for b in range(BUCKETS)
            ),
            min_run=line.min_run,
            max_run=line.max_run,
            tiers=tuple(line.tiers),
            styles=rates[line.id],
        )
        for line in session.exec(select(ProductionLine).order_by(ProductionLine.code))
    )


def _frozen(
    session: Session, catalogue: _Catalogue, runs: Sequence[Run], day_zero: date
) -> Iterable[planner.Run]:
    """Runs of one item, line and week together: two may meet there when a factory moves one."""
    lines = {line.id: line.code for line in session.exec(select(ProductionLine))}
    cells = {
        run.id: (
            catalogue.items[run.item_id].code,
            lines[run.line_id],
            (run.bucket_on - day_zero).days // BUCKET_DAYS,
        )
        for run in runs
    }
    pieces: dict[tuple[str, str, int], Counter[tuple[str, str]]] = defaultdict(Counter)
    for peg in session.exec(select(Pegging).where(col(Pegging.run_id).in_(cells))):
        pieces[cells[peg.run_id]][peg.lot, catalogue.skus[peg.sku_id].code] += peg.quantity
    overs: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    for made in session.exec(select(RunSku).where(col(RunSku.run_id).in_(cells), RunSku.overs > 0)):
        overs[cells[made.run_id]][catalogue.skus[made.sku_id].code] += made.overs
    first = {cells[run.id]: run.number for run in reversed(runs)}
    for cell, number in sorted(first.items(), key=lambda entry: entry[1]):
        yield planner.Run(
            number,
            *cell,
            pieces=tuple(planner.Piece(lot, sku, n) for (lot, sku), n in sorted(pieces[cell].items())),
            overs=tuple(planner.Over(sku, n) for sku, n in sorted(overs[cell].items())),
        )
