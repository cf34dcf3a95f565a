from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import NowDep, SessionDep
from api.domain.delay import DelayKind, DelayStatus
from api.domain.policy import DelayChoice, Silence
from api.domain.preorder import PreorderRead
from api.domain.preorder_change import PreorderChange
from api.domain.promise import PromiseKind
from api.services import delays, preorders, self_service, withdrawal
from api.services.withdrawal import StepBack

router = APIRouter(prefix="/preorders/{token}", tags=["pre-orders"])


class PromiseRead(BaseModel):
    """A range that was promised, and why it was given."""

    model_config = ConfigDict(from_attributes=True)

    kind: PromiseKind
    from_on: date
    by_on: date
    reason: str
    at: datetime


class DelayRead(BaseModel):
    """A delay as its buyer may answer it: until when, with what, and what silence means."""

    model_config = ConfigDict(from_attributes=True)

    kind: DelayKind
    status: DelayStatus
    old_by_on: date
    new_on: date | None
    choices: list[DelayChoice]
    silence: Silence
    answer_by: datetime
    final_on: date | None


class ChoicesRead(BaseModel):
    """What its owner may do with a pre-order now; money in minor units."""

    model_config = ConfigDict(from_attributes=True)

    cut_off_at: datetime
    change_until: datetime | None
    skus: list[str]
    cancel: StepBack
    delay: DelayRead | None
    promises: list[PromiseRead]


@router.get("/choices")
def read_choices(token: str, session: SessionDep, at: NowDep) -> ChoicesRead:
    """What is allowed now, by the state of the pre-order, its campaign and the law of its place."""
    preorder = preorders.get_by_token(session, token)
    return ChoicesRead.model_validate(self_service.choices(session, preorder, at=at))


@router.post("/change")
def change_preorder(token: str, request: PreorderChange, session: SessionDep, at: NowDep) -> PreorderRead:
    """Take another size, colour or address, until the cut-off."""
    preorder = preorders.get_by_token(session, token)
    return preorders.read(session, self_service.change(session, preorder, request, at=at))


class Confirmation(BaseModel):
    """The amount, in minor units, that was shown to go back; another one is refused."""

    back_minor: int = Field(ge=0)


@router.post("/cancel")
def cancel_preorder(token: str, request: Confirmation, session: SessionDep, at: NowDep) -> PreorderRead:
    """Step back, for the amount that `choices` said."""
    preorder = preorders.get_by_token(session, token)
    withdrawal.step_back(session, preorder, shown_minor=request.back_minor, at=at)
    return preorders.read(session, preorder)


class DelayAnswer(BaseModel):
    """What the buyer wants; `until` is the last day of who sets one."""

    answer: DelayChoice
    until: date | None = None


@router.post("/delay")
def answer_delay(token: str, request: DelayAnswer, session: SessionDep, at: NowDep) -> DelayRead:
    """Answer a notice of delay."""
    preorder = preorders.get_by_token(session, token)
    return DelayRead.model_validate(
        delays.answer(session, preorder, request.answer, until=request.until, at=at)
    )
