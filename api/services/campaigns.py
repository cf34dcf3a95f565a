"""Looking at campaigns: what is offered, what is paid, who may see what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign, CampaignRead, CampaignStatus
from api.domain.catalogue import SIZES, Fabric, Item, Sku, Style
from api.domain.errors import Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import Closure
from api.domain.team import Team

_GONE = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)
_OWED = (
    PreorderStatus.CONFIRMED,
    PreorderStatus.SCHEDULED,
    PreorderStatus.IN_PRODUCTION,
    PreorderStatus.READY,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A campaign with the style it offers, its items by colour and their SKUs by size."""

    campaign: Campaign
    style: Style
    items: Sequence[Item]
    skus: Sequence[Sku]

    def skus_of(self, item: Item) -> list[Sku]:
        """The sizes of a colour, small to large."""
        return sorted((s for s in self.skus if s.item_id == item.id), key=lambda s: SIZES.index(s.size))

    def accepted(self, line: PreorderLine) -> list[Sku]:
        """The SKUs a buyer takes instead of the one ordered."""
        colours = {item.id: item.colour for item in self.items}
        own = next(sku for sku in self.skus if sku.id == line.sku_id)
        return [sku for sku in self.skus if line.accepts(own, sku, colours[sku.item_id])]


def get_by_slug(session: Session, slug: str) -> Campaign:
    """The campaign, or Unknown."""
    campaign = session.exec(select(Campaign).where(Campaign.slug == slug)).first()
    if campaign is None:
        raise Unknown("campaign", slug)
    return campaign


def get_for_update(session: Session, campaign_id: UUID) -> Campaign:
    """The campaign, locked against every other change and against new pre-orders."""
    return session.exec(
        select(Campaign)
        .where(Campaign.id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def offer(session: Session, slug: str) -> Offer:
    """Everything a page needs to show what is offered."""
    campaign = get_by_slug(session, slug)
    style = session.get_one(Style, campaign.style_id)
    items = items_of(session, style)
    skus = session.exec(select(Sku).where(col(Sku.item_id).in_([item.id for item in items]))).all()
    return Offer(campaign, style, items, skus)


def items_of(session: Session, style: Style) -> list[Item]:
    """The colours of a style, in the order of their codes."""
    return list(session.exec(select(Item).where(Item.style_id == style.id).order_by(Item.code)))


def fabrics_of(session: Session, offer: Offer) -> Sequence[Fabric]:
    """The fabrics of an offer, in the order of their codes."""
    wanted = {item.fabric_id for item in offer.items}
    return session.exec(select(Fabric).where(col(Fabric.id).in_(wanted)).order_by(Fabric.code)).all()


def longest_closure(session: Session, campaign: Campaign) -> Closure | None:
    """The longest stretch between close and promise in which a factory makes nothing."""
    closures = session.exec(
        select(Closure).where(
            Closure.capacity_percent == 0,
            col(Closure.from_on) >= campaign.closes_at.date(),
            col(Closure.to_on) <= campaign.ship_by_on,
        )
    ).all()
    return max(closures, key=lambda c: (c.to_on - c.from_on, c.from_on), default=None)


def paid_pieces(session: Session, campaign_id: UUID) -> int:
    """Pieces whose payment is confirmed and not given back: the only number that is ever shown."""
    return sum(paid_by_sku(session, campaign_id).values())


def paid_by_sku(session: Session, campaign_id: UUID) -> dict[UUID, int]:
    """Paid pieces of a campaign by SKU."""
    rows = session.execute(
        select(PreorderLine.sku_id, func.sum(PreorderLine.quantity))
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(
            Preorder.campaign_id == campaign_id,
            col(Preorder.paid_at).is_not(None),
            col(Preorder.status).not_in(_GONE),
        )
        .group_by(col(PreorderLine.sku_id))
    )
    return {sku_id: int(pieces) for sku_id, pieces in rows}


def listed(session: Session) -> Sequence[tuple[Campaign, Style, int]]:
    """Campaigns everyone may see, those that close first on top, with their paid pieces."""
    return _with_pieces(session, [CampaignStatus.OPEN], None)


def of_member(session: Session, member: Member) -> Sequence[tuple[Campaign, Style, int]]:
    """Campaigns of the member's team, or all for someone without one."""
    return _with_pieces(session, list(CampaignStatus), member.team_id)


def _with_pieces(
    session: Session, states: Sequence[CampaignStatus], team_id: UUID | None
) -> Sequence[tuple[Campaign, Style, int]]:
    query = select(Campaign, Style).join(Style, col(Style.id) == Campaign.style_id)
    query = query.where(col(Campaign.status).in_(states)).order_by(col(Campaign.closes_at))
    if team_id is not None:
        query = query.where(Campaign.team_id == team_id)
    rows = session.exec(query).all()
    pieces = dict(
        session.execute(
            select(Preorder.campaign_id, func.sum(PreorderLine.quantity))
            .join(PreorderLine, col(PreorderLine.preorder_id) == Preorder.id)
            .where(col(Preorder.paid_at).is_not(None), col(Preorder.status).not_in(_GONE))
            .group_by(col(Preorder.campaign_id))
        ).all()
    )
    return [(campaign, style, int(pieces.get(campaign.id, 0))) for campaign, style in rows]


def get_of_member(session: Session, slug: str, member: Member) -> Campaign:
    """A campaign of the member's own team; another team's is Unknown to them."""
    campaign = get_by_slug(session, slug)
    if member.team_id not in (None, campaign.team_id):
        raise Unknown("campaign", slug)
    return campaign


def note_shipped(session: Session, campaign_id: UUID, *, at: datetime) -> None:
    """A campaign has shipped when none of its pre-orders is still owed."""
    left = session.exec(
        select(func.count()).where(Preorder.campaign_id == campaign_id, col(Preorder.status).in_(_OWED))
    ).one()
    campaign = get_for_update(session, campaign_id)
    if left == 0 and campaign.status == CampaignStatus.IN_PRODUCTION:
        campaign.move(CampaignStatus.SHIPPED, by=SYSTEM, at=at, why="every pre-order has left")


def team_of(session: Session, campaign: Campaign) -> Team:
    return session.get_one(Team, campaign.team_id)


def read(session: Session, slug: str) -> CampaignRead:
    """The campaign as everyone may see it."""
    shown = offer(session, slug)
    campaign = shown.campaign
    pieces = paid_pieces(session, campaign.id)
    following = campaign.prices.next_tier(pieces)
    item_of = {item.id: item for item in shown.items}
    return CampaignRead(
        **campaign.model_dump(include=set(CampaignRead.model_fields) & set(Campaign.model_fields)),
        style=shown.style.code,
        paid_pieces=pieces,
        price_minor=campaign.prices.price(pieces),
        next_tier_from_pieces=following.from_pieces if following else None,
        next_price_minor=following.price_minor if following else None,
        skus=[
            {"sku": sku.code, "colour": item_of[sku.item_id].colour, "size": sku.size}
            for item in shown.items
            for sku in shown.skus_of(item)
        ],
    )
