"""The possible runs of an item in a model: where, within which price tier, and what may fill them."""

from dataclasses import dataclass, field

import numpy as np

from planner.demand import Item
from planner.ledger import Cell
from planner.mip import Columns
from planner.tables import Numbers, Places, Stream, StyleTable


@dataclass(slots=True)
class Tier:
    """Runs of one item within one price tier, in the cells at ``at``: pieces Q and decision r."""

    at: Places  # positions among the item's cells
    low: Numbers
    high: Numbers
    quantity: Columns
    decision: Columns


@dataclass(slots=True)
class Flow:
    """Pieces that go into runs: for each column the run's cell at ``at``, of ``pieces`` in all at most."""

    pieces: int
    at: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    columns: Columns = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, at: Places, columns: Columns) -> None:
        self.at = np.concatenate([self.at, at])
        self.columns = np.concatenate([self.columns, columns])


@dataclass(slots=True, kw_only=True)
class Service(Flow):
    """Pieces of a stream of demand."""

    stream: Stream


@dataclass(slots=True)
class ItemCells:
    """The possible runs of one item: where (places of the style's table), how large, and what fills them."""

    item: Item
    table: StyleTable
    place: Places
    most: Numbers
    tiers: list[Tier] = field(default_factory=list)
    flows: list[Service] = field(default_factory=list)
    overs: Flow = field(default_factory=lambda: Flow(0))

    def cell(self, position: int) -> Cell:
        place = self.place[position]
        line = self.table.problem.lines[self.table.line[place]].id
        return self.item.id, line, int(self.table.bucket[place])

    @property
    def bucket(self) -> Places:
        return self.table.bucket[self.place]
