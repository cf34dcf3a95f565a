"""A real Odoo 19 from Debian's package, set up once per user of the machine and kept in the cache.

The cache holds what every Odoo of this user starts from: the program, its Python packages, and a dump of
a database with manufacturing, purchase and stock installed, two integration users and their keys. Each
step leaves its result under its final name only when it is whole, so an interrupted set-up goes on where
it stopped, and a second one takes no time.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.local import debian, processes
from api.local.errors import ServerFailed
from api.local.postgres import THROWAWAY, PostgresServer

Say = Callable[[str], None]

MODULES = "mrp_subcontracting_purchase"  # brings mrp, purchase, stock, and /json/2
ROLE = "odoo"
_LOCK = Path(__file__).with_name("odoo-requirements.lock")
# The pages follow links out of Odoo's package into these; without them every page answers 500.
_PAGE_PACKAGES = ("libjs-jquery", "libjs-jquery-form", "libjs-underscore", "fonts-font-awesome")
# 1.2 GB become 300 MB; the icons stay, because installing a module reads them.
_LEFT_OUT = ("*/i18n/*", "*/addons/l10n_*", "*/static/description/[!i]*")
_PLACES = ("./usr/lib/python3/dist-packages", "./usr/bin")

# Run inside `odoo shell`. Attachments go into the database, so that a copy of it is a whole Odoo.
_USERS = """
import json, os, secrets
env['ir.config_parameter'].set_param('ir_attachment.location', 'db')
env['ir.attachment'].force_storage()
access = {'admin_password': secrets.token_urlsafe(12)}
env.ref('base.user_admin').password = access['admin_password']
rights = {
    'api_key': ('erp_bridge', 'mrp.group_mrp_user purchase.group_purchase_user'),
    'master_data_key': ('erp_master_data', 'mrp.group_mrp_manager product.group_product_manager '
                        'purchase.group_purchase_user base.group_partner_manager'),
}
for key, (login, groups) in rights.items():
    user = env['res.users'].with_context(no_reset_password=True).create({'name': login, 'login': login})
    user.group_ids = [(6, 0, [env.ref(group).id for group in groups.split()])]
    access[key] = env['res.users.apikeys'].with_user(user).sudo()._generate('rpc', login, None)
env.cr.commit()
with open(os.environ['COUNTERFLOW_ACCESS_FILE'], 'w') as file:
    json.dump(access, file)
"""


@dataclass(frozen=True, slots=True)
class Access:
    """How to get into an Odoo that was restored from the cache's dump.

    ``api_key`` belongs to the integration user with the least rights, ``master_data_key`` to the one that
    may create products, bills of material and partners. A person signs in as ``admin``.
    """

    api_key: str
    master_data_key: str
    admin_password: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What the cache holds when the set-up is complete."""

    folder: Path

    @property
    def dump(self) -> Path:
        return self.folder / "template.dump"

    @property
    def complete(self) -> bool:
        return self.dump.exists()

    def access(self) -> Access:
        return Access(**json.loads((self.folder / "access.json").read_text()))

    def command(self, *words: str | Path) -> list[str]:
        program = [self.folder / "venv/bin/python", self.folder / "tree/usr/bin/odoo"]
        return [str(word) for word in (*program, *words)]

    def environment(self) -> dict[str, str]:
        """Surroundings in which only Odoo's own packages are found."""
        tree = self.folder / "tree/usr/lib/python3/dist-packages"
        return {**processes.plain_environment(), "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": ""}


def cache_folder() -> Path:
    """Where this user of the machine keeps what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "counterflow"


def write_configuration(file: Path, *, postgres_port: int, password: str, **options: object) -> None:
    """Write Odoo's configuration, which holds a password, for our eyes only."""
    words = {
        "db_host": "127.0.0.1",
        "db_port": postgres_port,
        "db_user": ROLE,
        "db_password": password,
        "db_maxconn": 32,
        "http_interface": "127.0.0.1",
        "list_db": False,  # no page that creates and drops databases
        "max_cron_threads": 0,
        "with_demo": False,
        "data_dir": file.parent / "data",
        **options,
    }
    file.touch(mode=0o600)
    file.write_text("[options]\n" + "".join(f"{name} = {value}\n" for name, value in words.items()))


def find() -> Installation | None:
    """The newest complete installation that was made by this recipe; None when there is none."""
    found = [Installation(folder) for folder in cache_folder().glob(f"odoo-*-{_recipe()}")]
    return max((one for one in found if one.complete), key=lambda one: one.folder.name, default=None)


def install(say: Say) -> Installation:
    """Set Odoo up, or go on where an interrupted set-up stopped, telling each step and its seconds.

    Raises
    ------
    NoDebianPackages
        When this machine cannot fetch Debian's package.
    """
    if installation := find():
        return installation
    cache = cache_folder()
    packages = cache / "odoo-packages"
    with _only_one(cache):
        if installation := find():  # the one we waited for
            return installation
        _step(say, "fetch Debian's odoo-19", lambda: _fetch(packages))
        (package,) = packages.glob("odoo-19_*.deb")
        installation = Installation(cache / f"odoo-{package.name.split('_')[1]}-{_recipe()}")
        installation.folder.mkdir(exist_ok=True)
        _step(say, "unpack it", lambda: _unpack(packages, installation.folder / "tree"))
        _step(say, "install its Python packages", lambda: _make_venv(installation.folder / "venv"))
        _step(say, f"install {MODULES} into a database", lambda: _make_dump(installation))
        shutil.rmtree(packages)
    return installation


def _recipe() -> str:
    """A digest of all that decides what a set-up makes, so that a change of it makes a new one."""
    parts = (_LOCK.read_text(), _USERS, MODULES, *_LEFT_OUT, sysconfig.get_python_version())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _step(say: Say, name: str, work: Callable[[], None]) -> None:
    say(f"Odoo: {name} …")
    began = time.monotonic()
    work()
    say(f"Odoo: {name}: {time.monotonic() - began:.1f} s")


def _fetch(packages: Path) -> None:
    if packages.is_dir():
        return
    unfinished = packages.with_name("packages.unfinished")
    apt = debian.Apt(unfinished, suite="sid")
    apt.update()
    apt.fetch("odoo-19", *_PAGE_PACKAGES)
    (unfinished / "archives").rename(packages)
    shutil.rmtree(unfinished)


def _unpack(packages: Path, tree: Path) -> None:
    if tree.is_dir():
        return
    unfinished = tree.with_name("tree.unfinished")
    for package in sorted(packages.glob("*.deb")):
        is_odoo = package.name.startswith("odoo")
        debian.unpack(
            package, unfinished, exclude=_LEFT_OUT if is_odoo else (), only=_PLACES if is_odoo else ()
        )
    unfinished.rename(tree)


def _make_venv(venv: Path) -> None:
    """Odoo's packages have a venv of their own: they ask for other versions than ours."""
    done = venv / "complete"
    if done.exists():
        return
    if uv := shutil.which("uv"):
        _run_long(uv, "venv", "-q", "--clear", "--python", _python(), venv)
        _run_long(uv, "pip", "sync", "-q", "--python", venv / "bin/python", "--require-hashes", _LOCK)
    else:
        _run_long(_python(), "-m", "venv", "--clear", venv)
        _run_long(venv / "bin/python", "-m", "pip", "install", "-q", "--require-hashes", "-r", _LOCK)
    done.touch()


def _python() -> str:
    """An interpreter that Odoo 19 knows: 3.10 to 3.13."""
    if sys.version_info < (3, 14):
        return sys.executable
    for minor in (13, 12, 11):
        if found := shutil.which(f"python3.{minor}"):
            return found
    raise ServerFailed("Odoo 19 needs Python 3.11, 3.12 or 3.13, and this machine has only newer ones")


def _make_dump(installation: Installation) -> None:
    """Install the modules into a database of a passing server, and dump it."""
    with tempfile.TemporaryDirectory(prefix="counterflow-odoo-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
        postgres = PostgresServer(folder / "postgres", processes.free_port(), secrets.token_hex(), THROWAWAY)
        with processes.running(postgres, log=folder / "postgres.log"):
            postgres.ensure_role(ROLE, postgres.password)
            postgres.create_database("odoo", owner=ROLE)
            configuration = folder / "odoo.conf"
            write_configuration(configuration, postgres_port=postgres.port, password=postgres.password)
            quiet = ("-c", configuration, "-d", "odoo", "--no-http", "--log-level=warn")
            _run_odoo(installation, "server", *quiet, "-i", MODULES, "--stop-after-init")
            _run_odoo(installation, "shell", *quiet, stdin=_USERS)
            unfinished = installation.dump.with_suffix(".unfinished")
            postgres.client("pg_dump", "-Fc", "-d", "odoo", "-f", unfinished)
            unfinished.rename(installation.dump)


def _run_odoo(installation: Installation, *words: str | Path, stdin: str = "") -> None:
    access = installation.folder / "access.json"
    access.touch(mode=0o600)
    environment = {**installation.environment(), "COUNTERFLOW_ACCESS_FILE": str(access)}
    _run_long(*installation.command(*words), environment=environment, stdin=stdin)


def _run_long(*words: str | Path, environment: Mapping[str, str] | None = None, stdin: str = "") -> None:
    """Run a command of many seconds so that it ends when the set-up is interrupted."""
    leashed = processes.leashed(words)
    processes.run(leashed, environment=environment, stdin=stdin)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Wait until no other process of this user is setting Odoo up."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "odoo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
