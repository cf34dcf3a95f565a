"""One running Odoo 19, made from what the cache holds, on the platform's own PostgreSQL."""

import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

from api.local.accounts import Account
from api.local.application import answers
from api.local.errors import LocalError, ServerFailed
from api.local.odoo_setup import ROLE, Installation, write_configuration
from api.local.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class OdooServer:
    """One Odoo process on 127.0.0.1 with ``database``, which is made from the cache's dump when missing.

    ``password`` is that of Odoo's own role in ``postgres``. ``serves`` is a regular expression for the
    names of databases that are answered for, without it just ``database``; where several match, a caller
    names the one in the header X-Odoo-Database.
    """

    installation: Installation
    folder: Path
    port: int
    postgres: PostgresServer
    password: str
    database: str = "odoo"
    serves: str = ""

    name = "odoo"
    account: Account | None = None
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.folder / "odoo.conf"

    def initialise(self) -> None:
        """Write the configuration, create Odoo's role and its database; PostgreSQL must be ready."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.postgres.ensure_role(ROLE, self.password)
        write_configuration(
            self.configuration, postgres_port=self.postgres.port, password=self.password,
            data_dir=self.folder.resolve() / "data", http_port=self.port,
            dbfilter=f"^({self.serves or self.database})$",
        )  # fmt: skip
        if not self.postgres.has_database(self.database):
            self._restore()

    def _restore(self) -> None:
        unfinished = f"{self.database}_{secrets.token_hex(4)}"  # renamed when whole
        self.postgres.create_database(unfinished, owner=ROLE)
        words = ["--no-owner", f"--role={ROLE}", "--jobs=2", f"--dbname={unfinished}"]
        self.postgres.client("pg_restore", *words, self.installation.dump)
        self.postgres.execute('ALTER DATABASE :"old" RENAME TO :"new"', old=unfinished, new=self.database)

    def command(self) -> list[str]:
        return self.installation.command("server", "-c", self.configuration)

    def environment(self) -> dict[str, str]:
        return self.installation.environment()

    def ready(self) -> bool:
        return answers(f"{self.url}/web/health")

    def failure(self, output: str) -> LocalError:
        """What the server's last words mean."""
        last = "\n".join(output.strip().splitlines()[-8:])
        return ServerFailed(f"Odoo did not start in {self.folder}:\n{last}")
