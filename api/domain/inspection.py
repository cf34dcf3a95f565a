"""Sampling plans of ISO 2859-1: single sampling, normal inspection, general levels (tables 1 and 2-A)."""

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

from api.domain.errors import invalid


class Level(StrEnum):
    """General inspection levels; II unless something speaks for another."""

    I = "I"  # noqa: E741 - its name in the standard
    II = "II"
    III = "III"


_LETTERS = "ABCDEFGHJKLMNPQR"
_SAMPLES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1_250, 2_000)
_LOTS_UP_TO = (8, 15, 25, 50, 90, 150, 280, 500, 1_200, 3_200, 10_000, 35_000, 150_000, 500_000)
_CODES = {Level.I: "AABCCDEFGHJKLMN", Level.II: "ABCDEFGHJKLMNPQ", Level.III: "BCDEFGHJKLMNPQR"}
_UP, _DOWN = -1, -2
#: Acceptance numbers of an AQL from its first letter on; arrows say whose plan to take instead.
_DIAGONAL = (0, _UP, _DOWN, 1, 2, 3, 5, 7, 10, 14, 21)
_FIRST = {"0.65": "F", "1.0": "E", "1.5": "D", "2.5": "C", "4.0": "B", "6.5": "A"}


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How many pieces of a lot to look at, and with how many faults among them it is accepted."""

    letter: str
    sample: int
    accept: int

    @property
    def reject(self) -> int:
        return self.accept + 1


def sampling_plan(lot: int, *, level: Level = Level.II, aql: str = "2.5") -> SamplingPlan:
    """The plan for a lot of so many pieces; a sample never exceeds the lot.

    `sampling_plan(150)` looks at 20 and accepts with 1 (vector V4). Raises InvalidRequest for a lot of less
    than two pieces or an AQL without a column here.
    """
    if lot < _SAMPLES[0]:
        raise invalid("lot", lot, f"must have at least {_SAMPLES[0]} pieces")
    if aql not in _FIRST:
        raise invalid("aql", aql, f"must be one of {', '.join(_FIRST)}")
    letter = _LETTERS.index(_CODES[level][bisect_left(_LOTS_UP_TO, lot)])
    first = _LETTERS.index(_FIRST[aql])
    letter = max(first, min(letter, first + len(_DIAGONAL) - 1))
    accept = _DIAGONAL[letter - first]
    if accept in (_UP, _DOWN):
        letter += -1 if accept == _UP else 1
        accept = _DIAGONAL[letter - first]
    return SamplingPlan(_LETTERS[letter], min(lot, _SAMPLES[letter]), accept)
