"""What a consumer sees: campaigns, the pre-order form, and one's own pre-order."""

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session

from api.deps import NowDep, SessionDep
from api.domain.campaign import Campaign, CampaignStatus
from api.domain.catalogue import Item, Style
from api.domain.errors import CampaignFull, CampaignNotFull, CampaignNotOpen, InvalidRequest, Refusal, Unknown
from api.domain.preorder import Preorder, PreorderCreate, Region
from api.routes.campaigns import WaitingCreate, join_waiting_list
from api.services import campaigns, groups, intake, payments, photos, preorders, tracking
from api.settings import settings
from web import law, photographs
from web.offer import Visit, page, progress
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
    "also": [],
    "terms": "",
    "group": "",
    "offer": "",
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
    request: Request,
    reader: ReaderDep,
    slug: str,
    session: SessionDep,
    at: NowDep,
    group: str = "",
    offer: str = "",
) -> Response:
    """A campaign on the phone, reached by its link or QR code, a friend's group or a waiting list's offer."""
    form = _NEW_FORM | {"idempotency_key": str(uuid4()), "group": group.strip(), "offer": offer}
    return page(Visit(request, reader, session, slug, at), form)


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
    also: Annotated[list[str] | None, Form()] = None,
    accept_size: Annotated[bool, Form()] = False,  # noqa: FBT002 - a checkbox
    terms: Annotated[str, Form()] = "",
    group: Annotated[str, Form()] = "",
    offer: Annotated[str, Form()] = "",
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
        "also": also or [],
        "accept_size": accept_size,
        "terms": terms,
        "group": group.strip(),
        "offer": offer,
        "name": name,
        "email": email,
        "region": region,
        "address": address,
        "idempotency_key": idempotency_key,
    }

    def again(wrong: dict[str, str], status_code: int = 422) -> Response:
        return page(Visit(request, reader, session, slug, at, wrong, status_code), typed)

    try:
        wanted = _wanted(slug, typed, reader.spoken.code)
        (answer,) = intake.take(session, [intake.Wish(idempotency_key, wanted, at)])
        if isinstance(answer, Refusal):
            raise answer
    except ValidationError as error:
        return again({_field(one["loc"]): one["msg"] for one in error.errors()})
    except InvalidRequest as error:
        return again({_field(tuple(one["field"].split("."))): one["detail"] for one in error.problems})
    except (CampaignNotOpen, CampaignFull) as error:
        return again({"": error.code}, 409)
    except Unknown as error:
        if error.noun not in ("group", "offer"):
            raise
        return again({error.noun: str(error)})
    return RedirectResponse(urlsplit(str(answer["pay_link"])).path, 303)


@router.post("/c/{slug}/waiting")
def wait(
    request: Request,
    reader: ReaderDep,
    slug: str,
    session: SessionDep,
    at: NowDep,
    sku: Annotated[str, Form()] = "",
    quantity: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
) -> Response:
    """Put oneself on the waiting list of a full campaign."""
    typed = {"sku": sku, "quantity": quantity, "email": email}
    errors, status_code = {}, 200
    try:
        wanted = WaitingCreate.model_validate(
            typed | {"quantity": _number(quantity), "language": reader.spoken.code}
        )
        join_waiting_list(slug, wanted, session, at)
    except ValidationError as error:
        errors, status_code = {f"waiting-{_field(one['loc'])}": one["msg"] for one in error.errors()}, 422
    except Unknown as error:
        if error.noun != "SKU":
            raise
        errors, status_code = {"waiting-sku": str(error)}, 422
    except (CampaignNotOpen, CampaignNotFull) as error:
        errors, status_code = {"": error.code}, 409
    form = _NEW_FORM | {"idempotency_key": str(uuid4())}
    visit = Visit(request, reader, session, slug, at, errors, status_code)
    return page(visit, form, waiting=typed | {"joined": not errors})


def _wanted(slug: str, typed: dict[str, Any], language: str) -> PreorderCreate:
    named = [] if typed["accept_colour"] else typed["also"]
    line = {
        "sku": typed["sku"],
        "quantity": _number(typed["quantity"]),
        "accept_other_colour": typed["accept_colour"] or bool(named),
        "only_colours": named,
        "accept_next_size": typed["accept_size"],
    }
    who = {field: typed[field] for field in ("name", "email", "region", "address")}
    how = {field: typed[field] or None for field in ("terms", "group", "offer")}
    return PreorderCreate.model_validate(
        {"campaign": slug, "lines": [line], "language": language, **who, **how}
    )


def _number(typed: object) -> int | str:
    """A whole number as it was typed, or the text that is none."""
    text = str(typed).strip()
    return int(text) if text.isdecimal() else text


def _field(location: tuple[int | str, ...]) -> str:
    """The form's name of a field of `PreorderCreate`; of a list of colours the list's."""
    return next(str(part) for part in reversed(location) if isinstance(part, str))


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
        "group": _group(session, campaign, preorder),
        "lines": [
            line.model_dump()
            | {"colour": reader.colour(hexes[line.colour]), "colour_hex": hexes[line.colour].colour_hex}
            | {"only_colours": [reader.colour(hexes[code]) for code in line.only_colours if code in hexes]}
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


def _group(session: Session, campaign: Campaign, preorder: Preorder) -> dict[str, Any] | None:
    """The group one is in: how many have paid, and the link that lets others join."""
    code = groups.code_of(session, preorder)
    if code is None or preorder.group_id is None:
        return None
    return {
        "code": code,
        "size": campaign.group_size,
        "paid": groups.paid_members(session, campaign).get(preorder.group_id, 0),
        "link": f"{settings().public_url}/c/{campaign.slug}?group={code}",
        "is_open": campaign.status == CampaignStatus.OPEN,
    }


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
