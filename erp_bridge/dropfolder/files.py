"""Files that appear whole and once, or not at all, in a folder that others write in too."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from erp_bridge.errors import ErpRejected, ErpUnavailable

SUFFIX = ".csv"
WORDS = ".error.txt"
LASTING = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EOPNOTSUPP, errno.ENOTDIR, errno.ENAMETOOLONG}


@contextmanager
def failures() -> Iterator[None]:
    """What a file system refuses, as the port's two errors: a right is a person's matter, the rest may pass.

    A missing folder, a full disk and a share that is gone all come back by themselves or by whoever keeps
    the machine; orders wait meanwhile.
    """
    try:
        yield
    except OSError as exc:
        words = f"{exc.filename or 'the drop folder'}: {exc.strerror}"
        raise (ErpRejected if exc.errno in LASTING else ErpUnavailable)(words) from exc


def write_once(path: Path, text: str) -> bool:
    """Let a file appear with all of its text, on the disk; False, and nothing changed, if its name is taken.

    It is written under another name that no reader looks at, then linked to its own: unlike a rename, a link
    refuses a name that is taken, so of two writers one is the first. A writer that dies leaves a file of the
    other name, which nobody reads.
    """
    if path.exists():
        return False
    unseen = path.with_name(f".{path.name}.{token_hex(8)}.part")
    with unseen.open("x", encoding="utf-8", newline="") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            path.hardlink_to(unseen)
        except FileExistsError:
            return False
        finally:
            unseen.unlink()
    _keep_names(path.parent)
    return True


def try_out(folder: Path) -> None:
    """Write a file that no reader looks at, link it and take both away: whether all of it works here."""
    path = folder / f".{token_hex(8)}"
    write_once(path, "")
    path.unlink()


def names(folder: Path) -> set[str]:
    """Names of the CSV files of a folder, without their suffix; hidden ones are still being written."""
    return {
        each.name.removesuffix(SUFFIX)
        for each in os.scandir(folder)
        if each.name.endswith(SUFFIX) and not each.name.startswith(".")
    }


def read(path: Path) -> str:
    """The text of a file in UTF-8 or, as spreadsheets in China save it, in GB 18030."""
    written = path.read_bytes()
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError:
        return written.decode("gb18030", errors="replace")


def set_aside(path: Path, folder: Path, words: str) -> None:
    """Move a file out of the way, with the words beside it that say why; twice at once does it once."""
    (folder / f"{path.name}{WORDS}").write_text(f"{words}\n", encoding="utf-8")
    with suppress(FileNotFoundError):  # another process of ours was faster
        path.replace(folder / path.name)


def _keep_names(folder: Path) -> None:
    """Have the folder's list of names on the disk too: a name lost to a power cut would be an order lost."""
    listing = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(listing)
    finally:
        os.close(listing)
