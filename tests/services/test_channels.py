from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from api.domain.channel import ChannelStatus
from api.domain.member import Role
from api.domain.production import OrderChannel, OrderMode
from api.services import channels, needs
from api.settings import settings
from tests.factories import make_factory, make_member, make_world
from tests.fixtures import TODAY

LATER = TODAY + timedelta(minutes=5)
ERP, FOLDER, BOOK = OrderChannel.ERP, OrderChannel.DROP_FOLDER, OrderChannel.ORDER_BOOK


@pytest.fixture
def set_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with every channel."""
    del session
    monkeypatch.setenv("ODOO_URL", "http://erp.example")
    monkeypatch.setenv("COUNTERFLOW_DROP_FOLDER", str(Path("drop")))
    settings.cache_clear()


def test_a_channel_that_is_not_set_up_leaves_its_factories_to_the_order_book(session: Session) -> None:
    world = make_world(session)
    assert channels.there() == {BOOK}
    assert channels.effective(world.own) == BOOK
    assert channels.factories(session) == {BOOK: ["Factory F1", "Factory F2"]}


@pytest.mark.usefixtures("set_up")
def test_each_factory_reads_its_orders_at_its_own_channel(session: Session) -> None:
    world = make_world(session)
    make_factory(session, "F3", OrderMode.SUBCONTRACT, world.style, channel=FOLDER)
    assert channels.factories(session) == {
        ERP: ["Factory F1", "Factory F2"],
        FOLDER: ["Factory F3"],
        BOOK: [],
    }


def test_a_channel_is_silent_since_it_first_was_and_forgets_it_when_it_answers(session: Session) -> None:
    for at in (TODAY, LATER):
        channels.note(session, BOOK, ChannelStatus.SILENT, at=at, words="no route to host")
    state = channels.states(session)[BOOK]
    assert state is not None
    assert (state.status, state.since, state.asked_at, state.words) == (
        ChannelStatus.SILENT,
        TODAY,
        LATER,
        "no route to host",
    )
    channels.note(session, BOOK, ChannelStatus.ANSWERS, at=LATER, notices=["answers/00000002.csv is missing"])
    session.expire_all()
    state = channels.states(session)[BOOK]
    assert state is not None
    assert (state.status, state.since, state.words) == (ChannelStatus.ANSWERS, LATER, "")
    assert state.notices == ["answers/00000002.csv is missing"]


@pytest.mark.usefixtures("set_up")
def test_of_a_channel_that_nobody_has_asked_nothing_is_known(session: Session) -> None:
    assert channels.states(session) == {FOLDER: None, ERP: None, BOOK: None}


@pytest.mark.usefixtures("set_up")
def test_a_channel_needs_a_person_when_it_refuses_is_silent_for_long_or_sent_what_nobody_can_read(
    session: Session,
) -> None:
    admin = make_member(session, Role.ADMIN)
    channels.note(session, ERP, ChannelStatus.SILENT, at=TODAY, words="did not answer")
    channels.note(
        session, FOLDER, ChannelStatus.ANSWERS, at=TODAY, notices=["answers/00000002.csv is missing"]
    )
    channels.note(session, BOOK, ChannelStatus.ANSWERS, at=TODAY)

    def told(minutes: int) -> list[tuple[str, object]]:
        found = needs.of_member(session, admin, at=TODAY + timedelta(minutes=minutes))
        return sorted((each.name, each.facts["words"]) for each in found)

    missing = (FOLDER.value, "answers/00000002.csv is missing")
    assert told(14) == [missing]
    assert told(15) == [missing, (ERP.value, "did not answer")]
    channels.note(session, ERP, ChannelStatus.REFUSES, at=TODAY, words="the key was revoked")
    session.expire_all()
    assert told(0) == [missing, (ERP.value, "the key was revoked")]
