from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.preorder import PreorderCreate, PreorderRead
from api.services import idempotency, payments, preorders

router = APIRouter(prefix="/preorders", tags=["pre-orders"])


@router.post("", status_code=201)
def place_preorder(
    request: PreorderCreate, session: SessionDep, at: NowDep, idempotency_key: Annotated[str, Header()]
) -> PreorderRead:
    """Place a pre-order. The same `Idempotency-Key` brings the first answer again."""

    def make() -> dict[str, Any]:
        preorder = preorders.place(session, request, at=at)
        session.flush()
        return preorders.read(session, preorder).model_dump(mode="json")

    answer = idempotency.answer_once(
        session, idempotency_key, request=request.model_dump(mode="json"), at=at, make=make
    )
    return PreorderRead.model_validate(answer)


@router.get("/{token}")
def read_preorder(token: str, session: SessionDep) -> PreorderRead:
    """One's own pre-order, found by the signed part of its link."""
    return preorders.read(session, preorders.get_by_token(session, token))


class Checkout(BaseModel):
    """Where to pay."""

    checkout_url: str


@router.post("/{token}/pay")
def pay_preorder(token: str, session: SessionDep, at: NowDep) -> Checkout:
    """The address of the payment provider's page for this pre-order."""
    preorder = preorders.get_by_token(session, token)
    return Checkout(checkout_url=payments.start(session, preorder, at=at, return_url=f"/o/{token}"))


@router.post("/{number}/ship")
def ship_preorder(number: str, session: SessionDep, member: MemberDep, at: NowDep) -> PreorderRead:
    """The parcel has left."""
    return preorders.read(session, preorders.ship(session, number, member=member, at=at))
