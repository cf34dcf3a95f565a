"""The application behind a real port, so that providers reach its webhooks and it reaches the sandbox."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.routing import Mount

from api.deps import moment
from api.local import processes
from api.settings import settings
from tests.fixtures import Clock
from tests.payments.door import Sides, sides_in
from tests.payments.stage import Stage


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Keys are made once: a pair takes a tenth of a second."""
    return sides_in(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def stage(committed: str, clock: Clock) -> Iterator[Stage]:
    """The whole site on a port of its own with a database of its own; its clock is the test's."""
    from web.app import create_app  # noqa: PLC0415 - only these tests serve pages

    del committed
    app = create_app()
    for each in (app, *(route.app for route in app.routes if isinstance(route, Mount))):
        if hasattr(each, "dependency_overrides"):
            each.dependency_overrides[moment] = lambda: clock.at
    port = processes.free_port()
    os.environ["COUNTERFLOW_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    settings.cache_clear()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none", http="h11")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield Stage(clock)
    server.should_exit = True
    thread.join()
