"""Two of everything at the same moment, each in a transaction of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlmodel import select

from api.db import transaction
from api.domain.errors import CampaignNotOpen
from api.domain.member import Role
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaign_close, intake, outbox
from tests.factories import make_member, make_preorder, make_world, wanted
from tests.fixtures import TODAY

pytestmark = pytest.mark.usefixtures("committed")

CLOSED = TODAY + timedelta(days=1)
_T = TypeVar("_T")


def at_once(act: Callable[[int], _T], *, many: int = 4) -> list[_T]:
    """The answers of so many callers who all start together."""
    start = Barrier(many)

    def one(number: int) -> _T:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(one, range(many)))


def a_campaign(preorders: int, *, minimum: int = 5) -> UUID:
    with transaction() as session:
        world = make_world(session, minimum=minimum)
        for _ in range(preorders):
            make_preorder(session)
        return world.campaign.id


def test_workers_that_close_the_same_campaign_decide_it_once() -> None:
    campaign_id = a_campaign(3, minimum=50)

    def close(_: int) -> None:
        with transaction() as session:
            campaign_close.close(session, campaign_id, at=CLOSED)

    at_once(close)
    with transaction() as session:
        refunds = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
        messages = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "payment.refund")).all()
    assert (len(refunds), len(messages)) == (3, 3)


def test_twins_with_one_key_make_one_pre_order() -> None:
    a_campaign(0)

    def place(_: int) -> intake.Answer:
        with transaction() as session:
            return intake.take(session, [intake.Wish("twins", wanted(), TODAY)])[0]

    answers = at_once(place, many=8)
    with transaction() as session:
        (only,) = session.exec(select(Preorder)).all()
    assert [answer["number"] for answer in answers if isinstance(answer, dict)] == [only.number] * 8


def test_a_pre_order_and_the_close_at_the_same_moment_leave_nothing_undecided() -> None:
    campaign_id = a_campaign(5)
    with transaction() as session:
        member = make_member(session, Role.ADMIN)

    def act(number: int) -> bool:
        try:
            with transaction() as session:
                if number == 0:
                    campaign_close.close_now(session, "tee", member=member, why="a race", at=TODAY)
                else:
                    make_preorder(session, paid=False)
        except CampaignNotOpen:
            return False
        return True

    taken = sum(at_once(act, many=6)[1:])
    with transaction() as session:
        campaign_close.close(session, campaign_id, at=CLOSED)
        states = [preorder.status for preorder in session.exec(select(Preorder))]
    assert states.count(PreorderStatus.CONFIRMED) == 5
    assert states.count(PreorderStatus.CANCELLED) == taken
    assert len(states) == 5 + taken


def test_relays_share_the_messages_and_take_none_twice() -> None:
    with transaction() as session:
        for number in range(30):
            outbox.record(session, "a", subject=str(number), at=TODAY)

    def claim(_: int) -> list[str]:
        with transaction() as session:
            return [m.subject for m in outbox.claim(session, at=TODAY, terms={"a": outbox.Terms(at_once=25)})]

    claimed = [subject for taken in at_once(claim) for subject in taken]
    assert len(claimed) == len(set(claimed)) == 25
