"""The port, answered by an Odoo 19."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Self

from erp_bridge import change, drift, master_data, odoo_catalogue, pull, push
from erp_bridge.catalogue import HeldRecord
from erp_bridge.circuit import Circuit
from erp_bridge.client import Odoo
from erp_bridge.errors import ErpRejected
from erp_bridge.holdings import Held
from erp_bridge.records import ErpOrder, ErpReference, Identity, MasterData, Prepared, Pull


class OdooGateway:
    """One Odoo database behind the port; safe to share between threads, to be closed when done with.

    Parameters
    ----------
    url, db, api_key
        The key of a user with the rights Manufacturing/User and Purchase/User, and no others.
    master_data_key
        The key of a user who may write products, bills of material, work centers and partners. Only
        ``prepare`` uses it; without it ``prepare`` is refused.
    read_seconds, circuit
        As for ``client.Odoo``; both keys share the circuit.
    """

    def __init__(
        self,
        url: str,
        db: str,
        api_key: str,
        master_data_key: str | None = None,
        *,
        read_seconds: float = 120,
        circuit: Circuit | None = None,
    ) -> None:
        def connection(key: str) -> Odoo:
            return Odoo(url, db, key, read_seconds=read_seconds, circuit=shared)

        shared = circuit or Circuit()
        self._odoo = connection(api_key)
        self._master_data = connection(master_data_key) if master_data_key else None

    def __repr__(self) -> str:
        return f"<OdooGateway {self._odoo!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._odoo.close()
        if self._master_data:
            self._master_data.close()

    def ping(self) -> Identity:
        """Who we are there; also proves that the key may read manufacturing and purchase orders."""
        user = self._odoo["res.users"].context_get()["uid"]
        for model in ("mrp.production", "purchase.order"):
            self._odoo[model].search_count(domain=[], limit=1)
        login = self._odoo["res.users"].read(ids=[user], fields=["login"])[0]["login"]
        return Identity(system=f"Odoo database {self._odoo.database}", user=login)

    def prepare(self, given: MasterData) -> Prepared:
        if self._master_data is None:
            raise ErpRejected("products and factories can be made in Odoo only with the key for master data")
        return master_data.prepare(self._master_data, given)

    def catalogue(self, wanted: MasterData) -> tuple[HeldRecord, ...]:
        return odoo_catalogue.read(self._odoo, wanted)

    def push(self, orders: Sequence[ErpOrder]) -> dict[str, ErpReference | ErpRejected]:
        return push.push(self._odoo, orders)

    def pull(self, references: Collection[str], since: str = "") -> Pull:
        return pull.pull(self._odoo, references, since)

    def reschedule(self, reference: str, *, start_at: datetime, finish_at: datetime) -> None:
        change.reschedule(self._odoo, reference, start_at=start_at, finish_at=finish_at)

    def cancel(self, reference: str, *, reason: str) -> None:
        change.cancel(self._odoo, reference, reason=reason)

    def holdings(self, orders: Sequence[ErpOrder], since: str = "") -> Held:
        return drift.read(self._odoo, orders, since)

    def withdraw(self, reference: str, document: str, *, reason: str) -> None:
        drift.withdraw(self._odoo, reference, document, reason=reason)
