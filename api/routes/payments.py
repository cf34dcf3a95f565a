from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Cookie, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.db import transaction
from api.deps import MemberDep, NowDep, SessionDep
from api.domain.errors import invalid
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentKind, PaymentPurpose, PaymentStatus
from api.payments.port import MethodStored, PaymentEvent
from api.payments.providers import named
from api.services import cash, members, payment_events, reconciliation
from api.services.reconciliation import DifferenceKind

LONGEST = timedelta(days=31)
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


def teller(member: MemberDep) -> Member:
    """A member who may handle cash: asked before what is sent is looked at. Raises RoleMissing."""
    member.must_have(Right.RECORD_CASH)
    return member


TellerDep = Annotated[Member, Depends(teller)]
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
def record_cash(request: CashTaken, session: SessionDep, member: TellerDep, at: NowDep) -> PaymentRead:
    """A member took cash; the same receipt counts once."""
    return _read(
        cash.record(
            session, request.preorder, request.amount_minor, receipt=request.receipt, member=member, at=at
        )
    )


@router.post("/cash/refunds", status_code=201)
def confirm_cash_refund(
    request: CashPaidBack, session: SessionDep, member: TellerDep, at: NowDep
) -> PaymentRead:
    """A member paid a refund in cash; its task is done."""
    return _read(cash.confirm_refund(session, request.refund, receipt=request.receipt, member=member, at=at))


def _read(payment: Payment) -> PaymentRead:
    return PaymentRead.model_validate(payment.model_dump())


class DifferenceRead(BaseModel):
    """A movement on which a provider's books and ours do not agree; signed minor units."""

    kind: DifferenceKind
    reference: str
    at: datetime
    currency: str
    theirs_minor: int | None
    ours_minor: int | None


class ReconciliationRead(BaseModel):
    """A provider's report held against the ledger; as it should be, no difference."""

    provider: str
    since: datetime
    until: datetime
    movements: int
    fees_to_book: int
    """Fees that only the report tells; the night books them."""
    differences: list[DifferenceRead]


def may_see_ledger(at: NowDep, counterflow_sign_in: Annotated[str | None, Cookie()] = None) -> None:
    """Asked in a transaction of its own: none is open while a provider is waited for. Raises RoleMissing."""
    with transaction() as session:
        members.of_key(session, counterflow_sign_in, at=at).must_have(Right.SEE_LEDGER)


@router.get("/reconciliation", dependencies=[Depends(may_see_ledger)])
def reconcile(provider: str, since: AwareDatetime, until: AwareDatetime) -> ReconciliationRead:
    """Compare a provider's report with the ledger from one moment up to another, at most 31 days."""
    if not since < until <= since + LONGEST:
        raise invalid("until", until.isoformat(), f"must lie within {LONGEST.days} days after since")
    report = named(provider).report(reconciliation.report_from(since), until)
    with transaction() as session:
        found = reconciliation.compare(session, provider, report, since=since, until=until)
    return ReconciliationRead.model_validate({**asdict(found), "fees_to_book": len(found.fees)})
