"""People who sign in."""

from datetime import datetime, timedelta
from functools import cache

from sqlmodel import Session, col, delete, select

from api.domain.errors import NotSignedIn, invalid
from api.domain.member import Member, SignIn
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


def names(session: Session) -> dict[str, str]:
    """What people are called, by the actor that the audit names."""
    return {member.actor: member.name for member in session.exec(select(Member))}
