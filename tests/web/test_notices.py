"""What a buyer was told stands on a page; only who reads the address may choose the channels."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.notice import NoticeChannel
from api.domain.preorder import Preorder
from api.domain.waiting import WaitingEntry, WaitingStatus
from api.security import mail_token, waiting_token
from api.services import notice_preferences, preorders, waiting
from api.settings import settings
from tests.factories import make_preorder, make_world
from tests.fixtures import TODAY
from tests.web.conftest import text

SMS = "http://key:secret@127.0.0.1:1?sign=x&template_zh=y"


@pytest.fixture
def preorder(session: Session, monkeypatch: pytest.MonkeyPatch) -> Preorder:
    monkeypatch.setenv("COUNTERFLOW_SMS_URL", SMS)
    settings.cache_clear()
    make_world(session)
    return make_preorder(session)


def key_of(preorder: Preorder) -> str:
    return mail_token(settings().secret, preorder.email)


def test_the_page_shows_each_notice_in_the_language_it_was_written_in(
    preorder: Preorder, client: TestClient
) -> None:
    page = text(client.get(f"/o/{preorders.token(preorder)}/notices?lang=en"))
    assert f"已收到 {preorder.number} 的付款 ¥200.00" in page
    assert 'lang="zh-Hans"' in page
    assert "E-mail: on its way" in page
    assert "?key=" not in page  # what letters carry stays in letters


def test_one_s_own_pre_order_links_to_what_was_told(preorder: Preorder, client: TestClient) -> None:
    token = preorders.token(preorder)
    assert f'href="/o/{token}/notices"' in text(client.get(f"/o/{token}"))


def test_who_holds_a_link_but_does_not_read_the_address_cannot_choose(
    session: Session, preorder: Preorder, client: TestClient
) -> None:
    href = f"/o/{preorders.token(preorder)}/notices"
    assert "<form" not in text(client.get(f"{href}?lang=en&key=guessed")).partition("How we write")[2]
    typed = {"key": "guessed", "channels": ["sms"], "phone": "13800000000"}
    text(client.post(href, data=typed), 403)
    assert notice_preferences.of(session, preorder.email) is None


def test_who_comes_by_a_letter_chooses_for_the_address(
    session: Session, preorder: Preorder, client: TestClient
) -> None:
    href = f"/o/{preorders.token(preorder)}/notices"
    typed = {"key": key_of(preorder), "channels": ["sms"], "phone": "138 0000 0000"}
    answer = client.post(href, data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{href}?key={key_of(preorder)}&saved=1")
    chosen = notice_preferences.of(session, "LIN@example.com")
    assert chosen is not None
    assert chosen.addresses() == {NoticeChannel.SMS: "+8613800000000"}
    assert "Kept." in text(client.get(answer.headers["location"] + "&lang=en"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose at least one that reaches you."),
        ({"channels": ["wechat"]}, "Choose at least one that reaches you."),
        ({"channels": ["sms"]}, "Please give a telephone number."),
        ({"channels": ["email", "sms"], "phone": "call me"}, "Please give a telephone number."),
    ],
)
def test_money_and_dates_always_reach_a_buyer_by_some_channel(
    session: Session, preorder: Preorder, client: TestClient, typed: dict[str, object], said: str
) -> None:
    href = f"/o/{preorders.token(preorder)}/notices?lang=en"
    assert said in text(client.post(href, data={"key": key_of(preorder)} | typed), 422)
    session.expire_all()
    assert notice_preferences.of(session, preorder.email) is None


def entry_of(session: Session) -> WaitingEntry:
    world = make_world(session, cap_pieces=2)
    make_preorder(session, lines=[("TEE-INDIGO-M", 2)])
    entry = waiting.join(
        session, "tee", "TEE-WHITE-S", quantity=2, email="wu@example.com", language="en", at=TODAY
    )
    session.flush()
    world.campaign.taken_pieces -= 2
    waiting.offer_free(session, world.campaign, at=TODAY)
    session.flush()
    return entry


def test_looking_at_the_link_of_an_offer_lets_nothing_go_and_the_button_does(
    session: Session, new_client: Callable[[], TestClient]
) -> None:
    entry, browser = entry_of(session), new_client()
    href = f"/waiting/{waiting_token(settings().secret, entry.id)}?lang=en"
    assert "Leave the waiting list" in text(browser.get(href))
    assert entry.status == WaitingStatus.OFFERED
    for _ in range(2):
        assert "no longer on the waiting list" in text(browser.post(href))
    session.refresh(entry)
    assert entry.status == WaitingStatus.LAPSED


def test_a_link_that_we_did_not_sign_lets_nothing_go(
    session: Session, new_client: Callable[[], TestClient]
) -> None:
    entry, browser = entry_of(session), new_client()
    for token in (f"{entry.id.hex}{'0' * 32}", "nothing"):
        text(browser.post(f"/waiting/{token}"), 403)
