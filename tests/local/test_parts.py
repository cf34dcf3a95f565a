import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.local.parts import parts
from api.settings import Settings


def settings(home: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name in ("DATABASE_URL", "BROKER_URL", "ODOO_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    for name, value in {"COUNTERFLOW_DATA_DIR": str(home / "data"), **variables}.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_without_a_word_everything_is_our_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = parts(settings(home, monkeypatch))
    assert found.postgres
    assert found.valkey
    assert found.odoo is None  # none was set up
    assert f"127.0.0.1:{found.postgres.port}/counterflow" in found.variables()["DATABASE_URL"]
    assert found.variables()["BROKER_URL"] == found.valkey.url()


def test_a_database_and_a_broker_that_are_named_are_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, broker = "postgresql://elsewhere/counterflow", "redis://elsewhere"
    found = parts(settings(home, monkeypatch, DATABASE_URL=database, BROKER_URL=broker))
    assert (found.postgres, found.valkey) == (None, None)
    assert (found.variables()["DATABASE_URL"], found.variables()["BROKER_URL"]) == (database, broker)


def test_the_passwords_of_one_folder_stay_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (parts(settings(home, monkeypatch)) for _ in range(2))
    assert first.postgres
    assert second.postgres
    assert first.postgres.password == second.postgres.password
    assert first.variables()["COUNTERFLOW_SECRET"] == second.variables()["COUNTERFLOW_SECRET"]


def test_a_machine_without_debian_packages_hears_of_the_alternatives(home: Path) -> None:
    surroundings = {**os.environ, "PATH": str(home), "XDG_CACHE_HOME": str(home)}
    command = [sys.executable, "-m", "api.cli", "odoo"]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "it is not a Debian system" in done.stderr
    assert "ODOO_URL" in done.stderr
    assert "order book" in done.stderr
