"""Finding pre-orders in the console: a page of them with their money, and never another team's."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku, Style
from api.domain.member import Member
from api.domain.payment import Payment, PaymentKind, PaymentStatus
from api.domain.preorder import Preorder, PreorderLine

PAGE = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A pre-order with what was ordered and what was paid; money in minor units of its currency."""

    preorder: Preorder
    campaign: Campaign
    style: Style
    lines: tuple[tuple[PreorderLine, Sku, Item], ...]
    paid_minor: int
    refunded_minor: int

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line, *_ in self.lines)


def search(session: Session, member: Member, *, words: str, page: int) -> tuple[list[Found], int]:
    """One page (from 1) of the pre-orders whose number or campaign holds the words, and how many match."""
    query = (
        select(Preorder, Campaign, Style)
        .join(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .join(Style, col(Style.id) == Campaign.style_id)
    )
    if member.team_id is not None:
        query = query.where(Campaign.team_id == member.team_id)
    if words:
        named = (col(text) for text in (Preorder.number, Campaign.slug, Style.name_en, Style.name_zh))
        query = query.where(or_(*(text.icontains(words, autoescape=True) for text in named)))
    total = session.exec(select(func.count()).select_from(query.subquery("found"))).one()
    order = (col(Preorder.placed_at).desc(), col(Preorder.number).desc())
    rows = session.exec(query.order_by(*order).limit(PAGE).offset((page - 1) * PAGE)).all()
    ids = [preorder.id for preorder, *_ in rows]
    lines, money = _lines(session, ids), _money(session, ids)
    found = [
        Found(
            preorder,
            campaign,
            style,
            tuple(lines[preorder.id]),
            money.get((preorder.id, PaymentKind.CHARGE), 0),
            money.get((preorder.id, PaymentKind.REFUND), 0),
        )
        for preorder, campaign, style in rows
    ]
    return found, total


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[tuple[PreorderLine, Sku, Item]]]:
    rows = session.exec(
        select(PreorderLine, Sku, Item)
        .join(Sku, col(Sku.id) == PreorderLine.sku_id)
        .join(Item, col(Item.id) == Sku.item_id)
        .where(col(PreorderLine.preorder_id).in_(ids))
        .order_by(Sku.code)
    )
    found: dict[UUID, list[tuple[PreorderLine, Sku, Item]]] = defaultdict(list)
    for line, sku, item in rows:
        found[line.preorder_id].append((line, sku, item))
    return found


def _money(session: Session, ids: Sequence[UUID]) -> dict[tuple[UUID, PaymentKind], int]:
    rows = session.execute(
        select(Payment.preorder_id, Payment.kind, func.sum(Payment.amount_minor))
        .where(col(Payment.preorder_id).in_(ids), Payment.status == PaymentStatus.CONFIRMED)
        .group_by(col(Payment.preorder_id), col(Payment.kind))
    )
    return {(preorder_id, kind): int(amount) for preorder_id, kind, amount in rows}


def taken(session: Session) -> dict[UUID, int]:
    """Money confirmed and not given back, by campaign, in minor units of its currency."""
    rows = session.execute(
        select(Preorder.campaign_id, Payment.kind, func.sum(Payment.amount_minor))
        .join(Preorder, col(Preorder.id) == Payment.preorder_id)
        .where(Payment.status == PaymentStatus.CONFIRMED)
        .group_by(col(Preorder.campaign_id), col(Payment.kind))
    )
    total: dict[UUID, int] = defaultdict(int)
    for campaign_id, kind, amount in rows:
        total[campaign_id] += int(amount) if kind == PaymentKind.CHARGE else -int(amount)
    return total


def count(session: Session, campaign: Campaign) -> int:
    """Pre-orders ever placed in a campaign."""
    return session.exec(select(func.count()).where(Preorder.campaign_id == campaign.id)).one()
