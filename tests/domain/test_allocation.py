import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.allocation import AllocationPolicy, Claim, allocate

PAID = datetime(2026, 11, 1, tzinfo=UTC)
BY = date(2027, 1, 20)


def claim(number: int, pieces: int = 1, *, by: date = BY) -> Claim:
    return Claim(UUID(int=number), pieces, PAID + timedelta(minutes=number), by, f"P-{number:06}")


def test_nine_short_of_three_hundred_are_the_same_nine_however_they_are_given() -> None:
    claims = [claim(number) for number in range(300)]
    expected = {UUID(int=number): 1 for number in range(291, 300)}
    for seed in range(20):
        random.Random(seed).shuffle(claims)
        assert allocate(AllocationPolicy.EARLIEST_PAID, 291, claims) == expected


def test_the_first_for_whom_too_little_is_left_gets_what_is_left_and_nobody_behind_any() -> None:
    claims = [claim(1, 4), claim(2, 4), claim(3, 1)]
    assert allocate(AllocationPolicy.EARLIEST_PAID, 6, claims) == {UUID(int=2): 2, UUID(int=3): 1}


def test_by_promise_who_was_promised_the_earlier_day_is_served_first() -> None:
    claims = [claim(1), claim(2, by=BY - timedelta(days=7))]
    assert allocate(AllocationPolicy.EARLIEST_PROMISE, 1, claims) == {UUID(int=1): 1}
    assert allocate(AllocationPolicy.EARLIEST_PAID, 1, claims) == {UUID(int=2): 1}


@pytest.mark.parametrize("policy", AllocationPolicy)
@given(made=st.integers(0, 60), wanted=st.lists(st.integers(1, 9), max_size=12))
def test_what_is_lacking_is_what_was_claimed_less_what_was_made(
    policy: AllocationPolicy, made: int, wanted: list[int]
) -> None:
    claims = [claim(number, pieces) for number, pieces in enumerate(wanted)]
    assert sum(allocate(policy, made, claims).values()) == max(0, sum(wanted) - made)
