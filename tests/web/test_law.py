"""What buyers do by themselves, on their phones and without an account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.preorder import Preorder, PreorderStatus, Region
from api.services import preorders
from tests.factories import make_preorder, make_world
from tests.fixtures import Clock
from tests.services.lateness import delays_of, later, scheduled
from tests.services.test_planning import CLOSED
from tests.web.conftest import text

WHO = {"number": "", "email": "Lin@Example.com "}


@pytest.fixture
def preorder(session: Session) -> Preorder:
    """Two pieces, paid, in a campaign that is open."""
    make_world(session)
    return make_preorder(session, lines=[("TEE-INDIGO-M", 2)])


def link(preorder: Preorder) -> str:
    return f"/o/{preorders.token(preorder)}"


def test_a_page_offers_what_may_be_done_and_no_more(
    client: TestClient, preorder: Preorder, clock: Clock
) -> None:
    page = text(client.get(link(preorder)))
    assert f"{link(preorder)}/change" in page
    assert f"{link(preorder)}/cancel" in page
    assert f"{link(preorder)}/delay" not in page
    clock.go(days=2)
    page = text(client.get(link(preorder)))
    assert f"{link(preorder)}/change" not in page
    assert "nothing can be changed any more" in text(client.get(f"{link(preorder)}/change"))


def test_size_and_address_change_in_one_form(
    client: TestClient, session: Session, preorder: Preorder
) -> None:
    form = {"from_sku": "TEE-INDIGO-M", "to_sku": "TEE-WHITE-L", "address": "3 Quay, Ningbo"}
    assert client.post(f"{link(preorder)}/change", data=form).headers["location"] == link(preorder)
    assert [line.sku for line in preorders.lines_of(session, preorder.id)] == ["TEE-WHITE-L"]
    session.refresh(preorder)
    assert preorder.address == "3 Quay, Ningbo"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"from_sku": "TEE-INDIGO-M", "to_sku": "TEE-INDIGO-M", "address": "x"}, "At least 5 characters"),
        ({"from_sku": "TEE-INDIGO-M", "to_sku": "NONE", "address": "3 Quay, Ningbo"}, "Nothing was changed"),
    ],
)
def test_a_wrong_change_is_marked_where_it_is(
    client: TestClient, preorder: Preorder, form: dict[str, str], said: str
) -> None:
    assert said in text(client.post(f"{link(preorder)}/change", data=form), 422)


def test_leaving_takes_a_look_at_the_amount_and_a_word(
    client: TestClient, session: Session, preorder: Preorder
) -> None:
    assert "¥400.00" in text(client.get(f"{link(preorder)}/cancel"))
    changed = client.post(f"{link(preorder)}/cancel", data={"back_minor": "1"})
    assert "has changed since you looked" in text(changed, 409)
    done = client.post(f"{link(preorder)}/cancel", data={"back_minor": "40000"})
    assert done.headers["location"] == link(preorder)
    session.refresh(preorder)
    assert preorder.status == PreorderStatus.CANCELLED
    assert "has ended already" in text(client.get(f"{link(preorder)}/cancel"))


def test_a_late_pre_order_says_so_and_its_buyer_waits(
    client: TestClient, session: Session, clock: Clock
) -> None:
    _, (preorder,) = scheduled(session)
    later(session, preorder, 9)
    clock.at = CLOSED
    assert f"{link(preorder)}/delay" in text(client.get(link(preorder)))
    assert "Wait until" in text(client.get(f"{link(preorder)}/delay"))
    assert client.post(f"{link(preorder)}/delay", data={"answer": "wait"}).status_code == 303
    assert "What was promised" in text(client.get(link(preorder)))
    assert client.get(f"{link(preorder)}/delay").status_code == 404


def test_a_european_sets_a_last_day(client: TestClient, session: Session, clock: Clock) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    later(session, preorder, 9)
    clock.at = CLOSED
    form = {"answer": "set_period", "until": "soon"}
    assert "Choose a day from" in text(client.post(f"{link(preorder)}/delay", data=form), 422)
    form["until"] = str((CLOSED + timedelta(days=20)).date())
    assert client.post(f"{link(preorder)}/delay", data=form).status_code == 303
    assert str(delays_of(session, preorder)[0].final_on) == form["until"]


def test_withdrawing_takes_two_steps_and_no_account(
    new_client: Callable[[], TestClient], session: Session, clock: Clock
) -> None:
    _, (preorder,) = scheduled(session, Region.EUROPE)
    clock.at = CLOSED
    stranger, who = new_client(), WHO | {"number": preorder.number.lower()}
    assert "Show what goes back" in text(stranger.get("/withdraw"))
    assert "¥1,200.00" in text(stranger.post("/withdraw", data=who))
    assert preorder.status == PreorderStatus.SCHEDULED
    done = text(stranger.post("/withdraw/confirm", data=who | {"back_minor": "120000"}))
    assert "You have withdrawn" in done
    session.refresh(preorder)
    assert preorder.status == PreorderStatus.CANCELLED
    again = stranger.post("/withdraw/confirm", data=who | {"back_minor": "120000"})
    assert "has ended already" in text(again, 409)


def test_where_the_law_gives_no_right_the_reason_is_said(
    client: TestClient, session: Session, clock: Clock
) -> None:
    _, (preorder,) = scheduled(session)
    clock.at = CLOSED
    page = text(client.post("/withdraw", data=WHO | {"number": preorder.number}), 409)
    assert "within seven days of receiving them" in page


def test_an_unknown_number_and_a_wrong_e_mail_are_answered_alike(
    client: TestClient, preorder: Preorder
) -> None:
    pairs = (("P-999999", "lin@example.com"), (preorder.number, "else@example.com"))
    pages = [
        text(client.post("/withdraw", data={"number": number, "email": email}), 404).replace(number, "")
        for number, email in pairs
    ]
    assert pages[0].replace("lin@", "") == pages[1].replace("else@", "")
