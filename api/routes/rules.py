"""Rules of the trade as anyone may ask them: how many to order, to look at, to pay."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.domain.bonus import FORMULA, Period, bonus
from api.domain.inspection import Level, sampling_plan
from api.domain.money import split
from api.domain.tolerance import order_quantity

router = APIRouter(prefix="/rules", tags=["rules"])
Minor = Annotated[int, Query(ge=0, le=10**15)]


class OrderQuantity(BaseModel):
    """Pieces to order, and why."""

    quantity: int
    reason: str


@router.get("/order-quantity")
def read_order_quantity(owed: int, short_permille: int) -> OrderQuantity:
    """Fewest pieces to order so that a delivery within the tolerance covers what is owed."""
    quantity = order_quantity(owed, short_permille)
    reason = f"{owed} are owed and {short_permille / 10:g} % may be missing"
    return OrderQuantity(quantity=quantity, reason=reason)


class Inspection(BaseModel):
    """Pieces to look at, faults to accept with, faults to reject with."""

    letter: str
    sample: int
    accept: int
    reject: int


@router.get("/inspection")
def read_inspection(lot: int, level: Level = Level.II, aql: str = "2.5") -> Inspection:
    """The sampling plan of ISO 2859-1 for a lot."""
    plan = sampling_plan(lot, level=level, aql=aql)
    return Inspection(letter=plan.letter, sample=plan.sample, accept=plan.accept, reject=plan.reject)


class Bonus(BaseModel):
    """A team's bonus, with the formula it comes from."""

    formula: str
    margin_basis_points: int
    bonus_minor: int


@router.get("/bonus")
def read_bonus(
    sales_minor: Minor,
    refunds_minor: Minor,
    cost_minor: Minor,
    fees_minor: Minor,
    rate_basis_points: Annotated[int, Query(ge=0, le=10_000)],
    turnover_percent: Annotated[int, Query(ge=0, le=1_000)],
) -> Bonus:
    """What a period's figures come to by the formula in force."""
    period = Period(sales_minor, refunds_minor, cost_minor, fees_minor)
    amount = bonus(period, rate_basis_points=rate_basis_points, turnover_percent=turnover_percent)
    return Bonus(formula=FORMULA, margin_basis_points=period.margin_basis_points, bonus_minor=amount)


@router.get("/split")
def read_split(
    total_minor: Minor, weights: Annotated[list[int], Query(min_length=1, max_length=1000)]
) -> list[int]:
    """An amount split by weight so that nothing is lost: largest remainder."""
    return split(total_minor, weights)
