import json
import re
from html.parser import HTMLParser

import pytest

from tests.web.preview import request
from tests.web.samples import SAMPLES
from web import pages
from web.i18n import LANGUAGES

VOID = {"meta", "link", "input", "br", "img", "hr"}
EVERY_PAGE = [(name, language) for name in SAMPLES for language in LANGUAGES]


class Page(HTMLParser):
    """What the tests ask of a page: its elements, its ids, and that every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def text(name: str, language: str) -> str:
    template, context = SAMPLES[name]
    return bytes(pages.render(request(query=f"lang={language}"), template, **context).body).decode()


def is_whole(page: str) -> bool:
    return page.lstrip().startswith("<!doctype html>")


@pytest.mark.parametrize(("name", "language"), EVERY_PAGE)
def test_every_page_is_complete_in_both_languages(name: str, language: str) -> None:
    written = text(name, language)
    page = Page(written)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for reference in attributes.get("aria-describedby", "").split():
            assert reference in ids
    if is_whole(written):
        assert len(page.all("h1")) == 1
        assert len(page.all("main")) == 1
        assert page.all("html")[0]["lang"] == {"zh": "zh-Hans", "en": "en"}[language]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_page_needs_more_than_a_strict_content_security_policy(name: str) -> None:
    page = Page(text(name, "en"))
    for tag, attributes in page.elements:
        assert tag != "style"
        assert not [
            attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")
        ]
        for attribute in ("src", "action", "formaction"):
            assert attributes.get(attribute, "/").startswith("/")
    assert all("src" in script for script in page.all("script"))
    assert all(link["href"].startswith("/") for link in page.all("link"))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_has_a_label_and_every_button_a_word(name: str) -> None:
    written = text(name, "zh")
    page = Page(written)
    labelled = {attributes.get("for") for attributes in page.all("label")}
    for attributes in page.all("input", "select", "textarea"):
        wrapped = attributes.get("type") in {"checkbox", "radio"}
        assert (
            wrapped
            or attributes.get("type") == "hidden"
            or attributes.get("id") in labelled
            or "aria-label" in attributes
        )
    assert not re.findall(r"<(button|a|summary)\b[^>]*>\s*</\1>", written)


def test_every_template_is_rendered_by_a_sample() -> None:
    seen = {template for template, _ in SAMPLES.values()}
    parts = {
        "_words.html",
        "_document.html",
        "base.html",
        "_shop.html",
        "_law.html",
        "_factory.html",
        "_amounts.html",
        "_parts.html",
        "_factory_words.html",
        "_channels.html",
        "_drift.html",
        "_shortfalls.html",
        "_worth.html",
        "_rescue.html",
    }
    every = {str(path.relative_to(pages.TEMPLATES)) for path in pages.TEMPLATES.rglob("*.html")}
    assert {name for name in every if name.rpartition("/")[2] not in parts} == seen


def test_a_value_that_is_missing_is_an_error_and_no_empty_page() -> None:
    with pytest.raises(Exception, match="undefined"):
        pages.render(request(), "shop/index.html")


def test_what_people_typed_is_shown_as_text() -> None:
    template, context = SAMPLES["shop-campaign"]
    typed = context | {"form": context["form"] | {"name": '"><script>alert(1)</script>'}}
    written = bytes(pages.render(request(), template, **typed).body).decode()
    assert "<script>alert" not in written
    assert "&lt;script&gt;alert" in written


def test_a_refused_form_keeps_what_was_typed_and_marks_each_field() -> None:
    page = Page(text("shop-campaign-wrong", "en"))
    email = next(field for field in page.all("input") if field.get("name") == "email")
    assert email["value"] == "xiaoyu"
    assert email["aria-invalid"] == "true"
    assert "email-error" in email["aria-describedby"].split()


def test_a_factory_reads_no_consumers_name() -> None:
    for name in (name for name in SAMPLES if name.startswith("factory")):
        assert "王小雨" not in text(name, "zh")


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("", {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
        ("", {"accept-language": "de, en;q=0.2, zh;q=0.3"}, "zh"),
        ("", {"accept-language": "*, nonsense;q=x"}, "en"),
        ("", {"accept-language": "zh", "cookie": "lang=en"}, "en"),
        ("lang=zh", {"accept-language": "en", "cookie": "lang=en"}, "zh"),
        ("lang=tlh", {"accept-language": "zh"}, "zh"),
    ],
)
def test_the_reader_chooses_the_language(query: str, headers: dict[str, str], language: str) -> None:
    answer = pages.render(request(query=query, headers=headers), "shop/index.html", campaigns=[])
    assert answer.headers["content-language"] == language
    assert ("set-cookie" in answer.headers) == (query == "lang=zh")


def test_a_page_may_prefer_a_language_until_the_reader_asks_for_another() -> None:
    assert (
        pages.render(request(), "shop/index.html", language="zh", campaigns=[]).headers["content-language"]
        == "zh"
    )
    asked = pages.render(request(query="lang=en"), "shop/index.html", language="zh", campaigns=[])
    assert asked.headers["content-language"] == "en"


def test_the_language_links_keep_the_rest_of_the_address() -> None:
    page = pages.render(request("/p/CF-1", "key=abc&lang=en"), "shop/index.html", campaigns=[])
    assert "/p/CF-1?key=abc&amp;lang=zh" in bytes(page.body).decode()


def test_the_campaign_page_stays_small() -> None:
    sent = len(text("shop-campaign", "en").encode())
    sent += sum((pages.STATIC / name).stat().st_size for name in ("counterflow.css", "live.js", "icon.svg"))
    assert sent < 100_000


def test_static_addresses_change_with_the_content() -> None:
    assert re.fullmatch(r"/static/counterflow\.css\?v=[0-9a-f]{10}", pages.static_url("counterflow.css"))


def test_the_button_tells_the_script_how_to_say_the_amount() -> None:
    button = next(b for b in Page(text("shop-campaign", "zh")).all("button") if "data-unit-minor" in b)
    assert json.loads(button["data-unit-minor"]) == 18000
    assert button["data-digits"] == "2"
    assert "{amount}" in button["data-words"]
