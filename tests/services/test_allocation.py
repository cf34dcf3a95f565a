"""A run that ended short or over: who is served, who waits for a person, and what goes to stock."""

import pytest
from sqlmodel import Session, select

from api.domain.allocation import AllocationPolicy, Shortfall, ShortfallStatus, StockEntry
from api.domain.errors import IllegalMove, NothingToPlan, RoleMissing
from api.domain.member import Member, Role
from api.domain.payment import Payment, PaymentKind
from api.domain.plan import Run, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.production import OrderChannel
from api.domain.team import Team
from api.services import allocation, erp_sync, planning
from erp_bridge import ProgressState
from tests.factories import World, confirm, make_member, promise
from tests.services.test_erp_sync import released, said
from tests.services.test_planning import CLOSED

MEDIUM = "TEE-INDIGO-M"


def ended(session: Session, *quantities: int, made: int) -> tuple[World, Run]:
    """A run for pre-orders of so many pieces, the earliest paid first, that is done with so many made."""
    world, run = released(session, *[(MEDIUM, quantity) for quantity in quantities])
    done(session, run, made)
    return world, run


def done(session: Session, run: Run, made: int) -> None:
    erp_sync.apply(session, said(run, ProgressState.DONE, made), at=CLOSED)
    session.flush()


def planner_of(session: Session) -> Member:
    """Whoever made the plan behind the run."""
    return session.exec(select(Member).where(Member.role == Role.PLANNER)).one()


def preorders_of(session: Session) -> list[Preorder]:
    return list(session.exec(select(Preorder).order_by(Preorder.number)).all())


def shortfalls(session: Session) -> list[Shortfall]:
    return list(session.exec(select(Shortfall).order_by(Shortfall.preorder_number)).all())


def open_pieces(session: Session) -> int:
    try:
        return sum(atom.quantity for atom in planning.load(session, at=CLOSED).atoms)
    except NothingToPlan:
        return 0


def test_nine_short_are_the_nine_who_paid_last_however_often_it_is_said(session: Session) -> None:
    _, run = ended(session, *[1] * 30, made=21)
    done(session, run, 21)
    every = preorders_of(session)
    assert [p.number for p in every if p.status == PreorderStatus.IN_PRODUCTION] == [
        p.number for p in every[21:]
    ]
    noted = shortfalls(session)
    assert [short.preorder_number for short in noted] == [p.number for p in every[21:]]
    assert {(short.pieces, short.policy, short.status) for short in noted} == {
        (1, AllocationPolicy.EARLIEST_PAID, ShortfallStatus.OPEN)
    }


def test_a_team_that_serves_by_promise_has_its_policy_written_beside_each_shortfall(session: Session) -> None:
    _, run = released(session, (MEDIUM, 4), (MEDIUM, 4))
    session.exec(select(Team)).one().allocation_policy = AllocationPolicy.EARLIEST_PROMISE
    first, second = preorders_of(session)
    promise(session, first, second.promise_by_on.replace(year=2029))
    done(session, run, 7)
    assert [(s.preorder_number, s.pieces, s.policy) for s in shortfalls(session)] == [
        (first.number, 1, AllocationPolicy.EARLIEST_PROMISE)
    ]


def test_what_is_made_beyond_goes_to_the_teams_stock_at_cost_once(session: Session) -> None:
    world, run = ended(session, 3, 3, made=8)
    done(session, run, 8)
    (entry,) = session.exec(select(StockEntry)).all()
    assert (entry.team_id, entry.pieces, entry.unit_cost_minor) == (world.team.id, 2, 3000)
    assert shortfalls(session) == []


def test_a_recut_waits_for_a_plan_and_holds_its_buyer_in_production(session: Session) -> None:
    ended(session, 4, 4, made=7)
    assert open_pieces(session) == 0
    (short,) = shortfalls(session)
    allocation.recut(session, short.id, member=planner_of(session), at=CLOSED)
    session.flush()
    assert open_pieces(session) == 1
    assert preorders_of(session)[1].status == PreorderStatus.IN_PRODUCTION


def test_a_run_that_is_short_stays_allocated_as_it_was_after_a_recut(session: Session) -> None:
    _, run = ended(session, 4, 4, made=3)
    member = planner_of(session)
    for short in shortfalls(session):
        allocation.recut(session, short.id, member=member, at=CLOSED)
    session.flush()
    done(session, run, 3)
    assert [short.status for short in shortfalls(session)] == [ShortfallStatus.RECUT] * 2
    assert session.exec(select(StockEntry)).all() == []
    assert open_pieces(session) == 5


def test_a_refund_of_a_part_gives_back_its_price_and_lets_the_rest_go_out(session: Session) -> None:
    ended(session, 4, 4, made=7)
    (short,) = shortfalls(session)
    second = preorders_of(session)[1]
    allocation.refund(session, short.id, member=planner_of(session), at=CLOSED)
    session.flush()
    (refund,) = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
    assert (refund.preorder_id, refund.amount_minor) == (second.id, 20_000)
    assert second.status == PreorderStatus.READY
    assert open_pieces(session) == 0


def test_a_refund_of_everything_cancels_the_pre_order_and_ends_when_the_money_is_back(
    session: Session,
) -> None:
    ended(session, 4, 1, made=4)
    (short,) = shortfalls(session)
    allocation.refund(session, short.id, member=planner_of(session), at=CLOSED)
    session.flush()
    assert preorders_of(session)[1].status == PreorderStatus.CANCELLED
    (refund,) = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
    confirm(session, refund, at=CLOSED)
    assert preorders_of(session)[1].status == PreorderStatus.REFUNDED
    assert open_pieces(session) == 0


def test_a_shortfall_is_settled_once(session: Session) -> None:
    ended(session, 4, 4, made=7)
    (short,) = shortfalls(session)
    member = planner_of(session)
    allocation.refund(session, short.id, member=member, at=CLOSED)
    session.flush()
    for again in (allocation.refund, allocation.recut):
        with session.begin_nested(), pytest.raises(IllegalMove):
            again(session, short.id, member=member, at=CLOSED)


def test_another_teams_stock_manager_settles_nothing_here(session: Session) -> None:
    world, run = ended(session, 4, 4, made=7)
    other = Team(code="birch", name="Team Birch")
    session.add(other)
    session.flush()
    stranger = make_member(session, Role.STOCK, team=other)
    (short,) = shortfalls(session)
    with pytest.raises(RoleMissing):
        allocation.recut(session, short.id, member=stranger, at=CLOSED)
    assert not allocation.may_settle(session, run, stranger)
    assert world.team.id != other.id


def test_a_run_its_factory_withdrew_sends_its_pre_orders_back_to_wait_for_a_plan(session: Session) -> None:
    _, run = released(session, (MEDIUM, 4), (MEDIUM, 2))
    run.channel = OrderChannel.ORDER_BOOK.value
    for _ in range(2):
        erp_sync.apply(session, said(run, ProgressState.CANCELLED, 0), at=CLOSED)
        session.flush()
    assert run.status == RunStatus.CANCELLED
    assert {(p.status, p.expected_on) for p in preorders_of(session)} == {(PreorderStatus.CONFIRMED, None)}
    assert open_pieces(session) == 6


def test_a_run_cancelled_in_the_erp_is_left_to_the_drift_desk(session: Session) -> None:
    _, run = released(session, (MEDIUM, 4), (MEDIUM, 2))
    erp_sync.apply(session, said(run, ProgressState.CANCELLED, 0), at=CLOSED)
    assert run.status == RunStatus.RELEASED


def test_a_run_sent_anew_is_followed_under_its_new_reference_only(session: Session) -> None:
    _, run = released(session, (MEDIUM, 6))
    past = said(run, ProgressState.STARTED, 2)
    run.revision = 2
    session.flush()
    assert erp_sync.unfinished(session, OrderChannel.ERP) == [f"{run.number}-2"]
    assert erp_sync.erp_order(session, run).reference == f"{run.number}-2"
    for progress, expected in (
        (past, RunStatus.RELEASED),
        (said(run, ProgressState.STARTED, 2), RunStatus.STARTED),
    ):
        erp_sync.apply(session, progress, at=CLOSED)
        assert run.status == expected
