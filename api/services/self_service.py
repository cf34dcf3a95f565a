"""What buyers may do with a pre-order by themselves, from its state, its campaign and their place's law."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku
from api.domain.delay import Delay
from api.domain.errors import ChangeTooLate, invalid
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.preorder_change import PreorderChange
from api.domain.promise import Promise
from api.services import cancellation, delays, notices, promises, withdrawal


@dataclass(frozen=True, slots=True)
class Choices:
    """What is allowed at this moment; ``change_until`` is None where nothing can be changed any more."""

    cut_off_at: datetime
    change_until: datetime | None
    skus: Sequence[str]
    """Of the same style and so at the same price: what a line may be changed to."""
    cancel: withdrawal.StepBack
    delay: Delay | None
    promises: Sequence[Promise]


def choices(session: Session, preorder: Preorder, *, at: datetime) -> Choices:
    campaign = session.get_one(Campaign, preorder.campaign_id)
    changeable = _changeable(campaign, preorder, at)
    return Choices(
        cut_off_at=campaign.closes_at,
        change_until=campaign.closes_at if changeable else None,
        skus=sorted(_skus(session, campaign)) if changeable else [],
        cancel=withdrawal.weigh(session, preorder, at=at),
        delay=delays.standing(session, preorder),
        promises=promises.history(session, preorder.id),
    )


def change(session: Session, preorder: Preorder, wanted: PreorderChange, *, at: datetime) -> Preorder:
    """Take another size, colour or address until the cut-off; pieces and price stay.

    Raises ChangeTooLate, and InvalidRequest naming the field.
    """
    preorder = cancellation.locked(session, preorder.id)
    campaign = session.get_one(Campaign, preorder.campaign_id)
    if not _changeable(campaign, preorder, at):
        raise ChangeTooLate(preorder.number)
    skus = _skus(session, campaign)
    lines = _lines(session, preorder)
    for index, swap in enumerate(wanted.lines):
        if swap.from_sku not in lines:
            raise invalid(f"lines[{index}].from_sku", swap.from_sku, "is not in this pre-order")
        if swap.to_sku not in skus:
            raise invalid(
                f"lines[{index}].to_sku", swap.to_sku, f"is not offered in the campaign {campaign.slug}"
            )
    for swap in wanted.lines:
        lines[swap.from_sku].sku_id = skus[swap.to_sku].id
    if len({line.sku_id for line in lines.values()}) < len(lines):
        raise invalid("lines", None, "two lines would be the same")
    preorder.address = wanted.address or preorder.address
    session.flush()
    facts = {"lines": [swap.model_dump() for swap in wanted.lines], "address": wanted.address is not None}
    notices.tell(session, preorder, "changed", key=f"changed:{preorder.id}:{at.isoformat()}", at=at, **facts)
    return preorder


def _changeable(campaign: Campaign, preorder: Preorder, at: datetime) -> bool:
    return preorder.status == PreorderStatus.PLACED and campaign.is_open(at)


def _skus(session: Session, campaign: Campaign) -> dict[str, Sku]:
    offered = session.exec(
        select(Sku).join(Item, col(Item.id) == Sku.item_id).where(Item.style_id == campaign.style_id)
    )
    return {sku.code: sku for sku in offered}


def _lines(session: Session, preorder: Preorder) -> dict[str, PreorderLine]:
    rows = session.exec(
        select(Sku.code, PreorderLine)
        .join(Sku, col(Sku.id) == PreorderLine.sku_id)
        .where(PreorderLine.preorder_id == preorder.id)
        .with_for_update(of=PreorderLine)
    )
    return dict(rows.all())
