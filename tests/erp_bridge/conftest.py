"""A side of the port for a test, an external reference of its own, and what Odoo must know before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from zlib import crc32

import pytest

from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.firm import FolderSide
from tests.erp_bridge.sides import MASTER_DATA, SKUS, OdooSide, OrderBookSide, Side


class OdooServer(Protocol):
    """What the suite's fixture ``odoo`` gives: where it answers, and two keys."""

    url: str
    db: str
    api_key: str
    master_data_key: str


@pytest.fixture
def reference(request: pytest.FixtureRequest, worker: str) -> str:
    """An external reference no other test uses; the same in every run."""
    return f"R-{crc32(f'{worker} {request.node.nodeid}'.encode()):010}"


@pytest.fixture(scope="session")
def prepared(odoo: OdooServer) -> OdooServer:
    """An Odoo that knows the products and factories of these tests."""
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
        gateway.prepare(MASTER_DATA)
    return odoo


@pytest.fixture
def odoo_side(prepared: OdooServer) -> Iterator[OdooSide]:
    side = OdooSide(prepared.url, prepared.db, prepared.api_key)
    yield side
    side.close()


@pytest.fixture(params=["order book", "folder", "odoo"])
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Side:
    if request.param == "folder":
        return FolderSide(tmp_path / "drop", SKUS)
    if request.param == "order book":
        request.getfixturevalue("committed")
        return OrderBookSide()
    chosen: OdooSide = request.getfixturevalue("odoo_side")
    return chosen
