from datetime import timedelta

import pytest
from sqlmodel import Session

from api.domain.errors import NoRightToStepBack
from api.domain.ledger import Account
from api.domain.member import Role
from api.domain.policy import Ground
from api.domain.preorder import Preorder, PreorderStatus, Region
from api.services import ledger, payments, preorders, withdrawal
from tests.factories import World, confirm, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from tests.services.lateness import later, scheduled, told
from tests.services.test_planning import CLOSED


def shipped(session: Session, world: World, preorder: Preorder) -> None:
    for step in (PreorderStatus.IN_PRODUCTION, PreorderStatus.READY):
        preorder.move(step, by="test", at=CLOSED, why="made")
        session.flush()
    stock = make_member(session, Role.STOCK, team=world.team)
    preorders.ship(session, preorder.number, member=stock, at=CLOSED)
    session.flush()


def test_what_is_sent_back_is_earned_no_more_and_goes_back_whole(session: Session) -> None:
    world, (preorder,) = scheduled(session, Region.EUROPE)
    shipped(session, world, preorder)
    assert ledger.of_preorder(session, preorder).balances[Account.SALES] == -120_000
    right = withdrawal.step_back(session, preorder, shown_minor=120_000, at=CLOSED + timedelta(days=3))
    assert right.until_on == CLOSED.date() + timedelta(days=2 + 14)
    (refund,) = [one for one in payments.of_preorder(session, preorder.id) if one.refunds_id]
    confirm(session, refund, at=CLOSED + timedelta(days=4))
    balances = ledger.of_preorder(session, preorder).balances
    assert (balances[Account.SALES], balances[Account.BUYERS]) == (0, 0)
    assert preorder.status == PreorderStatus.REFUNDED


def test_the_receipt_is_a_message_of_its_own(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    withdrawal.withdraw(session, preorder.number, preorder.email, shown_minor=120_000, at=CLOSED)
    assert told(session, preorder)[-1] == "withdrawn"


def test_a_late_pre_order_may_be_left_wherever_it_goes(session: Session) -> None:
    _, (preorder,) = scheduled(session)
    with pytest.raises(NoRightToStepBack):
        withdrawal.by_law(session, preorder.number, preorder.email, at=CLOSED)
    later(session, preorder, 1)
    assert withdrawal.by_law(session, preorder.number, preorder.email, at=CLOSED).ground == Ground.DELAY


def test_an_unpaid_pre_order_is_left_for_nothing(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session, paid=False)
    right = withdrawal.step_back(session, preorder, shown_minor=0, at=TODAY)
    assert (right.back_minor, preorder.status) == (0, PreorderStatus.CANCELLED)


def test_our_own_terms_are_no_law(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    assert withdrawal.weigh(session, preorder, at=TODAY).ground == Ground.TERMS
    with pytest.raises(NoRightToStepBack):
        withdrawal.withdraw(session, preorder.number, preorder.email, shown_minor=20_000, at=TODAY)
