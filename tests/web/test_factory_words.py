"""What a factory says on its phone, and where it is read: proposals, warnings, photographs, the card."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session, select

from api.domain.orderbook import BookOrderStatus, FlagStatus, OrderFlag, OrderPhoto, WorkStage
from api.domain.preorder import Preorder
from api.domain.proposal import Proposal, ProposalStatus
from api.services import erp_sync, order_book, preorders
from api.settings import settings
from tests.domain.test_picture import SECRET, jpeg
from tests.services.factory_desk import FactoryDesk, make_desk, weigh
from tests.web.test_factory import at_the_door


@pytest.fixture
def desk(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FactoryDesk:
    """A run of two pre-orders in the order book of factory F1, and a folder for photographs."""
    monkeypatch.setenv("COUNTERFLOW_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    made = make_desk(session, ("TEE-INDIGO-M", 6), ("TEE-INDIGO-S", 2))
    session.commit()
    return made


@pytest.fixture
def phone(desk: FactoryDesk, client: TestClient, new_client: Callable[[], TestClient]) -> TestClient:
    del desk, client
    return at_the_door(new_client, "factory-f1")


@pytest.fixture
def planner(desk: FactoryDesk, client: TestClient, new_client: Callable[[], TestClient]) -> TestClient:
    del desk, client
    return at_the_door(new_client, "planner")


def here(desk: FactoryDesk) -> str:
    return f"/factory/orders/{desk.order.reference}"


def run_page(desk: FactoryDesk) -> str:
    return f"/console/runs/{desk.run.number}"


def propose(desk: FactoryDesk, phone: TestClient, **typed: str) -> Response:
    later = desk.order.finish_on + timedelta(days=21)
    form = {"finish_on": later.isoformat(), "reason": "The dye house is late"} | typed
    return phone.post(f"{here(desk)}/propose", data=form)


def start(desk: FactoryDesk, phone: TestClient) -> None:
    for step in ("accept", "start"):
        assert phone.post(f"{here(desk)}/{step}").status_code == 303


def add_photo(desk: FactoryDesk, phone: TestClient, data: bytes, name: str = "photo.jpg") -> Response:
    return phone.post(
        f"{here(desk)}/report", data={"cut.TEE-INDIGO-M": "3"}, files={"photo": (name, data, "image/jpeg")}
    )


def test_a_proposal_goes_from_the_phone_through_the_planner_to_the_team_and_back(
    desk: FactoryDesk, phone: TestClient, planner: TestClient, session: Session
) -> None:
    assert propose(desk, phone, **{"pieces.TEE-INDIGO-S": "1"}).headers["location"] == here(desk)
    assert "the planner looks at it" in phone.get(here(desk)).text
    assert "The planner weighs it." in planner.get(run_page(desk)).text
    weigh(session)
    assert "proposes other terms" in planner.get("/console").text
    page = planner.get(run_page(desk)).text
    assert "The dye house is late" in page
    weighing = planner.get(re.search(r'href="(/console/plans/[^"]+)">Plan \S+ weighs it', page)[1]).text  # type: ignore[index]
    assert "/approve" not in weighing
    assert "/reject" not in weighing
    assert f'action="{run_page(desk)}/proposal/accept"' in page
    assert planner.post(f"{run_page(desk)}/proposal/accept").headers["location"] == run_page(desk)
    session.refresh(desk.order)
    assert desk.order.quantities == {"TEE-INDIGO-M": 6, "TEE-INDIGO-S": 1}
    assert "Agreed: the order is changed" in phone.get(here(desk)).text
    assert "proposes other terms" not in planner.get("/console").text


def test_a_refusal_needs_words_and_the_factory_reads_them(
    desk: FactoryDesk, phone: TestClient, planner: TestClient, session: Session
) -> None:
    propose(desk, phone)
    for words, status in (("", 422), ("Buyers were promised the week before", 303)):
        answer = planner.post(f"{run_page(desk)}/proposal/refuse", data={"reason": words})
        assert answer.status_code == status
    assert "Buyers were promised the week before" in phone.get(here(desk)).text
    assert session.exec(select(Proposal)).one().status == ProposalStatus.REFUSED


def test_agreeing_before_the_planner_has_looked_is_refused_on_the_page(
    desk: FactoryDesk, phone: TestClient, planner: TestClient
) -> None:
    propose(desk, phone)
    answer = planner.post(f"{run_page(desk)}/proposal/accept")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


def test_a_proposal_is_taken_back(desk: FactoryDesk, phone: TestClient, session: Session) -> None:
    propose(desk, phone)
    assert phone.post(f"{here(desk)}/withdraw").status_code == 303
    assert session.exec(select(Proposal)).one().status == ProposalStatus.WITHDRAWN
    assert phone.post(f"{here(desk)}/withdraw").status_code == 409


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"finish_on": "soon"}, "finish_on"),
        ({"reason": ""}, "reason"),
        ({"pieces.TEE-INDIGO-M": "many"}, "pieces.TEE-INDIGO-M"),
        ({"pieces.TEE-INDIGO-M": "13"}, "pieces.TEE-INDIGO-M"),
    ],
)
def test_a_proposal_that_cannot_be_is_shown_again_with_its_field_marked(
    desk: FactoryDesk, phone: TestClient, session: Session, typed: dict[str, str], field: str
) -> None:
    answer = propose(desk, phone, **typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert '<details class="confirm" open>' in answer.text
    assert session.exec(select(Proposal)).all() == []


def test_stages_are_counted_and_what_is_packed_was_sewn_and_cut(
    desk: FactoryDesk, phone: TestClient, session: Session
) -> None:
    phone.post(f"{here(desk)}/accept")
    start_by_report = {"cut.TEE-INDIGO-M": "6", "sewn.TEE-INDIGO-M": "4", "done.TEE-INDIGO-S": "2"}
    assert phone.post(f"{here(desk)}/start").status_code == 303
    assert phone.post(f"{here(desk)}/report", data=start_by_report).status_code == 303
    session.refresh(desk.order)
    assert {stage: desk.order.pieces(stage) for stage in WorkStage} == {"cut": 8, "sewn": 6, "packed": 2}
    erp_sync.apply(session, order_book.progress_of(desk.order), at=desk.order.changed_at)
    session.flush()
    assert desk.run.status == "started"
    assert {preorder.status for preorder in session.exec(select(Preorder))} == {"in_production"}


def test_a_photo_is_kept_without_what_it_says_and_shown_to_factory_team_and_buyer(
    desk: FactoryDesk, phone: TestClient, planner: TestClient, client: TestClient, session: Session
) -> None:
    start(desk, phone)
    assert add_photo(desk, phone, jpeg()).status_code == 303
    photo = session.exec(select(OrderPhoto)).one()
    assert (photo.stage, photo.width, photo.height) == (WorkStage.CUT, 16, 8)
    (file,) = settings().photo_dir.iterdir()
    assert SECRET not in file.read_bytes()
    token = preorders.token(session.exec(select(Preorder).limit(1)).one())
    for browser, page in ((phone, here(desk)), (planner, run_page(desk)), (client, f"/o/{token}")):
        address = f"{page}/photos/{photo.name}"
        assert f'src="{address}"' in browser.get(page).text
        answer = browser.get(address)
        assert (answer.status_code, answer.content) == (200, file.read_bytes())
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert browser.get(f"{page}/photos/{photo.name[:-1]}").status_code == 404


def test_a_page_that_calls_itself_a_photo_is_refused_and_nothing_is_kept(
    desk: FactoryDesk, phone: TestClient, session: Session
) -> None:
    start(desk, phone)
    answer = add_photo(desk, phone, b"<html><script>alert(1)</script></html>")
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    session.refresh(desk.order)
    assert (desk.order.cut, desk.order.status) == ({}, BookOrderStatus.STARTED)
    assert not settings().photo_dir.exists()


def test_more_than_a_form_may_hold_is_refused_before_it_is_read(desk: FactoryDesk, phone: TestClient) -> None:
    start(desk, phone)
    address, form = f"{here(desk)}/report", {"content-type": "application/x-www-form-urlencoded"}
    huge = form | {"content-length": str(10**9)}
    assert phone.post(address, content=b"", headers=huge).status_code == 413
    assert phone.post(address, content=iter([b"x=1"]), headers=form).status_code == 411
    seven = [("photo", (f"{n}.jpg", jpeg(), "image/jpeg")) for n in range(7)]
    assert phone.post(address, files=seven).status_code == 400


def test_a_warning_stands_in_the_list_until_somebody_says_what_is_done_about_it(
    desk: FactoryDesk, phone: TestClient, planner: TestClient, session: Session
) -> None:
    start(desk, phone)
    late = (desk.order.finish_on + timedelta(days=9)).isoformat()
    said = {"kind": "late", "expected_on": late, "words": "Two machines broke"}
    assert phone.post(f"{here(desk)}/flag", data=said).status_code == 303
    session.refresh(desk.order)
    assert desk.order.expected_on is not None
    assert desk.order.expected_on.isoformat() == late
    assert "Two machines broke" in planner.get("/console").text
    flag = session.exec(select(OrderFlag)).one()
    settle = f"{run_page(desk)}/flags/{flag.id}/settle"
    assert f'action="{settle}"' in planner.get(run_page(desk)).text
    for words, status in (("", 422), ("A second line helps out", 303)):
        assert planner.post(settle, data={"reason": words}).status_code == status
    session.refresh(flag)
    assert flag.status == FlagStatus.SETTLED
    assert "Two machines broke" not in planner.get("/console").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"expected_on": "2020-01-01"}, "expected_on"),
        ({"expected_on": ""}, "expected_on"),
        ({"words": ""}, "words"),
    ],
)
def test_a_warning_says_when_and_what(
    desk: FactoryDesk, phone: TestClient, session: Session, typed: dict[str, str], field: str
) -> None:
    start(desk, phone)
    form = {"kind": "short", "expected_on": desk.order.finish_on.isoformat(), "words": "Cloth ran out"}
    answer = phone.post(f"{here(desk)}/flag", data=form | typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert session.exec(select(OrderFlag)).all() == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_of_a_buyer_reaches_the_factory(
    desk: FactoryDesk, phone: TestClient, session: Session, language: str
) -> None:
    """Neither name, address, e-mail nor number, on any page of an order in any state."""
    secrets = [
        text for p in session.exec(select(Preorder)) for text in (p.buyer_name, p.email, p.address, p.number)
    ]
    assert len(secrets) == 8
    seen: list[str] = []
    for step in ("", "/accept", "/start"):
        if step:
            phone.post(f"{here(desk)}{step}")
        pages = ("/factory", here(desk), f"{here(desk)}/card", "/api/orders")
        seen += [phone.get(page, params={"lang": language}).text for page in pages]
    assert [text for text in secrets for page in seen if text in page] == []


def test_the_card_of_a_run_has_its_sizes_and_a_code_that_opens_the_order(
    desk: FactoryDesk, phone: TestClient, planner: TestClient
) -> None:
    for browser, page in ((phone, here(desk)), (planner, run_page(desk))):
        card = browser.get(f"{page}/card").text
        assert card.count('class="qr"') == 1
        assert re.findall(r'<th scope="row">(\w+)</th><td class="number"><b>(\d+)</b>', card) == [
            ("S", "2"),
            ("M", "6"),
        ]
