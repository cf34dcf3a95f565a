"""What the firm writes into a drop folder: numbered files of rows that say how far orders are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from erp_bridge.dropfolder.tables import Row, read_table

ANSWER_COLUMNS = ("reference", "state", "sku", "done", "expected_finish_at", "words")
END = "end"


class Unfinished(ValueError):
    """An answer without its last row: it is still being written, or was cut off on the way."""


class AnswerState(StrEnum):
    """What the firm says of an order."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of an answer: how far an order is, and so far as it says so the good pieces of one SKU."""

    reference: str
    state: AnswerState
    sku: str = ""
    done: int = 0
    expected_finish_at: datetime | None = None
    words: str = ""


def read_answers(file: str, text: str, skus: Callable[[str], frozenset[str]]) -> tuple[Answer, ...]:
    """The rows of an answer, all or none.

    ``skus`` tells the codes that were ordered under a reference, none when it was never ordered.

    Raises
    ------
    Unfinished
        Without a last row ``end`` and the number of rows before it: half an answer must not count as one.
    Malformed
        When any row breaks the format, or speaks of what was not ordered.
    """
    rows = list(read_table(file, text, ANSWER_COLUMNS))
    if not rows or rows[-1]["reference"] != END or not text.endswith("\n"):
        raise Unfinished(f"{file} has no last row {END!r}: it is still being written, or was cut off")
    *rows, end = rows
    if end["state"] != str(len(rows)):
        raise end.wrong("state", f"the last row counts the rows before it, which are {len(rows)}")
    return tuple(_answer(row, skus(row["reference"])) for row in rows)


def _answer(row: Row, ordered: frozenset[str]) -> Answer:
    if not ordered:
        raise row.wrong("reference", "no order of this reference was sent")
    if row["sku"] and row["sku"] not in ordered:
        raise row.wrong("sku", f"was not ordered under {row['reference']}")
    if bool(row["sku"]) != bool(row["done"]):
        raise row.wrong("done", "good pieces so far stand beside their SKU")
    done = row.read("done", int, "whole pieces") if row["done"] else 0
    if done < 0:
        raise row.wrong("done", "whole pieces, not fewer than 0")
    state = row.read("state", AnswerState, f"one of {', '.join(AnswerState)}")
    expected = row.moment("expected_finish_at") if row["expected_finish_at"] else None
    return Answer(row["reference"], state, row["sku"], done, expected, row["words"])
