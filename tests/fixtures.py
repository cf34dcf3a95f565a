"""Sessions and clients: most tests leave no trace, those about commits have a database of their own."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlmodel import Session
from starlette.routing import Mount

import api.db
from api.deps import moment
from api.migrations import migrate
from api.settings import settings
from tests import servers

TODAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""A Monday, nine in the morning in Shanghai."""


_OURS = (
    "COUNTERFLOW_SECRET",
    "COUNTERFLOW_PUBLIC_URL",
    "COUNTERFLOW_DATA_DIR",
    "DATABASE_URL",
    "BROKER_URL",
    "ODOO_",
    "COUNTERFLOW_PAYMENT_PROVIDER",
    "STRIPE_",
    "ALIPAY_",
    "WECHATPAY_",
)


@pytest.fixture
def _environment() -> Iterator[None]:
    """The settings of the tests in place of the machine's; whatever a test sets is gone after it."""
    before = dict(os.environ)
    for variable in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[variable]
    os.environ |= {
        "COUNTERFLOW_SECRET": "a secret of the tests",
        "COUNTERFLOW_PUBLIC_URL": "http://testserver",
    }
    settings.cache_clear()
    yield
    os.environ.clear()
    os.environ |= before
    settings.cache_clear()


@pytest.fixture
def session(database_url: str, monkeypatch: pytest.MonkeyPatch, _environment: None) -> Iterator[Session]:
    """A session whose every commit, and every commit of the code under test, is undone at the end."""
    engine = create_engine(api.db.driver_url(database_url))
    with engine.connect() as connection:
        outer = connection.begin()
        connection.begin_nested()  # a session joined to a savepoint makes one of its own
        monkeypatch.setattr(api.db, "engine", lambda: connection)
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as opened:
            yield opened
        outer.rollback()
    engine.dispose()


@pytest.fixture
def committed(worker: str, _environment: None) -> Iterator[str]:
    """A database of this test alone, for code that commits, locks and races."""
    with servers.database_of(f"{worker}_own", template="counterflow", make=migrate) as url:
        os.environ["DATABASE_URL"] = url
        settings.cache_clear()
        api.db.engine.cache_clear()
        api.db.engine()  # made before there are threads: two at once would make two
        yield url
        api.db.engine().dispose()
        api.db.engine.cache_clear()


@dataclass
class Clock:
    """What time it is for the application under test."""

    at: datetime = TODAY

    def go(self, **by: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_client(clock: Clock) -> Callable[[], TestClient]:
    """A way to make browsers that share nothing but the application."""
    from web.app import create_app  # noqa: PLC0415 - tests without pages need none

    app = create_app()
    inner = [route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, FastAPI)]
    for each in (app, *inner):
        each.dependency_overrides[moment] = lambda: clock.at
    return lambda: TestClient(app, follow_redirects=False)


@pytest.fixture
def client(session: Session, new_client: Callable[[], TestClient]) -> TestClient:
    """A browser before the application, in the test's transaction."""
    del session
    return new_client()


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address where connecting is refused: its port is taken, and nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"
