"""CSV as RFC 4180 describes it, the first line naming the columns, and errors that name the place.

Pure functions: nothing here touches a disk.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


class Malformed(ValueError):
    """A file that breaks the format: which file, which line and field, what stands there and what should."""

    def __init__(self, file: str, line: int, field: str, value: str, wants: str) -> None:
        super().__init__(f"{file}, line {line}, {field} {value!r}: {wants}")
        self.file = file


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, which knows where it stands when a field of it is wrong."""

    file: str
    line: int
    fields: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        return self.fields[field].strip()

    def wrong(self, field: str, wants: str) -> Malformed:
        return Malformed(self.file, self.line, field, self[field], wants)

    def read(self, field: str, reader: Callable[[str], T], wants: str) -> T:
        try:
            return reader(self[field])
        except ValueError as exc:
            raise self.wrong(field, wants) from exc

    def moment(self, field: str) -> datetime:
        """A moment with its offset from UTC: without one it would be somebody's guess."""
        wants = "a moment with its offset, 2027-01-15T10:00:00Z"
        moment = self.read(field, datetime.fromisoformat, wants)
        if moment.tzinfo is None:
            raise self.wrong(field, wants)
        return moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(columns)
    table.writerows(rows)
    return written.getvalue()


def read_table(file: str, text: str, columns: Sequence[str]) -> Iterator[Row]:
    """The lines under the first, which must name the columns in any order; others beside them are ignored."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    try:
        named = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = named
        if missing := [column for column in columns if column not in named]:
            raise Malformed(
                file, 1, ", ".join(missing), ",".join(named), f"the columns are {','.join(columns)}"
            )
        for fields in reader:
            if None in fields:  # what stands beyond the last column
                raise Malformed(
                    file,
                    reader.line_num,
                    named[-1],
                    fields[named[-1]],
                    "the row has more fields than columns",
                )
            yield Row(file, reader.line_num, fields)
    except csv.Error as exc:
        raise Malformed(file, reader.line_num, "row", "", str(exc)) from exc
