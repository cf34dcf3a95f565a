"""The ways to factories, one for the life of each process: connections and what was read are kept."""

from functools import cache

import erp_bridge
from api.domain.production import OrderChannel
from api.services.order_book import OrderBookStore
from api.settings import settings
from erp_bridge.dropfolder import DropFolder
from erp_bridge.odoo import OdooGateway
from erp_bridge.orderbook import OrderBook
from workers.outbox import now


def gateway(channel: OrderChannel) -> erp_bridge.Gateway:
    """The way to the factories that read their orders there; the channel must be set up here."""
    match channel:
        case OrderChannel.ERP:
            return odoo()
        case OrderChannel.DROP_FOLDER:
            return drop_folder()
        case OrderChannel.ORDER_BOOK:
            return OrderBook(OrderBookStore(at=now()))


@cache
def odoo() -> OdooGateway:
    """The Odoo of the settings."""
    known = settings()
    return OdooGateway(
        known.odoo_url, known.odoo_db, known.odoo_api_key, master_data_key=known.odoo_master_data_key or None
    )


@cache
def drop_folder() -> DropFolder:
    """The drop folder of the settings."""
    folder = settings().drop_folder
    if folder is None:
        raise erp_bridge.ErpRejected("COUNTERFLOW_DROP_FOLDER names no folder")
    return DropFolder(folder)
