"""Become another program that cannot outlive its parent: `leash.py PARENT SIGNAL UID GID program …`.

A program of its own, and not a hook between fork and exec: that hook may deadlock in a process with
threads, and a test run has some. It needs nothing but the standard library and takes about 20 ms.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: int) -> None:
    """Have the kernel send us ``death_signal`` when the thread that started us ends, however it ends.

    Our own children do not inherit the wish, and a change of user makes the kernel forget it. Other
    systems than Linux have no such call; there only an orderly stop stops all.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def main() -> None:
    """Drop to the user given (-1: stay), die with the parent given, turn into the program given."""
    parent, death_signal, uid, gid = map(int, sys.argv[1:5])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    die_with_parent(death_signal)
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit(1)
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606  # no shell is what we want


if __name__ == "__main__":
    main()
