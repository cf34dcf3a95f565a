"""Reading what the systems of factories hold under our codes, now and then and when somebody asks."""

from datetime import timedelta

import structlog

import erp_bridge
from api.db import transaction
from api.domain.production import OrderChannel
from api.services import channels, master_data, outbox
from workers.app import app
from workers.gateways import gateway
from workers.outbox import NeedsPerson, NobodyThere, handles, now

log = structlog.get_logger()


@app.task(name="erp.read_catalogues")
def read_catalogues() -> None:
    """Ask that every channel's catalogue be read."""
    with transaction() as session:
        for channel in sorted(channels.there()):
            master_data.ask(session, channel, at=now())


@handles(master_data.READ, outbox.Terms(lease=timedelta(minutes=2), at_once=1))
def read_catalogue(channel: str) -> None:
    """Read a channel's catalogue, keep what is right and wrong, and send again what waited for it."""
    asked = OrderChannel(channel)
    with transaction() as session:
        wanted = master_data.wanted(session, asked)
    try:
        held = gateway(asked).catalogue(erp_bridge.MasterData.union(wanted))
    except erp_bridge.ErpUnavailable as error:
        raise NobodyThere(str(error)) from error
    except erp_bridge.ErpRejected as error:
        raise NeedsPerson(str(error)) from error
    with transaction() as session:
        again = master_data.note(session, asked, wanted, held, at=now())
    log.info("catalogue read", channel=channel, records=len(held), sent_again=again)
