"""Go or no-go over style, colour and cloth at once, on collected money, and the cheapest way to save it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

import planner
from api.domain.campaign import Campaign
from api.domain.catalogue import Fabric, Item, Sku
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import LineRate
from api.services import campaigns
from planner.rescue import Way, ways

_PLACE = "anywhere"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a pre-order that goes ahead if its colour does; `sure` where all is paid."""

    line: PreorderLine
    preorder: Preorder
    sure: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the close found: a go as it stands, or the cheapest way to one, or neither.

    `way` is how it runs where it is a go, with the cloth its dye lots leave over.
    """

    pieces: int
    go: bool
    way: Way | None
    moves: tuple[Mapping[str, Any], ...] = ()
    """The lines that `way` serves with another SKU: `{"line", "from_sku", "to_sku", "pieces"}`."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Pieces of `way` by the item that does not run."""

    @property
    def summary(self) -> str:
        return f"{self.pieces} paid pieces"


def judge(
    session: Session, campaign: Campaign, wanted: Sequence[Wanted], *, added: Mapping[str, int]
) -> Verdict:
    """Weigh every minimum together over the lines, of those not yet paid in full less the expected drop.

    `added` are pieces by item that the team has agreed to add: they count towards the minimums.
    """
    pieces = sum(one.line.quantity for one in wanted)
    if not pieces:
        return Verdict(0, go=False, way=None)
    offer = campaigns.offer(session, campaign.slug)
    lots = _Lots(offer, wanted)
    problem = _problem(session, offer, lots.planned(campaign.expected_drop_percent), added)
    found = ways(problem, offer.style.code, price=campaign.prices.price(pieces))
    if not found:
        return Verdict(pieces, go=False, way=None)
    as_it_stands = next((way for way in found if way.changes_nothing), None)
    if as_it_stands is not None:
        return Verdict(pieces, go=True, way=as_it_stands)
    way = found[0]
    return Verdict(pieces, go=False, way=way, moves=tuple(lots.moves(way)), dropped=lots.dropped(way))


def _paid(one: Wanted) -> tuple[datetime, str]:
    return one.preorder.paid_at or one.preorder.placed_at, one.preorder.number


class _Lots:
    """The lines pooled by SKU and consents, as the planner wants them, the earliest paid first in each."""

    def __init__(self, offer: campaigns.Offer, wanted: Sequence[Wanted]) -> None:
        self._offer = offer
        self._skus = {sku.id: sku for sku in offer.skus}
        self._pools: dict[str, list[Wanted]] = defaultdict(list)
        for one in sorted(wanted, key=_paid):
            self._pools[f"{self._skus[one.line.sku_id].code}/{one.line.consents}"].append(one)

    def planned(self, drop_percent: int) -> list[planner.Lot]:
        """The pools as lots; of each colour the share expected to fall away is taken from the largest."""
        quantities = {key: sum(one.line.quantity for one in pool) for key, pool in self._pools.items()}
        unsure = Counter[UUID]()
        for pool in self._pools.values():
            for one in pool:
                unsure[self._skus[one.line.sku_id].item_id] += 0 if one.sure else one.line.quantity
        for item_id, count in unsure.items():
            drop = -(-count * drop_percent // 100)
            mine = [key for key, pool in self._pools.items() if self._sku(pool).item_id == item_id]
            for key in sorted(mine, key=lambda key: (-quantities[key], key)):
                less = min(drop, quantities[key])
                quantities[key] -= less
                drop -= less
        return [self._lot(key, pool, quantities[key]) for key, pool in sorted(self._pools.items())]

    def _sku(self, pool: Sequence[Wanted]) -> Sku:
        return self._skus[pool[0].line.sku_id]

    def _lot(self, key: str, pool: Sequence[Wanted], quantity: int) -> planner.Lot:
        accepted = self._offer.accepted(pool[0].line)
        return planner.Lot(
            id=key,
            sku=self._sku(pool).code,
            quantity=quantity,
            due_day=0,
            region=_PLACE,
            late_cost=1,
            early_cost=1,
            unfilled_cost=1,
            substitutes=tuple(planner.Substitute(other.code, quantity, 1) for other in accepted),
        )

    def moves(self, way: Way) -> list[dict[str, Any]]:
        """Whole lines that a way takes at their consent, the latest paid first.

        A line is not split: the last one may bring a piece or two more than a minimum lacks.
        """
        found = []
        for (key, to_sku), count in sorted(way.moved.items()):
            left = count
            for one in reversed(self._pools[key]):
                if left > 0:
                    left -= one.line.quantity
                    found.append(
                        {
                            "line": str(one.line.id),
                            "from_sku": self._skus[one.line.sku_id].code,
                            "to_sku": to_sku,
                            "pieces": one.line.quantity,
                        }
                    )
        return found

    def dropped(self, way: Way) -> dict[str, int]:
        """Pieces that are not made, by item."""
        items = {item.id: item.code for item in self._offer.items}
        lost: dict[str, int] = defaultdict(int)
        for key, count in way.dropped.items():
            lost[items[self._sku(self._pools[key]).item_id]] += count
        return dict(lost)


def _problem(
    session: Session, offer: campaigns.Offer, lots: Sequence[planner.Lot], added: Mapping[str, int]
) -> planner.Problem:
    """The campaign by itself: its minimums, its cloth and what a piece costs, time and place aside."""
    code = offer.style.code
    items = {item.id: item for item in offer.items}
    fabrics = campaigns.fabrics_of(session, offer)
    cloth = {fabric.id: fabric.code for fabric in fabrics}
    cost, others = _unit_cost(session, offer), _made_for_others(session, offer)
    others.update({item.id: added.get(item.code, 0) for item in offer.items})
    least = max(0, offer.campaign.minimum - sum(added.values()))
    return planner.Problem(
        name=offer.campaign.slug,
        buckets=1,
        regions=(_PLACE,),
        factories=(planner.Factory(_PLACE, {_PLACE: planner.Shipping(0, 0)}),),
        lines=(planner.Line(_PLACE, _PLACE, (0,), 1, None, (1,), {code: planner.Rate(1, (cost,))}),),
        styles=(planner.Style(code, offer.style.family, 0, 0, campaign_minimum=least),),
        items=tuple(_item(offer, item, cloth[item.fabric_id], others[item.id]) for item in offer.items),
        skus=tuple(planner.Sku(s.code, items[s.item_id].code, s.size, s.fabric_use_cm) for s in offer.skus),
        fabrics=tuple(_fabric(fabric) for fabric in fabrics),
        lots=tuple(lots),
    )


def _made_for_others(session: Session, offer: campaigns.Offer) -> Counter[UUID]:
    """Pieces by item that are made for other campaigns in any case: they meet a minimum with these."""
    going = (PreorderStatus.CONFIRMED, PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION)
    rows = session.exec(
        select(Sku.item_id, func.sum(PreorderLine.quantity))
        .join(PreorderLine, col(PreorderLine.sku_id) == Sku.id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(
            col(Sku.id).in_([sku.id for sku in offer.skus]),
            Preorder.campaign_id != offer.campaign.id,
            col(Preorder.status).in_(going),
        )
        .group_by(col(Sku.item_id))
    )
    return Counter(dict(rows.all()))


def _item(offer: campaigns.Offer, item: Item, fabric: str, made_anyway: int) -> planner.Item:
    return planner.Item(
        id=item.code,
        style=offer.style.code,
        colour=item.colour,
        fabric=fabric,
        setup_seconds=0,
        setup_cost=0,
        minimum=max(0, item.minimum - made_anyway),
        release_bucket=0,
        overs_value=item.overs_value_minor,
        overs_maximum=0,
    )


def _fabric(fabric: Fabric) -> planner.Fabric:
    purchase = planner.Purchase(
        minimum=fabric.dye_lot_minimum_cm,
        multiple=fabric.roll_cm,
        unit_cost=max(1, fabric.cost_per_metre_minor // 100),
        lead_buckets=0,
        maximum=fabric.purchase_maximum_cm,
    )
    arrivals = ((0, fabric.stock_cm),) if fabric.stock_cm else ()
    return planner.Fabric(fabric.code, arrivals, purchase)


def _unit_cost(session: Session, offer: campaigns.Offer) -> int:
    rates = session.exec(select(LineRate).where(col(LineRate.style_id) == offer.style.id)).all()
    return min((rate.unit_cost_minor[0] for rate in rates), default=0)
