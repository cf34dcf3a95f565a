"""Our side of a round: approved runs that wait for their orders, and what has become of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import NullPool, create_engine, func
from sqlmodel import Session, col, select

from api.db import driver_url
from api.domain.catalogue import Sku
from api.domain.outbox import OutboxMessage
from api.domain.plan import Plan, PlanStatus, Run, RunSku, RunStatus
from api.domain.production import OrderMode, ProductionLine
from api.services import erp_sync, outbox
from erp_bridge import ErpOrder, MasterData
from tests.factories import make_world

TOPIC = "erp.push_run"
PIECES = (4, 12)
PARCELS_A_WEEK = 10
TWICE = 4  # of so many parcels the first is announced again: Odoo does the work of a collision over
LINES = {OrderMode.OWN_LINE: "F1-1", OrderMode.SUBCONTRACT: "F2-1"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far our side is: runs with their factories, announcements not done, and those set aside."""

    released: int
    waiting: int
    parked: Sequence[str]


@contextmanager
def looking(database_url: str) -> Iterator[Session]:
    """A session of the tool's own in a database of a round."""
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def approve(session: Session, count: int, *, parcel: int, seed: int, at: datetime) -> None:
    """Write so many approved runs, in both modes by turns, each announced as an approval does it.

    Every fourth parcel of announcements is followed by the same again, so two workers get it at once.
    """
    world = make_world(session, at=at)
    monday = at.date() - timedelta(days=at.weekday())
    plan = Plan(
        number="P-1", status=PlanStatus.APPROVED, requested_at=at, seconds=0, seed=seed, day_zero=monday
    )
    plan.begin(by="test", at=at, why="approved")
    session.add(plan)
    session.flush()
    maker = _Maker(session, plan, [item.id for item in world.items.values()], Random(seed))
    for place in range(count):
        mode = OrderMode.SUBCONTRACT if place % 2 else OrderMode.OWN_LINE
        run = maker.make(f"R-{place + 1:06}", mode, week=place // parcel // PARCELS_A_WEEK)
        for copy in range(1 if place // parcel % TWICE else 2):
            turn = timedelta(milliseconds=2 * (place // parcel) + copy)
            outbox.record(session, TOPIC, subject=run.number, at=at + turn, run_id=str(run.id))


class _Maker:
    """Runs of one or two sizes of an item; those that are announced together are wanted in the same week."""

    def __init__(self, session: Session, plan: Plan, items: Sequence[UUID], luck: Random) -> None:
        self._session, self._plan, self._items, self._luck = session, plan, items, luck
        self._lines = {line.code: line.id for line in session.exec(select(ProductionLine))}
        self._skus = session.exec(select(Sku).order_by(Sku.code)).all()

    def make(self, number: str, mode: OrderMode, *, week: int) -> Run:
        item = self._luck.choice(self._items)
        monday = self._plan.day_zero + timedelta(weeks=5 + week)
        run = Run(
            number=number,
            plan_id=self._plan.id,
            item_id=item,
            line_id=self._lines[LINES[mode]],
            status=RunStatus.APPROVED,
            bucket_on=monday,
            start_on=monday,
            finish_on=monday + timedelta(days=4),
            mode=mode,
        )
        run.begin(by="test", at=self._plan.requested_at, why="approved")
        self._session.add(run)
        self._session.flush()
        sizes = [sku.id for sku in self._skus if sku.item_id == item]
        for sku in self._luck.sample(sizes, self._luck.choice([1, 1, 2])):
            self._session.add(RunSku(run_id=run.id, sku_id=sku, quantity=self._luck.randint(*PIECES)))
        return run


def standing(session: Session) -> Standing:
    released = session.exec(
        select(func.count()).select_from(Run).where(col(Run.status) != RunStatus.APPROVED)
    ).one()
    waiting = session.exec(
        select(func.count())
        .select_from(OutboxMessage)
        .where(OutboxMessage.topic == TOPIC, col(OutboxMessage.done_at).is_(None))
    ).one()
    parked = session.exec(
        select(OutboxMessage.subject, OutboxMessage.last_error)
        .where(OutboxMessage.topic == TOPIC, col(OutboxMessage.parked_at).is_not(None))
        .order_by(OutboxMessage.subject)
    ).all()
    return Standing(released, waiting - len(parked), [f"{subject}: {words}" for subject, words in parked])


@dataclass(frozen=True, slots=True)
class OurBooks:
    """What we believe at the end of a round, by reference."""

    orders: Mapping[str, ErpOrder]
    statuses: Mapping[str, str]
    documents: Mapping[str, Sequence[str]]


def needed(session: Session) -> MasterData:
    """What an Odoo must know before it can take the runs."""
    return MasterData.union(erp_sync.master_data(session, run) for run in session.exec(select(Run)).all())


def our_books(session: Session) -> OurBooks:
    runs = session.exec(select(Run).order_by(Run.number)).all()
    return OurBooks(
        {order.reference: order for order in erp_sync.erp_orders(session, runs)},
        {run.reference: run.status.value for run in runs},
        {run.reference: run.documents for run in runs},
    )
