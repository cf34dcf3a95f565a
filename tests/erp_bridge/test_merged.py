from hypothesis import given
from hypothesis import strategies as st

from erp_bridge.merged import parts, share


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


@given(
    totals=st.lists(st.integers(0, 50), min_size=1, max_size=6),
    weights=st.lists(st.integers(1, 50), min_size=2, max_size=4),
)
def test_what_became_of_one_merged_order_is_shared_out_as_a_whole(
    totals: list[int], weights: list[int]
) -> None:
    rows = [{"id": each, "product_id": 1, "pieces": total} for each, total in enumerate(totals)]
    known = dict(enumerate(weights))
    found = parts(rows, "pieces", {row["id"]: known for row in rows})
    assert [sum(found[row["id"]].values()) for row in rows] == totals
    whole = {owner: sum(each[owner] for each in found.values()) for owner in known}
    assert whole == share(sum(totals), known)
