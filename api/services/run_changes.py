"""A run on other days or with other quantities: what it makes, for whom, and what that would mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.catalogue import Sku
from api.domain.plan import Pegging, Run, RunSku
from api.domain.preorder import Preorder, PreorderLine
from api.services import planning, scheduling


@contextmanager
def as_if(session: Session) -> Iterator[None]:
    """Whatever the block does to the database is undone when it ends: it only wanted to know."""
    savepoint = session.begin_nested()
    try:
        yield
        session.flush()
    finally:
        savepoint.rollback()


def change(
    session: Session, run: Run, *, finish_on: date, quantities: Mapping[str, int], at: datetime
) -> set[UUID]:
    """The run ends on another day and makes other quantities by SKU code; returns whose pieces it loses.

    Of a smaller quantity overs go first, then the pieces of those who paid last: the pre-order lines
    returned wait for a place again. A larger quantity is more overs. The week moves with the last day.
    """
    served = scheduling.served_by(session, [run.id])
    _move(run, finish_on, today=at.date())
    freed = {
        line_id for sku, quantity in quantities.items() for line_id in _resize(session, run, sku, quantity)
    }
    session.flush()
    losers = _preorders_of(session, freed)
    scheduling.unschedule(session, losers, at=at, why=f"run {run.number} makes fewer")
    scheduling.schedule(session, served - losers, at=at)
    session.flush()
    return freed


def _move(run: Run, finish_on: date, *, today: date) -> None:
    """As many days as before up to the new last one, though none of them in the past."""
    length = run.finish_on - run.start_on
    run.start_on = min(finish_on, max(today, finish_on - length))
    run.finish_on, run.expected_on = finish_on, None
    run.bucket_on = planning.monday_of(finish_on)


def _resize(session: Session, run: Run, sku_code: str, quantity: int) -> Iterator[UUID]:
    """Make so many of one SKU, 0 included; yields the pre-order lines that lose pieces."""
    made = session.exec(
        select(RunSku)
        .join(Sku, col(Sku.id) == RunSku.sku_id)
        .where(RunSku.run_id == run.id, Sku.code == sku_code)
    ).one()
    fewer = made.quantity - quantity
    if fewer <= 0:
        made.quantity, made.overs = quantity, made.overs - fewer
        return
    fewer_overs = min(fewer, made.overs)
    yield from _unpeg(session, run, made.sku_id, fewer - fewer_overs)
    if quantity == 0:
        session.delete(made)
    else:
        made.quantity, made.overs = quantity, made.overs - fewer_overs


def _unpeg(session: Session, run: Run, sku_id: UUID, pieces: int) -> Iterator[UUID]:
    """Take so many pieces from those they were meant for, who paid last first."""
    rows = session.exec(
        select(Pegging)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(Pegging.run_id == run.id, Pegging.sku_id == sku_id)
        .order_by(col(Preorder.paid_at).desc(), col(Preorder.number).desc())
    )
    for peg in rows.all():
        taken = min(pieces, peg.quantity)
        if taken == 0:
            return
        pieces -= taken
        if taken == peg.quantity:
            session.delete(peg)
        else:
            peg.quantity -= taken
        yield peg.preorder_line_id


def _preorders_of(session: Session, line_ids: set[UUID]) -> set[UUID]:
    return set(session.exec(select(PreorderLine.preorder_id).where(col(PreorderLine.id).in_(line_ids))))
