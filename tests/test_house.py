"""The house keeps its own promises: words documented, diagrams equal everywhere, the wheel whole."""

import importlib.metadata
import inspect
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import NullPool, create_engine, text

from api.db import driver_url
from api.domain import errors, tables
from api.domain.campaign import CampaignKind
from api.domain.member import Role
from api.domain.production import OrderChannel, OrderMode
from api.migrations import alembic_config
from api.settings import Settings
from workers import outbox
from workers.app import app
from workers.parts import solve_part

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "planner", "erp_bridge", "web", "workers")


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    alias = Settings.model_fields[field].validation_alias
    (variable,) = alias.choices  # type: ignore[union-attr]
    assert f"`{variable}`" in read("README.md")


def test_every_refusal_has_a_code_of_its_own() -> None:
    refusals = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.Refusal) and "code" in vars(kind)
    ]
    codes = [kind.code for kind in refusals]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("words", [CampaignKind, Role, OrderMode, OrderChannel])
def test_the_glossary_has_every_word_of_a_closed_list(words: type[Role]) -> None:
    glossary = read("GLOSSARY.md")
    assert [word.value for word in words if word.value not in glossary] == []


def test_every_task_is_in_the_timetable_or_handles_a_topic_or_solves_a_part() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    timed = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert ours == timed | set(outbox._TERMS) | {solve_part.name}


def test_the_database_holds_the_same_diagrams(database_url: str) -> None:
    query = text("SELECT tgrelid::regclass::text, tgargs FROM pg_trigger WHERE tgname LIKE '%\\_moves'")
    with create_engine(driver_url(database_url), poolclass=NullPool).connect() as connection:
        held = {
            table: {tuple(pair.split(" > ")) for pair in bytes(arguments).decode().split("\0")[:-1]}
            for table, arguments in connection.execute(query)
        }
    assert held == {lifecycle.table: lifecycle.pairs() for lifecycle in tables.LIFECYCLES}


def test_the_migrations_make_what_the_domain_declares(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_migrations_go_down_and_up_again(committed: str) -> None:
    command.downgrade(alembic_config(committed), "base")
    command.upgrade(alembic_config(committed), "head")


def test_our_five_names_are_ours_alone() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: set(owners.get(name, ["counterflow"])) for name in PACKAGES} == {
        name: {"counterflow"} for name in PACKAGES
    }


def test_the_wheel_carries_what_the_application_needs_at_run_time(tmp_path: Path) -> None:
    uv = shutil.which("uv") or ROOT / ".tools" / "bin" / "uv"  # as the Makefile looks for it
    subprocess.run([uv, "build", "-q", "--wheel", "--out-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(file.relative_to(ROOT))
        for name in PACKAGES
        for file in (ROOT / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wanted - inside == set()


def test_a_web_process_loads_neither_solver_nor_erp_client_nor_celery() -> None:
    script = "import sys, web.app; print([m for m in ('ortools', 'odoolib', 'celery') if m in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == "[]"
