from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import running, servers


@dataclass(frozen=True)
class Platform:
    """A running platform and the Odoo behind it."""

    address: str
    odoo: servers.Odoo
    browsers: ExitStack

    def browser(self) -> httpx.Client:
        """Somebody with cookies of their own, until the test ends."""
        return self.browsers.enter_context(httpx.Client(base_url=self.address, timeout=30))


@pytest.fixture
def platform(committed: str, broker_url: str, odoo: servers.Odoo, tmp_path: Path) -> Iterator[Platform]:
    """The platform before a real Odoo, with an empty database."""
    del committed  # in DATABASE_URL already
    variables = {
        "BROKER_URL": broker_url,
        "ODOO_URL": odoo.url,
        "ODOO_DB": odoo.db,
        "ODOO_API_KEY": odoo.api_key,
        "ODOO_MASTER_DATA_KEY": odoo.master_data_key,
    }
    with running.platform(tmp_path, **variables) as address, ExitStack() as browsers:
        yield Platform(address, odoo, browsers)
