"""State machines: one diagram per noun, refused here and again by a trigger in the database.

Every step leaves a trace: `move` notes who, when and why on the object, and the session writes the
note as an audit entry in the same transaction (`api/db.py`), so no state changes unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import inspect

from api.domain.errors import IllegalMove

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a state machine, as it will stand in the audit."""

    before: str | None
    after: str
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The diagram of a noun: from each state, the states that may follow."""

    noun: str
    table: str
    moves: Mapping[StrEnum, frozenset[StrEnum]]

    def allows(self, before: StrEnum, after: StrEnum) -> bool:
        return after in self.moves[before]

    def pairs(self) -> set[tuple[str, str]]:
        """All allowed steps; the migration writes the same set into `allowed_move`."""
        return {(before.value, after.value) for before, follow in self.moves.items() for after in follow}


class Stateful:
    """A table with a `status` that changes only by `move`."""

    lifecycle: ClassVar[Lifecycle]
    if TYPE_CHECKING:
        status: Any

    def begin(self, *, by: str, at: datetime, why: str) -> None:
        """Note the first state of a new object."""
        self._note(Move(None, self.status.value, at, by, why))

    def move(self, after: StrEnum, *, by: str, at: datetime, why: str) -> None:
        """Go to `after`; raises IllegalMove where the diagram has no such step."""
        before: StrEnum = self.status
        if not self.lifecycle.allows(before, after):
            raise IllegalMove(self.lifecycle.noun, self.name_for_people, before.value, after.value)
        self.status = after
        self._note(Move(before.value, after.value, at, by, why))

    @property
    def name_for_people(self) -> str:
        """The number or code that people use for this object."""
        return str(self.number)  # type: ignore[attr-defined]

    def _note(self, move: Move) -> None:
        info: dict[str, Any] = inspect(self).info
        info.setdefault("moves", []).append(move)

    def take_moves(self) -> list[Move]:
        """Hand over the steps not yet written; called once by the session before it flushes."""
        moves: list[Move] = inspect(self).info.pop("moves", [])
        return moves
