"""The factory's pages on the smallest phone, and its card on paper, in a real Chromium."""

import http.server
import os
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from api.domain.catalogue import SIZES
from tests.chromium import ARGUMENTS, Chromium
from tests.web import preview
from tests.web.samples_factory import CARD, FACTORY, FACTORY_PAGES
from web import pages
from web.i18n import LANGUAGES

SMALLEST_PHONE = 320
A6_POINTS = (298, 420)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: a test says what it finds."""


@pytest.fixture(scope="module")
def phone(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A small phone before every sample page, `/<language>/<name>.html`."""
    folder: Path = tmp_path_factory.mktemp("pages")
    for language in LANGUAGES:
        preview.main(folder, language)
        (folder / language).mkdir()
        _write_long_card(folder, language)
        for file in folder.glob("factory-*.html"):
            file.rename(folder / language / file.name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable,
            args=[*ARGUMENTS],
            env={**os.environ, **chromium.environment},
        )
        yield browser.new_page(
            viewport={"width": SMALLEST_PHONE, "height": 640},
            base_url=f"http://127.0.0.1:{server.server_port}",
        )
        browser.close()
    server.shutdown()
    server.server_close()


def _write_long_card(folder: Path, language: str) -> None:
    """A card with every size there is."""
    sizes = [{"sku": f"HBJ-IND-{size}", "size": size, "pieces": 1200} for size in SIZES]
    shown = FACTORY | {"card": CARD | {"sizes": sizes, "title": "Harbour chore jacket with a long name"}}
    answer = pages.render(preview.request(query=f"lang={language}"), "factory/card.html", **shown)
    (folder / "factory-card-long.html").write_bytes(bytes(answer.body))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_the_factory_is_wider_than_the_smallest_phone(phone: Page, language: str) -> None:
    wide = []
    for name in FACTORY_PAGES:
        phone.goto(f"/{language}/{name}.html")
        if phone.evaluate("document.documentElement.scrollWidth") > SMALLEST_PHONE:
            wide.append(name)
    assert wide == []


@pytest.mark.parametrize("name", ["factory-card", "factory-card-long"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_of_a_run_is_one_sheet_of_a6(phone: Page, language: str, name: str) -> None:
    phone.goto(f"/{language}/{name}.html")
    paper = phone.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    (box,) = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert tuple(round(float(side)) for side in box) == A6_POINTS
