import csv
import io
from collections.abc import Callable
from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.ledger import Account
from api.domain.member import Role
from api.domain.team import Team
from api.services import campaign_close
from tests.factories import World, make_member, make_preorder
from tests.fixtures import TODAY
from tests.web.conftest import text

CLOSED = TODAY + timedelta(days=1)


def test_every_movement_is_a_line_that_leads_to_its_pre_order_and_all_balances(
    as_: Callable[[str], TestClient], session: Session, world: World
) -> None:
    first, second = (make_preorder(session, lines=[("TEE-INDIGO-M", 6)]) for _ in range(2))
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.commit()
    browser = as_("buyer")
    page = text(browser.get("/console/ledger?campaign=tee"))
    for preorder in (first, second):
        assert f'href="/console/ledger?preorder={preorder.number}"' in page
    assert "It balances: all accounts together come to ¥0.00." in page
    assert "\N{MINUS SIGN}¥2,400.00" in page
    one = text(browser.get(f"/console/ledger?preorder={first.number}"))
    assert second.number not in one
    assert "/console/campaigns/tee" in one
    assert "Team Alder" in text(browser.get("/console/ledger"))
    assert "/console/ledger?campaign=tee" in text(browser.get("/console/campaigns/tee"))


def test_the_file_holds_every_entry_and_each_adds_up_to_nothing(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    preorders = [make_preorder(session) for _ in range(3)]
    session.commit()
    answer = as_("buyer").get("/console/ledger/file?campaign=tee")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="ledger-tee.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["preorder"] for row in rows] == [preorder.number for preorder in preorders]
    assert {sum(int(row[account.value]) for account in Account) for row in rows} == {0}


def test_books_are_for_who_may_see_them_and_of_the_own_team(
    as_: Callable[[str], TestClient], session: Session
) -> None:
    preorder = make_preorder(session)
    text(as_("stock").get("/console/ledger"), 403)
    assert "/console/ledger" not in text(as_("stock").get("/console/campaigns/tee"))
    elsewhere = Team(code="cedar", name="Team Cedar")
    session.add(elsewhere)
    session.flush()
    make_member(session, Role.FINANCE, team=elsewhere)
    session.commit()
    stranger = as_("finance")
    for where in ("?campaign=tee", f"?preorder={preorder.number}", "?team=alder", "/provider?name=sandbox"):
        text(stranger.get(f"/console/ledger{where}"), 404)
        text(stranger.get(f"/console/ledger/file{where}"), 404) if where.startswith("?") else None
    assert preorder.number not in text(stranger.get("/console/ledger"))
    assert preorder.number in text(as_("admin").get("/console/ledger?team=alder"))


def test_a_provider_that_gives_no_report_is_said_so_and_no_failure(
    as_: Callable[[str], TestClient], session: Session, new_client: Callable[[], TestClient]
) -> None:
    make_preorder(session)
    session.commit()
    browser = as_("admin")
    assert "Report of sandbox" in text(browser.get("/console/ledger"))
    until = TODAY.date().isoformat()
    page = text(browser.get(f"/console/ledger/provider?name=sandbox&until={until}"))
    assert "There is no report to compare with." in page  # nobody serves the sandbox in this test
    text(browser.get("/console/ledger/provider?name=nobody"), 404)
    answer = new_client().get("/console/ledger/provider?name=sandbox")
    assert answer.headers["location"].startswith("/console/sign-in")
