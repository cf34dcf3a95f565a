from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.member import Right
from api.services import promises
from api.services.promises import ShipBy


def staff(member: MemberDep) -> None:
    """The factories' calendars are no stranger's business."""
    member.must_have(Right.SEE_CONSOLE)


router = APIRouter(prefix="/promises", tags=["promises"], dependencies=[Depends(staff)])


@router.get("/ship-by")
def read_ship_by(
    session: SessionDep,
    at: NowDep,
    style: str,
    pieces: Annotated[int, Query(ge=1, le=100_000)],
    closes_on: Annotated[date, Query(ge=date(2020, 1, 1), le=date(2100, 1, 1))],
    balance_days: Annotated[int, Query(ge=0, le=60)] = 5,
    factory: str | None = None,
) -> ShipBy:
    """The range that a campaign can honestly promise, with each step that leads to it."""
    return promises.ship_by(
        session,
        style,
        pieces=pieces,
        closes_on=closes_on,
        balance_days=balance_days,
        factory_code=factory,
        at=at,
    )
