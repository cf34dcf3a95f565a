"""The withdrawal function: two steps, no account."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from api.deps import NowDep, SessionDep
from api.services import withdrawal
from api.services.withdrawal import StepBack

router = APIRouter(prefix="/withdrawals", tags=["withdrawals"])


class WhichPreorder(BaseModel):
    """A pre-order, named by whoever has its confirmation."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class WithdrawalRequest(WhichPreorder):
    """The second step, with the amount that the first one showed."""

    back_minor: int = Field(ge=0)


@router.post("/look")
def look(request: WhichPreorder, session: SessionDep, at: NowDep) -> StepBack:
    """What goes back, or the reason why the law gives no right now."""
    return withdrawal.by_law(session, request.number, request.email, at=at)


@router.post("", status_code=201)
def withdraw(request: WithdrawalRequest, session: SessionDep, at: NowDep) -> StepBack:
    """Withdraw. The receipt is the answer, and the message that goes out with it."""
    return withdrawal.withdraw(session, request.number, request.email, shown_minor=request.back_minor, at=at)
