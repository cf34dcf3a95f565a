"""People who sign in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import CompoundSelect, func, union_all
from sqlmodel import Session, col, delete, select

from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.errors import NotSignedIn, invalid
from api.domain.member import Member, SignIn
from api.domain.payment import Payment
from api.domain.preorder import Preorder
from api.security import digest, hash_password, new_key, password_fits

SIGN_IN_LASTS = timedelta(hours=12)


@cache
def _nobody() -> str:
    """Verified when there is no such member, so that the answer takes as long as for one."""
    return hash_password(new_key())


def sign_in(session: Session, *, email: str, password: str, at: datetime) -> str:
    """Open a session and return the key for the cookie; raises InvalidRequest not saying which is wrong."""
    member = session.exec(select(Member).where(Member.email == email.strip().lower())).first()
    if not password_fits(password, member.password_hash if member else _nobody()) or member is None:
        raise invalid("password", None, "e-mail and password do not belong together")
    key = new_key()
    session.add(SignIn(key_digest=digest(key), member_id=member.id, expires_at=at + SIGN_IN_LASTS))
    return key


def sign_out(session: Session, key: str) -> None:
    session.execute(delete(SignIn).where(col(SignIn.key_digest) == digest(key)))


def of_key(session: Session, key: str | None, *, at: datetime) -> Member:
    """Who is signed in with this cookie; raises NotSignedIn."""
    held = session.get(SignIn, digest(key)) if key else None
    if held is None or held.expires_at <= at:
        raise NotSignedIn
    return session.get_one(Member, held.member_id)


def history(session: Session, noun: str, subject: str) -> Sequence[AuditEntry]:
    """Every step of one thing, the first first."""
    return session.exec(
        select(AuditEntry)
        .where(AuditEntry.noun == noun, AuditEntry.subject == subject)
        .order_by(col(AuditEntry.id))
    ).all()


def names(session: Session) -> dict[str, str]:
    """What people are called, by the actor that the audit names."""
    return {member.actor: member.name for member in session.exec(select(Member))}


def audit(session: Session, member: Member, *, page: int, size: int = 50) -> tuple[Sequence[AuditEntry], int]:
    """One page (from 1) of the steps of everything, the latest first, and how many there are.

    A team's member sees the campaigns, pre-orders and payments of the own team, and all that is shared.
    """
    query = select(AuditEntry)
    if member.team_id is not None:
        query = query.where(col(AuditEntry.subject_id).not_in(_of_other_teams(member.team_id)))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    latest = query.order_by(col(AuditEntry.id).desc()).limit(size).offset((page - 1) * size)
    return session.exec(latest).all(), total


def _of_other_teams(team_id: UUID) -> CompoundSelect[UUID]:
    others = select(Campaign.id).where(Campaign.team_id != team_id)
    preorders = select(Preorder.id).where(col(Preorder.campaign_id).in_(others))
    payments = select(Payment.id).where(col(Payment.preorder_id).in_(preorders))
    return union_all(others, preorders, payments)
