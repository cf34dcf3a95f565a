"""What a plan begins from: the plan people saw last, in the weeks of today."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

import planner
from api.domain.plan import Plan, PlanStatus
from api.services import planning

_SEEN = (PlanStatus.PROPOSED, PlanStatus.APPROVED)


def find(session: Session, *, at: datetime) -> str | None:
    """The number of the plan of everything that was asked for last before a moment and has an answer.

    One that was put away is nothing to begin from.
    """
    return session.exec(
        select(Plan.number)
        .where(col(Plan.status).in_(_SEEN), col(Plan.requested_at) < at, col(Plan.weighs).is_(None))
        .order_by(col(Plan.requested_at).desc(), col(Plan.number).desc())
        .limit(1)
    ).first()


def read(session: Session, plan: Plan) -> planner.Plan | None:
    """The answer that the plan begins from, in the plan's own weeks; None where it begins from scratch."""
    if plan.begun_from is None:
        return None
    before = session.exec(select(Plan).where(Plan.number == plan.begun_from)).one()
    return moved(before, plan)


def moved(before: Plan, plan: Plan) -> planner.Plan:
    """The answer of one plan in the weeks of a later one; what it made in weeks that have passed is out."""
    weeks = (plan.day_zero - before.day_zero).days // planning.BUCKET_DAYS
    answer = planner.Plan.from_json(before.answer)
    runs = (replace(run, bucket=run.bucket - weeks) for run in answer.runs if run.bucket >= weeks)
    return answer.stating(runs=tuple(runs), purchases=(), schedule=())
