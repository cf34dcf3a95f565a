"""Pre-orders follow their runs: in production, ready, or back to wait for a plan."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.allocation import Shortfall, ShortfallStatus
from api.domain.plan import Pegging, Run, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import Lane, ProductionLine
from api.services import delay_notices, preorders, scheduling

_ON_THE_WAY = (PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION)


def move_preorders(session: Session, run: Run, *, at: datetime) -> None:
    """Started runs put their pre-orders in production; one is ready when all its pieces are made.

    Whoever lacks pieces of a run that ended short stays in production until a person has settled it.
    """
    if run.status in (RunStatus.STARTED, RunStatus.DONE):
        advance(session, scheduling.served_by(session, [run.id]), at=at, why=f"run {run.number}")


def advance(session: Session, preorder_ids: Collection[UUID], *, at: datetime, why: str) -> None:
    """Bring pre-orders whose runs have begun to the stage and the day their runs allow; tell who is late."""
    served = session.exec(
        select(Preorder)
        .where(col(Preorder.id).in_(preorder_ids), col(Preorder.status).in_(_ON_THE_WAY))
        .order_by(Preorder.number)
        .with_for_update()
    ).all()
    ids = [preorder.id for preorder in served]
    behind, whole, lacking = _runs_behind(session, ids), wholly_held(session, ids), _lacking(session, ids)
    lead_days = {(lane.factory_id, lane.region): lane.lead_days for lane in session.exec(select(Lane))}
    for preorder in served:
        making = behind[preorder.id]
        done = all(one.status == RunStatus.DONE for one, _ in making)
        if done and preorder.id in whole and preorder.id not in lacking:
            preorders.advance(session, preorder, PreorderStatus.READY, at=at, why="all its pieces are made")
        else:
            preorders.advance(session, preorder, PreorderStatus.IN_PRODUCTION, at=at, why=why)
        preorder.expected_on = max(
            (
                one.ready_on + timedelta(days=lead_days[line.factory_id, preorder.region])
                for one, line in making
            ),
            default=preorder.expected_on,
        )
    delay_notices.note(session, ids, at=at)


def free_preorders(session: Session, run: Run, *, at: datetime) -> None:
    """What a cancelled run was to make waits for a plan: pre-orders not yet in production go back to it.

    Those in production stay there without a day, for a part of them is made or being made.
    """
    losers = scheduling.served_by(session, [run.id])
    scheduling.unschedule(session, losers, at=at, why=f"run {run.number} was cancelled")
    for preorder in session.exec(
        select(Preorder).where(col(Preorder.id).in_(losers), Preorder.status == PreorderStatus.IN_PRODUCTION)
    ):
        preorder.expected_on = None


def _runs_behind(
    session: Session, preorder_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Run, ProductionLine]]]:
    rows = session.exec(
        select(PreorderLine.preorder_id, Run, ProductionLine)
        .join(Pegging, col(Pegging.preorder_line_id) == PreorderLine.id)
        .join(Run, col(Run.id) == Pegging.run_id)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .where(col(PreorderLine.preorder_id).in_(preorder_ids), Run.status != RunStatus.CANCELLED)
        .distinct()
    )
    behind: dict[UUID, list[tuple[Run, ProductionLine]]] = defaultdict(list)
    for preorder_id, run, line in rows:
        behind[preorder_id].append((run, line))
    return behind


def wholly_held(session: Session, preorder_ids: Collection[UUID]) -> set[UUID]:
    """Those all of whose pieces some living run is meant for."""
    held = (
        select(col(Pegging.preorder_line_id).label("line_id"), func.sum(Pegging.quantity).label("pieces"))
        .join(Run, col(Run.id) == Pegging.run_id)
        .where(Run.status != RunStatus.CANCELLED)
        .group_by(col(Pegging.preorder_line_id))
        .subquery()
    )
    rows = session.exec(
        select(PreorderLine.preorder_id)
        .outerjoin(held, held.c.line_id == col(PreorderLine.id))
        .where(col(PreorderLine.preorder_id).in_(preorder_ids))
        .group_by(col(PreorderLine.preorder_id))
        .having(func.sum(PreorderLine.quantity) == func.sum(func.coalesce(held.c.pieces, 0)))
    )
    return set(rows)


def _lacking(session: Session, preorder_ids: Sequence[UUID]) -> set[UUID]:
    """Those that lack pieces of a finished run, and nobody has settled it yet."""
    return set(
        session.exec(
            select(PreorderLine.preorder_id)
            .join(Shortfall, col(Shortfall.preorder_line_id) == PreorderLine.id)
            .where(col(PreorderLine.preorder_id).in_(preorder_ids), Shortfall.status == ShortfallStatus.OPEN)
        )
    )
