"""Become another program that cannot outlive its parent: `leash.py PARENT SIGNAL UID GID program …`.

A program of its own, and not a hook between fork and exec: that hook may deadlock in a process with
threads, and a test run has some. It needs nothing but the standard library and takes about 20 ms.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Drop to the user given (-1: stay), ask the kernel for the signal, turn into the program."""
    parent, death_signal, uid, gid = map(int, sys.argv[1:5])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # elsewhere there is no such call, and only an orderly stop stops all
        # After the change of user, which makes the kernel forget the wish. Children do not inherit it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit(1)
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606  # no shell is what we want


if __name__ == "__main__":
    main()
