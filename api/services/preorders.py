"""What a consumer can do with a pre-order: place it, find it again, follow it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku
from api.domain.errors import Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind
from api.domain.preorder import (
    Preorder,
    PreorderLine,
    PreorderLineRead,
    PreorderRead,
    PreorderStatus,
)
from api.security import preorder_of_token, preorder_token
from api.services import campaigns, groups, ledger, payments
from api.settings import settings

CONSUMER = "consumer"


def token(preorder: Preorder) -> str:
    """The secret part of the link that finds this pre-order again."""
    return preorder_token(settings().secret, preorder.id)


def link(preorder: Preorder) -> str:
    """The address under which its buyer finds it again."""
    return f"{settings().public_url}/o/{token(preorder)}"


def get_by_token(session: Session, token: str) -> Preorder:
    """The pre-order a signed link leads to; raises LinkNotValid or Unknown."""
    preorder = session.get(Preorder, preorder_of_token(settings().secret, token))
    if preorder is None:
        raise Unknown("pre-order", token[:8])
    return preorder


def lines_of(session: Session, preorder_id: UUID) -> Sequence[PreorderLineRead]:
    """The lines with colour and size, in the order of their SKU codes."""
    rows = session.exec(
        select(PreorderLine, Sku, Item)
        .join(Sku, col(Sku.id) == PreorderLine.sku_id)
        .join(Item, col(Item.id) == Sku.item_id)
        .where(PreorderLine.preorder_id == preorder_id)
        .order_by(Sku.code)
    )
    return [
        PreorderLineRead(
            sku=sku.code,
            colour=item.colour,
            size=sku.size,
            quantity=line.quantity,
            accept_other_colour=line.accept_other_colour,
            only_colours=line.only_colours,
            accept_next_size=line.accept_next_size,
        )
        for line, sku, item in rows
    ]


def read(session: Session, preorder: Preorder) -> PreorderRead:
    """The pre-order as its owner sees it, with the links to follow and to pay it."""
    campaign = session.get_one(Campaign, preorder.campaign_id)
    lines = lines_of(session, preorder.id)
    money = payments.of_preorder(session, preorder.id)
    count = sum(line.quantity for line in lines)
    return PreorderRead(
        **preorder.model_dump(include=set(PreorderRead.model_fields) & set(Preorder.model_fields)),
        campaign=campaign.slug,
        lines=list(lines),
        pieces=count,
        total_minor=preorder.price_minor * count,
        group=groups.code_of(session, preorder),
        open_minor=max(0, payments.open_minor(session, preorder)),
        paid_minor=_moved(money, PaymentKind.CHARGE),
        refunded_minor=_moved(money, PaymentKind.REFUND),
        settled_price_minor=campaign.settled_price_minor,
        link=link(preorder),
        pay_link=f"{link(preorder)}/pay" if awaits_payment(session, preorder) else None,
    )


def awaits_payment(session: Session, preorder: Preorder) -> bool:
    """Whether the buyer can pay something now, or has to say from where it is taken later."""
    return payments.wants_method(preorder) or payments.asked(session, preorder) is not None


def _moved(money: Iterable[Payment], kind: PaymentKind) -> int:
    return sum(abs(payment.signed_minor) for payment in money if payment.kind == kind)


def ship(session: Session, number: str, *, member: Member, at: datetime) -> Preorder:
    """The parcel has left; by a person with the right."""
    member.must_have(Right.SHIP)
    preorder = session.exec(select(Preorder).where(Preorder.number == number).with_for_update()).first()
    if preorder is None or not _of_team(session, preorder, member):
        raise Unknown("pre-order", number)
    preorder.move(PreorderStatus.SHIPPED, by=member.actor, at=at, why="parcel handed over")
    session.flush()
    ledger.earn(session, preorder, payments.due_minor(session, preorder), at=at)
    campaigns.note_shipped(session, preorder.campaign_id, at=at)
    return preorder


def _of_team(session: Session, preorder: Preorder, member: Member) -> bool:
    campaign = session.get_one(Campaign, preorder.campaign_id)
    return member.team_id in (None, campaign.team_id)


def advance(session: Session, preorder: Preorder, to: PreorderStatus, *, at: datetime, why: str) -> None:
    """Move a pre-order forward because its runs moved; nothing when it is there or further already."""
    order = list(PreorderStatus)
    while order.index(preorder.status) < order.index(to) <= order.index(PreorderStatus.READY):
        preorder.move(order[order.index(preorder.status) + 1], by=SYSTEM, at=at, why=why)
        if preorder.status != to:
            session.flush()  # the database sees, and judges, every step
