"""The state of each part of the platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.request import urlopen

from kombu.connection import Connection
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.db import transaction
from api.domain.outbox import Heartbeat
from api.services import outbox
from api.settings import settings

WORKER_SILENT_AFTER = timedelta(seconds=15)
_PATIENCE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One part and how it is; `needed` says whether the platform is down without it."""

    name: str
    up: bool
    says: str
    needed: bool = True


def beat(session: Session, part: str, *, at: datetime) -> None:
    """A part says that it is at work."""
    # One statement: two relays may say so at the same moment, on the first day too.
    said = insert(Heartbeat).values(part=part, at=at)
    session.execute(said.on_conflict_do_update(index_elements=["part"], set_={"at": at}))


def parts(*, at: datetime) -> list[Part]:
    """Every part, asked now; takes at most a few seconds when some do not answer."""
    return [*_database(at), _broker(), _erp()]


def _database(at: datetime) -> list[Part]:
    try:
        with transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = '2s'"))
            held = session.get(Heartbeat, "worker")
            queue = outbox.counts(session)
    except SQLAlchemyError as error:
        return [
            Part("database", up=False, says=type(error).__name__),
            Part("worker", up=False, says="not known"),
        ]
    silent = at - held.at if held else None
    working = silent is not None and silent < WORKER_SILENT_AFTER
    said = f"last at work {silent.total_seconds():.0f} s ago" if silent is not None else "not seen yet"
    return [
        Part("database", up=True, says="answers"),
        Part("worker", up=working, says=said),
        Part(
            "queue",
            up=queue.parked == 0,
            says=f"{queue.waiting} waiting, {queue.parked} parked",
            needed=False,
        ),
    ]


def _broker() -> Part:
    try:
        with Connection(settings().broker_url, connect_timeout=_PATIENCE_SECONDS) as connection:  # type: ignore[no-untyped-call]
            connection.ensure_connection(max_retries=1, timeout=_PATIENCE_SECONDS)
    except Exception as error:  # noqa: BLE001 - each transport has its own errors; all mean the same here
        return Part("broker", up=False, says=type(error).__name__)
    return Part("broker", up=True, says="answers")


def _erp() -> Part:
    if not settings().odoo_url:
        return Part("erp", up=True, says="none: factories work from the order book", needed=False)
    try:
        with urlopen(f"{settings().odoo_url}/web/health", timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - our own setting
            return Part("erp", up=True, says=f"Odoo answers {answer.status}", needed=False)
    except OSError as error:  # refused, too slow, or answered with an error
        return Part("erp", up=False, says=type(error).__name__, needed=False)
