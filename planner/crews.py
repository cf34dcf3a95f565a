"""Who may do the work, by name: processes on this machine, or whatever is installed beside us.

A crew elsewhere announces itself in the entry point group `counterflow.crews`, so that this package
need not know it.
"""

from collections.abc import Callable
from importlib.metadata import entry_points

from planner.hands import Crew, LocalCrew
from planner.problem import Problem

GROUP = "counterflow.crews"
LOCAL = "local"


class CrewUnavailable(RuntimeError):
    """The crew that was asked for cannot be had; the text says why."""


class UnknownCrew(CrewUnavailable):
    """No crew has this name; the text lists those there are."""


def crew_named(name: str) -> Callable[[Problem, int], Crew]:
    """What `solve` takes as its ``crew``. Raises UnknownCrew."""
    if name == LOCAL:
        return LocalCrew
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name not in others:
        raise UnknownCrew(f"no crew is called {name!r}; there are: {', '.join([LOCAL, *sorted(others)])}")
    found: Callable[[Problem, int], Crew] = others[name].load()
    return found
