from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.campaign import CampaignStatus
from api.domain.payment import Payment, PaymentKind
from api.domain.preorder import Preorder
from api.services import campaign_close, rescues
from tests.factories import World, make_preorder
from tests.fixtures import TODAY, Clock
from tests.web.conftest import text

CLOSED = TODAY + timedelta(days=1)
ROOM = "/console/campaigns/tee"


@pytest.fixture
def short(session: Session, world: World, clock: Clock) -> World:
    """Six pieces in indigo and four in white, of which five are the fewest; it is a day later."""
    world.items["white"].minimum = 5
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    make_preorder(session, lines=[("TEE-WHITE-M", 4)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.commit()
    clock.at = CLOSED
    return world


def test_the_room_says_what_the_close_would_find_as_of_now(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    browser = as_("buyer")
    assert "0 pieces count." in text(browser.get(ROOM))
    world.items["white"].minimum = 5
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    session.commit()
    page = text(browser.get(ROOM))
    assert "6 pieces count." in page
    assert "it is made" in page
    make_preorder(session, lines=[("TEE-WHITE-M", 4)])
    session.commit()
    page = text(browser.get(ROOM))
    assert "The cheapest way to save it would cost" in page
    assert "1 piece white is added for the team" in page


def test_an_offer_says_its_cost_and_a_buyer_accepts_it_beyond_the_teams_limit(
    as_: Callable[[str], TestClient], session: Session, short: World
) -> None:
    rescue = rescues.read(session, short.campaign)
    assert rescue.cost_minor > short.campaign.top_up_limit_minor == 0
    needs = text(as_("buyer").get("/console"))
    assert "Work tee is too small as it stands; saving it costs" in needs
    assert f'href="{ROOM}#rescue"' in needs
    team = as_("stock")
    page = text(team.get(ROOM))
    assert "only a product buyer may accept it" in page
    assert f"{ROOM}/rescue/accept" not in page
    text(team.post(f"{ROOM}/rescue/accept"), 403)
    browser = as_("buyer")
    assert f"{ROOM}/rescue/accept" in text(browser.get(ROOM))
    assert browser.post(f"{ROOM}/rescue/accept").status_code == 303
    session.refresh(short.campaign)
    assert short.campaign.status == CampaignStatus.DECIDED
    page = text(browser.get(ROOM))
    assert "It can be saved" not in page
    assert "If it closed now" not in page


def test_a_team_accepts_within_its_limit(
    as_: Callable[[str], TestClient], session: Session, short: World
) -> None:
    short.campaign.top_up_limit_minor = 100_000
    session.commit()
    team = as_("stock")
    assert f"{ROOM}/rescue/accept" in text(team.get(ROOM))
    assert team.post(f"{ROOM}/rescue/accept").status_code == 303


def test_a_refusal_needs_a_reason_and_pays_everybody_back(
    as_: Callable[[str], TestClient], session: Session, short: World
) -> None:
    browser = as_("buyer")
    page = text(browser.post(f"{ROOM}/rescue/refuse", data={"reason": " "}), 422)
    assert "refuse-reason-error" in page
    assert browser.post(f"{ROOM}/rescue/refuse", data={"reason": "white did not sell"}).status_code == 303
    session.refresh(short.campaign)
    assert short.campaign.status == CampaignStatus.FAILED
    refunds = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
    assert sorted(one.amount_minor for one in refunds) == [80_000, 120_000]


def test_what_goes_back_for_dropped_colours_is_said_to_the_cent(session: Session, short: World) -> None:
    rescue = rescues.read(session, short.campaign)
    rescue.dropped = {"TEE-WHITE": 4}
    session.flush()
    white = session.exec(select(Preorder).order_by(Preorder.number)).all()[1]
    assert rescues.dropped_minor(session, rescue) == 4 * white.price_minor == 80_000


def test_an_offer_is_no_business_of_another_team_nor_of_the_planner(
    as_: Callable[[str], TestClient], session: Session, short: World
) -> None:
    text(as_("designer").post(f"{ROOM}/rescue/accept"), 404)
    text(as_("planner").post(f"{ROOM}/rescue/accept"), 403)
    assert f"{ROOM}/rescue" not in text(as_("planner").get(ROOM))
    assert rescues.standing(session, short.campaign) is not None


def test_an_offer_whose_time_is_over_is_shown_no_more(
    as_: Callable[[str], TestClient], short: World, clock: Clock
) -> None:
    del short
    clock.go(hours=24)
    browser = as_("buyer")
    assert "It can be saved" not in text(browser.get(ROOM))
    text(browser.post(f"{ROOM}/rescue/accept"), 404)
