"""Which pre-orders have their place, and the day on which their last piece reaches the buyer's region."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.lifecycle import SYSTEM
from api.domain.plan import Pegging, Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import Lane, ProductionLine
from api.services import delay_notices


def served_by(session: Session, run_ids: Sequence[UUID]) -> set[UUID]:
    """The pre-orders for which the runs make a piece."""
    return set(
        session.exec(
            select(PreorderLine.preorder_id)
            .join(Pegging, col(Pegging.preorder_line_id) == PreorderLine.id)
            .where(col(Pegging.run_id).in_(run_ids))
        )
    )


def schedule(session: Session, preorder_ids: Collection[UUID], *, at: datetime) -> None:
    """Pre-orders are scheduled when runs hold all their pieces; then their day is known.

    What a cancelled run was to make is held by nobody. Who had a day before, by a run that was lost or
    moved, gets the new one; whose day is past the promise is told so.
    """
    pegged: dict[UUID, int] = defaultdict(int)
    arrives: dict[UUID, date] = {}
    lanes = {(lane.factory_id, lane.region): lane.lead_days for lane in session.exec(select(Lane))}
    rows = session.exec(
        select(Pegging, Run, ProductionLine, Preorder)
        .join(Run, col(Run.id) == Pegging.run_id)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(col(Preorder.id).in_(preorder_ids), Run.status != RunStatus.CANCELLED)
    )
    for pegging, run, line, preorder in rows:
        day = run.ready_on + timedelta(days=lanes[line.factory_id, preorder.region])
        pegged[preorder.id] += pegging.quantity
        arrives[preorder.id] = max(day, arrives.get(preorder.id, day))
    campaigns = set()
    wanted = _wanted(session, pegged)
    for preorder in session.exec(select(Preorder).where(col(Preorder.id).in_(pegged))):
        campaigns.add(preorder.campaign_id)
        if pegged[preorder.id] == wanted[preorder.id]:
            preorder.expected_on = arrives[preorder.id]
            if preorder.status == PreorderStatus.CONFIRMED:
                preorder.move(PreorderStatus.SCHEDULED, by=SYSTEM, at=at, why="runs hold all its pieces")
    for campaign in session.exec(select(Campaign).where(col(Campaign.id).in_(campaigns))):
        if campaign.status == CampaignStatus.DECIDED:
            campaign.move(CampaignStatus.IN_PRODUCTION, by=SYSTEM, at=at, why="its runs are approved")
    delay_notices.note(session, pegged, at=at)


def unschedule(session: Session, preorder_ids: Collection[UUID], *, at: datetime, why: str) -> None:
    """Scheduled pre-orders wait for a place again, and have no day."""
    for preorder in session.exec(
        select(Preorder).where(
            col(Preorder.id).in_(preorder_ids), Preorder.status == PreorderStatus.SCHEDULED
        )
    ):
        preorder.move(PreorderStatus.CONFIRMED, by=SYSTEM, at=at, why=why)
        preorder.expected_on = None


def leave_runs(session: Session, preorder: Preorder) -> None:
    """What runs make for a pre-order that ends becomes their overs: the team's stock when they are done."""
    rows = session.exec(
        select(Pegging, RunSku)
        .join(Run, col(Run.id) == Pegging.run_id)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(RunSku, and_(col(RunSku.run_id) == Pegging.run_id, col(RunSku.sku_id) == Pegging.sku_id))
        .where(PreorderLine.preorder_id == preorder.id, Run.status != RunStatus.CANCELLED)
        .with_for_update(of=[Pegging, RunSku])
    )
    for pegging, made in rows:
        made.overs += pegging.quantity
        session.delete(pegging)
    preorder.expected_on = None


def _wanted(session: Session, preorder_ids: Collection[UUID]) -> dict[UUID, int]:
    wanted: dict[UUID, int] = defaultdict(int)
    for ordered in session.exec(select(PreorderLine).where(col(PreorderLine.preorder_id).in_(preorder_ids))):
        wanted[ordered.preorder_id] += ordered.quantity
    return wanted
