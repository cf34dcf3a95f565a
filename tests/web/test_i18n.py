import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from web import i18n

WEB = Path(i18n.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"say": None}  # `Reader.say` fills the facts in
OPTIONS = {"templates/**.html": {"trimmed": "true", "extensions": "jinja2.ext.i18n"}}


def said_by_the_pages() -> set[str]:
    """Every message of templates and code; of a plural the singular, which is the catalogue's key."""
    found = extract_from_dir(str(WEB), METHODS, OPTIONS, KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def translated() -> dict[str, list[str]]:
    """Chinese words by English message."""
    words = {}
    for message in i18n.catalogue("zh"):
        key = message.id if isinstance(message.id, str) else message.id[0]
        if key:
            words[key] = [message.string] if isinstance(message.string, str) else list(message.string)
    return words


def test_every_message_is_translated_and_no_translation_is_orphaned() -> None:
    words = translated()
    assert words.keys() == said_by_the_pages()
    assert [key for key, strings in words.items() if not all(strings)] == []


def places(words: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%%", words))


def test_a_translation_keeps_the_places_of_its_values() -> None:
    moved = [one for one, said in translated().items() for chinese in said if places(chinese) != places(one)]
    assert moved == []


def test_no_words_stand_in_a_template_outside_the_catalogue() -> None:
    for path in (WEB / "templates").rglob("*.html"):
        text = re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"{% block breadth %}.*?{% endblock %}", "", text)
        text = re.sub(r"{% trans.*?{% endtrans %}|{{.*?}}|{%.*?%}", "", text, flags=re.DOTALL)
        text = re.sub(r'<[^>]*>|[\w-]+="[^"]*"', " ", text).replace("Counterflow", "")
        assert re.findall(r"[A-Za-z一-鿿]{3,}", text) == [], path.name


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (16000, "CNY", "¥160.00"),
        (-4005, "CNY", "\N{MINUS SIGN}¥40.05"),
        (0, "CNY", "¥0.00"),
        (123456789, "EUR", "€1,234,567.89"),
        (500, "JPY", "JP¥500"),
    ],
)
def test_money_is_said_alike_in_both_languages(minor: int, currency: str, said: str) -> None:
    assert {i18n.language(code).money(minor, currency) for code in i18n.LANGUAGES} == {said}


def test_a_range_of_days_is_said_as_each_language_says_it() -> None:
    first, last = date(2027, 3, 3), date(2027, 3, 9)
    assert i18n.language("en").days(first, last) == "3\N{EN DASH}9 Mar 2027"
    assert i18n.language("zh").days(first, last) == "2027年3月3日至9日"
    assert i18n.language("en").days(first, first) == "3 Mar 2027"
    assert i18n.language("zh").short_day(first) == "3月3日"


def test_a_moment_is_said_in_the_time_of_its_zone() -> None:
    moment = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert i18n.language("en").moment(moment) == "1 Jan 2027, 00:30"
    assert i18n.language("zh").moment(moment, "Europe/Berlin") == "2026年12月31日 17:30"
    assert i18n.language("zh").zone("Asia/Shanghai") == "中国时间"
