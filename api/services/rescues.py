"""Rescues: the cheapest way to keep every minimum, offered to the team, and carried out at its word."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import Item, Sku
from api.domain.errors import AboveLimit, Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.member import RIGHTS, Member, Right
from api.domain.payment import PaymentTerms
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.rescue import ANSWER_WITHIN, Rescue, RescueStatus
from api.services import notices
from api.services.campaign_decision import Verdict, Wanted
from planner.rescue import Way

WORTH_OFFERING_PERCENT = 25
"""A rescue that costs more than this share of what the campaign brings is no rescue."""
MOST_TOP_UP_PERCENT = 15
"""Of the paid pieces: whoever adds more bets on stock, whatever it fetches."""
_RUNNING = (CampaignStatus.DECIDED, CampaignStatus.IN_PRODUCTION)


def offer(session: Session, campaign: Campaign, verdict: Verdict, *, at: datetime) -> Rescue | None:
    """The rescue that stands: the open one until its hour is over, else a new one where there is a way.

    A team is asked once; after its refusal, or its silence, there is none.
    """
    last = _last(session, campaign)
    if last is not None and last.status == RescueStatus.OFFERED:
        if at < last.answer_by:
            return last
        last.move(RescueStatus.LAPSED, by=SYSTEM, at=at, why="the team did not answer")
        return None
    if last is not None and last.status != RescueStatus.ACCEPTED:
        return None
    way = verdict.way
    if way is None or not _worth_offering(campaign, verdict, way):
        return None
    rescue = Rescue(
        campaign_id=campaign.id,
        offered_at=at,
        answer_by=at + ANSWER_WITHIN,
        moves=[dict(move) for move in verdict.moves],
        top_ups=dict(way.top_ups),
        dropped=dict(verdict.dropped),
        cost_minor=way.spent,
    )
    rescue.begin(by=SYSTEM, at=at, why=verdict.summary)
    session.add(rescue)
    session.flush()
    return rescue


def _worth_offering(campaign: Campaign, verdict: Verdict, way: Way) -> bool:
    brings = campaign.prices.price(verdict.pieces) * verdict.pieces
    most = -(-verdict.pieces * MOST_TOP_UP_PERCENT // 100)
    cheap = way.cost * 100 <= brings * WORTH_OFFERING_PERCENT
    return cheap and sum(way.top_ups.values()) <= most


def standing(session: Session, campaign: Campaign) -> Rescue | None:
    """The rescue its team may accept now."""
    last = _last(session, campaign)
    return last if last is not None and last.status == RescueStatus.OFFERED else None


def read(session: Session, campaign: Campaign) -> Rescue:
    """The rescue that stands; raises Unknown."""
    rescue = standing(session, campaign)
    if rescue is None:
        raise Unknown("rescue", campaign.slug)
    return rescue


def _last(session: Session, campaign: Campaign) -> Rescue | None:
    return session.exec(
        select(Rescue)
        .where(Rescue.campaign_id == campaign.id)
        .order_by(col(Rescue.offered_at).desc())
        .limit(1)
        .with_for_update()
    ).first()


def accept(session: Session, campaign: Campaign, *, member: Member, at: datetime) -> Rescue:
    """By the team within its limit, by a buyer beyond it. Raises RoleMissing, Unknown, AboveLimit."""
    member.must_have(Right.ACCEPT_RESCUE)
    rescue = standing(session, campaign)
    if rescue is None or at >= rescue.answer_by:
        raise Unknown("rescue", campaign.slug)
    beyond = rescue.cost_minor > campaign.top_up_limit_minor
    if beyond and Right.SPEND_ABOVE_LIMIT not in RIGHTS[member.role]:
        raise AboveLimit(rescue.cost_minor, campaign.top_up_limit_minor, campaign.currency)
    rescue.move(RescueStatus.ACCEPTED, by=member.actor, at=at, why=f"costs {rescue.cost_minor}")
    return rescue


def refuse(session: Session, campaign: Campaign, *, member: Member, why: str, at: datetime) -> Rescue:
    """Raises RoleMissing, and Unknown where no offer stands."""
    member.must_have(Right.ACCEPT_RESCUE)
    rescue = read(session, campaign)
    rescue.move(RescueStatus.REFUSED, by=member.actor, at=at, why=why)
    session.flush()
    return rescue


def dropped_minor(session: Session, rescue: Rescue) -> int:
    """What the buyers of dropped pieces have paid for them, in minor units: it goes back."""
    paid = case(
        (col(Preorder.terms) == PaymentTerms.PREPAID, Preorder.price_minor), else_=Preorder.deposit_minor
    )
    moved = [UUID(move["line"]) for move in rescue.moves]
    total = session.exec(
        select(func.coalesce(func.sum(PreorderLine.quantity * paid), 0))
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Sku, col(Sku.id) == PreorderLine.sku_id)
        .join(Item, col(Item.id) == Sku.item_id)
        .where(
            Preorder.campaign_id == rescue.campaign_id,
            col(Preorder.status).in_((PreorderStatus.PLACED, PreorderStatus.BALANCE_DUE)),
            col(Preorder.paid_at).is_not(None),
            col(Item.code).in_(rescue.dropped),
            col(PreorderLine.id).not_in(moved),
        )
    ).one()
    return int(total)


def take_at_consent(session: Session, rescue: Rescue, wanted: Sequence[Wanted], *, at: datetime) -> None:
    """Serve lines with the SKU their buyer accepted instead, and tell them before anything is made."""
    skus = {sku.code: sku for sku in session.exec(select(Sku))}
    lines = {str(one.line.id): one for one in wanted}
    for move in rescue.moves:
        one = lines.get(move["line"])
        if one is None:
            continue
        one.line.chosen_sku_id, one.line.sku_id = one.line.sku_id, skus[move["to_sku"]].id
        facts = {"from_sku": move["from_sku"], "to_sku": move["to_sku"], "pieces": move["pieces"]}
        notices.tell(session, one.preorder, "taken_at_consent", key=f"moved:{one.line.id}", at=at, **facts)
    session.flush()


def without_dropped(session: Session, rescue: Rescue, wanted: Sequence[Wanted]) -> list[Wanted]:
    """The lines that can be served: those of colours that run."""
    dropped = set(rescue.dropped)
    codes = dict(session.exec(select(Sku.id, Item.code).join(Item, col(Item.id) == Sku.item_id)).all())
    return [one for one in wanted if codes[one.line.sku_id] not in dropped]


def top_ups(session: Session, campaign: Campaign | None = None) -> Counter[str]:
    """Pieces by item that teams have added: to one campaign, or to all that were decided and are not made."""
    query = (
        select(Rescue)
        .join(Campaign, col(Campaign.id) == Rescue.campaign_id)
        .where(Rescue.status == RescueStatus.ACCEPTED)
    )
    query = (
        query.where(col(Campaign.status).in_(_RUNNING))
        if campaign is None
        else query.where(Rescue.campaign_id == campaign.id)
    )
    added: Counter[str] = Counter()
    for rescue in session.exec(query):
        added.update(rescue.top_ups)
    return added


def open_offers(session: Session, team_id: UUID | None) -> Sequence[tuple[Rescue, Campaign]]:
    """What teams have to answer, the one that ends first on top."""
    query = (
        select(Rescue, Campaign)
        .join(Campaign, col(Campaign.id) == Rescue.campaign_id)
        .where(Rescue.status == RescueStatus.OFFERED)
        .order_by(col(Rescue.answer_by), Campaign.slug)
    )
    if team_id is not None:
        query = query.where(Campaign.team_id == team_id)
    return session.exec(query).all()
