"""What a consumer can do with a pre-order: place it, find it again, follow it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku
from api.domain.errors import InvalidRequest, Unknown, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind, PaymentTerms
from api.domain.preorder import (
    PREORDER_NUMBERS,
    Preorder,
    PreorderCreate,
    PreorderLine,
    PreorderLineCreate,
    PreorderLineRead,
    PreorderRead,
    PreorderStatus,
)
from api.domain.waiting import WaitingEntry
from api.security import preorder_of_token, preorder_token
from api.services import campaigns, groups, ledger, numbers, payments, places, waiting
from api.settings import settings

CONSUMER = "consumer"


def place(session: Session, request: PreorderCreate, *, at: datetime) -> Preorder:
    """Take a pre-order and ask for its first payment at the price of this moment.

    Paid pieces only grow while a campaign is open, so the close settles at this price or below it and gives
    the difference back.

    Raises Unknown, CampaignNotOpen, CampaignFull, or InvalidRequest naming each wrong field.
    """
    campaign = _open_campaign(session, request.campaign, at)
    skus = _skus(session, campaign, request.lines)
    terms = _terms(campaign, request)
    wanted = sum(line.quantity for line in request.lines)
    if request.offer is not None:
        _take_up(session, request, campaign, skus, at)
    before = places.take(session, campaign, wanted) if campaign.counts_places else 0
    promise_from_on, promise_by_on = campaign.promise(before)
    (number,) = numbers.draw(session, PREORDER_NUMBERS, 1)
    preorder = Preorder(
        number=number,
        campaign_id=campaign.id,
        buyer_name=request.name,
        email=request.email,
        region=request.region,
        address=request.address,
        language=request.language,
        placed_at=at,
        pay_until=at + places.PAY_WITHIN if campaign.cap_pieces is not None else None,
        terms=terms,
        group_id=groups.of_request(session, campaign, request.group, at=at),
        price_minor=campaign.prices.price(campaigns.paid_pieces(session, campaign.id)),
        deposit_minor=campaign.deposit_minor or 0 if terms == PaymentTerms.DEPOSIT else 0,
        currency=campaign.currency,
        promise_from_on=promise_from_on,
        promise_by_on=promise_by_on,
    )
    preorder.begin(by=CONSUMER, at=at, why="placed")
    session.add(preorder)
    session.flush()
    session.add_all(_line(preorder.id, line, skus[line.sku]) for line in request.lines)
    payments.first_charge(session, preorder, wanted, at=at)
    return preorder


def _open_campaign(session: Session, slug: str, at: datetime) -> Campaign:
    # Shared lock: placements do not wait for each other, the close waits for them and they for the close.
    # Where places are counted they take turns.
    campaign = session.exec(
        select(Campaign).where(Campaign.slug == slug).with_for_update(read=True, key_share=False)
    ).first()
    if campaign is None:
        raise Unknown("campaign", slug)
    if campaign.counts_places:
        campaign = campaigns.get_for_update(session, campaign.id)
    campaign.accept(at=at)
    return campaign


def _terms(campaign: Campaign, request: PreorderCreate) -> PaymentTerms:
    terms = request.terms or PaymentTerms(campaign.terms[0])
    if terms not in campaign.terms:
        raise invalid(
            "terms", terms.value, f"the campaign {campaign.slug} offers {', '.join(campaign.terms)}"
        )
    return terms


def _take_up(
    session: Session, request: PreorderCreate, campaign: Campaign, skus: dict[str, Sku], at: datetime
) -> None:
    """An offer of the waiting list holds for the SKU and at most the pieces it was made for."""
    entry = session.get(WaitingEntry, request.offer, with_for_update=True)
    if entry is None or entry.campaign_id != campaign.id:
        raise Unknown("offer", str(request.offer))
    line = request.lines[0]
    if len(request.lines) > 1 or skus[line.sku].id != entry.sku_id or line.quantity > entry.quantity:
        raise invalid("lines", line.sku, "is not what the offer was made for")
    waiting.take_up(entry, campaign, at=at)


def _skus(session: Session, campaign: Campaign, lines: Sequence[PreorderLineCreate]) -> dict[str, Sku]:
    offered = session.exec(
        select(Sku).join(Item, col(Item.id) == Sku.item_id).where(Item.style_id == campaign.style_id)
    )
    skus = {sku.code: sku for sku in offered}
    problems, seen = [], set[str]()
    for index, line in enumerate(lines):
        if line.sku not in skus:
            detail = f"is not offered in the campaign {campaign.slug}"
            problems.append({"field": f"lines[{index}].sku", "value": line.sku, "detail": detail})
        elif line.sku in seen:
            problems.append({"field": f"lines[{index}].sku", "value": line.sku, "detail": "is named twice"})
        seen.add(line.sku)
    if problems:
        raise InvalidRequest(problems)
    return skus


def _line(preorder_id: UUID, wanted: PreorderLineCreate, sku: Sku) -> PreorderLine:
    return PreorderLine(
        preorder_id=preorder_id,
        sku_id=sku.id,
        quantity=wanted.quantity,
        accept_other_colour=wanted.accept_other_colour,
        only_colours=wanted.only_colours,
        accept_next_size=wanted.accept_next_size,
    )


def token(preorder: Preorder) -> str:
    """The secret part of the link that finds this pre-order again."""
    return preorder_token(settings().secret, preorder.id)


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
    link = f"{settings().public_url}/o/{token(preorder)}"
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
        link=link,
        pay_link=f"{link}/pay" if awaits_payment(session, preorder) else None,
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
