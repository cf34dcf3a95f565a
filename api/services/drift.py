"""The drift desk's books: what each look at the ERP finds, once, and what is no difference any more."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

import erp_bridge
from api.domain.drift import LIVE, Drift, DriftKind, DriftRule, DriftStatus
from api.domain.errors import Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.plan import Pegging, Run, RunStatus
from api.domain.production import OrderChannel
from api.services import erp_sync
from erp_bridge.holdings import Difference, Holding, compare

LONGEST_VALUE = 200
_LOOKS = 0x64726966  # "drif": two looks at once would write the same difference twice


def orders(session: Session) -> list[erp_bridge.ErpOrder]:
    """What we released to the ERP and is not done there, as we mean it now.

    A run whose answer to a difference is still on its way is left out: the ERP has not heard of it.
    """
    waiting = set(
        session.exec(select(Drift.run_id).where(Drift.status == DriftStatus.KEPT, col(Drift.awaits_erp)))
    )
    released = erp_sync.in_progress(session, OrderChannel.ERP)
    return erp_sync.erp_orders(session, [run for run in released if run.id not in waiting])


def note(session: Session, holdings: Sequence[Holding], *, looked_at: datetime, at: datetime) -> list[Drift]:
    """Write down what a look found; returns the differences that wait for a person.

    The same difference is one row however often it is seen, and closes when a look finds it gone. What was
    decided after `looked_at`, the moment before the ERP was asked, is left to the next look.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOOKS)))
    close_ended(session, at=at)
    found = []
    by_reference = {holding.reference: holding for holding in holdings}
    concerned = select(Run).join(Drift, col(Drift.run_id) == Run.id).where(col(Drift.status).in_(LIVE))
    known = {run.reference for run in session.exec(concerned)}
    for order in orders(session):
        holding = by_reference.get(order.reference)
        differences = compare(order, holding) if holding else ()
        if holding and (differences or order.reference in known):
            found += _note(session, order.reference, differences, looked_at=looked_at, at=at)
    session.flush()
    return found


def close_ended(session: Session, *, at: datetime) -> None:
    """No look comes back to a run that has ended: its differences are gone with it.

    A living document that nobody ordered is none of them: it waits for its decision.
    """
    rows = session.exec(
        select(Drift)
        .join(Run, col(Run.id) == Drift.run_id)
        .where(col(Drift.status).in_(LIVE), col(Run.status).in_([RunStatus.DONE, RunStatus.CANCELLED]))
    )
    for drift in rows.all():
        if drift.kind != DriftKind.UNKNOWN or drift.status == DriftStatus.LEFT:
            drift.settle(DriftStatus.GONE, by=SYSTEM, at=at, why="the run has ended")
            drift.awaits_erp = False


def live(session: Session) -> Sequence[Drift]:
    """Every difference there is, those that wait for a decision first, the oldest first."""
    return session.exec(
        select(Drift)
        .where(col(Drift.status).in_(LIVE))
        .order_by(col(Drift.status) != DriftStatus.OPEN, col(Drift.found_at), Drift.reference, Drift.part)
    ).all()


def settled(session: Session, *, limit: int) -> Sequence[Drift]:
    """Differences that are no more, the latest first."""
    return session.exec(
        select(Drift)
        .where(col(Drift.status).in_((DriftStatus.TAKEN, DriftStatus.GONE)))
        .order_by(col(Drift.settled_at).desc())
        .limit(limit)
    ).all()


def of_run(session: Session, run: Run) -> Sequence[Drift]:
    """Differences of one run that there are now."""
    return session.exec(
        select(Drift)
        .where(Drift.run_id == run.id, col(Drift.status).in_(LIVE))
        .order_by(col(Drift.found_at), Drift.part)
        .execution_options(populate_existing=True)
    ).all()


def get(session: Session, drift_id: UUID) -> Drift:
    """One difference, or Unknown."""
    drift = session.get(Drift, drift_id)
    if drift is None:
        raise Unknown("difference", str(drift_id))
    return drift


def rules(session: Session) -> Sequence[DriftRule]:
    """What may be taken over without a person."""
    return session.exec(select(DriftRule).order_by(DriftRule.name)).all()


def pegged_pieces(session: Session, run_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Pieces that buyers wait for, by run."""
    rows = session.execute(
        select(Pegging.run_id, func.sum(Pegging.quantity))
        .where(col(Pegging.run_id).in_(list(run_ids)))
        .group_by(col(Pegging.run_id))
    )
    return {run_id: int(pieces) for run_id, pieces in rows}


def _decided_since(session: Session, run: Run, looked_at: datetime) -> bool:
    """Whether something of this run was settled after the ERP was asked."""
    last = session.exec(select(func.max(Drift.settled_at)).where(Drift.run_id == run.id)).one()
    return last is not None and last > looked_at


def _note(
    session: Session, reference: str, differences: Sequence[Difference], *, looked_at: datetime, at: datetime
) -> list[Drift]:
    """Whoever decides locks the run too: what is read after the lock is what stands."""
    run = erp_sync.find_by_reference(session, reference)
    if run is None or _decided_since(session, run, looked_at):
        return []
    known = {(drift.kind.value, drift.part): drift for drift in of_run(session, run)}
    waiting = []
    for difference in differences:
        drift = known.pop((difference.kind.value, difference.part), None)
        if drift is None:
            drift = _open(session, run, difference, at=at)
        else:
            _seen_again(drift, difference, at=at)
        if drift.status == DriftStatus.OPEN:
            waiting.append(drift)
    for drift in known.values():
        drift.settle(DriftStatus.GONE, by=SYSTEM, at=at, why="both sides agree")
    return waiting


def _open(session: Session, run: Run, difference: Difference, *, at: datetime) -> Drift:
    drift = Drift(
        run_id=run.id,
        reference=difference.reference,
        kind=DriftKind(difference.kind.value),
        part=difference.part,
        ours=difference.ours[:LONGEST_VALUE],
        theirs=difference.theirs[:LONGEST_VALUE],
        touched_by=difference.touch.by[:LONGEST_VALUE],
        touched_at=difference.touch.at,
        found_at=at,
    )
    who = f" by {drift.touched_by}" if drift.touched_by else ""
    words = f"{drift.kind.value} {drift.part}".strip()
    drift.begin(by=SYSTEM, at=at, why=f"{words}: {drift.ours} here, {drift.theirs} there{who}")
    session.add(drift)
    return drift


def _seen_again(drift: Drift, difference: Difference, *, at: datetime) -> None:
    """The same difference stays as it is; another value, or one our answer did not end, is open again."""
    changed = drift.theirs != difference.theirs[:LONGEST_VALUE]
    drift.ours, drift.theirs = difference.ours[:LONGEST_VALUE], difference.theirs[:LONGEST_VALUE]
    if changed or drift.touched_at is None:
        drift.touched_by, drift.touched_at = difference.touch.by[:LONGEST_VALUE], difference.touch.at
    if drift.status == DriftStatus.KEPT or (drift.status == DriftStatus.LEFT and changed):
        drift.move(DriftStatus.OPEN, by=SYSTEM, at=at, why=f"{drift.theirs} stands there")
