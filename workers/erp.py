"""Orders out to factories, progress in from them; no transaction is open while the network is waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from uuid import UUID

import structlog

import erp_bridge
from api.db import transaction
from api.domain.production import OrderChannel
from api.services import erp_sync, outbox
from api.services.order_book import OrderBookStore
from api.settings import settings
from erp_bridge.odoo import OdooGateway
from erp_bridge.orderbook import OrderBook
from workers.app import app
from workers.outbox import NeedsPerson, TryAgainLater, handles, now

log = structlog.get_logger()


@cache
def _odoo() -> OdooGateway:
    """One gateway for the life of the process: its connections are pooled."""
    known = settings()
    return OdooGateway(
        known.odoo_url, known.odoo_db, known.odoo_api_key, master_data_key=known.odoo_master_data_key or None
    )


def gateway(channel: OrderChannel) -> erp_bridge.Gateway:
    """The way to the factories that read their orders there."""
    return _odoo() if channel == OrderChannel.ERP else OrderBook(OrderBookStore(at=now()))


@contextmanager
def _in_our_words() -> Iterator[None]:
    """The bridge's two failures as the outbox knows them: time helps, or a person."""
    try:
        yield
    except erp_bridge.ErpUnavailable as error:
        raise TryAgainLater(str(error)) from error
    except erp_bridge.ErpRejected as error:
        raise NeedsPerson(str(error)) from error


@handles("erp.push_run", outbox.Terms(lease=timedelta(minutes=2), at_once=2))
def push_run(run_id: str) -> None:
    """See to it that a run's orders stand with its factory, once, however often this is called."""
    with transaction() as session:
        run = erp_sync.run_for_push(session, UUID(run_id))
        if run is None:
            return
        channel = erp_sync.channel_of(session, run, erp_is_there=bool(settings().odoo_url))
        order, master_data = erp_sync.erp_order(session, run), erp_sync.master_data(session, run)
    with _in_our_words():
        gateway(channel).prepare(master_data)
        reference = gateway(channel).push([order])[order.reference]
        if isinstance(reference, erp_bridge.ErpRejected):
            raise reference
    with transaction() as session:
        erp_sync.mark_released(session, UUID(run_id), reference, channel=channel, at=now())
    log.info("run released", run=order.reference, channel=channel.value, created=reference.created)


@dataclass(slots=True)
class _Followed:
    """What this process has asked a channel about, and up to where it has heard of changes."""

    references: set[str] = field(default_factory=set)
    watermark: str = ""


_followed = {channel: _Followed() for channel in OrderChannel}


@app.task(name="erp.pull_progress")
def pull_progress() -> None:
    """Ask every channel what became of its runs; one that does not answer does not stop the others."""
    for channel in OrderChannel:
        if channel == OrderChannel.ERP and not settings().odoo_url:
            continue
        try:
            _pull(channel)
        except erp_bridge.ErpError as error:
            log.warning("no progress from channel", channel=channel.value, error=str(error))


def _pull(channel: OrderChannel) -> None:
    """Ask about all of a run the first time, then about changes; a fresh process asks about all."""
    with transaction() as session:
        references = set(erp_sync.unfinished(session, channel))
    known = _followed[channel]
    met, new = references & known.references, references - known.references
    changed = gateway(channel).pull(sorted(met), known.watermark) if met else None
    first = gateway(channel).pull(sorted(new)) if new else None
    for pulled in filter(None, (changed, first)):
        for progress in pulled.progress:
            with transaction() as session:
                erp_sync.apply(session, progress, at=now())
    # The older of the two watermarks: hearing of a change twice does no harm.
    heard = [pulled.watermark for pulled in (changed, first) if pulled]
    _followed[channel] = _Followed(references, min(heard, default=known.watermark))
