"""The close: each due campaign is decided once, right, in the order of its deadline, after any outage."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, and_, col, func, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus, PaymentTerms
from api.domain.preorder import DroppedLine, Preorder, PreorderLine, PreorderStatus
from api.services import (
    campaign_decision,
    campaigns,
    cancellation,
    groups,
    notices,
    outbox,
    payments,
    rescues,
)
from api.services.campaign_decision import Verdict, Wanted

NOT_PAID = "not paid before the cut-off"
BALANCE_MISSING = "the balance was not paid in time"
GROUP_NOT_WHOLE = "the group was not whole"
COLOUR_NOT_MADE = "too few wanted this colour"
PLANNED_TOGETHER = timedelta(minutes=10)
"""Campaigns decided within so long of each other are planned together, unless a person asks sooner."""
_IN = (PreorderStatus.PLACED, PreorderStatus.BALANCE_DUE)
_S = CampaignStatus


def due(session: Session, *, at: datetime) -> Sequence[UUID]:
    """Campaigns whose minute has come and that are not decided, the earliest deadline first.

    There is no look-back window: a campaign missed for a week is as due as one missed for a second.
    """
    deadline = func.coalesce(Campaign.balance_until, Campaign.closes_at)
    ended = and_(col(Campaign.status).in_([_S.OPEN, _S.CLOSING]), col(Campaign.closes_at) <= at)
    return session.exec(
        select(Campaign.id)
        .where(or_(ended, col(Campaign.status) == _S.COLLECTING))
        .order_by(deadline, col(Campaign.slug))
    ).all()


def close(session: Session, campaign_id: UUID, *, at: datetime) -> Campaign:
    """Take a due campaign as far as it can go; again, or from two workers at once, changes nothing more.

    It waits in `closing` while a payment started before the cut-off may still be confirmed, or while its
    team thinks about a rescue, and in `collecting` for balances. With a go every paid pre-order is confirmed
    at one settled price and the difference goes back; with a no-go everything does.
    """
    campaign = campaigns.get_for_update(session, campaign_id)
    if campaign.status == _S.OPEN and campaign.closes_at <= at:
        campaign.start_closing(by=SYSTEM, at=at, why="its minute has come")
        session.flush()  # the database sees, and judges, every step
    if campaign.status == _S.CLOSING and (campaign.grace_ended(at) or not _awaited(session, campaign)):
        _end_unpaid(session, campaign, at=at)
        _decide(session, campaign, at=at)
    elif campaign.status == _S.COLLECTING:
        _collect(session, campaign, at=at)
    return campaign


def close_now(session: Session, slug: str, *, member: Member, why: str, at: datetime) -> Campaign:
    """End an open campaign before its time, by a member of its team with the right; the close follows."""
    member.must_have(Right.CLOSE_CAMPAIGN)
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    campaign.start_closing(by=member.actor, at=at, why=why)
    return close(session, campaign.id, at=at)


def _awaited(session: Session, campaign: Campaign) -> int:
    """Payments that were started and that nobody has answered for yet."""
    return session.exec(
        select(func.count())
        .select_from(Payment)
        .join(Preorder, col(Preorder.id) == Payment.preorder_id)
        .where(
            Preorder.campaign_id == campaign.id,
            Preorder.status == PreorderStatus.PLACED,
            Payment.kind == PaymentKind.CHARGE,
            Payment.status == PaymentStatus.STARTED,
        )
    ).one()


def _end_unpaid(session: Session, campaign: Campaign, *, at: datetime) -> None:
    """Who has neither paid nor let a method be stored is out, and so is a group that is not whole."""
    members = groups.paid_members(session, campaign)
    for preorder in _in(session, campaign, PreorderStatus.PLACED):
        if preorder.paid_at is None and preorder.stored_method is None:
            _end(session, preorder, why=NOT_PAID, at=at)
        elif preorder.group_id is not None and members.get(preorder.group_id, 0) < (campaign.group_size or 0):
            _end(session, preorder, why=GROUP_NOT_WHOLE, at=at)
    session.flush()


def _decide(session: Session, campaign: Campaign, *, at: datetime) -> None:
    """The decision, unless the team may still save the campaign: then it is offered how, once."""
    wanted = _wanted(session, campaign)
    verdict = _judge(session, campaign, wanted)
    if verdict.go:
        _go(session, campaign, wanted, at=at)
    elif not rescues.offer(session, campaign, verdict, at=at):
        _no_go(session, campaign, verdict, at=at)


def accept_rescue(session: Session, slug: str, *, member: Member, at: datetime) -> Campaign:
    """Carry the offered rescue out: who consented is taken at their word, who cannot be served is paid back.

    Raises RoleMissing, Unknown where no offer stands, and AboveLimit where it costs more than the team may
    spend without asking.
    """
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    rescue = rescues.accept(session, campaign, member=member, at=at)
    wanted = _wanted(session, campaign)
    rescues.take_at_consent(session, rescue, wanted, at=at)
    served = rescues.without_dropped(session, rescue, wanted)
    _go(session, campaign, served, at=at)
    return campaign


def refuse_rescue(session: Session, slug: str, *, member: Member, why: str, at: datetime) -> Campaign:
    """The team would rather let it fail; everything goes back at once."""
    campaign = campaigns.get_for_update(session, campaigns.get_of_member(session, slug, member).id)
    rescues.refuse(session, campaign, member=member, why=why, at=at)
    _decide(session, campaign, at=at)
    return campaign


def verdict_now(session: Session, campaign: Campaign) -> Verdict:
    """What the close would find if it came now: unpaid pre-orders and groups not yet whole left out."""
    members = groups.paid_members(session, campaign)
    size = campaign.group_size or 0
    counted = [
        one
        for one in _wanted(session, campaign, lock=False)
        if (one.preorder.paid_at or one.preorder.stored_method)
        and (one.preorder.group_id is None or members.get(one.preorder.group_id, 0) >= size)
    ]
    return _judge(session, campaign, counted)


def _judge(session: Session, campaign: Campaign, wanted: Sequence[Wanted]) -> Verdict:
    return campaign_decision.judge(session, campaign, wanted, added=rescues.top_ups(session, campaign))


def _wanted(session: Session, campaign: Campaign, *, lock: bool = True) -> list[Wanted]:
    """The lines that count: of pre-orders paid as far as they have to be by now."""
    query = (
        select(PreorderLine, Preorder)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(Preorder.campaign_id == campaign.id, col(Preorder.status).in_(_IN))
        .order_by(Preorder.number, col(PreorderLine.id))
    )
    rows = session.exec(query.with_for_update() if lock else query).all()
    collected = campaign.status == _S.COLLECTING
    return [
        Wanted(line, preorder, sure=collected or preorder.terms == PaymentTerms.PREPAID)
        for line, preorder in rows
    ]


def _go(session: Session, campaign: Campaign, served: Sequence[Wanted], *, at: datetime) -> None:
    """One price for everyone; who paid it is in, who owes a rest has some days, who lost a line is paid back.

    Once the balances are in, what is missing costs nobody else more: the price stays.
    """
    pieces: dict[UUID, int] = defaultdict(int)
    for one in served:
        pieces[one.preorder.id] += one.line.quantity
    price = campaign.settle_price(sum(pieces.values()), at=at)
    settled = f"{campaign.decided_pieces} paid pieces, price_minor {price} {campaign.currency}"
    kept = {one.line.id for one in served}
    owing = 0
    for preorder in _in(session, campaign, *_IN):
        if preorder.id not in pieces:
            _end(session, preorder, why=COLOUR_NOT_MADE, at=at, purpose=PaymentPurpose.NO_GO)
            continue
        _drop_lines(session, preorder, kept, at=at)
        rest = _settle(session, campaign, preorder, price * pieces[preorder.id], at=at)
        owing += rest > 0
    if owing:
        campaign.balance_until = at + timedelta(days=campaign.balance_days)
        why = f"{settled}; {owing} balances to come"
        campaign.move(_S.COLLECTING, by=SYSTEM, at=at, why=why)
        return
    session.flush()
    for preorder in _in(session, campaign, *_IN):
        preorder.move(PreorderStatus.CONFIRMED, by=SYSTEM, at=at, why="the campaign runs")
        facts = {"amount_minor": price * pieces[preorder.id], "price_minor": price}
        notices.tell(session, preorder, "confirmed", key=f"decided:{preorder.id}", at=at, **facts)
    campaign.move(_S.DECIDED, by=SYSTEM, at=at, why=settled)
    outbox.record(session, "plan.wanted", subject=campaign.slug, at=at, not_before=at + PLANNED_TOGETHER)


def _settle(session: Session, campaign: Campaign, preorder: Preorder, due_minor: int, *, at: datetime) -> int:
    """Ask for what lacks at the settled price, or give back what is too much; returns what lacks."""
    rest = payments.open_minor(session, preorder)
    if preorder.status == PreorderStatus.PLACED and preorder.terms != PaymentTerms.PREPAID:
        rest = due_minor - payments.credit(session, preorder)
    if rest < 0:
        why = f"{campaign.decided_pieces} pieces were ordered: each costs less than was paid"
        payments.give_back(session, preorder, -rest, purpose=PaymentPurpose.DIFFERENCE, why=why, at=at)
    elif rest > 0:
        preorder.move(PreorderStatus.BALANCE_DUE, by=SYSTEM, at=at, why="the campaign runs if balances come")
        payments.ask_balance(session, preorder, rest, at=at)
        facts = {"amount_minor": rest, "days": campaign.balance_days}
        notices.tell(session, preorder, "balance_due", key=f"balance:{preorder.id}", at=at, **facts)
    return max(0, rest)


def _drop_lines(session: Session, preorder: Preorder, kept: Collection[UUID], *, at: datetime) -> None:
    """Lines of colours that are not made leave the pre-order; their money goes back with the difference."""
    lines = session.exec(select(PreorderLine).where(PreorderLine.preorder_id == preorder.id)).all()
    for line in lines:
        if line.id not in kept:
            fields = line.model_dump(include={"id", "preorder_id", "sku_id", "quantity"})
            session.add(DroppedLine(**fields, why=COLOUR_NOT_MADE, dropped_at=at))
            session.delete(line)
    session.flush()


def _collect(session: Session, campaign: Campaign, *, at: datetime) -> None:
    """Decide anew once every balance is in, or the time for them is over; who defaults is out."""
    owing = [
        p for p in _in(session, campaign, PreorderStatus.BALANCE_DUE) if payments.open_minor(session, p) > 0
    ]
    if owing and campaign.balance_until is not None and at < campaign.balance_until:
        return
    for preorder in owing:
        default(session, campaign, preorder, at=at)
    session.flush()
    _decide(session, campaign, at=at)


def default(session: Session, campaign: Campaign, preorder: Preorder, *, at: datetime) -> None:
    """A buyer who does not pay the balance is out; a forfeitable deposit is ours, any other goes back."""
    kept = cancellation.forfeit(session, campaign, preorder, at=at)
    _end(session, preorder, why=BALANCE_MISSING, at=at, forfeit_minor=kept)


def _no_go(session: Session, campaign: Campaign, verdict: Verdict, *, at: datetime) -> None:
    why = f"the campaign ended with {verdict.pieces} of {campaign.minimum} pieces"
    for preorder in _in(session, campaign, *_IN):
        _end(session, preorder, why=why, at=at, purpose=PaymentPurpose.NO_GO)
    campaign.decided_pieces, campaign.decided_at = verdict.pieces, at
    campaign.move(_S.FAILED, by=SYSTEM, at=at, why=why)


def _end(
    session: Session,
    preorder: Preorder,
    *,
    why: str,
    at: datetime,
    purpose: PaymentPurpose = PaymentPurpose.CANCELLED,
    forfeit_minor: int = 0,
) -> None:
    back = cancellation.end(
        session, preorder, by=SYSTEM, why=why, purpose=purpose, at=at, forfeit_minor=forfeit_minor
    )
    facts = {"amount_minor": back, "why": why}
    notices.tell(session, preorder, "ended", key=f"ended:{preorder.id}", at=at, **facts)


def _in(session: Session, campaign: Campaign, *states: PreorderStatus) -> Sequence[Preorder]:
    return session.exec(
        select(Preorder)
        .where(Preorder.campaign_id == campaign.id, col(Preorder.status).in_(states))
        .order_by(Preorder.number)
        .with_for_update()
    ).all()
