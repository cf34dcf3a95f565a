"""One kind of session for HTTP, command line and workers; state changes are audited as it flushes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, inspect
from sqlmodel import Session

from api.domain.audit import AuditEntry
from api.domain.lifecycle import Stateful
from api.settings import settings


def driver_url(database_url: str) -> str:
    """The same database through psycopg 3."""
    _, _, rest = database_url.partition("://")
    return f"postgresql+psycopg://{rest}"


@lru_cache
def engine() -> Engine:
    """The engine of this process."""
    return create_engine(
        driver_url(settings().database_url), pool_pre_ping=True, pool_size=10, max_overflow=20
    )


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@event.listens_for(Session, "before_flush")
def _write_audit(session: Session, *_: Any) -> None:
    """Every step of a state machine becomes an audit entry in the same transaction."""
    changed = [obj for obj in (*session.new, *session.dirty) if isinstance(obj, Stateful)]
    entries = [entry for subject in changed for entry in _entries(subject)]
    if entries:  # in one go: a close moves thousands of pre-orders and payments
        session.connection().execute(insert(AuditEntry), entries)


def _entries(subject: Stateful) -> list[dict[str, Any]]:
    """The audit entries of the steps a subject has taken since they were last written."""
    moves = subject.take_moves()
    if not moves and inspect(subject).attrs.status.history.added:
        raise RuntimeError(
            f"{subject.lifecycle.noun} {subject.name_for_people}: status changed without move()"
        )
    return [
        {
            "noun": subject.lifecycle.noun,
            "subject_id": subject.id,  # type: ignore[attr-defined]
            "subject": subject.name_for_people,
            "before": step.before,
            "after": step.after,
            "actor": step.by,
            "why": step.why,
            "at": step.at,
        }
        for step in moves
    ]
