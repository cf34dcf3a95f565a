import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.local import data_folder
from api.local.errors import AlreadyRunning

HOLD = "import sys, time; from pathlib import Path; from api.local.data_folder import sole_use\n"


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(home: Path) -> None:
    made = data_folder.secret(home, "signing")
    assert len(made) >= 32
    assert data_folder.secret(home, "signing") == made
    assert data_folder.secret(home, "other") != made
    assert (home / "secrets" / "signing").stat().st_mode & 0o777 == 0o600


def test_two_supervisors_cannot_share_a_folder(home: Path) -> None:
    with data_folder.sole_use(home):
        code = f"{HOLD}with sole_use(Path({str(home)!r})): pass"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"process {os.getpid()} already runs Counterflow" in other.stderr


def test_a_new_start_waits_for_what_a_killed_supervisor_left(home: Path) -> None:
    code = f"""{HOLD}
import subprocess
with sole_use(Path({str(home)!r})) as lock:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock])
    print(left.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        left = int(supervisor.stdout.readline())
        supervisor.kill()
    with (
        pytest.raises(AlreadyRunning, match="an earlier run still uses"),
        data_folder.sole_use(home, patience_seconds=0),
    ):
        pass
    os.kill(left, signal.SIGKILL)
    with data_folder.sole_use(home):
        pass
