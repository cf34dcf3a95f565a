"""What a consumer sees: campaigns, the pre-order form, and one's own pre-order."""

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.deps import NowDep, SessionDep
from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import Item, Style
from api.domain.errors import CampaignFull, CampaignNotOpen, InvalidRequest, Refusal
from api.domain.preorder import PreorderCreate, Region
from api.services import campaigns, intake, payments, photos, preorders, tracking
from api.settings import settings
from web import law, photographs
from web.pages import render
from web.reader import Reader, ReaderDep

router = APIRouter()

_NEW_FORM = {
    "sku": "",
    "quantity": 1,
    "accept_colour": False,
    "accept_size": False,
    "name": "",
    "email": "",
    "region": Region.EAST.value,
    "address": "",
}


@router.get("/")
def index(request: Request, reader: ReaderDep, session: SessionDep, at: NowDep) -> Response:
    """Campaigns that take pre-orders now."""
    open_now = [row for row in campaigns.listed(session) if row[0].is_open(at)]
    cards = [
        _card(reader, campaign, style, campaigns.items_of(session, style), pieces)
        for campaign, style, pieces in open_now
    ]
    return render(request, "shop/index.html", campaigns=cards)


@router.get("/c/{slug}")
def campaign_page(
    request: Request, reader: ReaderDep, slug: str, session: SessionDep, at: NowDep
) -> Response:
    """A campaign on the phone, reached by its link or QR code."""
    return _campaign_page(
        request, reader, session, slug, at, _NEW_FORM | {"idempotency_key": str(uuid4())}, {}
    )


@router.get("/c/{slug}/live")
def campaign_live(request: Request, slug: str, session: SessionDep) -> Response:
    """How far the campaign is, as a fragment of its page."""
    campaign = campaigns.get_by_slug(session, slug)
    pieces = campaigns.paid_pieces(session, campaign.id)
    return render(request, "shop/_campaign_live.html", progress=progress(campaign, pieces))


@router.post("/c/{slug}")
def place(
    request: Request,
    reader: ReaderDep,
    slug: str,
    session: SessionDep,
    at: NowDep,
    idempotency_key: Annotated[str, Form()],
    sku: Annotated[str, Form()] = "",
    quantity: Annotated[str, Form()] = "",
    accept_colour: Annotated[bool, Form()] = False,  # noqa: FBT002 - a checkbox
    accept_size: Annotated[bool, Form()] = False,  # noqa: FBT002 - a checkbox
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    region: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
) -> Response:
    """Take the form, once however often it is sent, and lead to the payment page."""
    typed = {
        "sku": sku,
        "quantity": quantity,
        "accept_colour": accept_colour,
        "accept_size": accept_size,
        "name": name,
        "email": email,
        "region": region,
        "address": address,
        "idempotency_key": idempotency_key,
    }
    try:
        wanted = _wanted(slug, typed)
        (answer,) = intake.take(session, [intake.Wish(idempotency_key, wanted, at)])
        if isinstance(answer, Refusal):
            raise answer
    except ValidationError as error:
        wrong = {_field(one["loc"]): one["msg"] for one in error.errors()}
        return _campaign_page(request, reader, session, slug, at, typed, wrong, status_code=422)
    except InvalidRequest as error:
        wrong = {_field(tuple(one["field"].split("."))): one["detail"] for one in error.problems}
        return _campaign_page(request, reader, session, slug, at, typed, wrong, status_code=422)
    except (CampaignNotOpen, CampaignFull) as error:
        return _campaign_page(request, reader, session, slug, at, typed, {"": error.code}, status_code=409)
    return RedirectResponse(urlsplit(str(answer["pay_link"])).path, 303)


def _wanted(slug: str, typed: dict[str, Any]) -> PreorderCreate:
    text = str(typed["quantity"]).strip()
    line = {
        "sku": typed["sku"],
        "quantity": int(text) if text.isdecimal() else text,
        "accept_other_colour": typed["accept_colour"],
        "accept_next_size": typed["accept_size"],
    }
    who = {field: typed[field] for field in ("name", "email", "region", "address")}
    return PreorderCreate.model_validate({"campaign": slug, "lines": [line], **who})


def _field(location: tuple[int | str, ...]) -> str:
    """The form's name of a field of `PreorderCreate`."""
    return str(location[-1])


@router.get("/o/{token}/pay")
def pay(token: str, session: SessionDep, at: NowDep) -> Response:
    """To the provider's page, or back when there is nothing to pay."""
    preorder = preorders.get_by_token(session, token)
    if not preorders.awaits_payment(session, preorder):
        return RedirectResponse(f"/o/{token}", 303)
    return RedirectResponse(payments.start(session, preorder, at=at, return_url=f"/o/{token}?placed=1"), 303)


@router.get("/o/{token}")
def preorder_page(
    request: Request,
    reader: ReaderDep,
    token: str,
    session: SessionDep,
    at: NowDep,
    placed: bool = False,  # noqa: FBT001, FBT002 - a query flag
) -> Response:
    """One's own pre-order."""
    preorder = preorders.get_by_token(session, token)
    campaign = session.get_one(Campaign, preorder.campaign_id)
    style = session.get_one(Style, campaign.style_id)
    hexes = {item.colour: item for item in campaigns.items_of(session, style)}
    lines = preorders.lines_of(session, preorder.id)
    shown = {
        "number": preorder.number,
        "title": reader.title(style),
        "campaign_href": f"/c/{campaign.slug}",
        "silhouette": style.silhouette.value,
        "placed_at": preorder.placed_at,
        "currency": preorder.currency,
        "price_minor": preorder.price_minor,
        "total_minor": preorder.price_minor * sum(line.quantity for line in lines),
        "name": preorder.buyer_name,
        "region": preorder.region.value,
        "address_line": preorder.address,
        "link": f"{settings().public_url}/o/{token}",
        "live_href": f"/o/{token}/live",
        "notices_href": f"/o/{token}/notices",
        "lines": [
            line.model_dump()
            | {"colour": reader.colour(hexes[line.colour]), "colour_hex": hexes[line.colour].colour_hex}
            for line in lines
        ],
    }
    return render(
        request,
        "shop/preorder.html",
        preorder=shown,
        tracking=tracking.track(session, preorder),
        time_zone=campaign.time_zone,
        just_placed=placed,
        may=law.may(session, preorder, at=at),
        photos=[photographs.shown(one, f"/o/{token}") for one in photos.of_preorder(session, preorder)],
    )


@router.get("/o/{token}/photos/{name}")
def preorder_photo(token: str, name: str, session: SessionDep) -> Response:
    """A photograph of the run that makes one's own pieces."""
    preorder = preorders.get_by_token(session, token)
    return photographs.served(photos.get(photos.of_preorder(session, preorder), name))


@router.get("/o/{token}/live")
def preorder_live(request: Request, token: str, session: SessionDep) -> Response:
    """Where the pre-order stands, as a fragment of its page."""
    preorder = preorders.get_by_token(session, token)
    campaign = session.get_one(Campaign, preorder.campaign_id)
    return render(
        request,
        "shop/_preorder_live.html",
        tracking=tracking.track(session, preorder),
        time_zone=campaign.time_zone,
    )


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
    }


def _campaign_page(
    request: Request,
    reader: Reader,
    session: SessionDep,
    slug: str,
    at: NowDep,
    form: dict[str, Any],
    errors: dict[str, str],
    status_code: int = 200,
) -> Response:
    offer = campaigns.offer(session, slug)
    campaign, style = offer.campaign, offer.style
    now = progress(campaign, campaigns.paid_pieces(session, campaign.id))
    shown = {
        "title": reader.title(style),
        "tagline": reader.about(style),
        "story": "",
        "team": campaigns.team_of(session, campaign).name,
        "silhouette": style.silhouette.value,
        "status": campaign.status.value,
        "is_open": campaign.is_open(at),
        "opens_at": campaign.opens_at,
        "closes_at": campaign.closes_at,
        "time_zone": campaign.time_zone,
        "price_minor": now["price_minor"],
        "currency": campaign.currency,
        "minimum": campaign.minimum,
        "ship_from_on": campaign.ship_from_on,
        "ship_by_on": campaign.ship_by_on,
        "ship_reason": _ship_reason(reader, session, campaign),
        "fabric": " · ".join(dict.fromkeys(map(reader.cloth, campaigns.fabrics_of(session, offer)))),
        "link": f"{settings().public_url}/c/{slug}",
        "live_href": f"/c/{slug}/live",
        "form_action": f"/c/{slug}",
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
    return render(
        request,
        "shop/campaign.html",
        status_code=status_code,
        campaign=shown,
        progress=now,
        form=form,
        regions=[region.value for region in Region],
        errors=errors,
    )


def _card(reader: Reader, campaign: Campaign, style: Style, items: list[Item], pieces: int) -> dict[str, Any]:
    now = progress(campaign, pieces)
    return now | {
        "href": f"/c/{campaign.slug}",
        "title": reader.title(style),
        "tagline": reader.about(style),
        "silhouette": style.silhouette.value,
        "colour_hex": items[0].colour_hex,
        "colour": reader.colour(items[0]),
        "closes_at": campaign.closes_at,
        "time_zone": campaign.time_zone,
        "colours": [(reader.colour(item), item.colour_hex) for item in items],
    }


def _ship_reason(reader: Reader, session: SessionDep, campaign: Campaign) -> str:
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
