"""What the close would find in a campaign as of now, and the rescue its team may answer."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from api.domain.campaign import CampaignStatus
from api.domain.member import Right
from api.services import campaign_close, campaigns, rescues
from api.services.campaigns import Offer
from web.console.desk import Desk

_UNDECIDED = (CampaignStatus.OPEN, CampaignStatus.CLOSING, CampaignStatus.COLLECTING)


def verdict(desk: Desk, offer: Offer) -> dict[str, Any] | None:
    """Go or not over style, colours and cloth, on what is paid now; None once it is decided."""
    if offer.campaign.status not in _UNDECIDED:
        return None
    found = campaign_close.verdict_now(desk.session, offer.campaign)
    cloth = {fabric.code: fabric for fabric in campaigns.fabrics_of(desk.session, offer)}
    way = found.way
    return {
        "go": found.go,
        "pieces": found.pieces,
        "currency": offer.campaign.currency,
        "cost_minor": way.spent if way is not None and not found.go else None,
        "saves": _saves(desk, offer, found.moves, way.top_ups if way else {}, found.dropped),
        "surplus": [
            {
                "cloth": desk.reader.cloth(cloth[code]),
                "metres": desk.reader.spoken.number(left.units // 100),
                "pieces": left.pieces,
            }
            for code, left in (way.surplus.items() if way else ())
            if left.units
        ],
    }


def standing(desk: Desk, offer: Offer) -> dict[str, Any] | None:
    """The rescue that waits for the team's answer; None where none does."""
    campaign = offer.campaign
    rescue = rescues.standing(desk.session, campaign)
    if rescue is None or desk.at >= rescue.answer_by:
        return None
    beyond = rescue.cost_minor > campaign.top_up_limit_minor
    may_answer = desk.may(Right.ACCEPT_RESCUE)
    where = f"/console/campaigns/{campaign.slug}/rescue"
    return {
        "answer_by": rescue.answer_by,
        "currency": campaign.currency,
        "cost_minor": rescue.cost_minor,
        "limit_minor": campaign.top_up_limit_minor,
        "beyond": beyond,
        "back_minor": rescues.dropped_minor(desk.session, rescue),
        "saves": _saves(desk, offer, rescue.moves, rescue.top_ups, rescue.dropped),
        "accept_action": f"{where}/accept"
        if may_answer and (not beyond or desk.may(Right.SPEND_ABOVE_LIMIT))
        else None,
        "refuse_action": f"{where}/refuse" if may_answer else None,
    }


def _saves(
    desk: Desk,
    offer: Offer,
    moves: Iterable[Mapping[str, Any]],
    top_ups: Mapping[str, int],
    dropped: Mapping[str, int],
) -> dict[str, list[dict[str, Any]]]:
    """The parts of a way that change something, in the words of colours and sizes."""
    colours = {item.code: desk.reader.colour(item) for item in offer.items}
    of_item = {item.id: item for item in offer.items}
    words = {sku.code: f"{desk.reader.colour(of_item[sku.item_id])} {sku.size}" for sku in offer.skus}
    moved = Counter[tuple[str, str]]()
    for move in moves:
        moved[move["from_sku"], move["to_sku"]] += move["pieces"]
    return {
        "moves": [
            {"from": words[old], "to": words[new], "pieces": pieces}
            for (old, new), pieces in sorted(moved.items())
        ],
        "top_ups": [{"colour": colours[item], "pieces": n} for item, n in sorted(top_ups.items()) if n],
        "dropped": [{"colour": colours[item], "pieces": n} for item, n in sorted(dropped.items()) if n],
    }
