"""What every test may ask for: a migrated database, a broker, a real Odoo, each for its worker alone."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest
from pytest_socket import socket_allow_hosts

from api.local.errors import NoDebianPackages
from tests import servers
from tests.chromium import Chromium
from tests.chromium import chromium as find_chromium

pytest_plugins = ["tests.fixtures"]

_NEEDS = {"database_url": "postgres", "committed": "postgres", "broker_url": "valkey", "odoo": "odoo"}
_keeper = pytest.StashKey[servers.Keeper]()


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        config.stash[_keeper] = servers.Keeper()


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper := config.stash.get(_keeper, None):
        keeper.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _keeper in config.stash and (reason := servers.failure("odoo")):
        terminalreporter.section("NO ODOO: the tests that need a real Odoo 19 did not run", "!", red=True)
        terminalreporter.line(reason)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let servers start while the first tests, which may not need them, run."""
    wanted = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    for fixture, server in _NEEDS.items():
        if fixture in wanted and not session.config.option.collectonly:
            servers.want(server)


def pytest_runtest_setup() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The name of this test process, which names what is its own."""
    name: str = getattr(request.config, "workerinput", {"workerid": "gw0"})["workerid"]
    return name


@pytest.fixture(scope="session")
def database_url(worker: str) -> Iterator[str]:
    """A migrated database of this worker alone."""
    from api.migrations import migrate  # noqa: PLC0415  # tests that need no database need no Alembic

    with servers.database_of(worker, template="counterflow", make=migrate) as url:
        yield url


@pytest.fixture(scope="session")
def broker_url(worker: str) -> str:
    """A numbered database of the run's Valkey, of this worker alone."""
    return servers.valkey().url(int(worker.removeprefix("gw")))


@pytest.fixture(scope="session")
def odoo(worker: str) -> Iterator[servers.Odoo]:
    """A real Odoo 19 with a database of this worker alone; none to be had skips the test, in CI it fails."""
    try:
        with servers.odoo_of(worker) as found:
            yield found
    except servers.ServerMissing as missing:
        _do_without("Odoo", missing)


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """A browser for Playwright's ``launch``; none to be had skips the test, in CI it fails."""
    try:
        return find_chromium()
    except NoDebianPackages as missing:
        _do_without("Chromium", missing)


def _do_without(name: str, reason: Exception) -> NoReturn:
    if os.environ.get("CI") == "true":
        raise reason
    pytest.skip(f"no {name}: {str(reason).splitlines()[-1]}")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
