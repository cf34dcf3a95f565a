"""Factories at work before any ERP was connected: they accept, start, report and finish in the order book."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from uuid import UUID

from sqlmodel import Session, select

import erp_bridge
from api.domain.catalogue import Item
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Role
from api.domain.orderbook import BookOrder, FlagKind
from api.domain.plan import Plan, Run
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.production import OrderChannel, ProductionLine
from api.local.demonstration.campaigns import Chapter, Story
from api.local.demonstration.dice import Dice, sheet
from api.local.demonstration.timeline import Timeline
from api.services import campaigns, erp_sync, flags, order_book

# Hours of a working day in China, in UTC.
_MORNING, _NOON, _EVENING = time(0, 30, tzinfo=UTC), time(4, tzinfo=UTC), time(10, tzinfo=UTC)
_PUSH_TAKES = timedelta(seconds=40)
_PARCELS_AFTER = timedelta(days=2)


class Sewing:
    """Sets on the timeline what each factory does with each run of an approved plan."""

    def __init__(
        self,
        session: Session,
        timeline: Timeline,
        members: Iterable[Member],
        chapters: Iterable[Chapter],
        *,
        at: datetime,
        dice: Dice,
    ) -> None:
        self._session, self._timeline, self._dice = session, timeline, dice
        everyone = list(members)
        self._of_factory = {m.factory_id: m for m in everyone if m.role is Role.FACTORY}
        self._stock = {m.team_id: m for m in everyone if m.role is Role.STOCK}
        self._campaigns = {chapter.campaign.id: chapter.campaign for chapter in chapters}
        self._late_styles = {c.design.style.id for c in chapters if c.story is Story.LATE}
        self._lines = {line.id: line for line in session.exec(select(ProductionLine))}
        self._items = {item.id: item for item in session.exec(select(Item))}
        self._late_until = (at + timedelta(days=sheet("campaigns")["late_until"])).date()

    def order(self, plan: Plan, *, at: datetime) -> None:
        """Send the plan's runs to their factories; of a late style every second run will be late."""
        runs = self._session.exec(select(Run).where(Run.plan_id == plan.id).order_by(Run.number)).all()
        late = [run for run in runs if self._style_of(run) in self._late_styles][::2]
        for run in runs:
            self._timeline.set(at + _PUSH_TAKES, partial(self._release, run, run in late))

    def _style_of(self, run: Run) -> UUID:
        return self._items[run.item_id].style_id

    def _release(self, run: Run, late: bool, at: datetime) -> None:  # noqa: FBT001 - bound by partial, in place
        order = erp_sync.erp_order(self._session, run)
        entry = order_book.entry_of(self._session, order, at=at)
        entry.begin(by=SYSTEM, at=at, why="offered to the factory")
        self._session.add(entry)
        reference = erp_bridge.ErpReference(run.number, documents=(run.number,), created=True)
        erp_sync.mark_released(self._session, run.id, reference, channel=OrderChannel.ORDER_BOOK, at=at)
        self._timeline.set(at + timedelta(minutes=self._dice.randint(40, 600)), partial(self._accept, run))
        self._timeline.set(datetime.combine(run.start_on, _MORNING), partial(self._start, run))
        self._timeline.set(datetime.combine(run.finish_on, _NOON), partial(self._report, run, 60))
        evening = datetime.combine(run.finish_on, _EVENING)
        self._timeline.set(evening, partial(self._delay if late else self._finish, run))

    def _factory(self, run: Run) -> Member:
        return self._of_factory[self._lines[run.line_id].factory_id]

    def _accept(self, run: Run, at: datetime) -> None:
        order_book.accept(self._session, run.number, member=self._factory(run), at=at)

    def _start(self, run: Run, at: datetime) -> None:
        self._tell(order_book.start(self._session, run.number, member=self._factory(run), at=at), at)

    def _report(self, run: Run, percent: int, at: datetime, *, finished: bool = False) -> None:
        order = erp_sync.erp_order(self._session, run)
        done = {line.sku: line.quantity * percent // 100 for line in order.lines}
        self._tell(
            order_book.report(
                self._session, run.number, done=done, finished=finished, member=self._factory(run), at=at
            ),
            at,
        )

    def _finish(self, run: Run, at: datetime) -> None:
        self._report(run, 100, at, finished=True)
        self._timeline.set(at + _PARCELS_AFTER, self._ship)

    def _delay(self, run: Run, at: datetime) -> None:
        """Not finished in the evening of its last day; the factory warns, and says when it will be."""
        flags.raise_flag(
            self._session,
            run.number,
            kind=FlagKind.LATE,
            expected_on=self._late_until,
            words=sheet("campaigns")["late_words"],
            member=self._factory(run),
            at=at,
        )
        self._tell(order_book.get_for_update(self._session, run.number), at)

    def _tell(self, order: BookOrder, at: datetime) -> None:
        with self._session.no_autoflush:  # a report moves dozens of pre-orders: write them at once
            erp_sync.apply(self._session, order_book.progress_of(order), at=at)

    def _ship(self, at: datetime) -> None:
        """Parcels of everything that is ready leave."""
        ready = self._session.exec(
            select(Preorder).where(Preorder.status == PreorderStatus.READY).order_by(Preorder.number)
        ).all()
        for preorder in ready:
            stock = self._stock[self._campaigns[preorder.campaign_id].team_id]
            preorder.move(PreorderStatus.SHIPPED, by=stock.actor, at=at, why="parcel handed over")
        self._session.flush()
        for campaign_id in sorted({preorder.campaign_id for preorder in ready}):
            campaigns.note_shipped(self._session, campaign_id, at=at)
