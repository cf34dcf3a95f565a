"""A run has ended: its pieces go to those they were made for, by a stated policy; overs go to stock."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.allocation import (
    Claim,
    Shortfall,
    ShortfallStatus,
    StockEntry,
    allocate,
)
from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku, Style
from api.domain.errors import RoleMissing, Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.money import CURRENCY
from api.domain.payment import PaymentPurpose
from api.domain.plan import Pegging, Run, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.team import Team
from api.services import payments, runs, serving


def share_out(session: Session, run: Run, *, at: datetime) -> None:
    """Note who lacks pieces of a run that is done, and what it yielded beyond; again changes nothing."""
    if run.status != RunStatus.DONE:
        return
    team = _team_of(session, run)
    claims = _claims(session, run)
    noted = {(s.preorder_line_id, s.sku_id) for s in of_run(session, run)}
    entered = {entry.sku_id for entry in stock_of(session, run)}
    cost = runs.unit_costs(session, [run])[run.id]
    for _, made in runs.quantities(session, [run.id])[run.id]:
        wanted = claims[made.sku_id]
        lacking = allocate(team.allocation_policy, made.done, wanted)
        numbers = {claim.line_id: claim.number for claim in wanted}
        for line_id, pieces in sorted(lacking.items(), key=lambda entry: numbers[entry[0]]):
            if (line_id, made.sku_id) not in noted:
                short = Shortfall(
                    run_id=run.id,
                    preorder_line_id=line_id,
                    sku_id=made.sku_id,
                    preorder_number=numbers[line_id],
                    pieces=pieces,
                    policy=team.allocation_policy,
                    noted_at=at,
                )
                short.begin(by=SYSTEM, at=at, why=f"run {run.number} ended short, {short.policy.value}")
                session.add(short)
        over = made.done - sum(claim.pieces for claim in wanted)
        if over > 0 and made.sku_id not in entered:
            session.add(
                StockEntry(
                    run_id=run.id,
                    sku_id=made.sku_id,
                    team_id=team.id,
                    pieces=over,
                    unit_cost_minor=cost,
                    currency=CURRENCY,
                    entered_at=at,
                )
            )
    session.flush()


def of_run(session: Session, run: Run) -> Sequence[Shortfall]:
    """Who lacks pieces of a run, settled or not, by pre-order number."""
    return session.exec(
        select(Shortfall).where(Shortfall.run_id == run.id).order_by(Shortfall.preorder_number)
    ).all()


def stock_of(session: Session, run: Run) -> Sequence[StockEntry]:
    """What a run yielded for the team's stock."""
    return session.exec(select(StockEntry).where(StockEntry.run_id == run.id)).all()


@dataclass(frozen=True, slots=True)
class ShortView:
    """A shortfall with what hangs on it; money in minor units of the pre-order's currency."""

    shortfall: Shortfall
    sku: str
    refund_minor: int
    currency: str
    whole: bool
    """Whether nothing of the pre-order would remain after a refund."""


def views(session: Session, run: Run) -> list[ShortView]:
    """The shortfalls of a run as a person settles them."""
    codes = {sku.id: sku.code for sku in session.exec(select(Sku))}
    found = []
    for short in of_run(session, run):
        preorder = _preorder_of(session, short)
        amount = short.pieces * _price(session, preorder)
        whole = _remaining(session, preorder) == short.pieces
        found.append(ShortView(short, codes[short.sku_id], amount, preorder.currency, whole))
    return found


def refund(session: Session, shortfall_id: UUID, *, member: Member, at: datetime) -> Shortfall:
    """Give back what the lacking pieces cost; a pre-order of which nothing remains is cancelled."""
    short, run, preorder = _to_settle(session, shortfall_id, member)
    amount = short.pieces * _price(session, preorder)
    why = f"{short.pieces} pieces short of run {run.number}"
    payments.give_back(session, preorder, amount, purpose=PaymentPurpose.SHORT, why=why, at=at)
    short.move(ShortfallStatus.REFUNDED, by=member.actor, at=at, why=f"{amount} given back")
    session.flush()
    if _remaining(session, preorder) == 0:
        preorder.move(PreorderStatus.CANCELLED, by=member.actor, at=at, why=why)
    serving.advance(session, [preorder.id], at=at, why=why)
    return short


def recut(session: Session, shortfall_id: UUID, *, member: Member, at: datetime) -> Shortfall:
    """Have the lacking pieces made anew: no run holds them any more, so the next plan finds them a place."""
    short, run, preorder = _to_settle(session, shortfall_id, member)
    peg = session.exec(
        select(Pegging)
        .where(
            Pegging.run_id == run.id,
            Pegging.preorder_line_id == short.preorder_line_id,
            Pegging.sku_id == short.sku_id,
        )
        .with_for_update()
    ).one()
    if peg.quantity == short.pieces:
        session.delete(peg)
    else:
        peg.quantity -= short.pieces
    short.move(ShortfallStatus.RECUT, by=member.actor, at=at, why="made anew with the next plan")
    preorder.expected_on = None
    return short


def may_settle(session: Session, run: Run, member: Member) -> bool:
    """Whether a member decides over refund and recut: whoever has the right, in their own team's styles."""
    try:
        _must_settle(session, run, member)
    except RoleMissing:
        return False
    return True


def _must_settle(session: Session, run: Run, member: Member) -> None:
    member.must_have(Right.SETTLE_SHORT)
    if member.team_id is not None and member.team_id != _team_of(session, run).id:
        raise RoleMissing(Right.SETTLE_SHORT.value, member.role.value)


def _to_settle(session: Session, shortfall_id: UUID, member: Member) -> tuple[Shortfall, Run, Preorder]:
    short = session.exec(
        select(Shortfall)
        .where(Shortfall.id == shortfall_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if short is None:
        raise Unknown("shortfall", str(shortfall_id))
    run = session.get_one(Run, short.run_id)
    _must_settle(session, run, member)
    preorder = _preorder_of(session, short)
    session.refresh(preorder, with_for_update=True)
    return short, run, preorder


def _claims(session: Session, run: Run) -> dict[UUID, list[Claim]]:
    """What pre-orders wait for of a run, by SKU."""
    claims: dict[UUID, list[Claim]] = defaultdict(list)
    for pegging, line, preorder, _ in runs.pegged(session, run):
        claims[pegging.sku_id].append(
            Claim(
                line.id,
                pegging.quantity,
                preorder.paid_at or preorder.placed_at,
                preorder.promise_by_on,
                preorder.number,
            )
        )
    return claims


def _remaining(session: Session, preorder: Preorder) -> int:
    """Pieces of a pre-order that were not given up."""
    lines = session.exec(select(PreorderLine).where(PreorderLine.preorder_id == preorder.id)).all()
    given_up = session.exec(
        select(Shortfall.pieces).where(
            col(Shortfall.preorder_line_id).in_([line.id for line in lines]),
            Shortfall.status == ShortfallStatus.REFUNDED,
        )
    )
    return sum(line.quantity for line in lines) - sum(given_up)


def _preorder_of(session: Session, short: Shortfall) -> Preorder:
    return session.get_one(Preorder, session.get_one(PreorderLine, short.preorder_line_id).preorder_id)


def _price(session: Session, preorder: Preorder) -> int:
    """What the buyer has paid for a piece, after the settled price."""
    settled = session.get_one(Campaign, preorder.campaign_id).settled_price_minor
    return preorder.price_minor if settled is None else settled


def _team_of(session: Session, run: Run) -> Team:
    style = session.get_one(Style, session.get_one(Item, run.item_id).style_id)
    return session.get_one(Team, style.team_id)
