import json
from pathlib import Path

import pytest

from planner.__main__ import main
from planner.crews import UnknownCrew, crew_named
from planner.hands import LocalCrew
from tests.planner.cases import tiny


def test_the_crew_on_this_machine_needs_nothing_installed() -> None:
    assert crew_named("local") is LocalCrew


def test_an_unknown_crew_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownCrew, match="no crew is called 'pigeons'; there are: local, celery"):
        crew_named("pigeons")


def test_the_command_refuses_an_unknown_crew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = tmp_path / "problem.json"
    problem.write_text(json.dumps(tiny().to_json()))
    with pytest.raises(SystemExit, match="2"):
        main([str(problem), "--via", "pigeons"])
    assert "there are: local, celery" in capsys.readouterr().err
