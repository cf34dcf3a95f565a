"""The sandbox provider's own site: its pages, and its doors for our server; to us it is a stranger."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AwareDatetime

from api.deps import NowDep, SessionDep
from api.domain.errors import SignatureNotValid
from api.payments.sandbox import SandboxProvider, order, signature
from api.routes.payments import raw_body
from api.security import same
from api.services import sandbox
from api.settings import settings
from web.pages import render

router = APIRouter(prefix="/sandbox")


def _check(body: str, given: str) -> None:
    if not same(signature(settings().secret, body), given):
        raise SignatureNotValid(SandboxProvider.name)


def signed_address(request: Request) -> None:
    """Only the provider's client makes addresses of this site; raises SignatureNotValid."""
    asked = dict(request.query_params)
    given = asked.pop("signature", "")
    _check(order(request.url.path.rpartition("/")[2], asked), given)


def signed_body(
    body: Annotated[bytes, Depends(raw_body)], sandbox_signature: Annotated[str, Header()]
) -> Any:
    """What our server asks, in JSON; raises SignatureNotValid."""
    _check(body.decode(errors="replace"), sandbox_signature)
    return json.loads(body)


SignedBody = Annotated[Any, Depends(signed_body)]


@router.get("/checkout", dependencies=[Depends(signed_address)])
def checkout(request: Request, payment: UUID, amount: int, currency: str) -> Response:
    """The page on which a buyer decides how a test charge ends."""
    charge = {
        "reference": str(payment)[:8],
        "what": "Counterflow",
        "amount_minor": amount,
        "currency": currency,
    }
    return render(
        request,
        "shop/checkout_sandbox.html",
        charge=charge,
        faults=[fault.value for fault in sandbox.FAULTS],
        form_action=f"/sandbox/checkout?{request.url.query}",
    )


@router.post("/checkout", dependencies=[Depends(signed_address)])
def decide(
    payment: UUID,
    amount: int,
    currency: str,
    return_url: str,
    outcome: Annotated[sandbox.Outcome, Form()],
    session: SessionDep,
    at: NowDep,
) -> Response:
    """The charge ends as wished; we hear of it by webhook, the buyer goes back to our page."""
    sandbox.charge(
        session, payment_id=payment, amount_minor=amount, currency=currency, outcome=outcome, at=at
    )
    return RedirectResponse(return_url, 303)


@router.get("/methods", dependencies=[Depends(signed_address)])
def method_page(request: Request, preorder: UUID) -> Response:
    """The page on which a buyer who pays later lets a test card be kept."""
    return render(
        request,
        "shop/method_sandbox.html",
        reference=str(preorder)[:8],
        form_action=f"/sandbox/methods?{request.url.query}",
    )


@router.post("/methods", dependencies=[Depends(signed_address)])
def store_method(
    preorder: UUID,
    return_url: str,
    outcome: Annotated[sandbox.Outcome, Form()],
    session: SessionDep,
    at: NowDep,
) -> Response:
    """The card is kept; we hear of it by webhook."""
    sandbox.store_method(session, preorder_id=preorder, outcome=outcome, at=at)
    return RedirectResponse(return_url, 303)


@router.post("/charges", status_code=202)
def charge_stored(wanted: SignedBody, session: SessionDep, at: NowDep) -> None:
    """Charge a kept card, its owner absent; a card named after a fault brings that fault about."""
    sandbox.charge_stored(
        session,
        payment_id=UUID(wanted["payment"]),
        amount_minor=wanted["amount"],
        currency=wanted["currency"],
        method=wanted["method"],
        at=at,
    )


@router.post("/refunds", status_code=202)
def refund(wanted: SignedBody, session: SessionDep, at: NowDep) -> None:
    """Pay money back; the webhook says when it is done."""
    sandbox.refund(
        session,
        payment_id=UUID(wanted["payment"]),
        amount_minor=wanted["amount"],
        currency=wanted["currency"],
        at=at,
    )


@router.get("/report", dependencies=[Depends(signed_address)])
def report(since: AwareDatetime, until: AwareDatetime, session: SessionDep) -> list[dict[str, Any]]:
    """The sandbox's books between two moments."""
    return [
        {
            "reference": line.reference,
            "at": line.at.isoformat(),
            "amount": line.amount_minor,
            "fee": line.fee_minor,
            "currency": line.currency,
        }
        for line in sandbox.report(session, since=since, until=until)
    ]
