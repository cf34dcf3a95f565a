"""One running Odoo 19, made from what the cache holds, on the platform's own PostgreSQL."""

import secrets
import signal
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from api.local.accounts import Account
from api.local.errors import LocalError, ServerFailed
from api.local.odoo_setup import ROLE, Installation, write_configuration
from api.local.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class OdooServer:
    """One Odoo process on 127.0.0.1 that serves the databases whose names match ``databases``.

    ``databases`` is a regular expression; with more than one match a caller names the database in the
    header X-Odoo-Database. ``password`` is that of Odoo's own role in ``postgres``.
    """

    installation: Installation
    folder: Path
    port: int
    postgres: PostgresServer
    password: str
    databases: str = "odoo"

    name = "odoo"
    account: Account | None = None
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.folder / "odoo.conf"

    def initialise(self) -> None:
        """Write the configuration and create Odoo's role; PostgreSQL must be ready."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.postgres.ensure_role(ROLE, self.password)
        write_configuration(
            self.configuration, postgres_port=self.postgres.port, password=self.password,
            data_dir=self.folder.resolve() / "data", http_port=self.port, dbfilter=f"^({self.databases})$",
        )  # fmt: skip

    def restore(self, database: str) -> None:
        """Create ``database`` from the cache's dump, whole or not at all; harmless when it is there."""
        if self.postgres.has_database(database):
            return
        unfinished = f"{database}_{secrets.token_hex(4)}"
        self.postgres.ensure_role(ROLE, self.password)
        self.postgres.create_database(unfinished, owner=ROLE)
        words = ["--no-owner", f"--role={ROLE}", "--jobs=2", f"--dbname={unfinished}"]
        self.postgres.client("pg_restore", *words, self.installation.dump)
        self.postgres.execute('ALTER DATABASE :"old" RENAME TO :"new"', old=unfinished, new=database)

    def command(self) -> list[str]:
        return self.installation.command("server", "-c", self.configuration)

    def environment(self) -> dict[str, str]:
        return self.installation.environment()

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def failure(self, output: str) -> LocalError:
        """What the server's last words mean."""
        last = "\n".join(output.strip().splitlines()[-8:])
        return ServerFailed(f"Odoo did not start in {self.folder}:\n{last}")
