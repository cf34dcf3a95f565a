from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.errors import IllegalMove
from api.domain.preorder import PREORDER_LIFECYCLE, Preorder, PreorderStatus
from api.domain.tables import LIFECYCLES

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@given(st.lists(st.sampled_from(PreorderStatus)))
def test_no_order_of_events_leads_out_of_the_diagram(wishes: list[PreorderStatus]) -> None:
    preorder = Preorder(number="P-1", campaign_id=uuid4(), status=PreorderStatus.PLACED)
    for wish in wishes:
        before = preorder.status
        try:
            preorder.move(wish, by="test", at=NOW, why="tried")
        except IllegalMove:
            assert preorder.status == before
        else:
            assert PREORDER_LIFECYCLE.allows(before, wish)
    steps = [(move.before, move.after) for move in preorder.take_moves()]
    assert set(steps) <= PREORDER_LIFECYCLE.pairs()


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda each: each.noun)
def test_every_state_is_in_the_diagram_and_can_be_reached(lifecycle: object) -> None:
    moves = lifecycle.moves  # type: ignore[attr-defined]
    states = set(type(next(iter(moves))))
    assert set(moves) == states
    reached, front = {next(iter(moves))}, [next(iter(moves))]
    while front:
        following = moves[front.pop()] - reached
        reached |= following
        front += following
    assert reached == states
