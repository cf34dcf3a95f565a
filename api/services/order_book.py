"""Our own order book: what factories without an ERP read, accept and report on, without a consumer's name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

import erp_bridge
from api.db import transaction
from api.domain.audit import AuditEntry
from api.domain.catalogue import SIZES, Item, Sku, Style
from api.domain.errors import Unknown, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.orderbook import BookOrder, BookOrderStatus, WorkStage
from api.domain.production import SHIFT_ENDS, Factory
from api.domain.proposal import OPEN, Proposal, ProposalStatus

_STATES = {
    BookOrderStatus.OFFERED: erp_bridge.ProgressState.WAITING,
    BookOrderStatus.ACCEPTED: erp_bridge.ProgressState.CONFIRMED,
    BookOrderStatus.STARTED: erp_bridge.ProgressState.STARTED,
    BookOrderStatus.DONE: erp_bridge.ProgressState.DONE,
    BookOrderStatus.CANCELLED: erp_bridge.ProgressState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class OrderBookStore:
    """The order book's side of `erp_bridge.orderbook.Store`; each call is a transaction of its own."""

    at: datetime
    """The moment that is written beside what changes."""

    def unknown_skus(self, skus: Collection[str]) -> Collection[str]:
        with transaction() as session:
            known = set(session.exec(select(Sku.code).where(col(Sku.code).in_(skus))))
        return set(skus) - known

    def insert(self, order: erp_bridge.ErpOrder) -> bool:
        with transaction() as session:
            entry = entry_of(session, order, at=self.at)
            values = entry.model_dump(include=set(BookOrder.model_fields))
            # One statement decides between twins: the reference is unique.
            added = session.execute(
                insert(BookOrder).values(**values).on_conflict_do_nothing().returning(col(BookOrder.id))
            ).first()
            if added is not None:
                session.add(_offered(entry, self.at))
            return added is not None

    def read(self, references: Collection[str]) -> Iterable[erp_bridge.Progress]:
        with transaction() as session:
            held = session.exec(select(BookOrder).where(col(BookOrder.reference).in_(references))).all()
        return [progress_of(order) for order in held]

    def reschedule(self, reference: str, start_at: datetime, finish_at: datetime) -> bool:
        with transaction() as session:
            held = BookOrder.reference == reference
            order = session.exec(select(BookOrder).where(held).with_for_update()).first()
            if order is None or order.status in (BookOrderStatus.DONE, BookOrderStatus.CANCELLED):
                return False
            if order.status != BookOrderStatus.STARTED:
                order.start_on = start_at.date()
            order.finish_on, order.expected_on, order.changed_at = finish_at.date(), None, self.at
        return True

    def withdraw(self, reference: str, reason: str) -> bool:
        with transaction() as session:
            order = get_for_update(session, reference)
            if order.status == BookOrderStatus.CANCELLED:
                return True
            if order.pieces(WorkStage.CUT) or order.status == BookOrderStatus.DONE:
                return False
            withdraw_proposal(session, order, by=SYSTEM, at=self.at, why=reason)
            order.move(BookOrderStatus.CANCELLED, by=SYSTEM, at=self.at, why=reason)
            order.changed_at = self.at
        return True


def entry_of(session: Session, order: erp_bridge.ErpOrder, *, at: datetime) -> BookOrder:
    """The entry that an order becomes, offered and not yet written."""
    factory = session.exec(select(Factory).where(Factory.code == order.factory)).one()
    return BookOrder(
        reference=order.reference,
        factory_id=factory.id,
        line_code=order.line,
        quantities={line.sku: line.quantity for line in order.lines},
        start_on=order.start_at.date(),
        finish_on=order.finish_at.date(),
        changed_at=at,
    )


def _offered(order: BookOrder, at: datetime) -> AuditEntry:
    """The first step of an order, which an INSERT past the session does not write by itself."""
    return AuditEntry(
        noun=order.lifecycle.noun,
        subject_id=order.id,
        subject=order.reference,
        after=order.status.value,
        actor=SYSTEM,
        why="offered to the factory",
        at=at,
    )


def progress_of(order: BookOrder) -> erp_bridge.Progress:
    """What the factory has said of an order so far."""
    expected = order.expected_on or order.finish_on
    return erp_bridge.Progress(
        reference=order.reference,
        state=_STATES[order.status],
        done=tuple(erp_bridge.Pieces(sku, int(order.done.get(sku, 0))) for sku in sorted(order.quantities)),
        expected_finish_at=datetime.combine(expected, SHIFT_ENDS),
        changed_at=order.changed_at,
        documents=(order.reference,),
    )


@dataclass(frozen=True, slots=True)
class SizeView:
    """One size of an order: pieces wanted, and those that have passed each stage."""

    sku: str
    size: str
    wanted: int
    made: Mapping[WorkStage, int]


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with what it says to people who sew: style, colour, and the sizes with their pieces."""

    order: BookOrder
    style: Style
    item: Item
    sizes: tuple["SizeView", ...]
    """Small to large."""


def of_factory(session: Session, member: Member) -> Sequence[OrderView]:
    """Orders of the member's own factory, the next to start first."""
    member.must_have(Right.REPORT_PROGRESS)
    orders = session.exec(
        select(BookOrder)
        .where(BookOrder.factory_id == member.factory_id)
        .order_by(col(BookOrder.start_on), BookOrder.reference)
    ).all()
    return [view(session, order) for order in orders]


def view(session: Session, order: BookOrder) -> OrderView:
    known = session.exec(select(Sku).where(col(Sku.code).in_(order.quantities)))
    skus = sorted(known, key=lambda sku: SIZES.index(sku.size))
    item = session.get_one(Item, skus[0].item_id)
    return OrderView(
        order=order,
        style=session.get_one(Style, item.style_id),
        item=item,
        sizes=tuple(
            SizeView(
                sku.code,
                sku.size,
                order.quantities[sku.code],
                {stage: int(order.made(stage).get(sku.code, 0)) for stage in WorkStage},
            )
            for sku in skus
        ),
    )


def get_of_factory(session: Session, reference: str, member: Member) -> BookOrder:
    """An order of the member's own factory, locked; another's is Unknown to them."""
    member.must_have(Right.REPORT_PROGRESS)
    order = get_for_update(session, reference)
    if order.factory_id != member.factory_id:
        raise Unknown("order", reference)
    return order


def accept(session: Session, reference: str, *, member: Member, at: datetime) -> BookOrder:
    """The factory takes the order with its quantities and days."""
    return _step(
        session, reference, BookOrderStatus.ACCEPTED, member=member, at=at, why="accepted by the factory"
    )


def start(session: Session, reference: str, *, member: Member, at: datetime) -> BookOrder:
    """Cloth is being cut."""
    return _step(session, reference, BookOrderStatus.STARTED, member=member, at=at, why="cutting has begun")


def report(
    session: Session,
    reference: str,
    *,
    done: Mapping[str, int],
    finished: bool,
    member: Member,
    at: datetime,
    sewn: Mapping[str, int] | None = None,
    cut: Mapping[str, int] | None = None,
) -> BookOrder:
    """Good pieces so far by SKU code, packed (`done`), sewn and cut; `finished` says that no more will come.

    The first report of an accepted order starts it.
    """
    order = get_of_factory(session, reference, member)
    if order.status == BookOrderStatus.ACCEPTED:
        order.move(BookOrderStatus.STARTED, by=member.actor, at=at, why="cutting has begun")
        session.flush()  # the database sees, and judges, every step
    if order.status != BookOrderStatus.STARTED:
        raise invalid("done", dict(done), f"the order {reference} is {order.status.value}: start it first")
    order.report(done, sewn=sewn or {}, cut=cut or {})
    order.changed_at = at
    counted = ", ".join(f"{order.pieces(stage)} {stage.value}" for stage in WorkStage)
    if finished:
        order.move(BookOrderStatus.DONE, by=member.actor, at=at, why=f"the factory is finished: {counted}")
    else:
        session.add(remark(order, by=member.actor, at=at, why=counted))
    return order


def _step(
    session: Session, reference: str, after: BookOrderStatus, *, member: Member, at: datetime, why: str
) -> BookOrder:
    order = get_of_factory(session, reference, member)
    order.move(after, by=member.actor, at=at, why=why)
    order.changed_at = at
    withdraw_proposal(session, order, by=member.actor, at=at, why=why)
    return order


def withdraw_proposal(session: Session, order: BookOrder, *, by: str, at: datetime, why: str) -> bool:
    """End the factory's proposal that waits for an answer; False where none does."""
    found = session.exec(
        select(Proposal)
        .where(Proposal.order_id == order.id, col(Proposal.status).in_(OPEN))
        .with_for_update()
    ).first()
    if found is None:
        return False
    found.move(ProposalStatus.WITHDRAWN, by=by, at=at, why=why)
    found.answered_at = at
    session.flush()  # an order has room for one open proposal: the next must find this one closed
    return True


def remark(order: BookOrder, *, by: str, at: datetime, why: str) -> AuditEntry:
    """What happened to an order that stays in its state, for the audit."""
    return AuditEntry(
        noun=order.lifecycle.noun,
        subject_id=order.id,
        subject=order.reference,
        before=order.status.value,
        after=order.status.value,
        actor=by,
        why=why,
        at=at,
    )


def get_for_update(session: Session, reference: str) -> BookOrder:
    """The order, locked; raises Unknown."""
    order = session.exec(select(BookOrder).where(BookOrder.reference == reference).with_for_update()).first()
    if order is None:
        raise Unknown("order", reference)
    return order


def factory_of(session: Session, member: Member) -> Factory:
    """The factory a member works for; one without any sees none."""
    factory = session.get(Factory, member.factory_id) if member.factory_id else None
    if factory is None:
        raise Unknown("factory", member.name)
    return factory
