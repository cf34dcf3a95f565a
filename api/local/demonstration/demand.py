"""Who ordered what and when: pre-orders, their lines and their payments, as if they had come one by one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, SQLModel

from api.domain.catalogue import Sku
from api.domain.lifecycle import SYSTEM
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus, SandboxCharge
from api.domain.preorder import PREORDER_NUMBERS, Preorder, PreorderLine, pieces
from api.local.demonstration.campaigns import SHANGHAI, Chapter
from api.local.demonstration.dice import Dice
from api.local.demonstration.people import Buyers
from api.services import numbers, sandbox
from api.services.preorders import CONSUMER

_BATCH = 250
_LAST_MINUTES = timedelta(minutes=4)
"""Nobody orders so shortly before the close, or before now, that the payment would still be on its way."""

# A campaign's days: a rush when it opens, a calm, a rush before it closes (shares of the pre-orders).
_OPENING_RUSH, _CLOSING_RUSH = 0.30, 0.22
_RUSH_LENGTH = 0.05

# Pre-orders by hour of the day in Shanghai: lunch break, and the sofa after dinner.
_HOURS = (3, 2, 1, 1, 1, 1, 2, 4, 6, 8, 10, 12, 16, 13, 9, 9, 9, 9, 10, 13, 18, 20, 16, 8)

_LINES = {1: 55, 2: 32, 3: 13}
_QUANTITIES = {1: 78, 2: 22}
_OTHER_COLOUR, _NEXT_SIZE = 0.05, 0.05


@dataclass(slots=True)
class Order:
    """A pre-order with its lines and its one charge, before anything is written."""

    preorder: Preorder
    lines: list[PreorderLine]
    payments: list[SQLModel] = field(default_factory=list)


def write(
    session: Session,
    chapters: Iterable[Chapter],
    *,
    at: datetime,
    dice: Dice,
    on_progress: Callable[[str], None],
) -> None:
    """Every pre-order up to `at`, numbered in the order in which they came, each still to be decided."""
    buyers = Buyers(dice)
    orders = [_order(chapter, buyers, at, dice) for chapter in chapters for _ in range(chapter.orders)]
    orders.sort(key=lambda order: order.preorder.placed_at)
    drawn = numbers.draw(session, PREORDER_NUMBERS, len(orders))
    for order, number in zip(orders, drawn, strict=True):
        order.preorder.number = number
        _pay(order, dice)
    written = 0
    while written < len(orders):
        batch = orders[written : written + _BATCH]
        session.add_all([order.preorder for order in batch])
        session.flush()
        session.add_all([line for order in batch for line in order.lines])
        session.add_all([payment for order in batch for payment in order.payments])
        session.flush()
        written += len(batch)
        on_progress(f"pre-orders {written:,} of {len(orders):,}")


def _order(chapter: Chapter, buyers: Buyers, at: datetime, dice: Dice) -> Order:
    campaign = chapter.campaign
    placed_at = _arrival(campaign.opens_at, campaign.closes_at, min(at, campaign.closes_at), dice)
    preorder = Preorder(
        id=dice.uuid(),
        campaign_id=campaign.id,
        **buyers.draw(),
        placed_at=placed_at,
        price_minor=campaign.prices.price(1),
        currency=campaign.currency,
        promise_from_on=campaign.ship_from_on,
        promise_by_on=campaign.ship_by_on,
    )
    preorder.begin(by=CONSUMER, at=placed_at, why="placed")
    return Order(preorder, [_line(preorder, sku, dice) for sku in _basket(chapter, dice)])


def _arrival(opens_at: datetime, closes_at: datetime, until: datetime, dice: Dice) -> datetime:
    """A moment after the opening, and early enough before `until` that its payment is settled."""
    length = closes_at - opens_at
    while True:
        draw = dice.random()
        if draw < _OPENING_RUSH:
            moment = opens_at + length * dice.expovariate(1 / _RUSH_LENGTH)
        elif draw < _OPENING_RUSH + _CLOSING_RUSH:
            moment = closes_at - length * dice.expovariate(1 / _RUSH_LENGTH)
        else:
            moment = _at_a_likely_hour(opens_at + length * dice.random(), dice)
        if opens_at <= moment < until - _LAST_MINUTES:
            return moment.replace(microsecond=0)


def _at_a_likely_hour(moment: datetime, dice: Dice) -> datetime:
    (hour,) = dice.choices(range(24), _HOURS)
    local = moment.astimezone(SHANGHAI).replace(hour=hour, minute=dice.randrange(60))
    return local.astimezone(moment.tzinfo)


def _basket(chapter: Chapter, dice: Dice) -> list[Sku]:
    """Different SKUs of the style, most often one."""
    (count,) = dice.choices(list(_LINES), list(_LINES.values()))
    chosen: dict[str, Sku] = {}
    while len(chosen) < count:
        (sku,) = dice.choices(chapter.design.skus, chapter.design.weights)
        chosen[sku.code] = sku
    return list(chosen.values())


def _line(preorder: Preorder, sku: Sku, dice: Dice) -> PreorderLine:
    (quantity,) = dice.choices(list(_QUANTITIES), list(_QUANTITIES.values()))
    return PreorderLine(
        id=dice.uuid(),
        preorder_id=preorder.id,
        sku_id=sku.id,
        quantity=quantity,
        accept_other_colour=dice.chance(_OTHER_COLOUR),
        accept_next_size=dice.chance(_NEXT_SIZE),
    )


def _pay(order: Order, dice: Dice) -> None:
    """Most pay within two minutes; a few never go to pay, give up there, or succeed at the second try."""
    preorder = order.preorder
    charge = Payment(
        id=dice.uuid(),
        preorder_id=preorder.id,
        kind=PaymentKind.CHARGE,
        purpose=PaymentPurpose.FULL,
        amount_minor=preorder.price_minor * pieces(order.lines),
        currency=preorder.currency,
        reason=f"pre-order {preorder.number}",
        provider="sandbox",
        requested_at=preorder.placed_at,
    )
    charge.begin(by=SYSTEM, at=preorder.placed_at, why=charge.reason)
    order.payments.append(charge)
    (fate,) = dice.choices(["paid", "paid at last", "refused", "not started"], [91, 3, 2, 4])
    if fate == "not started":
        return
    now = _later(preorder.placed_at, 4, 40, dice)
    _go_to_provider(charge, now)
    if fate != "paid":
        now = _later(now, 10, 50, dice)
        charge.move(PaymentStatus.FAILED, by=charge.provider, at=now, why="the card was declined")
    if fate == "paid at last":
        now = _later(now, 10, 40, dice)
        _go_to_provider(charge, now)
    if fate != "refused":
        order.payments.append(_confirm(preorder, charge, _later(now, 8, 45, dice)))


def _later(moment: datetime, least: int, most: int, dice: Dice) -> datetime:
    return moment + timedelta(seconds=dice.randint(least, most))


def _go_to_provider(charge: Payment, at: datetime) -> None:
    charge.move(PaymentStatus.STARTED, by=CONSUMER, at=at, why="went to the payment page")
    charge.started_at = at


def _confirm(preorder: Preorder, charge: Payment, at: datetime) -> SandboxCharge:
    charge.provider_reference = sandbox.reference_of(charge.id)
    charge.confirmed_at = preorder.paid_at = at
    charge.moved_minor = charge.amount_minor
    charge.move(PaymentStatus.CONFIRMED, by=charge.provider, at=at, why="paid")
    return SandboxCharge(
        reference=charge.provider_reference,
        payment_id=charge.id,
        kind=PaymentKind.CHARGE,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        at=at,
    )
