from hypothesis import given
from hypothesis import strategies as st

from erp_bridge.merged import share


@given(total=st.integers(0, 10_000), weights=st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_shares_are_whole_and_add_up(total: int, weights: list[int]) -> None:
    parts = share(total, dict(enumerate(weights)))
    assert sum(parts.values()) == total
    assert all(part >= 0 for part in parts.values())


@given(weights=st.lists(st.integers(1, 500), min_size=1, max_size=8))
def test_a_total_that_is_what_was_wanted_gives_everyone_that(weights: list[int]) -> None:
    wanted = dict(enumerate(weights))
    assert share(sum(weights), wanted) == wanted


def test_a_piece_left_over_goes_to_the_largest_rest_then_to_the_first() -> None:
    assert share(7, {"a": 10, "b": 5}) == {"a": 5, "b": 2}
    assert share(3, {"a": 1, "b": 1}) == {"a": 2, "b": 1}
    assert share(3, {"a": 0, "b": 0}) == {"a": 2, "b": 1}
