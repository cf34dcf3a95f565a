"""Five hundred buyers for a hundred pieces, at the running platform with two web processes."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from api.db import transaction
from api.domain.campaign import Campaign
from api.domain.preorder import Preorder
from tests.factories import make_world
from tests.intake.buyers import order, rush
from tests.running import platform

BUYERS, PIECES = 500, 100


@pytest.mark.usefixtures("committed")
def test_exactly_as_many_are_accepted_as_there_are_pieces(tmp_path: Path, broker_url: str) -> None:
    with transaction() as session:
        make_world(session, at=datetime.now(UTC), cap_pieces=PIECES)
    with platform(tmp_path, BROKER_URL=broker_url, COUNTERFLOW_WEB_PROCESSES="2") as address:
        orders = [(f"buyer-{n}", order("tee", "TEE-INDIGO-M", n)) for n in range(BUYERS)]
        replies = rush(address, orders, connections=BUYERS)
    assert Counter(reply.status for reply in replies) == {201: PIECES, 409: BUYERS - PIECES}
    assert {reply.body["title"] for reply in replies if reply.status == 409} == {"campaign full"}
    with transaction() as session:
        assert len(session.exec(select(Preorder)).all()) == PIECES
        assert session.exec(select(Campaign)).one().taken_pieces == PIECES
