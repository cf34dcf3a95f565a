import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.errors import InvalidRequest
from api.domain.money import Ladder, split

LIST = [[1, 20_000], [50, 18_000], [100, 16_000], [200, 14_900]]


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(10_000, [1, 1, 1], [3334, 3333, 3333]), (9_999, [3, 2, 2], [4285, 2857, 2857])],
)
def test_a_split_follows_vector_v7(total: int, weights: list[int], shares: list[int]) -> None:
    assert split(total, weights) == shares


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_a_split_loses_nothing_and_is_off_by_less_than_one(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share * sum(weights) - total * w) < sum(weights) for share, w in zip(shares, weights, strict=True)
    )


@pytest.mark.parametrize(
    ("pieces", "price"), [(0, 20_000), (49, 20_000), (50, 18_000), (120, 16_000), (10**6, 14_900)]
)
def test_the_ladder_of_vector_v1(pieces: int, price: int) -> None:
    assert Ladder.from_json(LIST).price(pieces) == price


def test_the_next_tier_is_the_first_that_is_not_reached() -> None:
    ladder = Ladder.from_json(LIST)
    following = ladder.next_tier(120)
    assert following is not None
    assert (following.from_pieces, following.price_minor) == (200, 14_900)
    assert ladder.next_tier(200) is None


@pytest.mark.parametrize(
    "raw",
    [[], [[2, 100]], [[1, 100], [1, 90]], [[1, 100], [5, 100]], [[1, 100], [5, 0]], [[5, 90], [1, 100]]],
)
def test_a_ladder_that_is_none_is_refused(raw: list[list[int]]) -> None:
    with pytest.raises(InvalidRequest, match="ladder"):
        Ladder.from_json(raw)
