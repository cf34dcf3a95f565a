"""The sandbox provider's own site: its payment page and its door for refunds; to us it is a stranger."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import NowDep, SessionDep
from api.domain.errors import SignatureNotValid
from api.payments.sandbox import SandboxProvider, signature
from api.routes.payments import raw_body
from api.security import same
from api.services import sandbox
from api.settings import settings
from web.pages import render

router = APIRouter(prefix="/sandbox")


def _check(body: str, given: str) -> None:
    if not same(signature(settings().secret, body), given):
        raise SignatureNotValid(SandboxProvider.name)


@router.get("/checkout")
def checkout(
    request: Request,
    payment: UUID,
    amount: int,
    currency: str,
    return_url: str,
    signature: str,
) -> Response:
    """The page on which a buyer decides how a test charge ends."""
    _check(f"{payment}|{amount}|{currency}|{return_url}", signature)
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
        form_action=f"/sandbox/checkout?{request.url.query}",
    )


@router.post("/checkout")
def decide(
    payment: UUID,
    amount: int,
    currency: str,
    return_url: str,
    signature: str,
    outcome: Annotated[sandbox.Outcome, Form()],
    session: SessionDep,
    at: NowDep,
) -> Response:
    """The charge ends as wished; we hear of it by webhook, the buyer goes back to our page."""
    _check(f"{payment}|{amount}|{currency}|{return_url}", signature)
    sandbox.charge(
        session, payment_id=payment, amount_minor=amount, currency=currency, outcome=outcome, at=at
    )
    return RedirectResponse(return_url, 303)


@router.post("/refunds", status_code=202)
def refund(
    body: Annotated[bytes, Depends(raw_body)],
    sandbox_signature: Annotated[str, Header()],
    session: SessionDep,
    at: NowDep,
) -> None:
    """Pay money back; the webhook says when it is done."""
    _check(body.decode(), sandbox_signature)
    wanted = json.loads(body)
    sandbox.refund(
        session,
        payment_id=UUID(wanted["payment"]),
        amount_minor=wanted["amount"],
        currency=wanted["currency"],
        at=at,
    )
