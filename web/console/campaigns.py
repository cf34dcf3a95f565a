"""A team's campaigns, and the room of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import SIZES, Style
from api.domain.errors import Refusal
from api.domain.member import Right
from api.services import campaign_close, campaigns, preorder_search
from api.settings import settings
from web.console import rescue
from web.console.campaign_hints import hints
from web.console.desk import Desk, DeskDep, attempt, errors_of, said_why
from web.offer import progress
from web.pages import render

router = APIRouter(prefix="/campaigns")

_S = CampaignStatus
_GROUPS = {
    "open": (_S.OPEN, _S.CLOSING, _S.COLLECTING),
    "made": (_S.DECIDED, _S.IN_PRODUCTION),
    "shipped": (_S.SHIPPED, _S.SETTLED),
    "ended": (_S.FAILED, _S.CANCELLED),
}
_ORDER = [_S.OPEN, _S.CLOSING, _S.COLLECTING, _S.DECIDED, _S.IN_PRODUCTION, _S.SHIPPED, _S.SETTLED, _S.FAILED]


@router.get("")
def campaigns_page(desk: DeskDep, status: str = "") -> Response:
    """The team's campaigns, those that take pre-orders first."""
    taken = preorder_search.taken(desk.session)
    rows = sorted(campaigns.of_member(desk.session, desk.member), key=lambda row: _rank(row[0]))
    wanted = _GROUPS.get(status, tuple(_S))
    cards = [
        _card(desk, campaign, style, pieces, taken.get(campaign.id, 0))
        for campaign, style, pieces in rows
        if campaign.status in wanted
    ]
    return desk.show("campaigns", "console/campaigns.html", campaigns=cards, filters=_filters(desk, status))


def _rank(campaign: Campaign) -> int:
    return _ORDER.index(campaign.status) if campaign.status in _ORDER else len(_ORDER)


def _filters(desk: Desk, current: str) -> list[tuple[str, str, bool]]:
    names = {
        "": desk.reader.gettext("All"),
        "open": desk.reader.gettext("Open"),
        "made": desk.reader.gettext("Being made"),
        "shipped": desk.reader.gettext("Shipped"),
        "ended": desk.reader.gettext("Not made"),
    }
    return [(name, f"?status={key}" if key else "?", key == current) for key, name in names.items()]


def _card(desk: Desk, campaign: Campaign, style: Style, pieces: int, taken: int) -> dict[str, Any]:
    return {
        "href": f"/console/campaigns/{campaign.slug}",
        "title": desk.reader.title(style),
        "team": campaigns.team_of(desk.session, campaign).name,
        "silhouette": style.silhouette.value,
        "colour_hex": campaigns.items_of(desk.session, style)[0].colour_hex,
        "status": campaign.status.value,
        "kind": campaign.kind.value,
        "paid_pieces": pieces,
        "minimum": campaign.minimum,
        "closes_at": campaign.closes_at,
        "time_zone": campaign.time_zone,
        "price_minor": progress(campaign, pieces)["price_minor"],
        "taken_minor": taken,
        "currency": campaign.currency,
    }


@router.get("/{slug}")
def campaign_page(desk: DeskDep, slug: str) -> Response:
    """The room of one campaign."""
    return _room(desk, slug)


@router.get("/{slug}/live")
def campaign_live(desk: DeskDep, slug: str) -> Response:
    """How far the campaign is, as a fragment of its room."""
    campaign = campaigns.get_of_member(desk.session, slug, desk.member)
    pieces = campaigns.paid_pieces(desk.session, campaign.id)
    return render(desk.request, "shop/_campaign_live.html", progress=progress(campaign, pieces))


@router.post("/{slug}/close")
def close_campaign(desk: DeskDep, slug: str, reason: Annotated[str, Form()] = "") -> Response:
    """End an open campaign now, with a reason for the audit."""

    def close() -> None:
        why = said_why(reason)
        campaign_close.close_now(desk.session, slug, member=desk.member, why=why, at=desk.at)

    if refused := attempt(desk.session, close):
        return _room(desk, slug, refused)
    return RedirectResponse(f"/console/campaigns/{slug}", 303)


@router.post("/{slug}/rescue/accept")
def accept_rescue(desk: DeskDep, slug: str) -> Response:
    """Save the campaign at the cost that was offered."""
    desk.member.must_have(Right.ACCEPT_RESCUE)
    campaign_close.accept_rescue(desk.session, slug, member=desk.member, at=desk.at)
    return RedirectResponse(f"/console/campaigns/{slug}", 303)


@router.post("/{slug}/rescue/refuse")
def refuse_rescue(desk: DeskDep, slug: str, reason: Annotated[str, Form()] = "") -> Response:
    """Let the campaign fail, with a reason for the audit."""
    desk.member.must_have(Right.ACCEPT_RESCUE)

    def refuse() -> None:
        why = said_why(reason)
        campaign_close.refuse_rescue(desk.session, slug, member=desk.member, why=why, at=desk.at)

    if refused := attempt(desk.session, refuse):
        return _room(desk, slug, refused, form="refuse-")
    return RedirectResponse(f"/console/campaigns/{slug}", 303)


def _room(desk: Desk, slug: str, refused: Refusal | None = None, *, form: str = "") -> Response:
    """`form` stands before the names of the fields that a refusal is about."""
    campaign = campaigns.get_of_member(desk.session, slug, desk.member)
    offer = campaigns.offer(desk.session, slug)
    pieces = campaigns.paid_pieces(desk.session, campaign.id)
    standing = rescue.standing(desk, offer)
    may_close = campaign.status == CampaignStatus.OPEN and desk.may(Right.CLOSE_CAMPAIGN)
    card = _card(desk, campaign, offer.style, pieces, preorder_search.taken(desk.session).get(campaign.id, 0))
    return desk.show(
        "campaigns",
        "console/campaign.html",
        refused=refused,
        campaign=card
        | {
            "slug": slug,
            "opens_at": campaign.opens_at,
            "ship_from_on": campaign.ship_from_on,
            "ship_by_on": campaign.ship_by_on,
            "link": f"{settings().public_url}/c/{slug}",
            "preorders": preorder_search.count(desk.session, campaign),
            "preorders_href": f"/console/preorders?q={slug}",
            "may_close": may_close,
            "close_action": f"/console/campaigns/{slug}/close",
        },
        progress=progress(campaign, pieces),
        live_href=f"/console/campaigns/{slug}/live",
        grid=_grid(desk, offer),
        hints=hints(desk, offer) if campaign.status == CampaignStatus.OPEN else None,
        rescue=standing,
        verdict=None if standing else rescue.verdict(desk, offer),
        errors={f"{form}{name}" if name else "": words for name, words in errors_of(refused).items()},
        trail=desk.trail("campaign", slug),
    )


def _grid(desk: Desk, offer: campaigns.Offer) -> dict[str, Any]:
    """Paid pieces by colour and size."""
    paid = campaigns.paid_by_sku(desk.session, offer.campaign.id)
    sizes = [size for size in SIZES if any(sku.size == size for sku in offer.skus)]
    rows = []
    for item in offer.items:
        of_size = {sku.size: paid.get(sku.id, 0) for sku in offer.skus_of(item)}
        pieces = [of_size.get(size, 0) for size in sizes]
        rows.append(
            {
                "colour": desk.reader.colour(item),
                "colour_hex": item.colour_hex,
                "pieces": pieces,
                "total": sum(pieces),
                "minimum": item.minimum,
            }
        )
    totals = [sum(column) for column in zip(*(row["pieces"] for row in rows), strict=True)]
    return {"sizes": sizes, "rows": rows, "totals": totals}
