"""`counterflow up`: the whole platform on this machine, from an empty folder to the first page."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from api.local import data_folder, processes
from api.local.errors import LocalError, PortInUse
from api.local.parts import Parts, parts
from api.local.supervisor import Say, Supervisor
from api.settings import Settings

_ECHOED = frozenset({"prepare", "web", "worker", "beat"})
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(settings: Settings, say: Say, *, began: float, empty: bool = False) -> None:
    """Run the platform until Ctrl-C, TERM or the end of the terminal; then stop all of it.

    ``began`` is the moment, in seconds since the epoch, when the person gave the command. A new database is
    filled with the demonstration, unless it is to begin ``empty`` or is not our own.

    Raises
    ------
    LocalError
        When something stands in the way; nothing is left running.
    """
    data_dir = settings.data_dir.absolute()
    with _endings_interrupt(), data_folder.sole_use(data_dir) as lock:
        if not processes.is_free(settings.port):
            raise PortInUse(settings.port)
        supervisor = Supervisor(data_dir / "logs", say, echo=_ECHOED, inherit=(lock,))
        try:
            _start(supervisor, parts(settings), say, began=began, empty=empty)
            while True:
                supervisor.watch()
        except KeyboardInterrupt:
            say("stopping …")
        finally:
            for ending in _ENDINGS:
                signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            supervisor.stop()
    say("stopped; the data is kept")


def _start(supervisor: Supervisor, those: Parts, say: Say, *, began: float, empty: bool) -> None:
    say(f"Counterflow keeps its data in {those.data_dir}")
    supervisor.start(*(server for server in (those.postgres, those.valkey) if server))
    those.create_database()
    supervisor.complete(those.preparation(empty=empty or not those.postgres))
    supervisor.start(*those.applications())
    for line in _welcome(those):
        say(line)
    say(f"first page {time.time() - began:.1f} s after the command; Ctrl-C stops everything")
    if those.odoo:  # after the first page, which does not need it: what is released waits in the outbox
        try:
            supervisor.start(those.odoo)
        except LocalError as error:
            say(f"{error}\nThe platform goes on without it and tries again.")


def _welcome(those: Parts) -> Iterator[str]:
    yield f"  shop     {those.address}/"
    yield f"  console  {those.address}/console"
    if those.odoo:
        yield f"  Odoo     {those.odoo.url}/odoo  (admin, {those.odoo.installation.access().admin_password})"
    else:
        yield "  Odoo     none; `make odoo` sets one up. Factories work from the order book"
    if those.sign_ins.is_file():
        for email, password, role in json.loads(those.sign_ins.read_text()):
            yield f"  sign in  {email:<36} {password:<16} {role}"


@contextmanager
def _endings_interrupt() -> Iterator[None]:
    """TERM and the end of the terminal interrupt us as Ctrl-C does, unless they are ignored (nohup)."""
    before = {ending: signal.getsignal(ending) for ending in _ENDINGS}
    for ending, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
