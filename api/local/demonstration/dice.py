"""Chance that repeats: every part of the demonstration has its own stream, so one may change alone."""

import random
import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID


class Dice(random.Random):
    """Seeded chance, identities included."""

    def uuid(self) -> UUID:
        return UUID(int=self.getrandbits(128), version=4)

    def chance(self, share: float) -> bool:
        """True in so many of a hundred throws, `share` from 0 to 1."""
        return self.random() < share

    def near(self, amount: int, spread: float) -> int:
        """A whole number within `spread` (0.1 is ten per cent) of the amount."""
        return round(amount * self.uniform(1 - spread, 1 + spread))


def dice(seed: int, part: str) -> Dice:
    """The stream of one part."""
    return Dice(f"{seed} {part}")


def sheet(name: str) -> dict[str, Any]:
    """One of the data files beside this module, written by hand: what a person edits is not code."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
