"""How fast the bridge is on this machine, beside the same documents by raw calls in the same minutes.

python -m tests.erp_bridge.bench [--orders N]

It starts an Odoo of its own. N orders of four SKUs are pushed in each mode by the bridge, and N by raw
batched JSON-2 calls, in turns, so that whatever else the machine does slows both. Then orders are added until
twenty times N are open, a few get other dates, and each pull finds them.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from erp_bridge import (
    ErpFabric,
    ErpFactory,
    ErpOrder,
    ErpOrderLine,
    ErpProduct,
    ErpReference,
    MasterData,
    Mode,
)
from erp_bridge.mapping import to_moment, to_text
from erp_bridge.odoo import OdooGateway
from erp_bridge.pull import OVERLAP
from tests import servers
from tests.erp_bridge.bench_raw import Ids, Json2, make_outside, make_own_line, make_sales

SIZES = ("S", "M", "L", "XL")
SKUS = tuple(f"BENCH-{size}" for size in SIZES)
MASTER_DATA = MasterData(
    fabrics=(ErpFabric("BENCH-JERSEY", "Cotton jersey"),),
    products=tuple(ErpProduct(sku, f"Tee {sku}", "BENCH-JERSEY", 125) for sku in SKUS),
    factories=(
        ErpFactory("NINGBO", "Ningbo Knit", Mode.OWN_LINE, lines=("NINGBO-1",)),
        ErpFactory("PORTO", "Porto Sewing", Mode.SUBCONTRACT),
    ),
)
MONDAY = datetime(2027, 1, 11, tzinfo=UTC)
LINES_A_CALL = {Mode.OWN_LINE: 100, Mode.SUBCONTRACT: 50}  # as the bridge
WARM_UP = 5
OPEN = 20
CYCLES = 9
CHANGED = 5
SALES_A_CALL = 50
GOAL = 0.9

T = TypeVar("T")

_numbers = count(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns 1 where the bridge pushes less than 90 % of what raw calls reach."""
    parser = argparse.ArgumentParser(prog="python -m tests.erp_bridge.bench")
    parser.add_argument("--orders", type=int, default=50, help="orders of each mode, each way (50)")
    options = parser.parse_args(arguments)
    with _odoo() as server, closing(Json2(server.url, server.db, server.api_key)) as raw:
        _say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
        with OdooGateway(server.url, server.db, server.api_key, server.master_data_key) as gateway:
            gateway.prepare(MASTER_DATA)
            bench = _Bench(gateway, raw, _ids(raw))
            ratios = [bench.push(mode, options.orders) for mode in Mode]
            bench.pull(open_orders=OPEN * options.orders)
        _sell(server, raw, options.orders)
    return 0 if min(ratios) >= GOAL else 1


@contextmanager
def _odoo() -> Iterator[servers.Odoo]:
    keeper = servers.Keeper()
    try:
        with servers.odoo_of("gw0") as server:
            yield server
    finally:
        keeper.stop()


class _Bench:
    """One Odoo and the two ways to it."""

    def __init__(self, gateway: OdooGateway, raw: Json2, ids: Ids) -> None:
        self._gateway = gateway
        self._raw = raw
        self._ids = ids
        self._pushed: list[ErpOrder] = []

    def push(self, mode: Mode, orders: int) -> float:
        """Push so many orders each way, batch by batch in turns; how much of the raw speed is reached.

        A few orders before go uncounted: Odoo's first of a kind are slow.
        """
        make = make_own_line if mode is Mode.OWN_LINE else make_outside
        make(self._raw, self._ids, _orders(mode, WARM_UP))
        self._push(_orders(mode, WARM_UP))
        seconds = {"bridge": 0.0, "raw": 0.0}
        batch = LINES_A_CALL[mode] // len(SIZES)
        for number, start in enumerate(range(0, orders, batch)):
            size = min(batch, orders - start)
            mine, theirs = _orders(mode, size), _orders(mode, size)
            ways: list[tuple[str, Callable[[], object]]] = [
                ("bridge", lambda mine=mine: self._push(mine)),  # type: ignore[misc]
                ("raw", lambda theirs=theirs: make(self._raw, self._ids, theirs)),  # type: ignore[misc]
            ]
            for name, push in ways if number % 2 else reversed(ways):
                seconds[name] += _timed(push)[0]
            self._pushed += [*mine, *theirs]
        lines = orders * len(SIZES)
        ratio = seconds["raw"] / seconds["bridge"]
        _say(
            f"push, {mode.value:12} {lines / seconds['bridge']:6.1f} manufacturing orders/s by the bridge, "
            f"{lines / seconds['raw']:6.1f} by raw calls: {ratio:.0%}",
        )
        return ratio

    def _push(self, orders: Sequence[ErpOrder]) -> None:
        answers = self._gateway.push(orders)
        assert all(isinstance(answer, ErpReference) and answer.created for answer in answers.values())

    def pull(self, *, open_orders: int) -> None:
        """A full look, and cycles in which few orders changed."""
        missing = max(0, open_orders - len(self._pushed))
        for mode, size in ((Mode.OWN_LINE, missing - missing // 4), (Mode.SUBCONTRACT, missing // 4)):
            added = _orders(mode, size, sizes=1)
            self._push(added)
            self._pushed += added
        references = [order.reference for order in self._pushed[:open_orders]]
        whole, first = _timed(lambda: self._gateway.pull(references))
        # As if the pushes above were minutes ago: the bridge looks so much further back than it must.
        since = to_text(to_moment(first.watermark) + OVERLAP + timedelta(seconds=1))
        time.sleep(1)
        for reference in references[:: len(references) // CHANGED][:CHANGED]:
            self._gateway.reschedule(reference, start_at=MONDAY, finish_at=MONDAY + timedelta(days=30))
        cycles = [_timed(lambda: self._gateway.pull(references, since)) for _ in range(CYCLES)]
        assert {len(pulled.progress) for _, pulled in cycles} == {CHANGED}
        _say(
            f"pull of {len(references)} open orders: {statistics.median(took for took, _ in cycles):.3f} s "
            f"a cycle in which {CHANGED} changed (median of {CYCLES}), {whole:.2f} s for all of them",
        )


def _orders(mode: Mode, count: int, *, sizes: int = len(SIZES)) -> list[ErpOrder]:
    """New orders, whose days of a week differ as they do in a plan."""
    own = mode is Mode.OWN_LINE
    return [
        ErpOrder(
            reference=f"R-{next(_numbers):06}",
            factory="NINGBO" if own else "PORTO",
            mode=mode,
            line="NINGBO-1" if own else "PORTO-1",
            lines=tuple(ErpOrderLine(sku, 30, 0 if own else 1250) for sku in SKUS[:sizes]),
            start_at=MONDAY + timedelta(days=each % 5),
            finish_at=MONDAY + timedelta(days=each % 5 + 4, hours=10),
            currency="CNY",
        )
        for each in range(count)
    ]


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds it took, and what it answered."""
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def _ids(raw: Json2) -> Ids:
    rows = raw("product.product/search_read", domain=[("default_code", "in", SKUS)], fields=["default_code"])

    def one(model: str, field: str, code: str) -> int:
        found: list[int] = raw(f"{model}/search", domain=[(field, "=", code)], context={"active_test": False})
        return found[0]

    return Ids(
        products={row["default_code"]: row["id"] for row in rows},
        line=one("mrp.workcenter", "code", "NINGBO-1"),
        firm=one("res.partner", "ref", "PORTO"),
        currency=one("res.currency", "name", "CNY"),
    )


def _sell(server: servers.Odoo, raw: Json2, orders: int) -> float:
    """Odoo's own pace at what it was made for, for comparison: sale orders a second."""
    servers.install_in_odoo(server.db, "sale_management", group="sales_team.group_sale_salesman")
    ids = _ids(raw)
    make_sales(raw, ids, orders=1)  # the running server reads what it was just given
    calls = range(0, orders, SALES_A_CALL)
    seconds = sum(_timed(lambda: make_sales(raw, ids, orders=SALES_A_CALL))[0] for _ in calls)
    rate = len(calls) * SALES_A_CALL / seconds
    _say(
        f"sale orders of Odoo itself: {rate:.1f}/s created and confirmed, "
        f"{SALES_A_CALL} a call, of two lines each"
    )
    return rate


def odoo_sales_a_second(orders: int) -> float:
    """Sale orders that an Odoo of its own creates and confirms in a second; its figure is printed too."""
    with servers.odoo_of("gw0") as server, closing(Json2(server.url, server.db, server.api_key)) as raw:
        with OdooGateway(server.url, server.db, server.api_key, server.master_data_key) as gateway:
            gateway.prepare(MASTER_DATA)
        return _sell(server, raw, orders)


if __name__ == "__main__":
    sys.exit(main())
