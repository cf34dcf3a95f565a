"""Who runs a server: PostgreSQL refuses root, so as root we lend it an account without rights."""

import os
import pwd
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LENT_FOLDERS = Path("/var/lib/counterflow")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, by its numbers."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """The account to drop to: ``nobody`` when we are root, None when we already are an ordinary user."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(path: Path) -> bool:
    """Whether every user of the machine may walk to ``path``: each folder above it is open for search."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def own_folder(folder: Path, account: Account | None) -> Path:
    """Create ``folder`` if need be, closed to others and owned by ``account``, and return where it is.

    A folder below root's home cannot be reached by another account, and opening root's home is not ours
    to do. Its content then lives below /var/lib/counterflow, and ``folder`` is a link to it.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if account is None or can_reach(folder):
            folder.mkdir(mode=0o700)
        else:
            folder.symlink_to(_lent_folder(folder.name))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder.resolve()


def shared_copy(name: str, parts: Mapping[str, Path]) -> Path:
    """A folder ``name`` that every user can read, with a copy of each part at its place, made once."""
    copy = _LENT_FOLDERS / name
    if not copy.is_dir():
        unfinished = _lent_folder(f"{name}-unfinished")
        for place, source in parts.items():
            shutil.copytree(source, unfinished / place, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:  # another process was faster with the same content
            shutil.rmtree(unfinished)
    return copy


def _lent_folder(name: str) -> Path:
    _LENT_FOLDERS.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = _LENT_FOLDERS / f"{name}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    return folder
