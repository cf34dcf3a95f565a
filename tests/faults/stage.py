"""The servers of one round: the platform with two workers on one side, an Odoo of its own on the other."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from api.local import processes
from api.local.application import Application
from api.local.odoo import OdooServer
from api.local.odoo_setup import Access, Installation
from api.local.postgres import PostgresServer
from api.local.supervisor import Supervisor
from api.local.valkey import ValkeyServer
from api.migrations import migrate
from erp_bridge import MasterData
from erp_bridge.odoo import OdooGateway
from tests.faults.pace import HANDLERS
from tests.faults.proxy import BadNetwork, Weather, bad_network

ROOT = Path(__file__).parents[2]
PASSWORD = "for-this-round-only"  # noqa: S105  # everything is on 127.0.0.1 and gone in minutes
# A killed server loses nothing that it handed to the kernel; a commit that it did not hand over would be
# a lie, so that setting stays on.
SURVIVES_KILLS = {"fsync": "off", "full_page_writes": "off"}
DATABASE = "counterflow"
WORKERS = ("worker-1", "worker-2")


class Victim(StrEnum):
    """Who is killed in the middle of its work."""

    ODOO = "Odoo"
    ODOO_POSTGRES = "Odoo's PostgreSQL"
    WORKER = "worker"
    POSTGRES = "our PostgreSQL"


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, and what may be killed: whoever is killed is started again by its supervisor."""

    folder: Path
    ours: Supervisor
    work: Supervisor
    theirs: Supervisor
    postgres: PostgresServer
    valkey: ValkeyServer
    odoo: OdooServer
    access: Access
    network: BadNetwork

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    @property
    def odoo_database_url(self) -> str:
        return self.odoo.postgres.url(self.odoo.database)

    def watch(self) -> None:
        """Start again who was killed; to be called over and over."""
        for side in (self.ours, self.work, self.theirs):
            side.watch()

    def prepare_odoo(self, master_data: MasterData) -> None:
        """Make products and factories there, over a network that works."""
        access = self.access
        with OdooGateway(
            self.odoo.url, self.odoo.database, access.api_key, access.master_data_key
        ) as gateway:
            gateway.prepare(master_data)

    def begin_work(self) -> None:
        """Start the workers and the timetable."""
        celery = (sys.executable, "-m", "celery", "-A", "tests.faults.worker")
        variables = self._variables()
        self.work.start(
            *(
                Application(
                    name,
                    (*celery, "worker", "-n", name, f"--concurrency={HANDLERS}", "--prefetch-multiplier=1"),
                    variables,
                )
                for name in WORKERS
            ),
            Application(
                "beat",
                (*celery, "beat", "--pidfile=", f"--schedule={self.folder / 'timetable'}"),
                variables,
            ),
        )

    def end_work(self) -> None:
        """Stop the workers and the timetable; what is on its way to Odoo stays on its way."""
        self.work.stop()

    def kill(self, victim: Victim, worker: str) -> bool:
        """`kill -9`; False where it is not running just now."""
        side, name = {
            Victim.ODOO: (self.theirs, "odoo"),
            Victim.ODOO_POSTGRES: (self.theirs, "postgres"),
            Victim.WORKER: (self.work, worker),
            Victim.POSTGRES: (self.ours, "postgres"),
        }[victim]
        (kept,) = [each for each in side._kept if each.server.name == name]
        alive = kept.process is not None and kept.process.poll() is None and kept.server.ready()
        if alive and kept.process:
            os.kill(kept.process.pid, signal.SIGKILL)
        return alive

    def _variables(self) -> dict[str, str]:
        machines = ("COUNTERFLOW_", "ODOO_")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(machines)}
        return {
            **plain,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "COUNTERFLOW_DATA_DIR": str(self.folder),
            "COUNTERFLOW_SECRET": PASSWORD,
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.valkey.url(),
            "ODOO_URL": self.network.url,
            "ODOO_DB": self.odoo.database,
            "ODOO_API_KEY": self.access.api_key,
        }


@contextmanager
def stage(installation: Installation, weather: Weather, *, keep: bool = False) -> Iterator[Stage]:
    """Everything but the work, ready; at the end nothing of it is left, unless ``keep`` leaves the folder.

    It is to be used in the main thread: servers end with the thread that started them.
    """
    folder = Path(tempfile.mkdtemp(prefix="counterflow-faults-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    with (folder / "said").open("w") as said:
        ours, work, theirs = (
            Supervisor(folder / side, lambda line: print(line, file=said, flush=True))
            for side in ("ours", "work", "theirs")
        )
        postgres, behind_odoo = (
            PostgresServer(folder / side / "postgres", processes.free_port(), PASSWORD, SURVIVES_KILLS)
            for side in ("ours", "theirs")
        )
        valkey = ValkeyServer(folder / "valkey", processes.free_port(), PASSWORD)
        odoo = OdooServer(installation, folder / "odoo", processes.free_port(), behind_odoo, PASSWORD)
        try:
            theirs.start(behind_odoo)
            ours.start(postgres, valkey)
            postgres.create_database(DATABASE)
            migrate(postgres.url(DATABASE))
            theirs.start(odoo)
            with bad_network(odoo.url, weather) as network:
                yield Stage(
                    folder, ours, work, theirs, postgres, valkey, odoo, installation.access(), network
                )
        finally:
            with _undisturbed():
                for side in (work, ours, theirs):
                    side.stop()
                if not keep:
                    shutil.rmtree(folder)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not leave half of it running."""
    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(ending, signal.SIG_IGN) for ending in endings]
    yield
    for ending, handler in zip(endings, before, strict=True):
        signal.signal(ending, handler)
