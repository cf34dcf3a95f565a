"""python -m planner: what a shell sees."""

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner import Plan, Problem, violations
from planner.__main__ import main
from tests.planner.cases import line, tiny
from tests.planner.generator import SEASON, generate


def write(folder: Path, raw: Any) -> str:
    path = folder / "problem.json"
    path.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
    return str(path)


def test_a_plan_is_written_and_the_status_is_zero(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert main([write(tmp_path, tiny().to_json()), "--seconds", "5", "--quiet", "--out", str(out)]) == 0
    plan = Plan.from_json(json.loads(out.read_text()))
    assert (plan.status, plan.objective, violations(tiny(), plan)) == ("optimal", 240, [])


def test_a_gzipped_problem_is_read_and_the_plan_goes_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "problem.json.gz"
    path.write_bytes(gzip.compress(json.dumps(tiny().to_json()).encode()))
    assert main([str(path), "--seconds", "5"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["objective"] == 240
    assert "cost 240" in shown.err


@pytest.mark.parametrize("raw", ["{", "[]", {**tiny().to_json(), "buckets": -1}], ids=str)
def test_an_invalid_problem_has_its_own_status(tmp_path: Path, raw: Any) -> None:
    assert main([write(tmp_path, raw), "--seconds", "5"]) == 2


def test_a_missing_file_is_no_crash(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nowhere.json")]) == 2


def test_an_infeasible_problem_has_its_own_status(tmp_path: Path) -> None:
    raw = tiny(lines=(line(min_run=5),)).to_json()
    piece = {"lot": "D1", "sku": "red-M", "quantity": 4}
    raw["frozen"] = [{"id": "R", "item": "red", "line": "L", "bucket": 0, "pieces": [piece], "overs": []}]
    assert main([write(tmp_path, raw), "--seconds", "5", "--quiet"]) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_brings_the_best_plan_so_far(tmp_path: Path, number: signal.Signals) -> None:
    problem = generate(SEASON, seed=1)
    out = tmp_path / "plan.json"
    path = write(tmp_path, problem.to_json())
    command = [sys.executable, "-m", "planner", path, "--seconds", "600", "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "bound" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        process.communicate(timeout=120)
    assert process.returncode == 0
    again = Problem.from_json(json.loads(Path(path).read_text()))
    assert violations(again, Plan.from_json(json.loads(out.read_text()))) == []


def test_a_web_process_that_imports_the_documents_never_loads_a_solver() -> None:
    code = "import sys, planner, planner.check, planner.pegging; sys.exit('ortools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_plan_in_force_is_where_a_new_one_begins(tmp_path: Path) -> None:
    problem = write(tmp_path, tiny().to_json())
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    assert main([problem, "--seconds", "5", "--quiet", "--out", str(first)]) == 0
    arguments = ["--seconds", "5", "--quiet", "--before", str(first), "--out", str(again)]
    assert main([problem, *arguments]) == 0
    assert json.loads(again.read_text())["objective"] <= json.loads(first.read_text())["objective"]
