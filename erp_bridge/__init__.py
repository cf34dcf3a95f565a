"""A client library for the few ERP records we touch.

Importing the package loads neither odoolib nor httpx, so a web process may use the records. Whoever talks to
Odoo imports ``erp_bridge.odoo``; the order book is ``erp_bridge.orderbook``.
"""

from erp_bridge.errors import ErpError, ErpRejected, ErpUnavailable
from erp_bridge.port import Gateway
from erp_bridge.records import (
    ErpFabric,
    ErpFactory,
    ErpOrder,
    ErpOrderLine,
    ErpProduct,
    ErpReference,
    Identity,
    MasterData,
    Mode,
    Pieces,
    Prepared,
    Progress,
    ProgressState,
    Pull,
)

__all__ = [
    "ErpError",
    "ErpFabric",
    "ErpFactory",
    "ErpOrder",
    "ErpOrderLine",
    "ErpProduct",
    "ErpReference",
    "ErpRejected",
    "ErpUnavailable",
    "Gateway",
    "Identity",
    "MasterData",
    "Mode",
    "Pieces",
    "Prepared",
    "Progress",
    "ProgressState",
    "Pull",
]
