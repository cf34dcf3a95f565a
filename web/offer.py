"""The page of a campaign, from what is offered to a view model: money, places, groups, promises, waiting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlmodel import Session

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.errors import Unknown
from api.domain.payment import PaymentTerms
from api.domain.preorder import Region
from api.domain.waiting import WaitingEntry, WaitingStatus
from api.services import campaigns, groups
from api.settings import settings
from web.pages import render
from web.reader import Reader


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at which campaign, and with what in hand."""

    request: Request
    reader: Reader
    session: Session
    slug: str
    at: datetime
    errors: Mapping[str, str] = field(default_factory=dict)
    status_code: int = 200


def progress(campaign: Campaign, pieces: int) -> dict[str, Any]:
    """What `shop/_campaign_live.html` shows: paid pieces, and nothing that is not paid."""
    counted = campaign.decided_pieces if campaign.decided_pieces is not None else pieces
    following = campaign.prices.next_tier(counted) if campaign.status == CampaignStatus.OPEN else None
    return {
        "status": campaign.status.value,
        "paid_pieces": counted,
        "minimum": campaign.minimum,
        "currency": campaign.currency,
        "price_minor": campaign.settled_price_minor or campaign.prices.price(counted),
        "next_from_pieces": following.from_pieces if following else None,
        "next_price_minor": following.price_minor if following else None,
        "ladder": campaign.prices.tiers,
        "room": campaign.room if campaign.status == CampaignStatus.OPEN else None,
    }


def page(visit: Visit, form: Mapping[str, Any], *, waiting: Mapping[str, Any] | None = None) -> Response:
    """The page with its form as it was typed; `waiting` is what was typed into the waiting list's."""
    offer = campaigns.offer(visit.session, visit.slug)
    campaign = offer.campaign
    now = progress(campaign, campaigns.paid_pieces(visit.session, campaign.id))
    kept = _kept(visit, campaign, str(form["offer"]))
    if kept is not None:
        form = {**form, "sku": _code(offer, kept), "quantity": kept.quantity}
    full = campaign.room == 0 and kept is None
    return render(
        visit.request,
        "shop/campaign.html",
        status_code=visit.status_code,
        campaign=_shown(visit, offer, now["price_minor"]),
        progress=now,
        form=form,
        regions=[region.value for region in Region],
        errors=visit.errors,
        kept_until=kept.offered_until if kept else None,
        lapsed=bool(form["offer"]) and kept is None,
        group=_group(visit, campaign, str(form["group"])),
        waiting=_waiting(visit.slug, waiting) if full and campaign.is_open(visit.at) else None,
    )


def _shown(visit: Visit, offer: campaigns.Offer, price_minor: int) -> dict[str, Any]:
    reader, session, campaign, style = visit.reader, visit.session, offer.campaign, offer.style
    from_on, by_on = campaign.promise(campaign.taken_pieces)
    return {
        "title": reader.title(style),
        "tagline": reader.about(style),
        "story": "",
        "team": campaigns.team_of(session, campaign).name,
        "silhouette": style.silhouette.value,
        "kind": campaign.kind.value,
        "status": campaign.status.value,
        "is_open": campaign.is_open(visit.at),
        "opens_at": campaign.opens_at,
        "closes_at": campaign.closes_at,
        "time_zone": campaign.time_zone,
        "price_minor": price_minor,
        "currency": campaign.currency,
        "minimum": campaign.minimum,
        "group_size": campaign.group_size,
        "cap_pieces": campaign.cap_pieces,
        "terms": _terms(campaign, price_minor),
        "deposit_kind": campaign.deposit_kind.value if campaign.deposit_kind else "",
        "balance_days": campaign.balance_days,
        "ship_from_on": from_on,
        "ship_by_on": by_on,
        "later_batch": (from_on, by_on) != (campaign.ship_from_on, campaign.ship_by_on),
        "batches": campaign.later_batches,
        "ship_reason": _ship_reason(reader, session, campaign),
        "fabric": " · ".join(dict.fromkeys(map(reader.cloth, campaigns.fabrics_of(session, offer)))),
        "link": f"{settings().public_url}/c/{campaign.slug}",
        "live_href": f"/c/{campaign.slug}/live",
        "form_action": f"/c/{campaign.slug}",
        "colours": [
            {
                "code": item.colour,
                "name": reader.colour(item),
                "hex": item.colour_hex,
                "sizes": [(sku.code, sku.size, True) for sku in offer.skus_of(item)],
            }
            for item in offer.items
        ],
    }


def _terms(campaign: Campaign, price_minor: int) -> list[dict[str, Any]]:
    """When a piece may be paid: what at once, and at most what after the close."""
    at_once = {
        PaymentTerms.PREPAID: price_minor,
        PaymentTerms.DEPOSIT: campaign.deposit_minor or 0,
        PaymentTerms.LATER: 0,
    }
    return [
        {"value": terms, "now_minor": at_once[PaymentTerms(terms)]}
        | {"then_minor": price_minor - at_once[PaymentTerms(terms)]}
        for terms in campaign.terms
    ]


def _group(visit: Visit, campaign: Campaign, code: str) -> dict[str, Any] | None:
    """The group that is joined: how many of it have paid."""
    if campaign.group_size is None or not code:
        return None
    try:
        group = groups.get(visit.session, campaign, code)
    except Unknown:
        return None
    paid = groups.paid_members(visit.session, campaign).get(group.id, 0)
    return {"code": group.code, "paid": paid, "size": campaign.group_size}


def _kept(visit: Visit, campaign: Campaign, offer: str) -> WaitingEntry | None:
    """The waiting entry whose pieces are kept for this visitor; None where no offer stands."""
    try:
        entry = visit.session.get(WaitingEntry, UUID(offer))
    except ValueError:
        return None
    mine = entry is not None and entry.campaign_id == campaign.id and entry.status == WaitingStatus.OFFERED
    stands = mine and entry is not None and entry.offered_until is not None and visit.at < entry.offered_until
    return entry if stands else None


def _code(offer: campaigns.Offer, entry: WaitingEntry) -> str:
    return next(sku.code for sku in offer.skus if sku.id == entry.sku_id)


def _waiting(slug: str, typed: Mapping[str, Any] | None) -> dict[str, Any]:
    blank = {"sku": "", "quantity": 1, "email": "", "joined": False}
    return blank | dict(typed or {}) | {"form_action": f"/c/{slug}/waiting"}


def _ship_reason(reader: Reader, session: Session, campaign: Campaign) -> str:
    """Why these dates: the longest closure of a factory that lies between the close and the promise."""
    closed = campaigns.longest_closure(session, campaign)
    if closed is None:
        return reader.gettext(
            "Cloth is dyed, cut and sewn after the close, in the weeks the factories have open."
        )
    days = reader.spoken.days(closed.from_on, closed.to_on)
    return reader.gettext(
        "Cloth is dyed, cut and sewn after the close; factories are closed %(days)s.", days=days
    )
