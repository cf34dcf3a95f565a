"""A headless Chromium for the browser tests: the machine's own, or Debian's, unpacked into the cache.

No browser is downloaded from anywhere but Debian, nothing is installed, and root is not needed: apt names
the libraries that this machine lacks, and they come along, with a font for Chinese.
"""

import fcntl
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.local.debian import Apt, unpack
from api.local.odoo_setup import cache_folder

_OWN = Path("/usr/bin/chromium")
#: Headless; works as root and in a container.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage")


@dataclass(frozen=True, slots=True)
class Chromium:
    """What Playwright's ``launch`` needs: the program, and what to add to its environment."""

    executable: Path
    environment: Mapping[str, str]


def chromium() -> Chromium:
    """The machine's own Chromium, else one from the cache, fetched on first use in about half a minute.

    Raises
    ------
    NoDebianPackages
        When this machine has no Chromium and cannot fetch Debian's.
    """
    return Chromium(_OWN, {}) if _OWN.exists() else _cached(cache_folder() / "chromium")


def _cached(root: Path) -> Chromium:
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _fetch(root.with_suffix(".unfinished")).rename(root)
    libraries = [*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu")]
    environment = {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "FONTCONFIG_FILE": str(_font_list(root)),
    }
    return Chromium(root / "usr/lib/chromium/chromium", environment)


def _fetch(root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    apt = Apt(root.with_suffix(".apt"))
    apt.update()
    for package in apt.download("chromium", "fonts-wqy-microhei", "fonts-dejavu-core"):
        unpack(package, root)
    shutil.rmtree(apt.folder)
    return root


def _font_list(root: Path) -> Path:
    file = root / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?>\n<fontconfig>\n'
        f"<dir>{root}/usr/share/fonts</dir>\n<dir>/usr/share/fonts</dir>\n"
        f"<cachedir>{root}/font-cache</cachedir>\n</fontconfig>\n"
    )
    return file
