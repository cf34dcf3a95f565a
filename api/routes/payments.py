from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.deps import NowDep, SessionDep
from api.payments.port import MethodStored, PaymentEvent
from api.payments.providers import named
from api.services import payment_events

router = APIRouter(prefix="/payments", tags=["payments"])


async def raw_body(request: Request) -> bytes:
    """The bytes as they came: a signature is over these, not over what JSON makes of them."""
    return await request.body()


@router.post("/webhooks/{provider_name}", status_code=204)
def receive_event(
    provider_name: str,
    request: Request,
    body: Annotated[bytes, Depends(raw_body)],
    session: SessionDep,
    at: NowDep,
) -> Response:
    """A provider's signed word on a payment; said twice it counts once."""
    provider = named(provider_name)
    match provider.read_event(request.headers, body, at=at):
        case PaymentEvent() as event:
            payment_events.apply(session, event, at=at, by=provider.name)
        case MethodStored() as stored:
            payment_events.store_method(session, provider.name, stored)
    thanks = provider.acknowledgement
    return Response(thanks, 200, media_type="text/plain") if thanks else Response(status_code=204)
