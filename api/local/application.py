"""Our own processes as the supervisor sees them."""

import signal
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.local.accounts import Account
from api.local.errors import LocalError, ServerFailed


@dataclass(frozen=True, slots=True)
class Application:
    """A Python program of ours; ``address`` is asked whether it is ready, without one it is at once."""

    name: str
    words: tuple[str | Path, ...]
    variables: Mapping[str, str]
    address: str = ""

    account: Account | None = None
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL  # a worker asked to end would first finish a task of minutes

    def initialise(self) -> None:
        """Nothing to prepare."""

    def command(self) -> list[str]:
        return [str(word) for word in self.words]

    def environment(self) -> Mapping[str, str]:
        return self.variables

    def ready(self) -> bool:
        return not self.address or answers(self.address)

    def failure(self, output: str) -> LocalError:
        """What the program's last words mean."""
        last = "\n".join(output.strip().splitlines()[-12:])
        return ServerFailed(f"{self.name} did not start:\n{last}")


def answers(address: str) -> bool:
    """Whether a GET of an HTTP address is answered with success."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  # our own http address
            return bool(answer.status < 300)  # noqa: PLR2004
    except OSError:  # URLError is one: refused, too slow, or answered with an error
        return False
