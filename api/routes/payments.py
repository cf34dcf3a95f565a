from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.payments.port import MethodStored, PaymentEvent
from api.payments.providers import named
from api.services import cash, payment_events

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


Receipt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class CashTaken(BaseModel):
    """Cash a buyer paid, in minor units of the pre-order's currency, and the number of its receipt."""

    model_config = ConfigDict(extra="forbid")

    preorder: str = Field(max_length=20)
    amount_minor: Annotated[int, Field(gt=0, le=100_000_000, strict=True)]
    receipt: Receipt


class CashPaidBack(BaseModel):
    """A refund that was paid in cash, and the number of its receipt."""

    model_config = ConfigDict(extra="forbid")

    refund: UUID
    receipt: Receipt


class PaymentRead(BaseModel):
    """A movement of money as staff see it; what moved is None before it is confirmed."""

    id: UUID
    kind: PaymentKind
    purpose: PaymentPurpose
    status: PaymentStatus
    amount_minor: int
    moved_minor: int | None
    currency: str
    provider: str


@router.post("/cash", status_code=201)
def record_cash(request: CashTaken, session: SessionDep, member: MemberDep, at: NowDep) -> PaymentRead:
    """A member took cash; the same receipt counts once."""
    return _read(
        cash.record(
            session, request.preorder, request.amount_minor, receipt=request.receipt, member=member, at=at
        )
    )


@router.post("/cash/refunds", status_code=201)
def confirm_cash_refund(
    request: CashPaidBack, session: SessionDep, member: MemberDep, at: NowDep
) -> PaymentRead:
    """A member paid a refund in cash; its task is done."""
    return _read(cash.confirm_refund(session, request.refund, receipt=request.receipt, member=member, at=at))


def _read(payment: Payment) -> PaymentRead:
    return PaymentRead.model_validate(payment.model_dump())
