"""What a factory says of an order before it is made: other terms, or a warning."""

from datetime import date

from fastapi import APIRouter, Response

from api.domain.errors import invalid
from api.domain.orderbook import FlagKind
from api.services import flags, proposals
from web.console.desk import attempt
from web.factory.bench import BenchDep, FormDep, pieces_of, typed_in
from web.factory.orders import after

router = APIRouter()


@router.post("/orders/{reference}/propose")
def propose(form: FormDep, bench: BenchDep, reference: str) -> Response:
    """Another day or other quantities, with a reason; the planner weighs them before anyone answers."""
    typed = typed_in(form)

    def step() -> None:
        proposals.propose(
            bench.session,
            reference,
            finish_on=_day(typed, "finish_on"),
            quantities=pieces_of(typed, "pieces"),
            reason=typed.get("reason", ""),
            member=bench.member,
            at=bench.at,
        )

    return after(bench, reference, attempt(bench.session, step), typed)


@router.post("/orders/{reference}/withdraw")
def withdraw(bench: BenchDep, reference: str) -> Response:
    """Take the proposal back."""
    refused = attempt(
        bench.session,
        lambda: proposals.withdraw(bench.session, reference, member=bench.member, at=bench.at),
    )
    return after(bench, reference, refused)


@router.post("/orders/{reference}/flag")
def flag(form: FormDep, bench: BenchDep, reference: str) -> Response:
    """It will be late or short."""
    typed = typed_in(form)

    def step() -> None:
        flags.raise_flag(
            bench.session,
            reference,
            kind=FlagKind.SHORT if typed.get("kind") == FlagKind.SHORT else FlagKind.LATE,
            expected_on=_day(typed, "expected_on"),
            words=typed.get("words", ""),
            member=bench.member,
            at=bench.at,
        )

    return after(bench, reference, attempt(bench.session, step), typed)


def _day(typed: dict[str, str], field: str) -> date:
    """The day in a field; raises InvalidRequest where there is none."""
    text = typed.get(field, "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(field, text, "is not a date") from None
