from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.member import Member, Right
from api.domain.payment_exception import ExceptionKind, ExceptionStatus, PaymentException, Resolution
from api.domain.preorder import Preorder
from api.services import exception_effects, payment_exceptions
from api.services.exception_effects import Effect

router = APIRouter(prefix="/exceptions", tags=["payments"])


def settler(member: MemberDep) -> Member:
    """A member who may settle: asked before what is sent is looked at. Raises RoleMissing."""
    member.must_have(Right.RESOLVE_EXCEPTION)
    return member


SettlerDep = Annotated[Member, Depends(settler)]


class ChoiceRead(BaseModel):
    """One way to settle a case, and what it would do: minor units back to the buyer, and lost to us."""

    resolution: Resolution
    back_minor: int
    lost_minor: int
    possible: bool

    @classmethod
    def of(cls, effect: Effect) -> Self:
        return cls(
            resolution=effect.resolution,
            back_minor=effect.back_minor,
            lost_minor=effect.lost_minor,
            possible=effect.possible,
        )


class ExceptionRead(BaseModel):
    """Money that moved otherwise than asked; the usual of its choices comes first."""

    id: UUID
    kind: ExceptionKind
    status: ExceptionStatus
    preorder: str | None
    amount_minor: int
    """The money at stake."""
    currency: str
    words: str
    noted_at: datetime
    resolution: Resolution | None
    choices: list[ChoiceRead]

    @classmethod
    def of(cls, case: PaymentException, preorder: Preorder | None, choices: list[Effect]) -> Self:
        kept = case.model_dump(include=set(cls.model_fields) & set(PaymentException.model_fields))
        return cls(
            **kept,
            preorder=preorder.number if preorder else None,
            choices=[ChoiceRead.of(effect) for effect in choices],
        )


class Decision(BaseModel):
    """What a person makes of a case: one of its choices."""

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution


@router.get("")
def list_exceptions(session: SessionDep, member: SettlerDep) -> list[ExceptionRead]:
    """Open cases of one's own team, or all without one, the oldest first."""
    return [
        ExceptionRead.of(case, preorder, exception_effects.effects(session, case, preorder))
        for case, preorder in payment_exceptions.open_cases(session, member)
    ]


@router.post("/{case_id}/resolve")
def resolve_exception(
    case_id: UUID, decision: Decision, session: SessionDep, member: SettlerDep, at: NowDep
) -> ExceptionRead:
    """Settle a case, once."""
    case = payment_exceptions.resolve(session, case_id, decision.resolution, member=member, at=at)
    preorder = session.get(Preorder, case.preorder_id) if case.preorder_id else None
    return ExceptionRead.of(case, preorder, [])
