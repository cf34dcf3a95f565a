"""The consumer's phone, in a real Chromium, before the running platform."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.db import transaction
from tests import running
from tests.chromium import ARGUMENTS, Chromium
from tests.factories import make_preorder, make_world

SMALLEST_PHONE = {"width": 320, "height": 640}


@pytest.fixture
def shop(committed: str, broker_url: str, tmp_path: Path) -> Iterator[str]:
    """A shop with one campaign in which nine pieces are paid: the tenth makes everyone pay less."""
    del committed  # in DATABASE_URL already
    with running.platform(tmp_path, BROKER_URL=broker_url) as address:
        with transaction() as session:
            now = datetime.now(UTC).replace(microsecond=0)
            make_world(session, at=now)
            make_preorder(session, lines=[("TEE-WHITE-S", 9)], at=now)
        yield address


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.executable,
            args=[*ARGUMENTS],
            env={**os.environ, **chromium.environment},
        )
        yield launched
        launched.close()


@pytest.fixture
def phone(browser: Browser, shop: str) -> Page:
    """A small phone whose owner reads English."""
    return browser.new_context(viewport=SMALLEST_PHONE, locale="en-GB", base_url=shop).new_page()  # type: ignore[arg-type]


def test_a_pre_order_takes_four_taps_after_the_size_and_its_page_says_paid(phone: Page) -> None:
    complaints: list[str] = []
    phone.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    phone.goto("/c/tee")
    expect(phone.get_by_role("heading", name="Work tee", level=1)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= SMALLEST_PHONE["width"]

    phone.get_by_label("indigo M").check(force=True)  # the size
    phone.get_by_label("Name").fill("Lin Yue")
    phone.get_by_label("E-mail").fill("lin@example.com")
    phone.get_by_label("Delivery address").fill("12 Harbour Road, Ningbo")
    phone.get_by_role("button", name="Pre-order").click()
    phone.get_by_role("button", name="Pay", exact=True).click()

    expect(phone.get_by_text("Keep this link")).to_be_visible()
    expect(phone.locator(".figure").first).to_have_text("¥200.00", timeout=30_000)
    assert complaints == []


def test_what_was_typed_is_kept_and_the_wrong_field_is_named(phone: Page) -> None:
    phone.goto("/c/tee")
    phone.get_by_label("white L").check(force=True)
    phone.get_by_label("Name").fill("Lin Yue")
    phone.get_by_label("E-mail").fill("nobody")
    phone.get_by_label("Delivery address").fill("12 Harbour Road, Ningbo")
    phone.get_by_role("button", name="Pre-order").click()
    expect(phone.get_by_text("This is not an e-mail address")).to_be_visible()
    expect(phone.get_by_label("Name")).to_have_value("Lin Yue")
    expect(phone.get_by_label("white L")).to_be_checked()


def test_the_counter_moves_while_the_page_is_open(phone: Page) -> None:
    phone.goto("/c/tee")
    expect(phone.locator("[data-live]")).to_contain_text("9")
    with transaction() as session:
        make_preorder(session, lines=[("TEE-WHITE-M", 5)], at=datetime.now(UTC))
    expect(phone.locator("[data-live]")).to_contain_text("14", timeout=30_000)


def test_a_consumer_can_pre_order_without_javascript(browser: Browser, shop: str) -> None:
    page = browser.new_context(java_script_enabled=False, locale="zh-CN", base_url=shop).new_page()
    page.goto("/c/tee")
    page.get_by_label("靛蓝 M").check(force=True)
    page.get_by_label("姓名").fill("林月")
    page.get_by_label("邮箱").fill("lin@example.com")
    page.get_by_label("收货地址").fill("宁波市海曙区港口路12号")
    page.get_by_role("button", name="预订").click()
    page.locator("button[value=pay]").click()
    expect(page).to_have_url(re.compile("/o/"))
