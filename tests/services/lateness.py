"""Pre-orders that have their place at a factory, and a factory that says another day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from api.domain.delay import Delay
from api.domain.member import Role
from api.domain.plan import Run
from api.domain.preorder import Preorder, PreorderCreate, Region
from api.services import campaign_close, intake, notices, plan_approval, scheduling
from tests.factories import World, make_member, make_world, pay
from tests.fixtures import TODAY
from tests.services.test_planning import CLOSED, proposed

LANE = timedelta(days=2)
"""Of the factories of the tests, to everywhere."""


def buy(session: Session, region: Region, *, pieces: int = 6, campaign: str = "tee") -> Preorder:
    """A paid pre-order that goes to a region."""
    request = PreorderCreate.model_validate(
        {
            "campaign": campaign,
            "lines": [{"sku": "TEE-INDIGO-M", "quantity": pieces}],
            "name": "Lin Yue",
            "email": "lin@example.com",
            "region": region.value,
            "address": "12 Harbour Road, Ningbo",
        }
    )
    preorder = intake.place(session, request, at=TODAY)
    session.flush()
    pay(session, preorder)
    return preorder


def scheduled(session: Session, *regions: Region, **campaign: object) -> tuple[World, list[Preorder]]:
    """A world in which a pre-order of each region has its place in an approved plan."""
    world = make_world(session, **campaign)
    bought = [buy(session, region) for region in regions or (Region.EAST,)]
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    planner = make_member(session, Role.PLANNER)
    plan = proposed(session, planner)
    plan_approval.approve(session, plan.number, member=planner, at=CLOSED)
    session.flush()
    return world, bought


def expect(session: Session, day: date, *, at: datetime) -> None:
    """The factory says a day on which everything is finished, so that it has come by `day`."""
    runs = session.exec(select(Run)).all()
    for run in runs:
        run.bucket_on = min(run.bucket_on, day - LANE - timedelta(days=6))
        run.expected_on = day - LANE
    session.flush()
    scheduling.schedule(session, scheduling.served_by(session, [run.id for run in runs]), at=at)
    session.flush()


def later(session: Session, preorder: Preorder, days: int, *, at: datetime = CLOSED) -> date:
    """Everything comes so many days after what this pre-order was promised."""
    day = preorder.promise_by_on + timedelta(days=days)
    expect(session, day, at=at)
    return day


def delays_of(session: Session, preorder: Preorder) -> Sequence[Delay]:
    return session.exec(
        select(Delay).where(Delay.preorder_id == preorder.id).order_by(Delay.noted_at)  # type: ignore[arg-type]
    ).all()


def told(session: Session, preorder: Preorder) -> list[str]:
    """What its buyer was written about, in order."""
    return [told.notice.kind for told in reversed(notices.told(session, preorder))]
