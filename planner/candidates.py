"""Which cells a part model looks at: for each wave the few that serve it cheapest at the prices."""

import numpy as np

from planner.ledger import Cell, Ledger
from planner.tables import Mask, Numbers, Places, StyleTable, Tables, tier_floor

CONSENT_SHARE = 4  # a consent to another colour adds a quarter as many cells


class Candidates:
    """Ranks cells by the cost of a piece there, line time and fabric paid at their prices."""

    def __init__(self, tables: Tables, time_price: Numbers, cloth_price: Numbers) -> None:
        self.tables = tables
        self.problem = tables.problem
        self.time_price = time_price
        self.cloth_price = cloth_price
        self._ranks: dict[str, list[Numbers]] = {}

    def of(
        self, ledger: Ledger, styles: list[str], per_wave: int, *, noise: float, seed: int
    ) -> dict[str, set[Cell]]:
        """The ``per_wave`` cheapest cells with room for each wave of the styles, by item.

        ``noise`` is the share of a piece's worth by which ranks are stirred, so that another look at
        the same styles sees other cells.
        """
        dice = np.random.default_rng(seed)
        chosen: dict[str, set[Cell]] = {}
        for style in styles:
            table = self.tables.style(style)
            room = self._room(table, ledger)
            chosen.update({item.id: set() for item in table.items})
            for rank, stream in zip(self._rank(table), table.streams, strict=True):
                count = per_wave if stream.consent is None else per_wave // CONSENT_SHARE
                wanted = stream.quantity(ledger)
                if not wanted or not count:
                    continue
                stirred = rank + noise * stream.wave.unfilled_cost * dice.random(rank.size) if noise else rank
                stirred = np.where(room[stream.item] & (rank < 0), stirred, np.inf)
                best = np.argsort(stirred, kind="stable")[:count].astype(np.int64)
                best = best[np.isfinite(stirred[best])]
                chosen[stream.item].update(self._cells(table, stream.item, best))
        return chosen

    def _cells(self, table: StyleTable, item: str, best: Places) -> list[Cell]:
        lines = self.problem.lines
        return [(item, lines[table.line[at]].id, int(table.bucket[at])) for at in best]

    def _room(self, table: StyleTable, ledger: Ledger) -> dict[str, Mask]:
        free = self.tables.free(ledger)[table.line, table.bucket]
        setup = np.full(len(table), float(table.style.setup_seconds))
        return {item.id: table.room(free, setup, item) >= table.min_run for item in table.items}

    def _rank(self, table: StyleTable) -> list[Numbers]:
        """For each stream the cost of a piece in each place, less what it costs not to deliver it."""
        if table.style.id not in self._ranks:
            streams = range(len(table.streams))
            self._ranks[table.style.id] = [self._stream(table, number) for number in streams]
        return self._ranks[table.style.id]

    def _stream(self, table: StyleTable, number: int) -> Numbers:
        stream = table.streams[number]
        item, style = self.problem.find.item[stream.item], table.style
        free = np.array([line.capacity for line in self.problem.lines], dtype=np.float64)
        room = table.room(free[table.line, table.bucket], np.full(len(table), style.setup_seconds), item)
        wanted = sum(other.wave.quantity for other in table.streams if other.item == stream.item)
        pieces = np.maximum(np.minimum(room, max(1, wanted)), table.min_run)
        price = self.time_price[table.line, table.bucket]
        seconds = table.seconds + (item.setup_seconds + style.setup_seconds) / pieces
        fabric = self.cloth_price[self.tables.fabric_number[item.fabric]][table.bucket]
        rank: Numbers = tier_floor(table, np.arange(len(table)), pieces) + table.delivery[number]
        rank = rank + (item.setup_cost + style.setup_cost) / pieces + price * seconds
        rank += fabric * self.tables.least_use.get(item.id, (0, ""))[0]
        return rank
