"""What becomes of a difference with the ERP: theirs is taken, ours is kept, or both are left as they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry
from api.domain.drift import Decision, Drift, DriftKind, DriftRule, DriftStatus, RuleName
from api.domain.errors import NotDecidable, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.plan import Run, RunStatus
from api.domain.preorder import Preorder
from api.services import drift as desk
from api.services import drift_answers, erp_sync, run_changes, scheduling, serving

LONGEST_REASON = 1000
LONGEST_WAIT_HOURS = 24 * 30


@dataclass(frozen=True, slots=True)
class Effects:
    """What taking theirs would mean for the pre-orders that the run serves.

    `waiting` would have no place and wait for a plan, by number; `late` would arrive after their promise, by
    up to `days` days; `late_now` do already. `within_promise`: nobody gets later than promised by it.
    """

    preorders: int
    waiting: tuple[str, ...]
    late_now: int
    late: int
    days: int
    within_promise: bool


def effects(session: Session, drift: Drift, *, at: datetime) -> Effects:
    """What taking theirs would mean; nothing changes."""
    run = session.get_one(Run, drift.run_id)
    served = scheduling.served_by(session, [run.id])
    held, before = serving.wholly_held(session, served), _days_late(session, served)
    with run_changes.as_if(session):
        _follow(session, drift, run, by=SYSTEM, at=at)
        session.flush()
        still, after = serving.wholly_held(session, served), _days_late(session, served)
    return Effects(
        preorders=len(served),
        waiting=_numbers(session, held - still),
        late_now=sum(days > 0 for days in before.values()),
        late=sum(days > 0 for days in after.values()),
        days=max([0, *after.values()]),
        within_promise=held == still
        and all(days <= max(0, before.get(each, 0)) for each, days in after.items()),
    )


def decide(
    session: Session, drift_id: UUID, decision: Decision, *, reason: str, member: Member, at: datetime
) -> Drift:
    """A person settles a difference. Raises NotDecidable where it is settled, or this is no way to do it."""
    member.must_have(Right.DECIDE_DRIFT)
    drift, run = _lock(session, drift_id)
    if decision not in drift.decisions:
        raise NotDecidable(drift.reference, drift.kind.value, drift.status.value, decision.value)
    why = reason[:LONGEST_REASON]
    match decision:
        case Decision.TAKE:
            _take(session, drift, run, by=member.actor, why=why, at=at)
        case Decision.KEEP:
            drift_answers.keep(session, drift, run, by=member.actor, why=why, at=at)
        case Decision.LEAVE:
            _leave(drift, by=member.actor, why=why, at=at)
    session.flush()
    return drift


def follow_rules(session: Session, *, at: datetime) -> list[Drift]:
    """Take theirs where a rule that is switched on says so and nobody decided in time."""
    rules = [rule for rule in desk.rules(session) if rule.enabled]
    taken = []
    for found in desk.live(session) if rules else ():
        rule = next((r for r in rules if r.due(found, at) and _speaks(session, r, found, at)), None)
        if rule is not None:
            drift, run = _lock(session, found.id)
            why = f"rule {rule.name.value}: nobody decided for {rule.after_hours} hours"
            _take(session, drift, run, by=SYSTEM, why=why, at=at)
            session.flush()
            taken.append(drift)
    return taken


def set_rule(
    session: Session, name: RuleName, *, enabled: bool, after_hours: int, member: Member, at: datetime
) -> DriftRule:
    """Switch a rule on or off, and say how long a person has before it speaks."""
    member.must_have(Right.DECIDE_DRIFT)
    if not 0 <= after_hours <= LONGEST_WAIT_HOURS:
        raise invalid("after_hours", after_hours, f"must be between 0 and {LONGEST_WAIT_HOURS}")
    rule = session.get_one(DriftRule, name)
    before = rule.in_words
    rule.enabled, rule.after_hours = enabled, after_hours
    session.add(
        AuditEntry(
            noun="rule",
            subject_id=uuid5(NAMESPACE_URL, name.value),
            subject=name.value,
            before=before,
            after=rule.in_words,
            actor=member.actor,
            why="set in the console",
            at=at,
        )
    )
    return rule


def _lock(session: Session, drift_id: UUID) -> tuple[Drift, Run]:
    """The run first, as a look does it, then the difference."""
    run = erp_sync.for_update(session, desk.get(session, drift_id).run_id)
    drift = session.exec(
        select(Drift).where(Drift.id == drift_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    return drift, run


def _take(session: Session, drift: Drift, run: Run, *, by: str, why: str, at: datetime) -> None:
    _follow(session, drift, run, by=by, at=at)
    drift.settle(DriftStatus.TAKEN, by=by, at=at, why=why)
    session.flush()
    if run.status == RunStatus.CANCELLED:
        desk.close_ended(session, at=at)


def _follow(session: Session, drift: Drift, run: Run, *, by: str, at: datetime) -> None:
    """Our run as it stands there."""
    if drift.ends_the_run:
        run.move(RunStatus.CANCELLED, by=by, at=at, why=f"{drift.theirs} in the ERP")
        session.flush()
        serving.free_preorders(session, run, at=at)
    elif drift.kind == DriftKind.DATE:
        run_changes.change(session, run, finish_on=date.fromisoformat(drift.theirs), quantities={}, at=at)
    else:
        quantities = {drift.part: int(drift.theirs)}
        run_changes.change(session, run, finish_on=run.finish_on, quantities=quantities, at=at)


def _leave(drift: Drift, *, by: str, why: str, at: datetime) -> None:
    if drift.status == DriftStatus.LEFT:
        raise NotDecidable(drift.reference, drift.kind.value, drift.status.value, Decision.LEAVE.value)
    drift.settle(DriftStatus.LEFT, by=by, at=at, why=why)


def _speaks(session: Session, rule: DriftRule, drift: Drift, at: datetime) -> bool:
    return rule.name != RuleName.WITHIN_PROMISE or effects(session, drift, at=at).within_promise


def _days_late(session: Session, preorder_ids: Collection[UUID]) -> dict[UUID, int]:
    """Days after the promise, negative before it, of those that have a day."""
    rows = session.exec(select(Preorder).where(col(Preorder.id).in_(preorder_ids)))
    return {p.id: (p.expected_on - p.promise_by_on).days for p in rows if p.expected_on is not None}


def _numbers(session: Session, preorder_ids: Collection[UUID]) -> tuple[str, ...]:
    query = select(Preorder.number).where(col(Preorder.id).in_(preorder_ids)).order_by(Preorder.number)
    return tuple(session.exec(query))
