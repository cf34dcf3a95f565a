"""How many pre-orders a second are accepted and durable, beside PostgreSQL itself and beside Odoo.

python -m tests.intake.bench [--orders 2000] [--connections 64] [--web 2] [--odoo]

A database of its own with its usual safety, web processes as in `counterflow up`, and buyers in a process of
their own, in turns: one hot campaign, a hundred campaigns, and pgbench writing the same rows in a transaction
for each order, by one client and by as many as there are connections. Whatever else the machine does slows
all of them. With --odoo an Odoo creates and confirms sale orders in the same minutes.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

import api.db
from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.idempotency import IdempotencyRecord
from api.domain.payment import Payment
from api.domain.preorder import Preorder, PreorderLine
from api.local import processes
from api.local.postgres import PostgresServer
from api.migrations import migrate
from api.settings import settings
from tests import servers
from tests.erp_bridge.bench import odoo_sales_a_second
from tests.factories import World, make_campaign, make_world
from tests.intake.buyers import Reply, order, rush
from tests.running import platform

MANY = 100
GOAL_OF_PGBENCH, GOAL_OF_ODOO = 3.0, 100.0
_ROUNDS = 3
_GIVEN = ("id", "written_in")  # by the database
_PASSWORD = "for-this-run-only"  # noqa: S105  # everything is on 127.0.0.1 and gone in a minute
#: The rows one accepted pre-order leaves: the campaign's lock, number, key, order, line, charge, two audits.
_EQUAL = """
\\set n random(1, 1000000000)
BEGIN;
SELECT pg_advisory_xact_lock(:n);
SELECT id FROM campaign WHERE slug = 'tee' FOR SHARE;
SELECT sku.id FROM sku JOIN item ON item.id = sku.item_id WHERE item.style_id = '{style}';
SELECT coalesce(sum(l.quantity), 0) FROM preorder_line l JOIN preorder p ON p.id = l.preorder_id
  WHERE p.campaign_id = '{campaign}' AND p.paid_at IS NOT NULL AND p.status NOT IN ('cancelled', 'refunded');
{inserts}
COMMIT;
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns 1 where an order was not accepted or not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.intake.bench")
    parser.add_argument("--orders", type=int, default=2_000, help="orders of each round (2000)")
    parser.add_argument("--connections", type=int, default=64, help="buyers at once (64)")
    parser.add_argument("--web", type=int, default=2, help="web processes (2)")
    parser.add_argument("--odoo", action="store_true", help="an Odoo's sale orders beside it")
    options = parser.parse_args(arguments)
    _say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with _platform(options.web) as bench:
        return bench.run(options)


@contextmanager
def _platform(web_processes: int) -> Iterator["_Bench"]:
    """The running platform on a PostgreSQL that keeps its promises, unlike that of the tests."""
    keeper = servers.Keeper()
    folder = Path(tempfile.mkdtemp(prefix="counterflow-bench-"))
    folder.chmod(0o755)
    postgres = PostgresServer(folder / "postgres", processes.free_port(), _PASSWORD)
    try:
        with processes.running(postgres, log=folder / "postgres.log"):
            postgres.create_database("bench")
            variables = {"DATABASE_URL": postgres.url("bench"), "COUNTERFLOW_SECRET": "of the bench"}
            os.environ |= variables | {"BROKER_URL": servers.valkey().url()}
            settings.cache_clear()
            migrate(settings().database_url)
            with platform(folder, COUNTERFLOW_WEB_PROCESSES=str(web_processes)) as address:
                yield _Bench(address, postgres, folder)
            api.db.engine().dispose()
    finally:
        keeper.stop()


class _Bench:
    """One platform, the buyers before it, and the database behind it."""

    def __init__(self, address: str, postgres: PostgresServer, folder: Path) -> None:
        self._address, self._postgres, self._folder = address, postgres, folder
        self._sent = 0
        with api.db.transaction() as session:
            world = make_world(session, at=datetime.now(UTC))
            self._many = [self._one_of_many(session, world, number) for number in range(MANY)]

    @staticmethod
    def _one_of_many(session: Session, world: World, number: int) -> str:
        slug = f"one-of-many-{number}"
        make_campaign(session, world.team, world.style, at=datetime.now(UTC), slug=slug)
        return slug

    def run(self, options: argparse.Namespace) -> int:
        self._rush(["tee"], options.connections * 4, options.connections)  # the first of a kind are slow
        rates: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            for name, slugs in (("one hot campaign", ["tee"]), (f"{MANY} campaigns", self._many)):
                rates.setdefault(name, []).append(self._measure(name, slugs, options))
            for clients in (1, options.connections):
                rate = self._pgbench(clients, options.orders)
                rates.setdefault(f"pgbench, {clients} clients", []).append(rate)
        middle = {name: statistics.median(found) for name, found in rates.items()}
        for name, rate in middle.items():
            _say(f"{name:22} {rate:8.0f}/s (median of {_ROUNDS})")
        hot, alone = middle["one hot campaign"], middle["pgbench, 1 clients"]
        _say(f"hot campaign / one pgbench client: {hot / alone:.2f} (aim {GOAL_OF_PGBENCH:.0f})")
        if options.odoo:
            sales = odoo_sales_a_second(options.orders // 20)
            ratio = hot / sales
            _say(f"Odoo {sales:.1f} sale orders/s; hot campaign / Odoo: {ratio:.0f} (aim {GOAL_OF_ODOO:.0f})")
        return 0 if self._kept() == self._sent else 1

    def _measure(self, name: str, slugs: Sequence[str], options: argparse.Namespace) -> float:
        replies = self._rush(slugs, options.orders, options.connections)
        began = min(reply.began for reply in replies)
        rate = len(replies) / (max(reply.began + reply.seconds for reply in replies) - began)
        waits = sorted(reply.seconds for reply in replies)
        middle, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        _say(f"{name:22} {rate:8.0f}/s, answers in {middle * 1000:.0f} ms, 99 % in {late * 1000:.0f} ms")
        return rate

    def _rush(self, slugs: Sequence[str], orders: int, connections: int) -> list[Reply]:
        """So many orders from a process of their own; all of them must be accepted."""
        first, self._sent = self._sent, self._sent + orders
        wanted = [
            (f"bench-{n}", order(slugs[n % len(slugs)], "TEE-INDIGO-M", n)) for n in range(first, self._sent)
        ]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(int).result()  # it has started
            replies = pool.submit(rush, self._address, wanted, connections=connections).result()
        refused = [reply for reply in replies if reply.status != 201]
        if refused:
            raise RuntimeError(f"{len(refused)} of {orders} refused, the first: {refused[0]}")
        return replies

    def _pgbench(self, clients: int, orders: int) -> float:
        """Transactions a second of PostgreSQL alone, each the rows of one order."""
        script = self._folder / "equal.sql"
        script.write_text(equal_transaction(f"bench-{self._sent - 1}"), encoding="utf-8")
        each = max(1, min(orders, 1_000) // clients)
        report = self._postgres.client(
            "pgbench", "-n", "-f", script, "-c", str(clients), "-j", "2", "-t", str(each), "bench"
        )
        return float(report.partition("tps = ")[2].split()[0])

    def _kept(self) -> int:
        with api.db.transaction() as session:
            return len(session.exec(select(Preorder.id).where(col(Preorder.number).like("P-%"))).all())


def equal_transaction(key: str) -> str:
    """A pgbench script that leaves what the pre-order of this key left, by the same look-ups."""
    with api.db.transaction() as session:
        record = session.get_one(IdempotencyRecord, key)
        number = record.answer["number"]
        latest = session.exec(select(Preorder).where(Preorder.number == number)).one()
        charge = session.exec(select(Payment).where(Payment.preorder_id == latest.id)).one()
        own: dict[Any, str] = {
            latest.id: "md5('order' || :n)::uuid",
            charge.id: "md5('charge' || :n)::uuid",
            number: "'X' || :n",
            key: "'x' || :n",
        }
        line = session.exec(select(PreorderLine).where(PreorderLine.preorder_id == latest.id)).one()
        own[line.id] = "gen_random_uuid()"
        audits = session.exec(
            select(AuditEntry).where(col(AuditEntry.subject_id).in_([latest.id, charge.id]))
        ).all()
        inserts = [_insert(row, own) for row in (latest, line, charge, record, *audits)]
        return _EQUAL.format(
            campaign=latest.campaign_id,
            style=session.get_one(Campaign, latest.campaign_id).style_id,
            inserts="\n".join(inserts),
        )


def _insert(row: SQLModel, own: Mapping[Any, str]) -> str:
    """The row as an INSERT on one line; values of `own` become expressions."""
    table = inspect(type(row)).local_table
    given = _GIVEN if table.name == AuditEntry.__tablename__ else ()
    columns = [column for column in table.columns if column.name not in given]
    values = []
    for column in columns:
        value = getattr(row, column.name)
        if isinstance(value, (dict, list)):
            value = Jsonb(value)
        elif isinstance(value, StrEnum):
            value = value.value
        known = own.get(value) if isinstance(value, Hashable) else None
        values.append(known or sql.Literal(value).as_string(None))
    names = ", ".join(column.name for column in columns)
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(values)});"  # noqa: S608 - quoted above
    return statement.replace("\n", " ")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
