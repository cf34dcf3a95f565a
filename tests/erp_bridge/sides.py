"""The sides the port can lead to, each with the manager who works there."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlmodel import Session, col, select

from api.db import transaction
from api.domain.catalogue import Sku
from api.domain.member import Member, Role
from api.domain.orderbook import BookOrder, BookOrderStatus
from api.domain.production import OrderMode
from api.services import order_book
from api.services.order_book import OrderBookStore
from erp_bridge import (
    ErpFabric,
    ErpFactory,
    ErpOrder,
    ErpOrderLine,
    ErpProduct,
    ErpReference,
    ErpRejected,
    Gateway,
    MasterData,
    Mode,
)
from erp_bridge.client import Odoo
from erp_bridge.odoo import OdooGateway
from erp_bridge.orderbook import OrderBook
from tests.factories import make_factory, make_member, make_world

START = datetime(2027, 1, 11, tzinfo=UTC)
FINISH = datetime(2027, 1, 15, 10, tzinfo=UTC)
SKUS = ("TEE-NAVY-M", "TEE-NAVY-L")

MASTER_DATA = MasterData(
    fabrics=(ErpFabric("JERSEY-NAVY", "Cotton jersey 180 g, navy"),),
    products=tuple(ErpProduct(sku, f"Boxy tee {sku}", "JERSEY-NAVY", 125) for sku in SKUS),
    factories=(
        ErpFactory("NINGBO", "Ningbo Knit", Mode.OWN_LINE, lines=("NINGBO-1", "NINGBO-2")),
        ErpFactory("PORTO", "Porto Sewing", Mode.SUBCONTRACT),
    ),
)


def make_order(reference: str, mode: Mode, quantities: Collection[int] = (10, 6)) -> ErpOrder:
    """An order of so many navy tees in M and L, on our own line or at a firm outside."""
    return ErpOrder(
        reference=reference,
        factory="NINGBO" if mode is Mode.OWN_LINE else "PORTO",
        mode=mode,
        line="NINGBO-1" if mode is Mode.OWN_LINE else "PORTO-1",
        lines=tuple(ErpOrderLine(sku, made, 1250) for sku, made in zip(SKUS, quantities, strict=False)),
        start_at=START,
        finish_at=FINISH,
        currency="CNY",
    )


def push_one(gateway: Gateway, order: ErpOrder) -> ErpReference:
    """Where a single order stands after a push; a refusal is raised."""
    (answer,) = gateway.push([order]).values()
    if isinstance(answer, ErpRejected):
        raise answer
    return answer


class Side(Protocol):
    """A gateway, and what a person does and sees on the other side of it."""

    def gateway(self) -> Gateway:
        """A client of its own, as another worker process would have it."""

    def accept(self, reference: str) -> None:
        """The factory says yes; in an ERP a pushed order needs none."""

    def orders(self, reference: str) -> int:
        """How many orders of one run stand there, each SKU of an own line counted for itself."""

    def report(self, reference: str, made: dict[str, int]) -> None:
        """The manager books pieces as made or received; what is left of an SKU stays open."""

    def later(self, watermark: str) -> str:
        """A watermark long after this one."""


def next_year(watermark: str) -> str:
    """A watermark that begins with its year, a year later."""
    year, rest = watermark.split("-", 1)
    return f"{int(year) + 1}-{rest}"


class OrderBookSide:
    """The application's order book in a real database, and the factories that sign in to it."""

    def __init__(self) -> None:
        self._at = START - timedelta(days=30)
        with transaction() as session:
            world = make_world(session, at=self._at)
            item = world.items["indigo"]
            for sku in SKUS:
                session.add(Sku(code=sku, item_id=item.id, size="X" + sku[-1], fabric_use_cm=125))
            for code, mode in (("NINGBO", OrderMode.OWN_LINE), ("PORTO", OrderMode.SUBCONTRACT)):
                factory = make_factory(session, code, mode, world.style)
                make_member(session, Role.FACTORY, factory=factory)

    def gateway(self) -> Gateway:
        return OrderBook(OrderBookStore(at=self._at))

    def orders(self, reference: str) -> int:
        with transaction() as session:
            held = session.exec(select(BookOrder).where(BookOrder.reference == reference)).all()
        return sum(len(order.quantities) for order in held)

    def accept(self, reference: str) -> None:
        with transaction() as session:
            order_book.accept(session, reference, member=self._member(session, reference), at=self._at)

    def report(self, reference: str, made: dict[str, int]) -> None:
        self._at += timedelta(hours=1)
        with transaction() as session:
            member = self._member(session, reference)
            order = order_book.get_of_factory(session, reference, member)
            if order.status == BookOrderStatus.OFFERED:
                order_book.accept(session, reference, member=member, at=self._at)
                session.flush()
                order_book.start(session, reference, member=member, at=self._at)
                session.flush()
            done = {sku: int(order.done.get(sku, 0)) + made.get(sku, 0) for sku in order.quantities}
            finished = done == order.quantities
            order_book.report(session, reference, done=done, finished=finished, member=member, at=self._at)

    def later(self, watermark: str) -> str:
        return next_year(watermark)

    def _member(self, session: Session, reference: str) -> Member:
        """Whoever signs in for the factory that has this order."""
        return session.exec(
            select(Member)
            .join(BookOrder, col(BookOrder.factory_id) == Member.factory_id)
            .where(BookOrder.reference == reference)
        ).one()


class OdooSide:
    """A real Odoo, and a manager with the rights of the integration user in it."""

    def __init__(self, url: str, db: str, api_key: str) -> None:
        self._url, self._db, self._api_key = url, db, api_key
        self.odoo = Odoo(url, db, api_key)
        self._open: list[OdooGateway] = []

    def close(self) -> None:
        self.odoo.close()
        for gateway in self._open:
            gateway.close()

    def gateway(self, through: str = "") -> Gateway:
        """A client that reaches Odoo by its own address, or through a server in front of it."""
        self._open.append(OdooGateway(through or self._url, self._db, self._api_key))
        return self._open[-1]

    def accept(self, reference: str) -> None:
        """Nothing: what is pushed must stand confirmed."""

    def orders(self, reference: str) -> int:
        return len(self.productions(reference)) + len(self.receipts(reference))

    def report(self, reference: str, made: dict[str, int]) -> None:
        if self.productions(reference):
            self._produce(reference, made)
        else:
            self._receive(reference, made)

    def draft_purchase(self, name: str) -> None:
        """A purchase order of that name which Odoo will not confirm: a line of it lacks its product."""
        firm = self._rows("res.partner", [("ref", "=", "PORTO")], ["name"])[0]["id"]
        line = {"name": "No product", "product_qty": 1, "price_unit": 1}
        vals = {"name": name, "partner_id": firm, "order_line": [(0, 0, line)]}
        self.odoo["purchase.order"].create(vals_list=[vals])

    def scrap(self, production: int, code: str, quantity: int) -> None:
        """Throw away so much of a product under a manufacturing order."""
        product = self._rows("product.product", [("default_code", "=", code)], ["default_code"])[0]
        vals = {"production_id": production, "product_id": product["id"], "scrap_qty": quantity}
        ids = self.odoo["stock.scrap"].create(vals_list=[vals])
        self.odoo["stock.scrap"].do_scrap(ids=ids)

    def productions(self, reference: str) -> list[dict[str, Any]]:
        return self._rows(
            "mrp.production",
            [("reference_ids.name", "=", reference), ("state", "!=", "cancel")],
            ["name", "product_id", "product_qty", "state", "move_raw_ids", "workorder_ids", "date_finished"],
        )

    def receipts(self, reference: str) -> list[dict[str, Any]]:
        """Receipts of the purchase orders that carry the reference."""
        return self._rows("stock.picking", [("origin", "=", reference)], ["name", "state"])

    def purchases(self, reference: str) -> list[dict[str, Any]]:
        return self._rows("purchase.order", [("name", "=", reference)], ["name", "state", "order_line"])

    def later(self, watermark: str) -> str:
        return next_year(watermark)

    def _produce(self, reference: str, made: dict[str, int]) -> None:
        """Book pieces and close their orders; Odoo puts what is left into a backorder."""
        for sku, quantity in made.items():
            wanted = [("product_id.default_code", "=", sku), ("state", "not in", ["done", "cancel"])]
            rows = self._rows(
                "mrp.production", [("reference_ids.name", "=", reference), *wanted], ["product_qty"]
            )
            self.odoo["mrp.production"].write(ids=[rows[0]["id"]], vals={"qty_producing": quantity})
            short = [rows[0]["id"]] if quantity < rows[0]["product_qty"] else []
            context = {"skip_consumption": True, "skip_backorder": True, "mo_ids_to_backorder": short}
            self.odoo["mrp.production"].button_mark_done(ids=[rows[0]["id"]], context=context)

    def _receive(self, reference: str, made: dict[str, int]) -> None:
        """Validate the open receipt with these quantities; Odoo puts the rest on a second receipt."""
        receipt = [row["id"] for row in self.receipts(reference) if row["state"] != "done"]
        for move in self._rows("stock.move", [("picking_id", "in", receipt)], ["product_id"]):
            sku = move["product_id"][1].split("]")[0].strip("[")
            vals = {"quantity": made.get(sku, 0), "picked": True}
            self.odoo["stock.move"].write(ids=[move["id"]], vals=vals)
        self.odoo["stock.picking"].button_validate(ids=receipt, context={"skip_backorder": True})

    def _rows(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.odoo[model].search_read(domain=domain, fields=fields, order="id")
        return rows
