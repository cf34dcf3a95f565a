"""What needs a person: each thing once, since when, and how much money hangs on it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from api.domain.allocation import Shortfall, ShortfallStatus
from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Style
from api.domain.drift import Drift, DriftStatus
from api.domain.member import RIGHTS, Member, Right
from api.domain.need import Need, NeedKind
from api.domain.orderbook import BookOrder, FlagStatus, OrderFlag
from api.domain.outbox import OutboxMessage
from api.domain.plan import Pegging, Plan, PlanStatus, Run, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import Factory
from api.domain.proposal import OPEN, Proposal
from api.services import campaigns, channels, money_needs
from api.services.weighing import Effects

CLOSING_SOON = timedelta(days=5)
NEARLY_THERE_PERCENT = 25
"""A campaign that lacks at most this share of its minimum may still be helped over it."""

_HOLDING = (RunStatus.APPROVED, RunStatus.RELEASED, RunStatus.STARTED, RunStatus.DONE)
_ON_THE_WAY = (PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION)
_TO_PLAN = (PreorderStatus.CONFIRMED, *_ON_THE_WAY)


def of_member(session: Session, member: Member, *, at: datetime) -> list[Need]:
    """What this member has the right to see to, the longest waiting first."""
    found = [
        need
        for right, search in _SEARCHES
        if right in RIGHTS[member.role]
        for need in search(session, member, at)
    ]
    return sorted(found, key=lambda need: need.since)


def _parked(session: Session, _: Member, __: datetime) -> Iterator[Need]:
    query = select(OutboxMessage).where(
        col(OutboxMessage.parked_at).is_not(None), col(OutboxMessage.done_at).is_(None)
    )
    for message in session.exec(query):
        facts = {"topic": message.topic, "error": message.last_error or ""}
        yield Need(NeedKind.PARKED, message.subject, message.parked_at or message.recorded_at, facts=facts)


def _channels(session: Session, _: Member, at: datetime) -> Iterator[Need]:
    """Ways to factories that refuse us, do not answer for long, or sent what nobody can read."""
    for state in channels.amiss(session, at=at):
        facts = {"status": state.status.value, "words": state.words or "; ".join(state.notices)}
        yield Need(NeedKind.CHANNEL, state.channel, state.since, facts=facts)


def _plans(session: Session, _: Member, __: datetime) -> Iterator[Need]:
    """The latest plan, if it waits for approval: an older one would not fit the demand any more."""
    of_everything = select(Plan).where(col(Plan.weighs).is_(None))
    plan = session.exec(of_everything.order_by(col(Plan.requested_at).desc()).limit(1)).first()
    if plan is not None and plan.status == PlanStatus.PROPOSED and plan.cost and plan.answer:
        facts = {"runs": len(plan.answer["runs"])}
        yield Need(NeedKind.PLAN, plan.number, plan.requested_at, plan.cost["plan"]["total"], facts=facts)


def unplanned_pieces(session: Session) -> int:
    """Confirmed pieces that no run holds yet."""
    return _unplanned_amounts(session)[0]


def _unplanned(session: Session, _: Member, at: datetime) -> Iterator[Need]:
    pieces, amount, since = _unplanned_amounts(session)
    if pieces:
        yield Need(NeedKind.UNPLANNED, "", since or at, amount, facts={"pieces": pieces})


def _unplanned_amounts(session: Session) -> tuple[int, int, datetime | None]:
    held = (
        select(col(Pegging.preorder_line_id).label("line_id"), func.sum(Pegging.quantity).label("pieces"))
        .join(Run, col(Run.id) == Pegging.run_id)
        .where(col(Run.status).in_(_HOLDING))
        .group_by(col(Pegging.preorder_line_id))
        .subquery()
    )
    missing = col(PreorderLine.quantity) - func.coalesce(held.c.pieces, 0)
    price = func.coalesce(Campaign.settled_price_minor, Preorder.price_minor)
    pieces, amount, since = session.execute(
        select(
            func.coalesce(func.sum(missing), 0),
            func.coalesce(func.sum(missing * price), 0),
            func.min(Campaign.decided_at),
        )
        .select_from(PreorderLine)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .outerjoin(held, held.c.line_id == col(PreorderLine.id))
        .where(col(Preorder.status).in_(_TO_PLAN), missing > 0)
    ).one()
    return int(pieces), int(amount), since


def _closing(session: Session, member: Member, at: datetime) -> Iterator[Need]:
    for campaign, style, pieces in campaigns.of_member(session, member):
        missing = campaign.minimum - pieces
        soon = campaign.is_open(at) and campaign.closes_at - at <= CLOSING_SOON
        if soon and 0 < missing * 100 <= campaign.minimum * NEARLY_THERE_PERCENT:
            yield Need(
                NeedKind.CLOSING,
                campaign.slug,
                max(campaign.opens_at, campaign.closes_at - CLOSING_SOON),
                campaign.prices.price(campaign.minimum) * campaign.minimum,
                style,
                {"missing": missing, "minimum": campaign.minimum},
                campaign.team_id,
                campaign.closes_at,
                campaign.currency,
            )


def _late(session: Session, member: Member, at: datetime) -> Iterator[Need]:
    """Campaigns with pre-orders that will arrive after their promise."""
    days_late = func.max(col(Preorder.expected_on) - col(Preorder.promise_by_on))
    known = and_(
        col(AuditEntry.subject_id) == Preorder.id, col(AuditEntry.after) == PreorderStatus.SCHEDULED.value
    )
    rows = session.execute(
        sql_select(
            Campaign, Style, func.count(func.distinct(Preorder.id)), days_late, func.min(AuditEntry.at)
        )
        .join(Preorder, col(Preorder.campaign_id) == Campaign.id)
        .join(Style, col(Style.id) == Campaign.style_id)
        .outerjoin(AuditEntry, known)
        .where(col(Preorder.status).in_(_ON_THE_WAY), col(Preorder.expected_on) > Preorder.promise_by_on)
        .where(*_of_team(member))
        .group_by(col(Campaign.id), col(Style.id))
    ).all()
    stakes = _amounts(session, [campaign.id for campaign, *_ in rows])
    for campaign, style, count, days, since in rows:
        facts = {"preorders": count, "days": days}
        yield Need(
            NeedKind.LATE, campaign.slug, since or at, stakes[campaign.id], style, facts, campaign.team_id
        )


def _amounts(session: Session, campaign_ids: list[UUID]) -> dict[UUID, int]:
    """What late pre-orders are worth, by campaign."""
    price = func.coalesce(Campaign.settled_price_minor, Preorder.price_minor)
    rows = session.execute(
        select(Campaign.id, func.sum(PreorderLine.quantity * price))
        .join(Preorder, col(Preorder.campaign_id) == Campaign.id)
        .join(PreorderLine, col(PreorderLine.preorder_id) == Preorder.id)
        .where(col(Campaign.id).in_(campaign_ids), col(Preorder.status).in_(_ON_THE_WAY))
        .where(col(Preorder.expected_on) > Preorder.promise_by_on)
        .group_by(col(Campaign.id))
    )
    return {campaign_id: int(amount) for campaign_id, amount in rows}


def _short(session: Session, member: Member, _: datetime) -> Iterator[Need]:
    """Runs that ended short, each with those whose pieces nobody has refunded or had made anew."""
    price = func.coalesce(Campaign.settled_price_minor, Preorder.price_minor)
    rows = session.execute(
        sql_select(
            col(Run.number),
            func.count(),
            func.sum(Shortfall.pieces),
            func.sum(Shortfall.pieces * price),
            func.min(Shortfall.noted_at),
        )
        .join(Run, col(Run.id) == Shortfall.run_id)
        .join(PreorderLine, col(PreorderLine.id) == Shortfall.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .where(col(Shortfall.status) == ShortfallStatus.OPEN, *_of_team(member))
        .group_by(col(Run.number))
    )
    for number, preorders, missing, amount, since in rows:
        facts = {"missing": int(missing), "preorders": preorders}
        yield Need(NeedKind.SHORT, number, since, int(amount), facts=facts)


def _drift(session: Session, _: Member, __: datetime) -> Iterator[Need]:
    """Differences with the ERP that nobody has decided; at stake is what buyers paid for the run's pieces."""
    query = select(Drift, Run).join(Run, col(Run.id) == Drift.run_id).where(Drift.status == DriftStatus.OPEN)
    found = session.exec(query).all()
    stakes = _amounts_of_runs(session, [run.id for _, run in found])
    for drift, run in found:
        facts = {"id": str(drift.id), "kind": drift.kind.value, "theirs": drift.theirs, "part": drift.part}
        yield Need(NeedKind.DRIFT, run.number, drift.found_at, stakes.get(run.id), facts=facts)


def _amounts_of_runs(session: Session, run_ids: list[UUID]) -> dict[UUID, int]:
    """What the pieces pegged to each run are worth to those who wait for them."""
    price = func.coalesce(Campaign.settled_price_minor, Preorder.price_minor)
    rows = session.execute(
        select(Pegging.run_id, func.sum(Pegging.quantity * price))
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .where(col(Pegging.run_id).in_(run_ids))
        .group_by(col(Pegging.run_id))
    )
    return {run_id: int(amount) for run_id, amount in rows}


def _proposals(session: Session, member: Member, _: datetime) -> Iterator[Need]:
    """Factories that wait for our answer; also while the planner still weighs what they propose."""
    rows = session.exec(
        select(Proposal, Factory)
        .join(BookOrder, col(BookOrder.id) == Proposal.order_id)
        .join(Factory, col(Factory.id) == BookOrder.factory_id)
        .where(col(Proposal.status).in_(OPEN), *_of_teams_style(member, col(Proposal.reference)))
    )
    for proposal, factory in rows:
        effects = Effects(**proposal.effects) if proposal.effects else None
        facts: dict[str, int | str] = {"factory": factory.name, "weighed": int(effects is not None)}
        facts["later"] = effects.later if effects else 0
        cost = max(0, effects.cost_change_minor) if effects else None
        yield Need(NeedKind.PROPOSAL, proposal.reference, proposal.made_at, cost, facts=facts)


def _flags(session: Session, member: Member, _: datetime) -> Iterator[Need]:
    """What factories warn of, until a person has seen to it."""
    rows = session.exec(
        select(OrderFlag, Factory)
        .join(BookOrder, col(BookOrder.id) == OrderFlag.order_id)
        .join(Factory, col(Factory.id) == BookOrder.factory_id)
        .where(OrderFlag.status == FlagStatus.RAISED, *_of_teams_style(member, col(OrderFlag.reference)))
    )
    for flag, factory in rows:
        facts = {
            "factory": factory.name,
            "kind": flag.kind.value,
            "on": flag.expected_on.isoformat(),
            "words": flag.words,
        }
        yield Need(NeedKind.FLAG, flag.reference, flag.raised_at, facts=facts)


def _of_teams_style(member: Member, reference: Any) -> list[ColumnElement[bool]]:
    """Runs of the own team's styles, for a team's member."""
    if member.team_id is None:
        return []
    mine = (
        select(Run.number)
        .join(Item, col(Item.id) == Run.item_id)
        .join(Style, col(Style.id) == Item.style_id)
        .where(Style.team_id == member.team_id)
    )
    return [reference.in_(mine)]


def _of_team(member: Member) -> list[ColumnElement[bool]]:
    return [col(Campaign.team_id) == member.team_id] if member.team_id else []


_Search = Callable[[Session, Member, datetime], Iterator[Need]]
_SEARCHES: tuple[tuple[Right, _Search], ...] = (
    (Right.RETRY_MESSAGE, _parked),
    (Right.RETRY_MESSAGE, _channels),
    (Right.APPROVE_PLAN, _plans),
    (Right.MAKE_PLAN, _unplanned),
    (Right.SEE_CONSOLE, _closing),
    (Right.SEE_CONSOLE, _late),
    (Right.SEE_CONSOLE, _short),
    (Right.RESOLVE_EXCEPTION, money_needs.exceptions),
    (Right.ACCEPT_RESCUE, money_needs.rescue_offers),
    (Right.SEE_CONSOLE, money_needs.balances),
    (Right.DECIDE_DRIFT, _drift),
    (Right.ANSWER_FACTORY, _proposals),
    (Right.ANSWER_FACTORY, _flags),
)
