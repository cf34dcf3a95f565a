"""The referee of the contract, a script that lies outside the project, loaded as a module."""

import importlib.util
from pathlib import Path
from typing import Any


def load_referee(path: Path) -> Any:
    """The module in the file; its ``evaluate(problem, plan)`` takes both as plain JSON."""
    spec = importlib.util.spec_from_file_location("counterflow_referee", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
