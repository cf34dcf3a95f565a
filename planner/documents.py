"""What the two documents of the contract have in common: reading by field, and errors that name the field."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

MISSING = "is missing"


class InvalidDocument(ValueError):
    """A document does not have the shape of the contract.

    ``field`` is the path of the field (``lots[D1].quantity``), ``value`` what stood there.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        self.reason = reason
        stood = "" if reason == MISSING else f", is {value!r:.60}"
        super().__init__(f"{field}: {reason}{stood}")


class InvalidProblem(InvalidDocument):
    """The question is wrong: a field of the problem is missing, of the wrong kind or out of range."""


class InvalidPlan(InvalidDocument):
    """A plan document does not have the shape of the contract."""


class Fields:
    """One JSON object, read field by field; a missing field raises ``error`` with its path."""

    __slots__ = ("_error", "_path", "_raw")

    def __init__(self, raw: object, path: str, error: type[InvalidDocument]) -> None:
        if not isinstance(raw, dict):
            raise error(path or "document", raw, "must be an object")
        self._raw: dict[str, Any] = raw
        self._path = path
        self._error = error

    def path(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def get(self, name: str) -> Any:
        if name not in self._raw:
            raise self._error(self.path(name), None, MISSING)
        return self._raw[name]

    def pick(self, *names: str) -> dict[str, Any]:
        return {name: self.get(name) for name in names}

    def items(self) -> Iterable[tuple[str, Any]]:
        return self._raw.items()

    def sequence(self, name: str) -> list[Any]:
        value = self.get(name)
        if not isinstance(value, list):
            raise self._error(self.path(name), value, "must be a list")
        return value

    def object(self, name: str) -> "Fields":
        return Fields(self.get(name), self.path(name), self._error)

    def objects(self, name: str) -> list["Fields"]:
        """The objects of a list; each is named by its id where it has one, else by its place."""
        return [
            Fields(entry, f"{self.path(name)}[{_label(entry, place)}]", self._error)
            for place, entry in enumerate(self.sequence(name))
        ]


def _label(entry: object, place: int) -> str | int:
    label = entry.get("id") if isinstance(entry, dict) else None
    return label if isinstance(label, str) else place


class Checks:
    """The checks of a record when it is built; each failure is an ``error`` naming ``path.field``."""

    __slots__ = ("_error", "_path")

    def __init__(self, path: str, error: type[InvalidDocument]) -> None:
        self._path = path
        self._error = error

    def whole(self, record: object, *names: str, low: int | None = 0) -> None:
        """Each named attribute is an integer (True is none) of at least ``low``."""
        for name in names:
            self.integer(name, getattr(record, name), low)

    def integer(self, name: str, value: object, low: int | None = 0, high: int | None = None) -> None:
        if type(value) is not int:
            self.fail(name, value, "must be an integer")
        elif low is not None and value < low:
            self.fail(name, value, f"must be at least {low}")
        elif high is not None and value > high:
            self.fail(name, value, f"must be at most {high}")

    def text(self, record: object, *names: str) -> None:
        for name in names:
            value = getattr(record, name)
            if not isinstance(value, str):
                self.fail(name, value, "must be a string")

    def fail(self, name: str, value: object, reason: str) -> None:
        raise self._error(f"{self._path}.{name}" if self._path else name, value, reason)


def read_json(path: Path) -> Any:
    """The JSON document in a file, gzipped where named .gz. Raises OSError, EOFError or ValueError."""
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def plain(record: object) -> Any:
    """A record of records as plain JSON values, field by field in their order."""
    if is_dataclass(record):
        return {f.name: plain(getattr(record, f.name)) for f in fields(record) if f.init}
    if isinstance(record, Mapping):
        return {key: plain(value) for key, value in record.items()}
    if isinstance(record, tuple | list):
        return [plain(value) for value in record]
    return record
