"""The pages of channels and of the queue as people meet them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.channel import ChannelStatus, MasterRecord
from api.domain.outbox import OutboxMessage
from api.domain.production import OrderChannel
from api.services import channels, master_data, outbox
from api.settings import settings
from tests.fixtures import TODAY
from tests.web.conftest import text

ERP, BOOK = OrderChannel.ERP, OrderChannel.ORDER_BOOK
Browser = Callable[[str], TestClient]


@pytest.fixture
def _odoo(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with an Odoo that it may only look at."""
    del session
    monkeypatch.setenv("ODOO_URL", "http://erp.example")
    settings.cache_clear()


def hold(session: Session, code: str, trouble: str | None, **also: str) -> None:
    values = {"noun": "product", "detail": ""} | also
    session.add(MasterRecord(channel=ERP.value, code=code, trouble=trouble, read_at=TODAY, **values))
    session.flush()


@pytest.mark.usefixtures("_odoo")
def test_a_code_in_the_way_is_shown_with_what_to_do(as_: Browser, session: Session) -> None:
    hold(session, "TEE-INDIGO-M", "double", detail="Tee, Tee (copy)")
    hold(session, "TEE-INDIGO-S", None, name="Work tee, indigo, S", barcode="6901234567892")
    hold(session, "WH", None, noun="warehouse", name="Ningbo")
    page = text(as_("planner").get("/console/channels"))
    assert "more than one has this code: Tee, Tee (copy)" in page
    assert "Take the code away from all but one." in page
    assert "6901234567892" in page
    assert "Warehouses there: Ningbo" in page
    assert "Nothing is made there: what is missing becomes a task." in page
    assert "Factory F1, Factory F2" in page


@pytest.mark.usefixtures("_odoo")
def test_a_planner_has_a_catalogue_read_again_and_a_buyer_does_not(as_: Browser, session: Session) -> None:
    planner, buyer = as_("planner"), as_("buyer")
    assert "/console/channels/erp/read" in text(planner.get("/console/channels"))
    assert "/console/channels/erp/read" not in text(buyer.get("/console/channels"))
    text(buyer.post("/console/channels/erp/read"), 403)
    for _ in range(2):
        assert planner.post("/console/channels/erp/read").headers["location"] == "/console/channels"
    (wish,) = session.exec(select(OutboxMessage).where(OutboxMessage.topic == master_data.READ))
    assert wish.payload == {"channel": "erp"}
    text(planner.post("/console/channels/telegraph/read"), 422)


@pytest.mark.usefixtures("_odoo")
def test_the_queue_says_since_when_a_channel_is_silent_and_how_old_each_topic_is(
    as_: Browser, session: Session
) -> None:
    channels.note(session, ERP, ChannelStatus.SILENT, at=TODAY, words="Odoo did not answer")
    channels.note(session, BOOK, ChannelStatus.ANSWERS, at=TODAY)
    for hours in (20, 3):
        outbox.record(session, "erp.push_run", subject=f"R-{hours}", at=TODAY - timedelta(hours=hours))
    session.flush()
    page = text(as_("buyer").get("/console/queue"))
    assert "does not answer" in page
    assert "since 23 Nov 2026, 09:00" in page
    assert "Odoo did not answer" in page
    assert "20 hours" in page
    assert page.index("R-20") < page.index("R-3")  # the oldest first, as they are sent


def test_what_a_folder_sent_that_nobody_can_read_is_shown(
    as_: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFLOW_DROP_FOLDER", "drop")
    settings.cache_clear()
    notice = "answers/00000041.csv, line 3, done '<four>': whole pieces"
    channels.note(session, OrderChannel.DROP_FOLDER, ChannelStatus.ANSWERS, at=TODAY, notices=[notice])
    session.flush()
    assert "done &#39;&lt;four&gt;&#39;: whole pieces" in text(as_("planner").get("/console/channels"))


@pytest.mark.usefixtures("_odoo")
def test_a_channel_that_refuses_us_is_among_what_needs_a_planner(as_: Browser, session: Session) -> None:
    channels.note(session, ERP, ChannelStatus.REFUSES, at=TODAY, words="Odoo refuses the API key")
    session.flush()
    page = text(as_("planner").get("/console"))
    assert "ERP refuses us. Odoo refuses the API key" in page
    assert 'href="/console/channels"' in page
    assert "refuses us" not in text(as_("buyer").get("/console"))
