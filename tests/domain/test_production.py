from datetime import date, timedelta
from uuid import uuid4

import pytest

from api.domain.production import Closure, ProductionLine, capacity_seconds, day_of_second

MONDAY = date(2027, 2, 1)
LINE = ProductionLine(code="L1", factory_id=uuid4(), shift_seconds=28_800, workdays=6, min_run=1, tiers=[1])


def closed(first: date, last: date, percent: int = 0) -> Closure:
    return Closure(
        factory_id=LINE.factory_id, from_on=first, to_on=last, capacity_percent=percent, reason="shut"
    )


def test_a_week_has_its_working_days_and_no_sunday() -> None:
    assert capacity_seconds(LINE, [], from_on=MONDAY, days=7) == 6 * 28_800


def test_a_closure_takes_its_days_and_a_ramp_its_share() -> None:
    shut = closed(MONDAY, MONDAY + timedelta(days=1))
    ramp = closed(MONDAY + timedelta(days=2), MONDAY + timedelta(days=2), 50)
    assert capacity_seconds(LINE, [shut, ramp], from_on=MONDAY, days=7) == 3 * 28_800 + 14_400


def test_where_closures_overlap_the_smallest_share_counts() -> None:
    both = [closed(MONDAY, MONDAY, 80), closed(MONDAY, MONDAY, 20)]
    assert capacity_seconds(LINE, both, from_on=MONDAY, days=1) == 5_760


@pytest.mark.parametrize(("second", "day"), [(1, 0), (28_800, 0), (28_801, 1), (6 * 28_800, 5), (10**9, 6)])
def test_a_working_second_falls_on_a_day(second: int, day: int) -> None:
    found = day_of_second(LINE, [], from_on=MONDAY, days=7, second=second)
    assert found == MONDAY + timedelta(days=day)
