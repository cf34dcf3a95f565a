"""The bench still runs: what it prints is looked at, never how long anything took."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from planner import Plan, Problem
from planner.baseline import baseline
from planner.solve import Result, Status
from tests.planner.bench import main
from tests.planner.cases import line, lot, tiny
from tests.planner.measure import Measured, busiest, faults, late_percent, median
from tests.planner.memory import PAGE, held

TWO_LINES = tiny(lines=(line("L"), line("M")))


def written(folder: Path, problem: Problem) -> Path:
    instances = folder / "instances"
    instances.mkdir()
    (instances / "problem.json").write_text(json.dumps(problem.to_json()), encoding="utf-8")
    (folder / "reference.csv").write_text("instance,best\ntiny,240\n", encoding="utf-8")
    return instances


def answer(plan: Plan | None, status: Status = Status.FEASIBLE) -> Result:
    return Result(status, plan, None, None, seconds=0.0)


def test_a_folder_gives_a_row_for_each_problem_and_each_disruption(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUNTERFLOW_REFEREE", raising=False)
    asked = [str(written(tmp_path, TWO_LINES)), "--reference", str(tmp_path / "reference.csv")]
    asked += ["--seconds", "1", "--seeds", "1", "--workers", "1", "--markdown", "--disruption"]
    assert main(asked) == 0
    head, rule, row, *disruption = capsys.readouterr().out.splitlines()
    assert head.startswith("| instance | lots | baseline |")
    assert set(rule) == set("| -")
    assert row.startswith("| tiny | 1 | 240 | 240 |")
    assert row.endswith("| yes |")
    assert "lost | 240 |" in disruption[-1]


def test_of_several_seeds_the_median_is_shown_and_no_fault_is_lost() -> None:
    one = Measured(240, 240, None, 0.0, 0.0, first=0.1, seconds=1.0, memory=90.0, faults=())
    dear = replace(one, cost=900, bound=200.0, memory=120.0, faults=("dear",))
    together = median([dear, replace(one, cost=250), one])
    assert (together.cost, together.bound, together.memory, together.faults) == (250, 200.0, 120.0, ("dear",))
    assert together.gap == pytest.approx(20)


def test_a_plan_that_says_less_than_it_costs_is_a_fault_and_so_is_no_plan() -> None:
    plan = baseline(tiny())
    assert faults(tiny(), answer(plan.stating(objective=240))) == []
    assert faults(tiny(), answer(plan.stating(objective=239))) == ["the checker finds another cost"]
    assert faults(tiny(), answer(None, Status.NO_TIME)) == ["no plan: no_time"]


def test_late_pieces_are_counted_by_their_day() -> None:
    for due_day, percent in ((13, 0.0), (1, 100.0)):
        problem = tiny(lots=(lot("D1", "red-M", 20, due_day=due_day),))
        assert late_percent(problem, baseline(problem)) == percent


def test_the_busiest_line_is_that_of_the_plan_after_what_is_released() -> None:
    lines = tuple(line(name, capacity=(36_000,) * 4) for name in ("L", "M"))
    problem = tiny(buckets=4, lines=lines, lots=(lot("D1", "red-M", 20, due_day=27),))
    (run,) = baseline(problem).runs
    plan = Plan(problem="tiny", runs=(replace(run, line="M", bucket=3),))
    assert busiest(problem, plan) == "M"


def test_memory_is_that_of_a_process_and_its_children() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        statm = Path(f"/proc/{parent.pid}/statm").read_text().split()
        alone = int(statm[1]) * PAGE
        assert held(parent.pid) > alone
        parent.communicate("\n")
