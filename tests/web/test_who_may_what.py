"""Every route there is, tried by a factory on what is another's. A new route is tried by being there."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlmodel import Session, select
from starlette.routing import Mount

from api.domain.member import Role
from api.domain.orderbook import FlagKind, OrderFlag, OrderPhoto
from api.domain.outbox import OutboxMessage
from api.domain.plan import Plan
from api.domain.preorder import Preorder
from api.services import flags, order_book, photos, preorders, proposals
from api.settings import settings
from tests.domain.test_picture import jpeg
from tests.factories import make_member
from tests.services.factory_desk import FactoryDesk, make_desk, weigh
from tests.services.test_planning import CLOSED
from tests.web.test_factory import at_the_door
from web.app import create_app

ONES_OWN = {"/factory", "/api/orders"}
"""What every factory may open: a list of what is its own."""

FOR_EVERYONE = {
    "/": "the shop",
    "/c/{slug}": "a campaign",
    "/c/{slug}/live": "a campaign",
    "/o/{token}": "whoever holds the signed link",
    "/o/{token}/live": "whoever holds the signed link",
    "/o/{token}/pay": "whoever holds the signed link",
    "/o/{token}/photos/{name}": "whoever holds the signed link",
    "/o/{token}/notices": "whoever holds the signed link",
    "/waiting/{token}": "whoever holds the signed link",
    "/o/{token}/change": "whoever holds the signed link",
    "/o/{token}/cancel": "whoever holds the signed link",
    "/o/{token}/delay": "whoever holds the signed link",
    "/withdraw": "whoever knows a number and its e-mail",
    "/withdraw/confirm": "whoever knows a number and its e-mail",
    "/api/preorders/{token}/choices": "whoever holds the signed link",
    "/api/preorders/{token}/change": "whoever holds the signed link",
    "/api/preorders/{token}/cancel": "whoever holds the signed link",
    "/api/preorders/{token}/delay": "whoever holds the signed link",
    "/api/withdrawals": "whoever knows a number and its e-mail",
    "/api/withdrawals/look": "whoever knows a number and its e-mail",
    "/console/sign-in": "the door",
    "/console/sign-out": "the door",
    "/sandbox/checkout": "the test provider's own site, with signed addresses",
    "/sandbox/charges": "the test provider's own site, with signed bodies",
    "/sandbox/methods": "the test provider's own site, with signed addresses",
    "/sandbox/report": "the test provider's own site, with signed addresses",
    "/sandbox/refunds": "the test provider's own site, with signed addresses",
    "/health": "no fact about anyone",
    "/metrics": "counts, no fact about anyone",
    "/api/health": "no fact about anyone",
    "/api/metrics": "counts, no fact about anyone",
    "/api/campaigns": "what is on offer",
    "/api/campaigns/{slug}": "what is on offer",
    "/api/campaigns/{slug}/waiting": "whoever wants pieces of a full campaign",
    "/api/rules/order-quantity": "arithmetic of the trade",
    "/api/rules/inspection": "arithmetic of the trade",
    "/api/rules/bonus": "arithmetic of the trade",
    "/api/rules/split": "arithmetic of the trade",
    "/c/{slug}/waiting": "whoever wants pieces of a full campaign",
    "/api/preorders": "whoever orders",
    "/api/preorders/{token}": "whoever holds the signed link",
    "/api/preorders/{token}/pay": "whoever holds the signed link",
    "/api/payments/webhooks/{provider_name}": "a provider, by its signature",
    "/api/sessions": "the door",
}


def applications(app: FastAPI, prefix: str = "") -> Iterator[tuple[str, FastAPI]]:
    """The application and those mounted in it."""
    yield prefix, app
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from applications(route.app, prefix + route.path)


def every_route() -> list[tuple[str, str]]:
    """Method and address of every endpoint of the site and of its API."""
    return sorted(
        (method.upper(), prefix + path)
        for prefix, app in applications(create_app())
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    )


GUARDED = [(method, path) for method, path in every_route() if path not in FOR_EVERYONE]


def hidden(routes: Any) -> Iterator[str]:
    """Routes that are left out of the list above."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from hidden(route.original_router.routes)
        elif isinstance(route, APIRoute) and not route.include_in_schema:
            yield route.path


@pytest.fixture
def desk(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FactoryDesk:
    """An order of factory F1 with all that can be about it: a proposal, a warning, a photograph."""
    monkeypatch.setenv("COUNTERFLOW_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    desk = make_desk(session, ("TEE-INDIGO-M", 6))
    reference, who = desk.order.reference, {"member": desk.worker, "at": CLOSED}
    order_book.accept(session, reference, **who)
    late = desk.order.finish_on
    flags.raise_flag(session, reference, kind=FlagKind.LATE, expected_on=late, words="machines", **who)
    photos.add(session, settings().photo_dir, reference, stage="cut", files=[jpeg()], **who)
    proposals.propose(
        session, reference, finish_on=late, quantities={"TEE-INDIGO-M": 5}, reason="cloth", **who
    )
    weigh(session)
    make_member(session, Role.FACTORY, factory=desk.world.outside)
    session.commit()
    return desk


def address(path: str, session: Session, desk: FactoryDesk) -> str:
    """The path with everything of the order in its places; each is really there."""
    numbers = {"plans": session.exec(select(Plan.number)).first(), "preorders": "P-1"}
    numbers["preorders"] = session.exec(select(Preorder.number)).one()
    noun = next((noun for noun in numbers if f"/{noun}/" in path), "runs")
    known = {
        "reference": desk.order.reference,
        "number": numbers.get(noun, desk.run.number),
        "other": session.exec(select(Plan.number)).first(),
        "name": session.exec(select(OrderPhoto.name)).one(),
        "flag_id": session.exec(select(OrderFlag.id)).one(),
        "message_id": session.exec(select(OutboxMessage.id)).first(),
        "slug": desk.world.campaign.slug,
        "token": preorders.token(session.exec(select(Preorder)).one()),
    }
    return re.sub(r"{(\w+)}", lambda found: str(known.get(found[1], "1")), path)


def send(browser: TestClient, method: str, address: str, desk: FactoryDesk) -> Any:
    """A request that fails for no other reason than who sends it."""
    sent: dict[str, Any] = {"reason": "why not", "words": "why not", "kind": "late", "seconds": 5, "seed": 1}
    sent |= {name: desk.order.finish_on.isoformat() for name in ("finish_on", "expected_on")}
    sent["closes_at"] = "2027-06-01T00:00:00Z"
    if address.startswith("/api"):
        return browser.request(method, address, json=sent | {"done": {}, "why": "why not"})
    return browser.request(method, address, data=sent if method == "POST" else None)


def snapshot(session: Session, desk: FactoryDesk) -> list[object]:
    session.expire_all()
    of_order = select(OrderFlag.status).where(OrderFlag.order_id == desk.order.id)
    return [
        desk.order.model_dump(),
        desk.run.model_dump(),
        [proposal.model_dump() for proposal in proposals.of_run(session, desk.run.number)],
        session.exec(of_order).all(),
        len(session.exec(select(Plan)).all()),
    ]


def test_no_route_hides_from_this_list() -> None:
    assert [path for _, app in applications(create_app()) for path in hidden(app.routes)] == []


def test_whatever_is_for_everyone_is_there() -> None:
    assert {path for _, path in every_route()} >= FOR_EVERYONE.keys() | ONES_OWN


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_nobody_but_the_one_it_is_for_gets_through(
    desk: FactoryDesk, session: Session, new_client: Callable[[], TestClient], method: str, path: str
) -> None:
    """Another factory, nobody, and the order's own factory where it has no business."""
    before, there = snapshot(session, desk), address(path, session, desk)
    stranger = send(at_the_door(new_client, "factory-f2"), method, there, desk)
    assert stranger.status_code in ((200,) if path in ONES_OWN else (403, 404)), stranger.text
    nobody = send(new_client(), method, there, desk)
    if path.startswith("/api"):
        assert nobody.status_code == 401
    else:
        assert nobody.headers["location"].startswith("/console/sign-in")
    refused = [stranger, nobody]
    if not path.startswith(("/factory", "/api/orders")):
        refused.append(send(at_the_door(new_client, "factory-f1"), method, there, desk))
        assert refused[-1].status_code in (403, 404), refused[-1].text
    for told in (f"{desk.order.reference}<", "Work tee", "TEE-INDIGO"):
        assert [answer for answer in refused if told in answer.text] == []
    assert snapshot(session, desk) == before
