"""How well a factory keeps its word: on time, in the right quantity, and how soon it answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry
from api.domain.orderbook import BookOrder, BookOrderStatus
from api.domain.plan import Run, RunSku, RunStatus
from api.domain.production import ProductionLine
from api.domain.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Of the runs that ended in a stretch of time: how many on their last day or before, and with all pieces.

    Pieces count as all there when no size lacks one that is owed; overs are owed to nobody. ``reply`` is the
    median time from an order's offer to its acceptance or a proposal; None where it answers elsewhere.
    """

    ended: int = 0
    on_time: int = 0
    complete: int = 0
    reply: timedelta | None = None


def listed(session: Session, *, since: datetime) -> Mapping[UUID, Scorecard]:
    """By factory; one without an ended run or an answer since then is not among them."""
    ended: dict[UUID, list[tuple[bool, bool]]] = defaultdict(list)
    complete = _complete(session)
    for factory_id, run, at in _endings(session, since):
        ended[factory_id].append((at.date() <= run.finish_on, complete[run.id]))
    replies = _replies(session, since)
    return {
        factory_id: Scorecard(
            ended=len(ended[factory_id]),
            on_time=sum(in_time for in_time, _ in ended[factory_id]),
            complete=sum(whole for _, whole in ended[factory_id]),
            reply=median_low(replies[factory_id]) if factory_id in replies else None,
        )
        for factory_id in ended.keys() | replies.keys()
    }


def days_late(session: Session, *, since: datetime) -> Mapping[UUID, Sequence[int]]:
    """By factory: of each run that ended, the days after its last day; negative for the days before."""
    late: dict[UUID, list[int]] = defaultdict(list)
    for factory_id, run, at in _endings(session, since):
        late[factory_id].append((at.date() - run.finish_on).days)
    return late


def _endings(session: Session, since: datetime) -> Sequence[tuple[UUID, Run, datetime]]:
    return session.exec(
        select(ProductionLine.factory_id, Run, AuditEntry.at)
        .join(Run, col(Run.line_id) == ProductionLine.id)
        .join(AuditEntry, col(AuditEntry.subject_id) == Run.id)
        .where(
            AuditEntry.noun == Run.lifecycle.noun,
            AuditEntry.after == RunStatus.DONE.value,
            AuditEntry.at >= since,
        )
    ).all()


def _complete(session: Session) -> dict[UUID, bool]:
    """Of each run, whether no size lacks a piece that is owed."""
    lacking = func.max(RunSku.quantity - RunSku.overs - RunSku.done)
    return {
        run_id: lacks <= 0
        for run_id, lacks in session.execute(select(RunSku.run_id, lacking).group_by(col(RunSku.run_id)))
    }


def _replies(session: Session, since: datetime) -> dict[UUID, list[timedelta]]:
    """From each offer to the first word on it, by factory."""
    steps = select(AuditEntry.subject_id, func.min(AuditEntry.at)).group_by(col(AuditEntry.subject_id))
    of_orders = steps.where(AuditEntry.noun == BookOrder.lifecycle.noun, AuditEntry.at >= since)
    offered = dict(session.execute(of_orders.where(AuditEntry.after == BookOrderStatus.OFFERED.value)).all())
    answered = dict(
        session.execute(of_orders.where(AuditEntry.after == BookOrderStatus.ACCEPTED.value)).all()
    )
    proposed = select(Proposal.order_id, func.min(Proposal.made_at)).group_by(col(Proposal.order_id))
    for order_id, at in session.execute(proposed):
        answered[order_id] = min(at, answered.get(order_id, at))
    found: dict[UUID, list[timedelta]] = defaultdict(list)
    for order_id, factory_id in session.execute(select(BookOrder.id, BookOrder.factory_id)):
        if order_id in offered and order_id in answered:
            found[factory_id].append(answered[order_id] - offered[order_id])
    return found
