"""The platform as it runs for people: web, worker and beat as processes of their own, before a real Odoo."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from api.local import processes
from api.local.parts import parts
from api.settings import Settings, settings
from tests import servers

_T = TypeVar("_T")


@dataclass(frozen=True)
class Platform:
    """A running platform and the Odoo behind it."""

    address: str
    odoo: servers.Odoo

    def browser(self) -> httpx.Client:
        """Somebody with cookies of their own."""
        return httpx.Client(base_url=self.address, timeout=30)


@pytest.fixture
def platform(
    committed: str, broker_url: str, odoo: servers.Odoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Platform]:
    """The platform of `counterflow up` on servers of the test run, with an empty database."""
    port = processes.free_port()
    address = f"http://127.0.0.1:{port}"
    for variable, value in {
        "DATABASE_URL": committed,
        "BROKER_URL": broker_url,
        "ODOO_URL": odoo.url,
        "ODOO_DB": odoo.db,
        "ODOO_API_KEY": odoo.api_key,
        "ODOO_MASTER_DATA_KEY": odoo.master_data_key,
        "COUNTERFLOW_PORT": str(port),
        "COUNTERFLOW_PUBLIC_URL": address,
        "COUNTERFLOW_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(variable, value)
    settings.cache_clear()
    with ExitStack() as running:
        for part in parts(Settings()).applications():
            running.enter_context(processes.running(part, log=tmp_path / f"{part.name}.log"))
        yield Platform(address, odoo)


def eventually(look: Callable[[], _T | None], what: str, *, seconds: float = 60) -> _T:
    """What `look` finds, once it finds it; how long that takes is not the test's business."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")
