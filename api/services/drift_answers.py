"""Ours is kept: what the ERP is told, once, and what becomes of the difference when it has answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import erp_bridge
from api.domain.drift import Drift, DriftKind, DriftStatus
from api.domain.errors import MergedWithOthers
from api.domain.lifecycle import SYSTEM
from api.domain.plan import Run, RunStatus
from api.services import drift as desk
from api.services import erp_sync, outbox

KEEP_OURS = "erp.keep_ours"
_ANEW = (DriftKind.QUANTITY, DriftKind.PLACE, DriftKind.MISSING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said to the ERP about one difference.

    The order stands there as `order`, where a document or a date is no matter; `withdrawn` is the reference
    it had before, to be cancelled there, or empty.
    """

    kind: DriftKind
    part: str
    order: erp_bridge.ErpOrder
    withdrawn: str
    reason: str


def keep(session: Session, drift: Drift, run: Run, *, by: str, why: str, at: datetime) -> None:
    """Ours holds, and a message tells the ERP so.

    A date is written there, a draft confirmed, an unknown document withdrawn. What cannot be changed there,
    or is gone, is sent as a new revision, under a new reference: with it every other difference of the run
    is answered too. Raises MergedWithOthers where that would take another run's pieces along.
    """
    withdrawn = ""
    answered: Sequence[Drift] = [drift]
    if drift.kind in _ANEW or drift.ends_the_run:
        answered = [each for each in desk.of_run(session, run) if each.status != DriftStatus.KEPT]
        if any(each.kind == DriftKind.MERGED for each in answered):
            raise MergedWithOthers(run.number)
        withdrawn = run.reference
        run.revision += 1
    for each in answered:
        each.settle(DriftStatus.KEPT, by=by, at=at, why=why)
        each.awaits_erp = True
    outbox.record(session, KEEP_OURS, subject=run.number, at=at, drift_id=str(drift.id), withdrawn=withdrawn)


def to_send(session: Session, drift_id: UUID, *, withdrawn: str) -> Answer | None:
    """The answer that still waits to be sent; None where it was, or where the run has ended since."""
    drift = desk.get(session, drift_id)
    run = session.get_one(Run, drift.run_id)
    unsent = drift.status == DriftStatus.KEPT and drift.awaits_erp
    matters = drift.kind == DriftKind.UNKNOWN or run.status in (RunStatus.RELEASED, RunStatus.STARTED)
    if not (unsent and matters):
        return None
    order = erp_sync.erp_order(session, run)
    return Answer(drift.kind, drift.part, order, withdrawn, drift.words)


def sent(session: Session, drift_id: UUID, documents: Sequence[str], *, at: datetime) -> None:
    """The ERP has what we said; the next look closes the difference or opens it again."""
    drift, run = _lock(session, drift_id)
    if not drift.awaits_erp:
        return
    if documents:
        run.documents = list(documents)
    for each in _awaiting(session, drift):
        each.awaits_erp, each.settled_at = False, at
        if each.kind == DriftKind.UNKNOWN:
            each.settle(DriftStatus.GONE, by=SYSTEM, at=at, why="withdrawn there")


def refused(session: Session, drift_id: UUID, *, withdrawn: str, words: str, at: datetime) -> None:
    """The ERP refuses ours: the difference waits for a person again, with the ERP's words."""
    drift, run = _lock(session, drift_id)
    if not drift.awaits_erp:
        return
    if withdrawn and run.reference != withdrawn:
        run.revision -= 1
    for each in _awaiting(session, drift):
        each.awaits_erp = False
        each.settle(DriftStatus.OPEN, by=run.channel or SYSTEM, at=at, why=words[:1000])


def _awaiting(session: Session, drift: Drift) -> Sequence[Drift]:
    """What one message answers: the difference, and where the order went out anew all others of its run."""
    query = select(Drift).where(Drift.run_id == drift.run_id, Drift.status == DriftStatus.KEPT)
    found = session.exec(query.where(col(Drift.awaits_erp)).with_for_update()).all()
    anew = drift.kind in _ANEW or drift.ends_the_run
    return found if anew else [each for each in found if each.id == drift.id]


def _lock(session: Session, drift_id: UUID) -> tuple[Drift, Run]:
    run = erp_sync.for_update(session, desk.get(session, drift_id).run_id)
    drift = desk.get(session, drift_id)
    session.refresh(drift, with_for_update=True)
    return drift, run
