from datetime import timedelta

import pytest
from sqlmodel import Session, select

from api.domain.errors import CampaignFull, CampaignNotOpen, InvalidRequest, KeyReused, Refusal, Unknown
from api.domain.payment import Payment
from api.domain.preorder import Preorder, PreorderRead
from api.services import intake, preorders
from api.services.intake import Wish
from tests.factories import make_campaign, make_world, wanted
from tests.fixtures import TODAY


def code(answer: intake.Answer) -> str:
    return type(answer).__name__ if isinstance(answer, Refusal) else "taken"


def test_each_wish_of_a_group_has_its_own_answer(session: Session) -> None:
    world = make_world(session, slug="capped", cap_pieces=3)
    make_campaign(session, world.team, world.style, slug="over", closes_at=TODAY - timedelta(days=1))
    wishes = [
        Wish("a", wanted(campaign="capped", lines=[("TEE-INDIGO-M", 2)]), TODAY),
        Wish("b", wanted(campaign="over"), TODAY),
        Wish("c", wanted(campaign="capped", lines=[("TEE-INDIGO-M", 2)]), TODAY),
        Wish("d", wanted(campaign="nowhere"), TODAY),
        Wish("e", wanted(campaign="capped", lines=[("NO-SUCH", 1)]), TODAY),
        Wish("a", wanted(campaign="capped", lines=[("TEE-INDIGO-M", 2)]), TODAY),
        Wish("a", wanted(campaign="capped"), TODAY),
        Wish(" ", wanted(campaign="capped"), TODAY),
        Wish("f", wanted(campaign="capped"), TODAY),
    ]
    answers = intake.take(session, wishes)
    refusals = [CampaignNotOpen, CampaignFull, Unknown, InvalidRequest]
    expected = ["taken", *(refusal.__name__ for refusal in refusals)]
    assert [code(answer) for answer in answers[:5]] == expected
    assert answers[5] == answers[0]
    assert [type(answer) for answer in answers[6:8]] == [KeyReused, InvalidRequest]
    assert code(answers[8]) == "taken"
    assert len(session.exec(select(Preorder)).all()) == len(session.exec(select(Payment)).all()) == 2


def test_a_key_brings_the_first_answer_in_a_later_group_too(session: Session) -> None:
    make_world(session)
    first = intake.take(session, [Wish("a", wanted(), TODAY)])
    again = intake.take(session, [Wish("b", wanted(), TODAY), Wish("a", wanted(), TODAY)])
    assert again[1] == first[0]
    assert again[0] != first[0]


@pytest.mark.parametrize("other", [{}, {"cap_pieces": 9}, {"terms": ["later"]}])
def test_the_answer_is_what_is_read_afterwards(session: Session, other: dict[str, object]) -> None:
    make_world(session, **other)
    lines = [("TEE-WHITE-S", 2), ("TEE-INDIGO-M", 1)]
    (answer,) = intake.take(session, [Wish("a", wanted(lines=lines, other_colour=True), TODAY)])
    (preorder,) = session.exec(select(Preorder)).all()
    assert PreorderRead.model_validate(answer) == preorders.read(session, preorder)
