from sqlalchemy import Sequence, func, select
from sqlmodel import Session

from api.domain.plan import PLAN_NUMBERS, RUN_NUMBERS
from api.domain.preorder import PREORDER_NUMBERS

_FORMS = {PREORDER_NUMBERS.name: "P-{:06d}", PLAN_NUMBERS.name: "PL-{:04d}", RUN_NUMBERS.name: "R-{:06d}"}


def draw(session: Session, numbers: Sequence, count: int) -> list[str]:
    """So many fresh numbers for people, ascending; a rolled-back transaction leaves a gap, never a repeat."""
    series = func.generate_series(1, count).table_valued("n")
    drawn = session.execute(select(numbers.next_value()).select_from(series)).scalars()
    return [_FORMS[numbers.name].format(number) for number in sorted(drawn)]
