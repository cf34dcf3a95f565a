"""What the platform on this machine consists of, and how its parts find each other."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from api.local import odoo_setup, processes
from api.local.application import Application
from api.local.data_folder import secret
from api.local.odoo import OdooServer
from api.local.postgres import PostgresServer
from api.local.valkey import ValkeyServer
from api.settings import Settings

DATABASE = "counterflow"
_ODOO_PORT = 8069  # where people expect an Odoo


@dataclass(frozen=True, slots=True)
class Parts:
    """The servers of one platform; None stands for one that is not ours to run.

    A database or broker named in the settings is used in place of our own. Odoo is there when it was set
    up and no other is named; it lives in our own PostgreSQL.
    """

    settings: Settings
    data_dir: Path
    postgres: PostgresServer | None
    valkey: ValkeyServer | None
    odoo: OdooServer | None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def create_database(self) -> None:
        """Create the application's own role and database in our PostgreSQL, which must be ready."""
        if self.postgres:
            self.postgres.ensure_role(DATABASE, secret(self.data_dir, "database"))
            if not self.postgres.has_database(DATABASE):
                self.postgres.create_database(DATABASE, owner=DATABASE)

    def variables(self) -> dict[str, str]:
        """The environment in which every process of ours finds the others."""
        found = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "COUNTERFLOW_DATA_DIR": str(self.data_dir),
            "COUNTERFLOW_SECRET": self.settings.secret or secret(self.data_dir, "signing"),
            "COUNTERFLOW_PUBLIC_URL": os.environ.get("COUNTERFLOW_PUBLIC_URL", self.address),
        }
        if self.postgres:
            password = secret(self.data_dir, "database")
            found["DATABASE_URL"] = self.postgres.url(DATABASE, role=DATABASE, password=password)
        if self.valkey:
            found["BROKER_URL"] = self.valkey.url()
        if self.odoo:
            access = self.odoo.installation.access()
            found |= {
                "ODOO_URL": self.odoo.url,
                "ODOO_DB": self.odoo.database,
                "ODOO_API_KEY": access.api_key,
                "ODOO_MASTER_DATA_KEY": access.master_data_key,
            }
        return found

    @property
    def sign_ins(self) -> Path:
        """Who may sign in to the demonstration; not there on a platform that began empty."""
        return self.data_dir / "sign-ins.json"

    def preparation(self, *, empty: bool) -> Application:
        """The job that brings the database to the newest schema and fills a new one, unless ``empty``."""
        words = (sys.executable, "-m", "api.local.prepare")
        return Application("prepare", words if empty else (*words, self.sign_ins), self.variables())

    def applications(self) -> list[Application]:
        variables = self.variables()
        celery = (sys.executable, "-m", "celery", "-A", "workers.app")
        timetable = self.data_dir / "beat"
        timetable.mkdir(exist_ok=True)
        web = (sys.executable, "-m", "web", "--port", str(self.settings.port))
        others = [f"web-{number}" for number in range(2, self.settings.web_processes + 1)]
        # Our own events are warnings to Celery; its own lines would bury the addresses in the terminal.
        worker = (*celery, "worker", "--concurrency=4", "--prefetch-multiplier=1", "--loglevel=WARNING")
        beat = (*celery, "beat", "--pidfile=", f"--schedule={timetable / 'schedule'}", "--loglevel=WARNING")
        return [
            Application("web", web, variables, address=f"{self.address}/"),
            *(Application(name, web, variables) for name in others),
            Application("worker", worker, variables),
            Application("beat", beat, variables),
        ]


def parts(settings: Settings) -> Parts:
    """The parts that these settings ask for, on free ports, with the passwords kept in the data folder."""
    data_dir = settings.data_dir.absolute()
    postgres = valkey = odoo = None
    if not settings.database_url:
        password = secret(data_dir, "postgres")
        postgres = PostgresServer(data_dir / "postgres", processes.free_port(), password)
    if not settings.broker_url:
        valkey = ValkeyServer(data_dir / "valkey", processes.free_port(), secret(data_dir, "valkey"))
    installation = odoo_setup.find()
    if installation and postgres and not settings.odoo_url:
        port = _ODOO_PORT if processes.is_free(_ODOO_PORT) else processes.free_port()
        odoo = OdooServer(installation, data_dir / "odoo", port, postgres, secret(data_dir, "odoo"))
    return Parts(settings, data_dir, postgres, valkey, odoo)
