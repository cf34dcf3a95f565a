"""Every notice is whole in both languages, and says nothing that is ours alone."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api import services
from api.domain.notice import NoticeKind
from api.domain.policy import DelayChoice, Silence
from api.notices.wording import Ending, If, Tongue, Wording, said
from api.notices.words import TONGUES
from api.spoken import LOCALES, Spoken

EVERY = [(language, kind) for language in TONGUES for kind in NoticeKind]
FACTS = {
    "name": "Lin Yue",
    "number": "CF-000001",
    "style": "Work tee",
    "link": "http://testserver/o/abc",
    "amount_minor": 16_000,
    "price_minor": 8_000,
    "kept_minor": 2_980,
    "compensation_minor": 2_980,
    "closes_at": "2027-03-01T01:00:00+00:00",
    "days": 5,
    "promise": (date(2027, 3, 3), date(2027, 3, 9)),
    "expected_on": date(2027, 3, 5),
    "old_by_on": "2027-03-09",
    "new_on": "2027-03-20",
    "by_on": "2027-03-09",
    "until": "2027-04-01",
    "answer_by": "2027-03-01T01:00:00Z",
    "told_at": datetime(2027, 3, 1, 1, tzinfo=UTC),
    "choices": [choice.value for choice in DelayChoice],
    "silence": Silence.REFUND,
    "reason": Ending.TOO_FEW,
    "case": "late",
    "from_sku": "white M",
    "to_sku": "indigo M",
    "sku": "indigo M",
    "pieces": 2,
    "offered_until": datetime(2027, 3, 1, 1, tzinfo=UTC),
}


def rendered(language: str, kind: NoticeKind, **changed: object) -> str:
    facts = FACTS | changed
    tongue = TONGUES[language]
    words = said(facts, tongue=tongue, spoken=Spoken(language), currency="CNY")
    subject, paragraphs = tongue.kinds[kind].filled(facts, words)
    return "\n".join([subject, *paragraphs])


def wording(language: str, kind: NoticeKind) -> Wording:
    return TONGUES[language].kinds[kind]


def test_the_languages_of_notices_are_those_of_the_pages() -> None:
    assert TONGUES.keys() == LOCALES.keys()


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)
def test_every_kind_and_every_word_of_a_closed_list_has_its_words(tongue: Tongue) -> None:
    assert tongue.kinds.keys() == set(NoticeKind)
    assert tongue.phrases["reason"].keys() == set(Ending)
    assert tongue.phrases["choices"].keys() == set(DelayChoice)
    assert tongue.phrases["silence"].keys() == set(Silence)
    assert all(words for phrases in tongue.phrases.values() for words in phrases.values())


@pytest.mark.parametrize("kind", NoticeKind)
def test_both_languages_tell_the_same_facts(kind: NoticeKind) -> None:
    chinese, english = wording("zh", kind), wording("en", kind)
    assert (chinese.needs, chinese.knows) == (english.needs, english.knows)
    assert [isinstance(one, If) for one in chinese.paragraphs if isinstance(one, If)] == [
        isinstance(one, If) for one in english.paragraphs if isinstance(one, If)
    ]


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_a_notice_says_amounts_with_their_currency_and_days_as_people_do(
    language: str, kind: NoticeKind
) -> None:
    text = rendered(language, kind)
    assert "{" not in text
    assert ("¥160.00" in text) == ("amount_minor" in wording(language, kind).knows)
    assert re.findall(r"\d{4}-\d\d-\d\d|16000", text) == []


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_a_notice_knows_no_factory_and_no_words_of_ours(language: str, kind: NoticeKind) -> None:
    internal = r"factor|Odoo|ERP|outbox|payment_|工厂|\brun\b|_minor|None"
    assert re.findall(internal, rendered(language, kind, reason=None, new_on=None), re.IGNORECASE) == []


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_a_fact_that_is_missing_is_named_and_never_left_blank(language: str, kind: NoticeKind) -> None:
    tongue = TONGUES[language]
    for missing in wording(language, kind).needs:
        facts = {name: value for name, value in FACTS.items() if name != missing}
        words = said(facts, tongue=tongue, spoken=Spoken(language), currency="CNY")
        with pytest.raises(KeyError, match=missing):
            tongue.kinds[kind].filled(facts, words)


def test_every_kind_that_is_told_anywhere_has_its_words() -> None:
    source = "\n".join(path.read_text() for path in Path(services.__path__[0]).rglob("*.py"))
    told = re.findall(r'(?:notices\.|self\._)tell\((?:[\w.]*session, )?(?:[\w.]*preorder, )?"(\w+)"', source)
    assert len(told) > 12
    assert set(told) <= set(NoticeKind)


def test_a_delay_without_a_day_says_so() -> None:
    assert "20 Mar 2027" in rendered("en", NoticeKind.DELAYED)
    assert "do not know the new day" in rendered("en", NoticeKind.DELAYED, new_on=None)


def test_nothing_that_goes_back_is_not_promised() -> None:
    assert "¥0.00" not in rendered("en", NoticeKind.ENDED, amount_minor=0, kept_minor=0)


def test_a_moment_is_told_with_the_name_of_its_time() -> None:
    assert "1 Mar 2027, 09:00 (China Time)" in rendered("en", NoticeKind.WAITING_OFFER)
