"""Debian packages into a folder of our own: downloaded by the machine's apt, unpacked, never installed.

It works as any user and changes nothing of the system: apt keeps its lists and its cache where we say.
The mirror is the one the machine itself uses.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.local import processes
from api.local.errors import NoDebianPackages, ServerFailed

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True, slots=True)
class Apt:
    """The machine's apt with its lists and its cache in ``folder``.

    ``suite`` names one suite of Debian to take everything from, unstable for example; without it the
    machine's own suites are used.

    Raises
    ------
    NoDebianPackages
        By every method, when the machine has no apt or apt cannot fetch what is asked for.
    """

    folder: Path
    suite: str = ""

    def update(self) -> None:
        """Fetch the lists of packages that are on offer now."""
        for place in ("lists/partial", "archives/partial"):
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        if self.suite:
            signed = f"[signed-by={_KEYRING}] " if _KEYRING.exists() else ""
            line = f"deb {signed}{self._mirror()} {self.suite} main\n"
            (self.folder / "sources.list").write_text(line)
        self._run("apt-get", "update", "-qq")

    def download(self, *packages: str) -> list[Path]:
        """Fetch exactly these packages."""
        self._run("apt-get", "install", "-qq", "--download-only", "--no-install-recommends", *packages)
        return sorted((self.folder / "archives").glob("*.deb"))

    def fetch(self, *packages: str) -> list[Path]:
        """Fetch exactly these packages, without those they depend on."""
        folder = self.folder / "archives"
        lines = self._run("apt-get", "download", "--print-uris", *packages).splitlines()
        names = [line.split()[1] for line in lines if line.startswith("'")]
        self._run("apt-get", "download", "-qq", *packages, folder=folder)
        return [folder / name for name in names]

    def _mirror(self) -> str:
        """The site of the machine's first Debian archive, security updates aside."""
        own = Apt(self.folder / "own")
        for options in ((), own.options()):
            if options:
                own.update()
            words = ["apt-get", *options, "indextargets", "--format", "$(SITE)"]
            only = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
            if sites := _apt([*words, *only]).split():
                return sites[0]
        raise NoDebianPackages("this machine's apt knows no Debian archive")

    def options(self) -> tuple[str, ...]:
        places = {
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "Dir::Cache::archives": self.folder / "archives",
            "Dir::Log": self.folder,
            "Debug::NoLocking": "1",  # the lock belongs to root; nobody else uses this folder
            "APT::Sandbox::User": "",  # apt's own user cannot reach this folder
            "Acquire::Languages": "none",
            "Binary::apt-get::APT::Keep-Downloaded-Packages": "1",
        }
        if self.suite:
            places |= {"Dir::Etc::SourceList": self.folder / "sources.list", "Dir::Etc::SourceParts": "-"}
        return tuple(word for name, value in places.items() for word in ("-o", f"{name}={value}"))

    def _run(self, program: str, *words: str, folder: Path = Path("/")) -> str:
        return _apt([program, *self.options(), *words], folder=folder)


def unpack(package: Path, root: Path, *, exclude: Sequence[str] = (), only: Sequence[str] = ()) -> None:
    """Lay the files of a package below ``root``, without the shell patterns in ``exclude``."""
    root.mkdir(parents=True, exist_ok=True)
    words = ["tar", "-x", "-C", str(root), *(f"--exclude={pattern}" for pattern in exclude), *only]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as archive:  # noqa: S603, S607
        subprocess.run(words, stdin=archive.stdout, check=True)  # noqa: S603
    if archive.returncode:
        raise NoDebianPackages(f"{package} cannot be unpacked: remove it and try again")


def _apt(words: list[str], *, folder: Path = Path("/")) -> str:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NoDebianPackages("this machine has no apt-get or no dpkg-deb: it is not a Debian system")
    try:
        return processes.run(words, folder=folder, environment={"LC_ALL": "C"})
    except ServerFailed as error:
        raise NoDebianPackages(f"apt cannot fetch packages: {error}") from error
