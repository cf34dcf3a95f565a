"""Which cells a part model looks at: for each wave the few that would serve it cheapest now."""

import random
from collections import defaultdict
from collections.abc import Iterable

from planner.ledger import Cell, Ledger
from planner.problem import Problem
from planner.waves import Wave, delivery_cost, tier_cost

NOISE = 0.1  # of the price, so that another look at the same styles sees other cells


class Candidates:
    """The making and delivery cost of each wave in each cell, worked out once."""

    def __init__(self, problem: Problem, demand: Iterable[Wave], seed: int) -> None:
        self.problem = problem
        self.random = random.Random(seed)
        self.waves: dict[str, list[Wave]] = defaultdict(list)
        for wave in demand:
            self.waves[wave.item].append(wave)
        self.prices: dict[str, list[list[tuple[float, Cell]]]] = {}

    def of(self, ledger: Ledger, styles: set[str], per_wave: int) -> dict[str, set[Cell]]:
        """The ``per_wave`` cheapest cells with room for each wave of the styles, by item."""
        chosen: dict[str, set[Cell]] = {}
        for item in self.problem.items:
            if item.style not in styles:
                continue
            open_cells = self._open_cells(ledger, item.id)
            chosen[item.id] = set()
            for prices in self._prices(item.id):
                offers = sorted(
                    (price * (1 + NOISE * self.random.random()), cell)
                    for price, cell in prices
                    if cell in open_cells
                )
                chosen[item.id].update(cell for _, cell in offers[:per_wave])
        return chosen

    def _open_cells(self, ledger: Ledger, item_id: str) -> set[Cell]:
        item = self.problem.find.item[item_id]
        return {
            (item_id, line.id, bucket)
            for line in self.problem.lines
            if item.style in line.styles
            for bucket in range(item.release_bucket, self.problem.buckets)
            if ledger.room((item_id, line.id, bucket)) >= line.min_run
        }

    def _prices(self, item_id: str) -> list[list[tuple[float, Cell]]]:
        if item_id not in self.prices:
            self.prices[item_id] = [self._wave_prices(wave) for wave in self.waves[item_id]]
        return self.prices[item_id]

    def _wave_prices(self, wave: Wave) -> list[tuple[float, Cell]]:
        item = self.problem.find.item[wave.item]
        setup = item.setup_cost + self.problem.find.style[item.style].setup_cost
        prices = []
        for line in self.problem.lines:
            if item.style not in line.styles:
                continue
            quantity = max(wave.quantity, line.min_run)
            making = tier_cost(line, item.style, quantity) + setup / quantity
            for bucket in range(item.release_bucket, self.problem.buckets):
                price = making + delivery_cost(self.problem, wave, line, bucket)
                if price < wave.unfilled_cost + setup / quantity:
                    prices.append((price, (item.id, line.id, bucket)))
        return prices
