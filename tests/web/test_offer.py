"""The ways a campaign is bought on the phone: terms, colours by consent, groups, caps, later batches."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.campaign import CampaignKind
from api.domain.payment import DepositKind, Payment, PaymentPurpose, PaymentTerms
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.waiting import WaitingEntry
from api.services import campaign_close, cancellation, groups, preorders
from tests.factories import charge_of, confirm, make_preorder, make_world, pay
from tests.fixtures import TODAY, Clock
from tests.web.conftest import text

CLOSED = TODAY + timedelta(days=1)
WHO = {
    "name": "Lin Yue",
    "email": "lin@example.com",
    "region": "east",
    "address": "12 Harbour Road, Ningbo",
}


def order(client: TestClient, page: str, **other: Any) -> Any:
    """Send the form of a page, as a browser without script would."""
    key = re.findall(r'name="idempotency_key" value="([^"]+)"', page)[0]
    typed = {"idempotency_key": key, "sku": "TEE-INDIGO-M", "quantity": "1"} | WHO | other
    return client.post("/c/tee", data=typed)


def the_preorder(session: Session) -> Preorder:
    session.expire_all()
    return session.exec(select(Preorder).order_by(Preorder.number.desc())).first()  # type: ignore[attr-defined,return-value]


def test_each_way_to_pay_says_what_it_costs_now_and_later(client: TestClient, session: Session) -> None:
    terms = [PaymentTerms.PREPAID.value, PaymentTerms.DEPOSIT.value, PaymentTerms.LATER.value]
    make_world(session, terms=terms, deposit_minor=3_000, deposit_kind=DepositKind.FORFEITABLE)
    page = text(client.get("/c/tee"))
    assert "All now: ¥200.00 a piece" in page
    assert "A deposit now: ¥30.00 a piece" in page
    assert "at most ¥170.00 a piece, within 5 days" in page
    assert "whoever does not pay the balance loses it" in page
    assert "Later: nothing now" in page
    assert order(client, page, terms="deposit", quantity="2").status_code == 303
    preorder = the_preorder(session)
    assert preorder.terms == PaymentTerms.DEPOSIT
    assert charge_of(session, preorder).amount_minor == 6_000
    assert order(client, text(client.get("/c/tee")), terms="later").status_code == 303
    later = the_preorder(session)
    own = text(client.get(f"/o/{preorders.token(later)}"))
    assert "Say from where" in own
    assert "Choose how you want to pay." in text(order(client, page, terms="never"), 422)


def test_a_campaign_with_one_way_to_pay_does_not_ask(client: TestClient, session: Session) -> None:
    make_world(session)
    assert 'name="terms"' not in text(client.get("/c/tee"))


def test_the_language_of_the_page_is_the_one_its_buyer_is_written_to(
    client: TestClient, session: Session
) -> None:
    make_world(session)
    for language in ("zh", "en"):
        page = text(client.get(f"/c/tee?lang={language}"))
        assert order(client, page).status_code == 303
        assert the_preorder(session).language == language


@pytest.mark.parametrize(
    ("ticked", "consents"),
    [
        ({}, (False, [])),
        ({"also": ["white"]}, (True, ["white"])),
        ({"also": ["white"], "accept_colour": "yes"}, (True, [])),
    ],
)
def test_consent_names_the_colours_that_are_fine_too(
    client: TestClient, session: Session, ticked: dict[str, Any], consents: tuple[bool, list[str]]
) -> None:
    make_world(session)
    assert order(client, text(client.get("/c/tee")), **ticked).status_code == 303
    line = session.exec(select(PreorderLine)).one()
    assert (line.accept_other_colour, line.only_colours) == consents
    own = text(client.get(f"/o/{preorders.token(the_preorder(session))}"))
    assert ("also in white" in own) == bool(consents[1])


def test_more_colours_than_may_be_named_is_said_beside_them(client: TestClient, session: Session) -> None:
    make_world(session)
    many = ["white", "rust", "stone", "moss"]
    assert "At most three colours" in text(order(client, text(client.get("/c/tee")), also=many), 422)


def test_a_group_is_opened_joined_by_its_link_and_counts_who_has_paid(
    client: TestClient, session: Session
) -> None:
    make_world(session, kind=CampaignKind.TEAM_BUY, group_size=2, minimum=0)
    page = text(client.get("/c/tee"))
    assert "Only whole groups are served" in page
    assert order(client, page).status_code == 303
    leader = the_preorder(session)
    code = groups.code_of(session, leader)
    own = text(client.get(f"/o/{preorders.token(leader)}"))
    assert "0 of 2 have paid." in own
    pay(session, leader)
    own = text(client.get(f"/o/{preorders.token(leader)}"))
    assert "1 of 2 has paid." in own
    assert f"/c/tee?group={code}</p>" in own
    page = text(client.get(f"/c/tee?group={str(code).lower()}"))
    assert f'<input type="hidden" name="group" value="{code}">' in page
    assert order(client, page, group=code).status_code == 303
    pay(session, the_preorder(session))
    assert "The group is whole." in text(client.get(f"/o/{preorders.token(leader)}"))


def test_a_code_of_no_group_is_said_so_and_can_be_mended(client: TestClient, session: Session) -> None:
    make_world(session, kind=CampaignKind.TEAM_BUY, group_size=2)
    page = text(client.get("/c/tee"))
    again = text(order(client, page, group="NOSUCH"), 422)
    assert "There is no group of this code." in again
    assert 'value="NOSUCH"' in again
    assert session.exec(select(Preorder)).all() == []


def test_a_full_campaign_says_so_and_takes_who_waits(client: TestClient, session: Session) -> None:
    make_world(session, cap_pieces=3)
    make_preorder(session, lines=[("TEE-WHITE-S", 2)])
    page = text(client.get("/c/tee"))
    assert "1 piece left" in page
    assert "So many pieces are no longer free." in text(order(client, page, quantity="2"), 409)
    assert order(client, page).status_code == 303
    page = text(client.get("/c/tee?lang=en"))
    assert "All 3 pieces are paid for or being paid for." in page
    assert 'name="idempotency_key"' not in page
    wants = {"sku": "TEE-INDIGO-L", "quantity": "1", "email": "wei"}
    wrong = text(client.post("/c/tee/waiting", data=wants), 422)
    assert "waiting-email-error" in wrong
    assert "we write to wei@example.com once" in text(
        client.post("/c/tee/waiting", data=wants | {"email": "wei@example.com"})
    )
    entry = session.exec(select(WaitingEntry)).one()
    assert (entry.email, entry.language) == ("wei@example.com", "en")


def test_who_was_offered_freed_pieces_orders_them_and_nobody_else(
    client: TestClient, session: Session, clock: Clock
) -> None:
    make_world(session, cap_pieces=1)
    first = make_preorder(session)
    wants = {"sku": "TEE-WHITE-S", "quantity": "1", "email": "wei@example.com"}
    text(client.post("/c/tee/waiting", data=wants))
    cancellation.end(session, first, by="consumer", why="no", purpose=PaymentPurpose.CANCELLED, at=TODAY)
    session.commit()
    entry = session.exec(select(WaitingEntry)).one()
    assert "Every piece is taken" in text(client.get("/c/tee"))
    page = text(client.get(f"/c/tee?offer={entry.id}"))
    assert "These pieces are kept for you until" in page
    assert re.findall(r'value="TEE-WHITE-S"[^>]* checked', page)
    taken = order(client, page, sku="TEE-WHITE-S", offer=str(entry.id))
    assert taken.status_code == 303
    assert "gone to the next on the list" in text(client.get(f"/c/tee?offer={entry.id}"))
    assert "gone to the next on the list" in text(client.get("/c/tee?offer=nonsense"))
    late = text(order(client, page, sku="TEE-WHITE-S", offer=str(UUID(int=7)), idempotency_key="x" * 20), 422)
    assert "gone to the next on the list" in late
    del clock


def test_who_orders_after_the_first_batch_is_promised_the_later_one(
    client: TestClient, session: Session
) -> None:
    first, then = TODAY.date() + timedelta(days=60), TODAY.date() + timedelta(days=70)
    batch = {"after_pieces": 2, "ship_from_on": first.isoformat(), "ship_by_on": then.isoformat()}
    make_world(session, later_batches=[batch], kind=CampaignKind.MADE_TO_ORDER, minimum=0)
    page = text(client.get("/c/tee"))
    assert "After 2 pieces a later batch begins." in page
    assert "There is no minimum" in page
    make_preorder(session, lines=[("TEE-WHITE-S", 2)])
    page = text(client.get("/c/tee"))
    assert "what is ordered now leaves in this later one" in page
    assert order(client, page).status_code == 303
    assert the_preorder(session).promise_by_on == then


def test_a_balance_stands_on_its_page_with_its_last_day_and_a_button(
    client: TestClient, session: Session, clock: Clock
) -> None:
    world = make_world(session, terms=["deposit"], deposit_minor=3_000, deposit_kind=DepositKind.REFUNDABLE)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.commit()
    clock.at = CLOSED
    assert preorder.status == PreorderStatus.BALANCE_DUE
    own = text(client.get(f"/o/{preorders.token(preorder)}"))
    assert "¥1,020.00" in own
    assert "Pay the balance" in own
    assert "Once the balances have come, it is made." in text(client.get("/c/tee"))
    leads = client.get(f"/o/{preorders.token(preorder)}/pay")
    assert leads.headers["location"].startswith("/sandbox/checkout")
    balance = session.exec(select(Payment).where(Payment.purpose == PaymentPurpose.BALANCE)).one()
    confirm(session, balance, at=CLOSED)
    session.commit()
    assert "Pay the balance" not in text(client.get(f"/o/{preorders.token(preorder)}"))
