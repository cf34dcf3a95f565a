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
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus, SandboxCharge
from api.domain.plan import Plan
from api.domain.preorder import Preorder, PreorderStatus
from api.local.demonstration.campaigns import Chapter, Story, moment
from api.local.demonstration.dice import Dice, sheet
from api.local.demonstration.sewing import Sewing
from api.local.demonstration.timeline import Timeline
from api.services import campaign_close, cancellation, ledger, plan_approval, plans, sandbox
from planner.baseline import baseline
from planner.check import cost
from planner.reasons import reasons
from planner.sequence import schedule

_CLOSE_TAKES = timedelta(seconds=3)
_PLAN_TAKES = timedelta(seconds=20)
_APPROVAL_TAKES = timedelta(hours=1)
_REST_GIVEN_UP_AFTER = timedelta(days=6)


def play(
    session: Session, chapters: Iterable[Chapter], members: list[Member], *, at: datetime, dice: Dice
) -> None:
    """Everything between the first opening and `at`, with nothing left in the outbox but what is to come."""
    past = [chapter for chapter in chapters if chapter.story is not Story.OPEN]
    timeline = Timeline()
    sewing = Sewing(session, timeline, members, past, at=at, dice=dice)
    history = _History(session, timeline, sewing, members, dice)
    for chapter in past:
        closes_at = chapter.campaign.closes_at
        timeline.set(closes_at + _CLOSE_TAKES, partial(history.close, chapter))
        if chapter.story is Story.SHIPPED:
            timeline.set(closes_at + _REST_GIVEN_UP_AFTER, partial(history.give_up_rest, chapter))
    for days, hour in sheet("campaigns")["plans"]:
        timeline.set(moment(at, days, hour), history.plan)
    timeline.play(until=at)
    session.flush()
    # Whatever the past announced was handled then: nothing of it is sent when the platform starts.
    session.execute(update(OutboxMessage).values(attempts=1, done_at=col(OutboxMessage.not_before)))


class _History:
    """What people and the platform did, event by event."""

    def __init__(
        self, session: Session, timeline: Timeline, sewing: Sewing, members: list[Member], dice: Dice
    ) -> None:
        self._session, self._timeline, self._sewing, self._dice = session, timeline, sewing, dice
        (self._planner,) = (member for member in members if member.role is Role.PLANNER)
        self._stock = {member.team_id: member for member in members if member.role is Role.STOCK}

    def close(self, chapter: Chapter, at: datetime) -> None:
        ledger.catch_up(self._session)  # what buyers paid counts when it is in the ledger
        campaign_close.close(self._session, chapter.campaign.id, at=at)
        self._pay_back(chapter, at)

    def plan(self, at: datetime) -> None:
        """A plan by the spreadsheet's rule for everything decided so far; approved an hour later."""
        session = self._session
        plan = plans.request(
            session,
            member=self._planner,
            seconds=30,
            seed=self._dice.randrange(1000),
            at=at,
            from_scratch=True,
        )
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
        self._timeline.set(at + _APPROVAL_TAKES, partial(self._approve, plan))

    def _approve(self, plan: Plan, at: datetime) -> None:
        plan_approval.approve(self._session, plan.number, member=self._planner, at=at)
        self._sewing.order(plan, at=at)

    def give_up_rest(self, chapter: Chapter, at: datetime) -> None:
        """Too few of a colour or size to make: the team gives the money back to whoever is left."""
        why = "too few of this colour and size to make"
        stock = self._stock[chapter.campaign.team_id]
        for preorder in self._session.exec(
            select(Preorder)
            .where(Preorder.campaign_id == chapter.campaign.id, Preorder.status == PreorderStatus.CONFIRMED)
            .order_by(Preorder.number)
        ).all():
            cancellation.end(
                self._session, preorder, by=stock.actor, why=why, purpose=PaymentPurpose.NO_GO, at=at
            )
        self._pay_back(chapter, at)

    def _pay_back(self, chapter: Chapter, at: datetime) -> None:
        """The provider takes and confirms the refunds asked for, without a thousand round trips."""
        refunds = self._session.exec(
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
            sent_at = at + timedelta(seconds=self._dice.randint(5, 240))
            confirmed_at = sent_at + timedelta(seconds=self._dice.randint(5, 30))
            self._session.add(_confirm(refund, preorder, sent_at, confirmed_at))
        ledger.catch_up(self._session)


def _confirm(refund: Payment, preorder: Preorder, sent_at: datetime, confirmed_at: datetime) -> SandboxCharge:
    refund.move(PaymentStatus.STARTED, by=SYSTEM, at=sent_at, why=f"sent to {refund.provider}")
    refund.move(PaymentStatus.CONFIRMED, by=refund.provider, at=confirmed_at, why="paid back")
    refund.started_at, refund.confirmed_at = sent_at, confirmed_at
    refund.moved_minor = refund.amount_minor
    refund.provider_reference = sandbox.reference_of(refund.id)
    if preorder.status == PreorderStatus.CANCELLED:
        preorder.move(PreorderStatus.REFUNDED, by=refund.provider, at=confirmed_at, why=refund.reason)
    return SandboxCharge(
        reference=refund.provider_reference,
        payment_id=refund.id,
        kind=PaymentKind.REFUND,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        at=confirmed_at,
    )


def _spreadsheet(problem: planner.Problem) -> planner.Plan:
    plan = baseline(problem)
    return plan.stating(
        schedule=schedule(problem, plan.runs),
        explanations=reasons(problem, plan),
        objective=cost(problem, plan).total,
    )
