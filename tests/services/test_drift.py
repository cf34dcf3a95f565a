"""The drift desk: one row a difference, a decision with its effects, a message for what the ERP is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

import erp_bridge
from api.domain.audit import AuditEntry
from api.domain.drift import Decision, Drift, DriftKind, DriftRule, DriftStatus, RuleName
from api.domain.errors import InvalidRequest, MergedWithOthers, NotDecidable, RoleMissing
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.services import drift, drift_answers, drift_decisions, erp_sync, planning
from erp_bridge import ProgressState, holdings
from erp_bridge.holdings import Document, HeldPieces, Holding, Touch
from tests.factories import make_member, promise
from tests.services.test_erp_sync import released, said
from tests.services.test_planning import CLOSED

MEDIUM = "TEE-INDIGO-M"
WANG = Touch("Wang Fang", CLOSED - timedelta(minutes=3))
HOUR = timedelta(hours=1)
TAKE, KEEP, LEAVE = Decision.TAKE, Decision.KEEP, Decision.LEAVE


@pytest.fixture
def run(session: Session) -> Run:
    """A released run for three pre-orders of 4, 2 and 1 pieces, the earliest paid first."""
    return released(session, (MEDIUM, 4), (MEDIUM, 2), (MEDIUM, 1))[1]


def as_released(session: Session, run: Run) -> Holding:
    """What the ERP holds when nobody touched anything."""
    order = erp_sync.erp_order(session, run)
    pieces = tuple(
        HeldPieces(line.sku, line.quantity, ended=False, merged=False, touch=Touch()) for line in order.lines
    )
    return Holding(run.reference, ProgressState.CONFIRMED, pieces, order.finish_at, (order.line,))


def with_pieces(holding: Holding, quantity: int, *, merged: bool = False) -> Holding:
    return replace(holding, pieces=(HeldPieces(MEDIUM, quantity, ended=False, merged=merged, touch=WANG),))


def look(session: Session, holding: Holding, *, at: datetime = CLOSED) -> list[Drift]:
    """One cycle in which the ERP was asked at that moment."""
    found = drift.note(session, [holding], looked_at=at, at=at)
    session.flush()
    return found


def one(session: Session, holding: Holding) -> Drift:
    (found,) = look(session, holding)
    return found


def planner_of(session: Session) -> Member:
    return session.exec(select(Member).where(Member.role == Role.PLANNER)).one()


def decide(session: Session, found: Drift, decision: Decision, *, at: datetime = CLOSED + HOUR) -> Drift:
    return drift_decisions.decide(
        session, found.id, decision, reason="spoke with Wang", member=planner_of(session), at=at
    )


def messages(session: Session) -> list[OutboxMessage]:
    return list(
        session.exec(select(OutboxMessage).where(OutboxMessage.topic == drift_answers.KEEP_OURS)).all()
    )


def preorders_of(session: Session) -> list[Preorder]:
    return list(session.exec(select(Preorder).order_by(Preorder.number)).all())


# ---------------------------------------------------------------- finding


def test_the_words_of_the_desk_are_those_of_the_bridge() -> None:
    assert [kind.value for kind in DriftKind] == [kind.value for kind in holdings.DriftKind]


def test_a_run_that_stands_as_released_is_no_difference(session: Session, run: Run) -> None:
    assert look(session, as_released(session, run)) == []


def test_a_difference_is_one_row_however_many_cycles_see_it(session: Session, run: Run) -> None:
    for hours in range(3):
        look(session, with_pieces(as_released(session, run), 5), at=CLOSED + hours * HOUR)
    (found,) = session.exec(select(Drift)).all()
    assert (found.kind, found.part, found.ours, found.theirs) == (DriftKind.QUANTITY, MEDIUM, "7", "5")
    assert (found.touched_by, found.touched_at, found.found_at) == (*("Wang Fang", WANG.at), CLOSED)
    assert found.status == DriftStatus.OPEN


def test_a_difference_that_vanishes_closes_by_itself_and_a_later_one_is_another_row(
    session: Session, run: Run
) -> None:
    same, other = as_released(session, run), with_pieces(as_released(session, run), 5)
    for hours, holding in enumerate((other, same, other)):
        look(session, holding, at=CLOSED + hours * HOUR)
    rows = session.exec(select(Drift).order_by(col(Drift.found_at))).all()
    assert [row.status for row in rows] == [DriftStatus.GONE, DriftStatus.OPEN]


def test_every_kind_of_difference_has_its_row(session: Session, run: Run) -> None:
    holding = as_released(session, run)
    later = holding.finish_at + timedelta(days=3) if holding.finish_at else None
    changed = replace(
        with_pieces(holding, 9, merged=True),
        state=ProgressState.WAITING,
        finish_at=later,
        places=("F1-2",),
        strangers=(Document("WH/MO/00007", 7, WANG),),
    )
    kinds = {found.kind for found in look(session, changed)}
    kinds |= {found.kind for found in look(session, Holding(run.reference, ProgressState.MISSING))}
    assert kinds == set(DriftKind) - {DriftKind.QUANTITY}


def test_what_was_decided_while_the_erp_was_asked_is_left_to_the_next_look(
    session: Session, run: Run
) -> None:
    holding = with_pieces(as_released(session, run), 5)
    found = one(session, holding)
    decide(session, found, LEAVE, at=CLOSED + HOUR)
    asked_before = drift.note(session, [as_released(session, run)], looked_at=CLOSED, at=CLOSED + 2 * HOUR)
    assert (asked_before, found.status) == ([], DriftStatus.LEFT)


def test_the_differences_of_a_run_that_ended_are_gone_with_it(session: Session, run: Run) -> None:
    found = one(session, with_pieces(as_released(session, run), 5))
    erp_sync.apply(session, said(run, ProgressState.DONE, 7), at=CLOSED)
    session.flush()
    assert drift.note(session, [], looked_at=CLOSED, at=CLOSED + HOUR) == []
    assert found.status == DriftStatus.GONE


# ---------------------------------------------------------------- theirs


def test_fewer_pieces_are_shown_with_whom_they_cost_their_place_before_they_are_taken(
    session: Session, run: Run
) -> None:
    found = one(session, with_pieces(as_released(session, run), 5))
    first, second, third = preorders_of(session)
    effects = drift_decisions.effects(session, found, at=CLOSED)
    assert effects.waiting == (second.number, third.number)
    assert (run.status, second.status) == (RunStatus.RELEASED, PreorderStatus.SCHEDULED)
    decide(session, found, TAKE)
    assert [p.status for p in (first, second, third)] == [
        PreorderStatus.SCHEDULED,
        PreorderStatus.CONFIRMED,
        PreorderStatus.CONFIRMED,
    ]
    assert session.exec(select(RunSku.quantity).where(RunSku.run_id == run.id)).one() == 5
    assert sum(atom.quantity for atom in planning.load(session, at=CLOSED).atoms) == 2
    assert look(session, with_pieces(as_released(session, run), 5), at=CLOSED + 2 * HOUR) == []
    assert messages(session) == []


def test_another_day_is_followed_and_the_promise_stays(session: Session, run: Run) -> None:
    holding = as_released(session, run)
    day = run.finish_on + timedelta(days=70)
    finish_at = datetime.combine(day, datetime.min.time(), UTC)
    found = one(session, replace(holding, finish_at=finish_at))
    promises = [p.promise_by_on for p in preorders_of(session)]
    effects = drift_decisions.effects(session, found, at=CLOSED)
    assert (effects.waiting, effects.late_now, effects.late, effects.within_promise) == ((), 0, 3, False)
    decide(session, found, TAKE)
    assert run.finish_on == day
    assert all(p.expected_on and p.expected_on >= day for p in preorders_of(session))
    assert [p.promise_by_on for p in preorders_of(session)] == promises


def test_a_run_cancelled_there_is_cancelled_here_and_its_pre_orders_wait_for_a_plan(
    session: Session, run: Run
) -> None:
    found = one(session, Holding(run.reference, ProgressState.CANCELLED, touch=WANG))
    assert len(drift_decisions.effects(session, found, at=CLOSED).waiting) == 3
    decide(session, found, TAKE)
    assert run.status == RunStatus.CANCELLED
    assert {p.status for p in preorders_of(session)} == {PreorderStatus.CONFIRMED}
    assert sum(atom.quantity for atom in planning.load(session, at=CLOSED).atoms) == 7


# ---------------------------------------------------------------- ours


def test_a_day_that_is_kept_is_one_message_and_the_next_look_closes_it(session: Session, run: Run) -> None:
    same = as_released(session, run)
    assert same.finish_at
    found = one(session, replace(same, finish_at=same.finish_at + timedelta(days=3)))
    decide(session, found, KEEP)
    (message,) = messages(session)
    answer = drift_answers.to_send(session, found.id, withdrawn=message.payload["withdrawn"])
    assert answer
    assert (answer.kind, answer.withdrawn, answer.reason) == (DriftKind.DATE, "", "spoke with Wang")
    assert answer.order.finish_at.date() == run.finish_on
    drift_answers.sent(session, found.id, (), at=CLOSED + 2 * HOUR)
    look(session, same, at=CLOSED + 3 * HOUR)
    assert found.status == DriftStatus.GONE


def test_a_quantity_that_is_kept_goes_out_as_a_new_revision(session: Session, run: Run) -> None:
    before = run.reference
    found = one(session, with_pieces(as_released(session, run), 5))
    decide(session, found, KEEP)
    assert run.reference == f"{run.number}-2"
    assert drift.orders(session) == []
    (message,) = messages(session)
    answer = drift_answers.to_send(session, found.id, withdrawn=message.payload["withdrawn"])
    assert answer
    assert (answer.withdrawn, answer.order.reference) == (before, run.reference)
    drift_answers.sent(session, found.id, [f"{run.reference}/{MEDIUM}"], at=CLOSED + 2 * HOUR)
    assert run.documents == [f"{run.reference}/{MEDIUM}"]
    assert drift_answers.to_send(session, found.id, withdrawn=before) is None
    look(session, as_released(session, run), at=CLOSED + 3 * HOUR)
    assert found.status == DriftStatus.GONE


def test_every_other_difference_is_answered_with_the_new_revision(session: Session, run: Run) -> None:
    holding = as_released(session, run)
    both = look(session, replace(with_pieces(holding, 5), places=("F1-2",)))
    decide(session, both[0], KEEP)
    assert {found.status for found in both} == {DriftStatus.KEPT}
    assert len(messages(session)) == 1


def test_what_the_erp_refuses_waits_for_a_person_again_in_its_words(session: Session, run: Run) -> None:
    before = run.reference
    found = one(session, with_pieces(as_released(session, run), 5))
    decide(session, found, KEEP)
    drift_answers.refused(session, found.id, withdrawn=before, words="pieces have been made", at=CLOSED)
    session.flush()
    assert (found.status, found.words, run.reference) == (DriftStatus.OPEN, "pieces have been made", before)


def test_a_difference_our_answer_did_not_end_is_open_again(session: Session, run: Run) -> None:
    same = as_released(session, run)
    assert same.finish_at
    other = replace(same, finish_at=same.finish_at + timedelta(days=3))
    found = one(session, other)
    decide(session, found, KEEP)
    drift_answers.sent(session, found.id, (), at=CLOSED + 2 * HOUR)
    assert look(session, other, at=CLOSED + 3 * HOUR) == [found]


def test_an_unknown_document_that_was_withdrawn_is_gone_without_another_look(
    session: Session, run: Run
) -> None:
    stranger = Document("WH/MO/00007", 7, WANG)
    found = one(session, replace(as_released(session, run), strangers=(stranger,)))
    assert found.decisions == (KEEP, LEAVE)
    decide(session, found, KEEP)
    drift_answers.sent(session, found.id, (), at=CLOSED + 2 * HOUR)
    assert found.status == DriftStatus.GONE
    assert run.revision == 1


def test_pieces_merged_with_another_run_are_not_withdrawn_for_one_of_them(session: Session, run: Run) -> None:
    holding = with_pieces(as_released(session, run), 5, merged=True)
    merged, placed = look(session, replace(holding, places=("F1-2",)))
    assert merged.decisions == (TAKE, LEAVE)
    with pytest.raises(MergedWithOthers):
        decide(session, placed, KEEP)


# ---------------------------------------------------------------- neither, rights and rules


def test_what_is_left_stays_left_until_the_other_side_changes_again(session: Session, run: Run) -> None:
    holding = as_released(session, run)
    found = one(session, with_pieces(holding, 5))
    decide(session, found, LEAVE)
    assert look(session, with_pieces(holding, 5), at=CLOSED + 2 * HOUR) == []
    assert (found.status, found.words) == (DriftStatus.LEFT, "spoke with Wang")
    assert look(session, with_pieces(holding, 4), at=CLOSED + 3 * HOUR) == [found]


def test_each_step_names_who_took_it_and_why(session: Session, run: Run) -> None:
    decide(session, one(session, with_pieces(as_released(session, run), 5)), LEAVE)
    steps = session.exec(
        select(AuditEntry).where(AuditEntry.noun == "drift").order_by(col(AuditEntry.id))
    ).all()
    assert [(step.after, step.actor) for step in steps] == [
        ("open", "system"),
        ("left", planner_of(session).actor),
    ]
    assert "7 here, 5 there by Wang Fang" in steps[0].why
    assert steps[1].why == "spoke with Wang"


def test_a_difference_is_decided_once_and_by_whoever_has_the_right(session: Session, run: Run) -> None:
    found = one(session, with_pieces(as_released(session, run), 5))
    with pytest.raises(RoleMissing):
        drift_decisions.decide(
            session, found.id, TAKE, reason="no", member=make_member(session, Role.BUYER), at=CLOSED
        )
    decide(session, found, TAKE)
    for decision in Decision:
        with pytest.raises(NotDecidable):
            decide(session, found, decision)


def test_nobody_decides_for_a_day_and_a_run_cancelled_there_ends_by_the_rule(
    session: Session, run: Run
) -> None:
    found = one(session, Holding(run.reference, ProgressState.CANCELLED, touch=WANG))
    assert drift_decisions.follow_rules(session, at=CLOSED + 23 * HOUR) == []
    assert drift_decisions.follow_rules(session, at=CLOSED + 24 * HOUR) == [found]
    assert (run.status, found.status) == (RunStatus.CANCELLED, DriftStatus.TAKEN)
    assert "nobody decided for 24 hours" in found.words


def test_a_day_within_the_promise_is_taken_only_where_the_rule_is_on(session: Session, run: Run) -> None:
    holding = as_released(session, run)
    assert holding.finish_at
    for preorder in preorders_of(session):
        promise(session, preorder, preorder.promise_by_on + timedelta(days=30))
    found = one(session, replace(holding, finish_at=holding.finish_at + timedelta(days=1)))
    assert drift_decisions.effects(session, found, at=CLOSED).within_promise
    assert drift_decisions.follow_rules(session, at=CLOSED + 48 * HOUR) == []
    drift_decisions.set_rule(
        session, RuleName.WITHIN_PROMISE, enabled=True, after_hours=0, member=planner_of(session), at=CLOSED
    )
    assert drift_decisions.follow_rules(session, at=CLOSED) == [found]


def test_a_day_after_the_promise_waits_for_a_person_though_the_rule_is_on(session: Session, run: Run) -> None:
    session.get_one(DriftRule, RuleName.WITHIN_PROMISE).enabled = True
    holding = as_released(session, run)
    assert holding.finish_at
    look(session, replace(holding, finish_at=holding.finish_at + timedelta(days=70)))
    assert drift_decisions.follow_rules(session, at=CLOSED + 48 * HOUR) == []


def test_a_rule_waits_no_longer_than_a_month_and_its_change_is_audited(session: Session, run: Run) -> None:
    del run
    with pytest.raises(InvalidRequest):
        drift_decisions.set_rule(
            session,
            RuleName.WITHIN_PROMISE,
            enabled=True,
            after_hours=999,
            member=planner_of(session),
            at=CLOSED,
        )
    drift_decisions.set_rule(
        session,
        RuleName.CANCELLED_THERE,
        enabled=False,
        after_hours=24,
        member=planner_of(session),
        at=CLOSED,
    )
    session.flush()
    entry = session.exec(select(AuditEntry).where(AuditEntry.noun == "rule")).one()
    assert (entry.before, entry.after) == ("on after 24 h", "off")


def test_an_order_is_compared_as_we_mean_it_now(session: Session, run: Run) -> None:
    (order,) = drift.orders(session)
    assert isinstance(order, erp_bridge.ErpOrder)
    assert order.reference == run.reference
