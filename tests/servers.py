"""The servers of one test run: real ones, started once, on ports of their own, gone with the run.

The process that the person started keeps them (under pytest-xdist: the controller), each in a thread
that lives as long as the run. A test process that collected a test which needs a server leaves a file
`<name>.wanted` in the run's folder; the keeper answers with `<name>.json`, its addresses, or
`<name>.failed`, the reason. A run that needs no server starts none.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from api.local import odoo_setup, processes
from api.local.errors import LocalError
from api.local.odoo import OdooServer
from api.local.postgres import THROWAWAY, PostgresServer
from api.local.valkey import ValkeyServer

_RUN_FOLDER = "TEST_RUN_FOLDER"  # not ours by name: tests clear those
_PASSWORD = "for-this-run-only"  # noqa: S105  # everything is on 127.0.0.1 and gone in a minute

Addresses = dict[str, str]


class ServerMissing(Exception):
    """A server that a test needs could not be started; the words say why."""


class Keeper:
    """Starts what the tests of a run ask for, and stops it when the run is over."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="counterflow-tests-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
        os.environ[_RUN_FOLDER] = str(self.folder)  # the workers of pytest-xdist inherit it
        self._over = threading.Event()
        starters = {"postgres": self._postgres, "valkey": self._valkey, "odoo": self._odoo}
        self._threads = [threading.Thread(target=self._keep, args=item) for item in starters.items()]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop every server and remove the run's folder."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self.folder)
        del os.environ[_RUN_FOLDER]

    def _keep(self, name: str, start: Callable[[], AbstractContextManager[Addresses]]) -> None:
        """Stay for the length of the run: a server ends with the thread that started it."""
        while not (self.folder / f"{name}.wanted").exists():
            if self._over.wait(0.05):
                return
        try:
            with start() as found:
                _write(self.folder / f"{name}.json", json.dumps(found))
                self._over.wait()
        except (LocalError, ServerMissing) as error:
            _write(self.folder / f"{name}.failed", str(error))

    @contextmanager
    def _postgres(self) -> Iterator[Addresses]:
        server = PostgresServer(self.folder / "postgres", processes.free_port(), _PASSWORD, THROWAWAY)
        with processes.running(server, log=self.folder / "postgres.log"):
            yield {"port": str(server.port)}

    @contextmanager
    def _valkey(self) -> Iterator[Addresses]:
        server = ValkeyServer(self.folder / "valkey", processes.free_port(), _PASSWORD)
        with processes.running(server, log=self.folder / "valkey.log"):
            yield {"port": str(server.port)}

    @contextmanager
    def _odoo(self) -> Iterator[Addresses]:
        self._set_up_odoo()
        if not (installation := odoo_setup.find()):
            raise ServerMissing("the run ended before Odoo was set up")
        server = OdooServer(
            installation,
            self.folder / "odoo",
            processes.free_port(),
            postgres(),
            _PASSWORD,
            serves=r"odoo_gw\d+",
        )
        with processes.running(server, log=self.folder / "odoo.log"):
            yield {"url": server.url, **asdict(installation.access())}

    def _set_up_odoo(self) -> None:
        """In a process of its own, because the first time takes minutes and a run may end before."""
        words = processes.leashed([sys.executable, "-m", "api.cli", "odoo"])
        with (self.folder / "odoo-setup.log").open("wb") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log)
        while process.poll() is None and not self._over.wait(0.1):
            pass
        process.kill()
        if process.wait() and not self._over.is_set():
            raise ServerMissing((self.folder / "odoo-setup.log").read_text())


def want(name: str) -> None:
    """Have the keeper start a server, without waiting for it."""
    (_folder() / f"{name}.wanted").touch()


def failure(name: str) -> str | None:
    """Why a server could not be started; None when it could, or nobody asked."""
    file = _folder() / f"{name}.failed"
    return file.read_text() if file.exists() else None


def addresses(name: str, *, within_seconds: float) -> Addresses:
    """The addresses of a server, when it is ready; ServerMissing when it cannot be had."""
    want(name)
    answer = _folder() / f"{name}.json"
    give_up_at = time.monotonic() + within_seconds
    while not answer.exists():
        if reason := failure(name):
            raise ServerMissing(reason)
        if time.monotonic() > give_up_at:
            raise ServerMissing(f"{name} was not ready within {within_seconds:.0f} s")
        time.sleep(0.05)
    found: Addresses = json.loads(answer.read_text())
    return found


def postgres() -> PostgresServer:
    """The PostgreSQL of this run."""
    port = int(addresses("postgres", within_seconds=60)["port"])
    return PostgresServer(_folder() / "postgres", port, _PASSWORD)


def valkey() -> ValkeyServer:
    """The Valkey of this run."""
    port = int(addresses("valkey", within_seconds=60)["port"])
    return ValkeyServer(_folder() / "valkey", port, _PASSWORD)


@contextmanager
def database_of(worker: str, *, template: str, make: Callable[[str], None]) -> Iterator[str]:
    """A database for one worker, copied from a template that the first worker to come makes.

    ``make`` receives the address of the new, empty template.
    """
    server = postgres()
    with (_folder() / f"{template}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not server.has_database(template):
            server.create_database(f"{template}_unfinished")
            make(server.url(f"{template}_unfinished"))
            server.execute(f"ALTER DATABASE {template}_unfinished RENAME TO {template}")
        server.create_database(f"{template}_{worker}", template=template)
    yield server.url(f"{template}_{worker}")
    server.drop_database(f"{template}_{worker}")


@dataclass(frozen=True, slots=True)
class Odoo:
    """A real Odoo 19 with a database of this worker alone; a person signs in as ``admin``."""

    url: str
    db: str
    api_key: str
    master_data_key: str
    admin_password: str


@contextmanager
def odoo_of(worker: str) -> Iterator[Odoo]:
    """A database for one worker in the run's Odoo, copied from a fresh one."""
    found = addresses("odoo", within_seconds=900)
    database = f"odoo_{worker}"
    postgres().create_database(database, owner="odoo", template="odoo")
    yield Odoo(db=database, **found)


def install_in_odoo(database: str, module: str, *, group: str) -> None:
    """Give a database one more module of Odoo, and the integration user there a right that comes with it."""
    installation = odoo_setup.find()
    if installation is None:
        raise ServerMissing("no Odoo is set up")
    quiet = ("-c", _folder() / "odoo" / "odoo.conf", "-d", database, "--no-http", "--log-level=error")
    grant = (
        f"env['res.users'].search([('login', '=', 'erp_bridge')]).group_ids += env.ref('{group}')\n"
        "env.cr.commit()\n"
    )
    for words, stdin in (
        (("server", *quiet, "-i", module, "--stop-after-init"), ""),
        (("shell", *quiet), grant),
    ):
        command = processes.leashed(installation.command(*words))
        processes.run(command, environment=installation.environment(), stdin=stdin)


def _folder() -> Path:
    return Path(os.environ[_RUN_FOLDER])


def _write(file: Path, text: str) -> None:
    """All at once, so that nobody reads half an answer."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.rename(file)
