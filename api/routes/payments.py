from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.deps import NowDep, SessionDep
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
) -> None:
    """A provider's signed word on a payment; said twice it counts once."""
    event = named(provider_name).read_event(request.headers, body)
    if event is not None:
        payment_events.apply(session, event, at=at)
