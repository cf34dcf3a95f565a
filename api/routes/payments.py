from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.deps import NowDep, SessionDep
from api.domain.errors import Unknown
from api.payments.providers import provider
from api.services import payments

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
    taker = provider()
    if provider_name != taker.name:
        raise Unknown("payment provider", provider_name)
    payments.apply_event(session, taker.read_event(request.headers, body), at=at)
