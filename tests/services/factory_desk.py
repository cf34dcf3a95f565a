"""A released run in the order book of its factory, and a planner that answers at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

import erp_bridge
from api.domain.member import Member, Role
from api.domain.orderbook import BookOrder
from api.domain.plan import Plan, PlanStatus, Run
from api.domain.production import OrderChannel
from api.services import campaign_close, erp_sync, order_book, plan_approval, plans, proposals
from planner.baseline import baseline
from tests.factories import World, make_member, make_preorder, make_world
from tests.services.test_planning import CLOSED, proposed


@dataclass(frozen=True)
class FactoryDesk:
    """A factory's member, our planner, and the run between them."""

    world: World
    run: Run
    order: BookOrder
    worker: Member
    planner: Member


def make_desk(session: Session, *lines: tuple[str, int]) -> FactoryDesk:
    """One pre-order for each line, the earliest paid first, and their one run offered to its factory."""
    world = make_world(session)
    for minute, line in enumerate(lines):
        make_preorder(session, lines=[line], at=CLOSED - timedelta(hours=2) + timedelta(minutes=minute))
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    who = make_member(session, Role.PLANNER)
    plan_approval.approve(session, proposed(session, who).number, member=who, at=CLOSED)
    session.flush()
    (run,) = session.exec(select(Run)).all()
    order = order_book.entry_of(session, erp_sync.erp_order(session, run), at=CLOSED)
    order.begin(by="test", at=CLOSED, why="offered")
    session.add(order)
    reference = erp_bridge.ErpReference(run.number, (run.number,), created=True)
    erp_sync.mark_released(session, run.id, reference, channel=OrderChannel.ORDER_BOOK, at=CLOSED)
    session.flush()
    return FactoryDesk(world, run, order, make_member(session, Role.FACTORY, factory=world.own), who)


def weigh(session: Session, *, at: datetime = CLOSED) -> Plan:
    """The planner, here the baseline, answers the plan that was asked for last."""
    session.flush()
    asked = select(Plan).where(Plan.status == PlanStatus.REQUESTED)
    (plan,) = session.exec(asked).all()
    taken = plans.start(session, plan.id, at=at)
    assert taken
    answer = baseline(taken[1])
    plans.propose(session, plan.id, answer=answer, baseline=answer, versions={}, failure=None, at=at)
    session.flush()
    proposals.note_plan(session, plan.id, at=at)
    session.flush()
    return plan
