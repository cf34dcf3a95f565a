"""The platform's own worker in a hurry: `celery -A tests.faults.worker worker`.

A dead worker's messages are given out again soon, and a handler that is slow meets another one at work on
the same messages. Importing it changes the process, so only such a worker does.
"""

from functools import cache

from api.domain import outbox as messages
from api.services import outbox
from api.settings import settings
from erp_bridge.circuit import Circuit
from erp_bridge.odoo import OdooGateway
from tests.faults import pace
from workers import erp, gateways
from workers import outbox as relay
from workers.app import app

__all__ = ["app", "erp"]

messages.TURN = pace.TURN
relay._TERMS["erp.push_run"] = outbox.Terms(lease=pace.LEASE, at_once=pace.AT_ONCE, batch=pace.BATCH)


@cache
def _odoo() -> OdooGateway:
    known = settings()
    return OdooGateway(
        known.odoo_url,
        known.odoo_db,
        known.odoo_api_key,
        read_seconds=pace.READ_SECONDS,
        circuit=Circuit(pause_seconds=pace.CIRCUIT_SECONDS),
    )


gateways.odoo = _odoo
