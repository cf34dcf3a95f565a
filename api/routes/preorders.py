import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.db import transaction
from api.deps import MemberDep, NowDep, SessionDep
from api.domain.errors import Refusal
from api.domain.preorder import PreorderCreate, PreorderRead
from api.services import intake, payments, preorders

router = APIRouter(prefix="/preorders", tags=["pre-orders"])


class _Desk:
    """Takes together what came while the last group was written: one commit for all of them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[intake.Wish, asyncio.Future[intake.Answer]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def take(self, wish: intake.Wish) -> intake.Answer:
        mine: asyncio.Future[intake.Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, mine))
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._work())
        return await mine

    async def _work(self) -> None:
        while self._waiting:
            group = self._waiting[: intake.MOST_AT_ONCE]
            del self._waiting[: intake.MOST_AT_ONCE]
            answers = await asyncio.to_thread(_take_group, [wish for wish, _ in group])
            for (_, future), answer in zip(group, answers, strict=True):
                if future.cancelled():
                    continue  # its client has gone; what is taken is taken
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)


def _take_group(wishes: Sequence[intake.Wish]) -> list[intake.Answer | Exception]:
    """One transaction for all; what cannot be written stops only its own wish."""
    try:
        with transaction() as session:
            return [*intake.take(session, wishes)]
    except Exception as error:  # noqa: BLE001 - whatever one of them broke, the others shall have their answer
        if len(wishes) == 1:
            return [error]
        return [answer for wish in wishes for answer in _take_group([wish])]


_desk = _Desk()


@router.post("", status_code=201, response_model=PreorderRead)
async def place_preorder(
    request: PreorderCreate, at: NowDep, idempotency_key: Annotated[str, Header()]
) -> JSONResponse:
    """Place a pre-order. The same `Idempotency-Key` brings the first answer again."""
    answer = await _desk.take(intake.Wish(idempotency_key, request, at))
    if isinstance(answer, Refusal):
        raise answer
    return JSONResponse(answer, 201)


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
