"""What became of the campaigns until now, played through the services at moments gone by.

Campaigns close, money goes back, plans are made and approved, factories sew and report, parcels leave. What
would happen after now has not happened.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col, select

import planner
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind, PaymentStatus, SandboxCharge
from api.domain.preorder import Preorder, PreorderStatus
from api.local.demonstration.campaigns import Chapter, Story, moment
from api.local.demonstration.dice import Dice, sheet
from api.local.demonstration.sewing import Sewing
from api.local.demonstration.timeline import Timeline
from api.services import campaign_close, plan_approval, plans, sandbox
from planner.baseline import baseline
from planner.check import cost
from planner.explain import explanations
from planner.sequence import schedule

_CLOSE_TAKES = timedelta(seconds=3)
_PLAN_TAKES = timedelta(seconds=20)
_APPROVAL_TAKES = timedelta(hours=1)


def play(
    session: Session, chapters: Iterable[Chapter], members: list[Member], *, at: datetime, dice: Dice
) -> None:
    """Everything between the first opening and `at`, with nothing left in the outbox but what is to come."""
    timeline = Timeline()
    past = [chapter for chapter in chapters if chapter.story is not Story.OPEN]
    sewing = Sewing(session, timeline, members, past, at=at, dice=dice)
    (staff,) = (member for member in members if member.role is Role.PLANNER)
    for chapter in past:
        timeline.set(chapter.campaign.closes_at + _CLOSE_TAKES, partial(_close, session, chapter, dice))
    for days, hour in sheet("campaigns")["plans"]:
        timeline.set(moment(at, days, hour), partial(_plan, session, timeline, sewing, staff, dice))
    timeline.play(until=at)
    session.flush()
    _deliver(session)


def _close(session: Session, chapter: Chapter, dice: Dice, at: datetime) -> None:
    campaign_close.close(session, chapter.campaign.id, at=at)
    refunds = session.exec(
        select(Payment, Preorder)
        .join(Preorder, col(Preorder.id) == Payment.preorder_id)
        .where(
            Preorder.campaign_id == chapter.campaign.id,
            Payment.kind == PaymentKind.REFUND,
            Payment.status == PaymentStatus.REQUESTED,
        )
        .order_by(Preorder.number)
    )
    for refund, preorder in refunds:
        session.add(_pay_back(refund, preorder, at + timedelta(seconds=dice.randint(5, 240)), dice))
    session.flush()


def _pay_back(refund: Payment, preorder: Preorder, at: datetime, dice: Dice) -> SandboxCharge:
    """What `payments` does when the provider takes and confirms a refund, without a thousand round trips."""
    refund.move(PaymentStatus.STARTED, by=SYSTEM, at=at, why=f"sent to {refund.provider}")
    refund.started_at = at
    refund.confirmed_at = at + timedelta(seconds=dice.randint(5, 30))
    refund.provider_reference = sandbox.reference_of(refund.id)
    refund.move(PaymentStatus.CONFIRMED, by=refund.provider, at=refund.confirmed_at, why="paid back")
    if preorder.status == PreorderStatus.CANCELLED:
        preorder.move(PreorderStatus.REFUNDED, by=refund.provider, at=refund.confirmed_at, why=refund.reason)
    return SandboxCharge(
        reference=refund.provider_reference,
        payment_id=refund.id,
        kind=PaymentKind.REFUND,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
    )


def _plan(
    session: Session, timeline: Timeline, sewing: Sewing, staff: Member, dice: Dice, at: datetime
) -> None:
    """A plan by the spreadsheet's rule for everything decided so far; approved after a coffee."""
    plan = plans.request(session, member=staff, seconds=30, seed=dice.randrange(1000), at=at)
    taken_up = plans.start(session, plan.id, at=at + timedelta(seconds=1))
    if taken_up is None:
        raise RuntimeError(f"plan {plan.number} was answered already")
    plan, problem = taken_up
    answer = _spreadsheet(problem)
    plans.propose(
        session,
        plan.id,
        answer=answer,
        baseline=answer,
        versions={"planner": "baseline"},
        failure=None,
        at=at + _PLAN_TAKES,
    )

    def approve(now: datetime) -> None:
        plan_approval.approve(session, plan.number, member=staff, at=now)
        sewing.order(plan, at=now)

    timeline.set(at + _APPROVAL_TAKES, approve)


def _spreadsheet(problem: planner.Problem) -> planner.Plan:
    plan = baseline(problem)
    return plan.stating(
        schedule=schedule(problem, plan.runs),
        explanations=explanations(problem, plan),
        objective=cost(problem, plan).total,
    )


def _deliver(session: Session) -> None:
    """Whatever the past announced was handled then: nothing of it is sent when the platform starts."""
    session.execute(update(OutboxMessage).values(attempts=1, done_at=col(OutboxMessage.not_before)))
