"""What goes between the one who plans and those who solve: runs, answers, and who is asked.

No solver is loaded here: whoever plans stays light.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from planner.documents import Fields, InvalidPlan
from planner.ledger import Cell, Ledger
from planner.plan import Run


class Solver(StrEnum):
    """Who is asked. On small models that are hard to prove now one is faster, now the other."""

    HIGHS = "highs"
    SCIP = "scip"


@dataclass(frozen=True, slots=True)
class Entries:
    """Pieces by (cell, lot, SKU) and overs by (cell, SKU)."""

    pieces: Mapping[tuple[Cell, str, str], int]
    overs: Mapping[tuple[Cell, str], int]

    @property
    def quantities(self) -> dict[Cell, int]:
        """Pieces and overs by cell."""
        total: dict[Cell, int] = defaultdict(int)
        for (cell, _, _), quantity in self.pieces.items():
            total[cell] += quantity
        for (cell, _), quantity in self.overs.items():
            total[cell] += quantity
        return dict(total)

    def enter(self, ledger: Ledger) -> None:
        for (cell, lot, sku), quantity in self.pieces.items():
            ledger.open(cell)
            ledger.enter(cell, lot, sku, quantity)
        for (cell, sku), quantity in self.overs.items():
            ledger.open(cell)
            ledger.enter_overs(cell, sku, quantity)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model of a part gave.

    ``entries`` are the runs to enter, None where none was found; ``bound`` is valid for the model's
    objective (costs less the unfilled cost of what it delivers), None where nothing is known;
    ``cut_short`` says that time ran out, so that another try may give another answer.
    """

    entries: Entries | None
    bound: float | None
    infeasible: bool
    optimal: bool
    cut_short: bool = False


def runs_json(runs: Iterable[Run]) -> list[Any]:
    """Runs as short rows: item, line, bucket, pieces (lot, SKU, quantity), overs (SKU, quantity)."""
    return [
        [
            run.item,
            run.line,
            run.bucket,
            [[piece.lot, piece.sku, piece.quantity] for piece in run.pieces],
            [[over.sku, over.quantity] for over in run.overs],
        ]
        for run in runs
    ]


def runs_of(rows: Iterable[Any]) -> Iterable[Run]:
    """The runs in such rows; their ids say nothing."""
    for item, line, bucket, pieces, overs in rows:
        yield Run.read(
            Fields(
                {
                    "id": f"{line}/{bucket}/{item}",
                    "item": item,
                    "line": line,
                    "bucket": bucket,
                    "pieces": [{"lot": lot, "sku": sku, "quantity": n} for lot, sku, n in pieces],
                    "overs": [{"sku": sku, "quantity": n} for sku, n in overs],
                },
                "",
                InvalidPlan,
            )
        )


def answer_json(answer: Answer) -> dict[str, Any]:
    entries = answer.entries
    return {
        "found": entries is not None,
        "pieces": [[*cell, lot, sku, n] for (cell, lot, sku), n in entries.pieces.items()] if entries else [],
        "overs": [[*cell, sku, n] for (cell, sku), n in entries.overs.items()] if entries else [],
        "bound": answer.bound,
        "infeasible": answer.infeasible,
        "optimal": answer.optimal,
        "cut_short": answer.cut_short,
    }


def entries_of(answer: Mapping[str, Any]) -> Entries | None:
    """The runs in an answer, None where it has none."""
    if not answer["found"]:
        return None
    return Entries(
        {((item, line, bucket), lot, sku): n for item, line, bucket, lot, sku, n in answer["pieces"]},
        {((item, line, bucket), sku): n for item, line, bucket, sku, n in answer["overs"]},
    )
