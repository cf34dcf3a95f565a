"""Reading the audit: who did what, when and why. The session writes it (`api/db.py`)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import CompoundSelect, func, union_all
from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.member import Member
from api.domain.payment import Payment
from api.domain.preorder import Preorder


def history(session: Session, noun: str, subject: str) -> Sequence[AuditEntry]:
    """Every step of one thing, the first first."""
    return session.exec(
        select(AuditEntry)
        .where(AuditEntry.noun == noun, AuditEntry.subject == subject)
        .order_by(col(AuditEntry.id))
    ).all()


def latest(
    session: Session, member: Member, *, page: int, size: int = 50
) -> tuple[Sequence[AuditEntry], int]:
    """One page (from 1) of the steps of everything, the latest first, and how many there are.

    A team's member sees the campaigns, pre-orders and payments of the own team, and all that is shared.
    """
    query = select(AuditEntry)
    if member.team_id is not None:
        query = query.where(col(AuditEntry.subject_id).not_in(_of_other_teams(member.team_id)))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    shown = query.order_by(col(AuditEntry.id).desc()).limit(size).offset((page - 1) * size)
    return session.exec(shown).all(), total


def _of_other_teams(team_id: UUID) -> CompoundSelect[UUID]:
    others = select(Campaign.id).where(Campaign.team_id != team_id)
    preorders = select(Preorder.id).where(col(Preorder.campaign_id).in_(others))
    payments = select(Payment.id).where(col(Payment.preorder_id).in_(preorders))
    return union_all(others, preorders, payments)
