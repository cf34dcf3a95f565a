"""python -m planner.review: the difference of two plans, as a shell sees it."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner import Difference, Piece, Plan, Run, compare, cost, lose_line
from planner.review import main
from tests.planner.cases import line, tiny

PROBLEM = lose_line(tiny(lines=(line("L"), line("M"))), "L", from_bucket=0)
BEFORE = Plan("tiny", (Run("R0", "red", "L", 0, (Piece("D1", "red-M", 20),)),))
AFTER = Plan("tiny", (Run("R1", "red", "M", 1, (Piece("D1", "red-M", 15),)),))


def files(folder: Path, *documents: Any) -> list[str]:
    paths = [folder / f"{number}.json" for number in range(len(documents))]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return [str(path) for path in paths]


def test_what_changes_is_told_in_words_without_loading_a_solver(tmp_path: Path) -> None:
    paths = files(tmp_path, PROBLEM.to_json(), BEFORE.to_json(), AFTER.to_json())
    command = [sys.executable, "-X", "importtime", "-m", "planner.review", *paths]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[0] == "tiny: 15 pieces moved, +105 piece-days, 5 no longer served"
    assert "rule 2, line time: line L, bucket 0" in told.stdout
    assert "red: 15 from F in bucket 0 to F in bucket 1" in told.stdout
    assert "red on M in bucket 1: 0 -> 15" in told.stdout
    assert f"{cost(PROBLEM, AFTER).unfilled:+,d}" in told.stdout
    assert "ortools" not in told.stderr
    assert "Warning" not in told.stderr


def test_the_json_is_the_whole_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = files(tmp_path, PROBLEM.to_json(), BEFORE.to_json(), AFTER.to_json())
    assert main([*paths, "--json"]) == 0
    assert Difference.from_json(json.loads(capsys.readouterr().out)) == compare(PROBLEM, BEFORE, AFTER)


def test_long_lists_are_cut_unless_all_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tuple(line(f"L{number:02d}") for number in range(30))
    many = Plan(
        "tiny", tuple(Run(each.id, "red", each.id, 0, (Piece("D1", "red-M", 1),)) for each in lines[:20])
    )
    few = Plan("tiny", (Run("R", "red", "L29", 0, (Piece("D1", "red-M", 20),)),))
    paths = files(tmp_path, tiny(lines=lines).to_json(), many.to_json(), few.to_json())
    assert main(paths) == 0
    assert "and 1 more" in capsys.readouterr().out
    assert main([*paths, "--all"]) == 0
    assert "more" not in capsys.readouterr().out


def test_plans_that_agree_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem, *_ = files(tmp_path, tiny().to_json())
    plan = tmp_path / "plan.json.gz"
    plan.write_bytes(gzip.compress(json.dumps(BEFORE.to_json()).encode()))
    assert main([problem, str(plan), str(plan)]) == 0
    assert capsys.readouterr().out.startswith("tiny: no lot fares otherwise\n")


@pytest.mark.parametrize("broken", ["{", "[]"])
def test_a_document_that_is_none_has_its_own_status(
    tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(files(tmp_path, PROBLEM.to_json(), broken, AFTER.to_json())) == 2
    assert main(files(tmp_path, broken, BEFORE.to_json(), AFTER.to_json())) == 2
    assert capsys.readouterr().err
    assert main([str(tmp_path / "nowhere.json")] * 3) == 2
