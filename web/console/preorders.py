"""Pre-orders: found by number or campaign, fifty on a page, and sent off when they are ready."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from api.domain.errors import Refusal
from api.domain.member import Right
from api.domain.preorder import PreorderStatus
from api.services import preorder_search, preorders
from api.services.preorder_search import PAGE, Found
from web.console.desk import Desk, DeskDep, attempt, errors_of, paging

router = APIRouter(prefix="/preorders")


@router.get("")
def preorders_page(desk: DeskDep, q: str = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """The team's pre-orders, the latest first."""
    return _list(desk, q.strip(), page)


@router.post("/{number}/ship")
def ship_preorder(desk: DeskDep, number: str, q: Annotated[str, Form()] = "") -> Response:
    """The parcel has left."""
    refused = attempt(
        desk.session, lambda: preorders.ship(desk.session, number, member=desk.member, at=desk.at)
    )
    return (
        _list(desk, number, 1, refused)
        if refused
        else RedirectResponse(f"/console/preorders?{urlencode({'q': q})}", 303)
    )


def _list(desk: Desk, words: str, page: int, refused: Refusal | None = None) -> Response:
    found, total = preorder_search.search(desk.session, desk.member, words=words, page=page)
    return desk.show(
        "preorders",
        "console/preorders.html",
        refused=refused,
        preorders=[_row(desk, one) for one in found],
        search={"q": words, "action": "/console/preorders"},
        errors=errors_of(refused),
        paging=paging("/console/preorders", page=page, size=PAGE, total=total, q=words),
    )


def _row(desk: Desk, found: Found) -> dict[str, Any]:
    preorder = found.preorder
    ready = preorder.status == PreorderStatus.READY and desk.may(Right.SHIP)
    return {
        "number": preorder.number,
        "href": None,
        "campaign": desk.reader.title(found.style),
        "campaign_href": f"/console/campaigns/{found.campaign.slug}",
        "status": preorder.status.value,
        "what": ", ".join(
            f"{desk.reader.colour(item)} {sku.size} \N{MULTIPLICATION SIGN} {line.quantity}"
            for line, sku, item in found.lines
        ),
        "pieces": found.pieces,
        "buyer": masked(preorder.buyer_name),
        "region": preorder.region.value,
        "placed_at": preorder.placed_at,
        "total_minor": preorder.price_minor * found.pieces,
        "paid_minor": found.paid_minor,
        "refunded_minor": found.refunded_minor,
        "currency": preorder.currency,
        "promise_from_on": preorder.promise_from_on,
        "promise_by_on": preorder.promise_by_on,
        "ship_action": f"/console/preorders/{preorder.number}/ship" if ready else None,
    }


def masked(name: str) -> str:
    """As much of a name as is needed to recognise it: 王*, A*."""
    return f"{name[:1]}*"
