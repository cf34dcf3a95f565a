"""The bad day: every part is killed in the middle of its work; nothing is lost and nothing happens twice."""

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session, select

from api.db import driver_url
from api.domain.member import Role
from api.domain.payment import Payment, PaymentKind, PaymentStatus
from api.domain.plan import Pegging, Run, RunSku
from api.domain.preorder import Preorder
from api.domain.production import LineRate, OrderMode, ProductionLine
from tests import servers
from tests.command import Platform
from tests.factories import PASSWORD, make_member, make_world
from tests.running import eventually

PREORDERS = 12
FIRST_RUN = {OrderMode.OWN_LINE: 5_000, OrderMode.SUBCONTRACT: 6_000}  # other tests use the same Odoo


@pytest.fixture
def platform(odoo: servers.Odoo) -> Iterator[Platform]:
    """The one command with a database, a broker and a supervisor of its own, before a real Odoo."""
    folder = Path(tempfile.mkdtemp(prefix="counterflow-test-"))
    folder.chmod(0o755)
    platform = Platform(
        folder / "data",
        ODOO_URL=odoo.url,
        ODOO_DB=odoo.db,
        ODOO_API_KEY=odoo.api_key,
        ODOO_MASTER_DATA_KEY=odoo.master_data_key,
    )
    yield platform
    if platform.process and platform.process.poll() is None:
        platform.stop()
    shutil.rmtree(folder)


@contextmanager
def looking(platform: Platform) -> Iterator[Session]:
    engine = create_engine(driver_url(platform.database_url()))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
    engine.dispose()


class Caller:
    """Somebody who asks again, in the same words, until there is an answer."""

    def __init__(self, platform: Platform) -> None:
        self._client = httpx.Client(base_url=platform.page, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, **words: Any) -> httpx.Response:
        give_up_at = time.monotonic() + 120
        while True:
            try:
                answer = self._client.request(method, path, **words)
            except httpx.TransportError:
                pass
            else:
                if not answer.is_server_error:
                    return answer
            assert time.monotonic() < give_up_at, f"{method} {path}: no answer"
            time.sleep(0.2)

    def sign_in(self, role: Role) -> "Caller":
        who = {"email": f"{role.value}@counterflow.example", "password": PASSWORD}
        assert self.ask("POST", "/api/sessions", json=who).status_code == 204
        return self


def kill(platform: Platform, part: str) -> None:
    os.kill(platform.part(part), signal.SIGKILL)


def kill_everything(platform: Platform) -> None:
    """The supervisor dies and takes all of it along; a new start goes on."""
    process = platform.run()
    process.kill()
    process.wait()
    platform.run()


@pytest.mark.parametrize("mode", list(OrderMode))
def test_kills_at_every_step_lose_nothing_and_double_nothing(
    platform: Platform, odoo: servers.Odoo, mode: OrderMode
) -> None:
    platform.run()
    with looking(platform) as session:
        world = make_world(session, at=datetime.now(UTC).replace(microsecond=0))
        world.campaign.ship_by_on = datetime.now(UTC).date() + timedelta(days=60)
        make_member(session, Role.ADMIN)
        session.execute(text("SELECT setval('run_number', :first)"), {"first": FIRST_RUN[mode]})
        if mode == OrderMode.SUBCONTRACT:  # our own line, the first, is too dear
            session.flush()
            for rate in session.exec(
                select(LineRate).join(ProductionLine).where(ProductionLine.code == "F1-1")
            ):
                rate.unit_cost_minor = [90_000, 90_000]
    with Caller(platform) as caller:
        _a_bad_day(platform, caller.sign_in(Role.ADMIN))
    with looking(platform) as session:
        _nothing_lost_nothing_double(session)
        wanted = _wanted(session)
    assert _in_odoo(odoo, mode, FIRST_RUN[mode]) == wanted


def _a_bad_day(platform: Platform, caller: Caller) -> None:
    """The whole loop, with a death at every step of it."""
    tokens = _place_and_pay(platform, caller)
    eventually(lambda: _paid(caller) == PREORDERS * 2, "every payment is confirmed", seconds=120)

    closing = {"why": "a test of the bad day"}
    kill(platform, "workers.app worker")
    assert caller.ask("POST", "/api/campaigns/tee/close", json=closing).json()["status"] == "decided"
    kill_everything(platform)
    eventually(lambda: _refunded(caller, tokens) == PREORDERS * 2 * 2_000, "all is paid back", seconds=180)

    number = caller.ask("POST", "/api/plans", json={"seconds": 6, "seed": 7}).json()["number"]
    eventually(lambda: _plan(caller, number)["status"] != "requested", "the planner took it up")
    kill(platform, "workers.app worker")
    kill(platform, "bin/postgres")
    eventually(
        lambda: _plan(caller, number)["status"] == "proposed", "the plan is made all the same", seconds=180
    )

    assert caller.ask("POST", f"/api/plans/{number}/approve").json()["status"] == "approved"
    kill_everything(platform)
    eventually(lambda: _all_released(caller, number), "every run is released", seconds=240)


def _place_and_pay(platform: Platform, caller: Caller) -> list[str]:
    """Twelve buyers of two pieces; web, worker and database die under them."""
    deaths = {2: "-m web", 5: "bin/postgres", 8: "workers.app worker", 10: "bin/postgres"}
    tokens = []
    for buyer in range(PREORDERS):
        if buyer in deaths:
            kill(platform, deaths[buyer])
        body = {
            "campaign": "tee",
            "lines": [{"sku": f"TEE-{'INDIGO' if buyer % 2 else 'WHITE'}-M", "quantity": 2}],
            "name": f"Buyer {buyer}",
            "email": "lin@example.com",
            "region": "east",
            "address": "12 Harbour Road, Ningbo",
        }
        placed = caller.ask(
            "POST", "/api/preorders", json=body, headers={"Idempotency-Key": f"buyer {buyer}"}
        )
        assert placed.status_code == 201, placed.text
        tokens.append(placed.json()["link"].rsplit("/", 1)[1])
        checkout = caller.ask("POST", f"/api/preorders/{tokens[-1]}/pay").json()["checkout_url"]
        assert caller.ask("POST", checkout, data={"outcome": "pay"}).status_code == 303
    return tokens


def _paid(caller: Caller) -> int:
    return int(caller.ask("GET", "/api/campaigns/tee").json()["paid_pieces"])


def _refunded(caller: Caller, tokens: list[str]) -> int:
    return sum(caller.ask("GET", f"/api/preorders/{token}").json()["refunded_minor"] for token in tokens)


def _plan(caller: Caller, number: str) -> dict[str, Any]:
    plan: dict[str, Any] = caller.ask("GET", f"/api/plans/{number}").json()
    return plan


def _all_released(caller: Caller, number: str) -> bool:
    runs = caller.ask("GET", f"/api/runs?plan={number}").json()
    return bool(runs) and {run["status"] for run in runs} == {"released"}


def _nothing_lost_nothing_double(session: Session) -> None:
    assert len(session.exec(select(Preorder)).all()) == PREORDERS
    money = Counter[PaymentKind]()
    for payment in session.exec(select(Payment)):
        assert payment.status == PaymentStatus.CONFIRMED
        money[payment.kind] += payment.amount_minor
    assert money[PaymentKind.CHARGE] - money[PaymentKind.REFUND] == PREORDERS * 2 * 18_000
    assert sum(peg.quantity for peg in session.exec(select(Pegging))) == PREORDERS * 2


def _wanted(session: Session) -> dict[str, int]:
    pieces: Counter[str] = Counter()
    for run, made in session.exec(select(Run, RunSku).where(RunSku.run_id == Run.id)):
        pieces[run.number] += made.quantity
    return dict(pieces)


_IN_ODOO = {
    OrderMode.OWN_LINE: ("mrp.production", "name", "product_qty", "confirmed"),
    OrderMode.SUBCONTRACT: ("purchase.order.line", "order_id", "product_qty", "purchase"),
}


def _in_odoo(odoo: servers.Odoo, mode: OrderMode, first: int) -> dict[str, int]:
    """Pieces of all that stands under our references, doubles and all; nothing of it is a draft."""
    model, name, quantity, settled = _IN_ODOO[mode]
    answer = httpx.post(
        f"{odoo.url}/json/2/{model}/search_read",
        json={"domain": [[name, "like", f"R-{first // 100:04}"]], "fields": [name, "state", quantity]},
        headers={"Authorization": f"Bearer {odoo.api_key}", "X-Odoo-Database": odoo.db},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    assert {row["state"] for row in answer.json()} == {settled}
    found: Counter[str] = Counter()
    for row in answer.json():
        reference = row[name] if isinstance(row[name], str) else row[name][1]  # a name, or [id, name]
        found[reference.partition("/")[0]] += int(row[quantity])
    return dict(found)
