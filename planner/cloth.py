"""Fabric in the exact model: what is cut up to a bucket is there by then, or is paid at a price."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from planner.cells import ItemCells, Service
from planner.demand import Lot
from planner.ledger import Ledger, smallest_purchase
from planner.mip import Columns, Mip
from planner.supply import Purchase
from planner.tables import Numbers, Places, Tables

ANY_SEGMENT = -1  # of a lot whose size does not matter for fabric


class Cloth:
    """The fabric rows of a model. A *segment* is the buckets between two rises of a fabric's supply.

    Supply only falls within a segment, by what others cut, so the row of its end implies those of its
    other buckets. Lots of a wave may differ in use per piece: ``shares`` tells them apart by segment.
    """

    def __init__(
        self,
        mip: Mip,
        ledger: Ledger,
        tables: Tables,
        cells: list[ItemCells],
        price: Mapping[str, Numbers],
        *,
        counted: bool,
    ) -> None:
        self.mip = mip
        self.ledger = ledger
        self.tables = tables
        self.price = price
        self.bought: dict[str, list[tuple[int, int]]] = {}  # fabric: (units each whole stands for, column)
        self.decisions: list[Columns] = []
        self.shares: dict[tuple[str, int], int] = {}  # (lot, segment): column
        self.segments: dict[tuple[str, int], int] = {}  # (fabric, bucket)
        users: dict[str, list[ItemCells]] = defaultdict(list)
        for made in cells:
            users[made.item.fabric].append(made)
        for fabric in sorted(users):
            self._add(fabric, users[fabric])
        self._limit_shares(cells, counted=counted)

    def share_of(self, lot: Lot, bucket: int) -> tuple[str, int]:
        """Where the pieces of the lot cut in the bucket are told apart by size: a key of ``shares``."""
        fabric = self.ledger.problem.find.item_of(lot.sku).fabric
        share = (lot.id, self.segments.get((fabric, bucket), ANY_SEGMENT))
        return share if share in self.shares else (lot.id, ANY_SEGMENT)

    def decisions_of(self, bought: Mapping[str, int]) -> dict[int, float]:
        """The columns of what is bought, in units by fabric."""
        return {
            column: float(-(-bought.get(fabric, 0) // units))
            for fabric, counters in self.bought.items()
            for units, column in counters
        }

    def _add(self, fabric: str, users: list[ItemCells]) -> None:
        rule = self.ledger.problem.find.fabric[fabric].purchase
        most = self.ledger.most_bought[fabric]
        buckets = self.ledger.problem.buckets
        lead = rule.lead_buckets if rule and most else buckets
        supply = self.ledger.supply[fabric]
        have = [level - (most if bucket >= lead else 0) for bucket, level in enumerate(supply)]
        price = self.price.get(fabric)
        if price is None and self._most_cut(users) <= min(have):
            return
        if price is None:
            rises = {b for b, (now, after) in enumerate(pairwise(have)) if after > now or b + 1 == lead}
        else:
            rises = {b for b, (now, after) in enumerate(pairwise(price.tolist())) if after != now}
        ends = sorted(rises | {buckets - 1})
        segment: Places = np.searchsorted(ends, np.arange(buckets)).astype(np.int64)
        self.segments.update({(fabric, bucket): int(segment[bucket]) for bucket in range(buckets)})
        used = self._use(users, segment)
        if price is not None:
            for columns, at, use in used:
                self.mip.add_cost(columns, use * price[np.array(ends)[at]])
            return
        rows = self.mip.rows(len(ends), most=[have[end] for end in ends])
        for columns, at, use in used:
            for number in range(len(ends)):
                self.mip.put(rows[number], columns[at <= number], use)
        if rule and lead < buckets:
            units, column = self._buy(fabric, rule, most)
            self.mip.put(rows[np.array(ends) >= lead], column, -units)

    def _most_cut(self, users: list[ItemCells]) -> int:
        """More of the fabric than any solution cuts."""
        find = self.ledger.problem.find
        total = 0
        for made in users:
            uses = [sku.fabric_use for sku in self.ledger.problem.skus if sku.item == made.item.id]
            total += made.overs.pieces * max(uses, default=0)
            for flow in made.flows:
                if flow.stream.consent is not None:
                    total += flow.pieces * find.sku[flow.stream.consent.sku].fabric_use
                else:
                    lots = flow.stream.wave.lots
                    total += sum(self.ledger.missing[lot.id] * find.sku[lot.sku].fabric_use for lot in lots)
        return total

    def _buy(self, fabric: str, rule: Purchase, most: int) -> tuple[int, int]:
        """Lots of ``multiple`` bought, none or enough of them: the units each brings, and its column."""
        lots = most // rule.multiple
        (column,) = self.mip.numbers(1, lots, rule.multiple * rule.unit_cost, whole=True)
        self.bought[fabric] = [(rule.multiple, int(column))]
        least = smallest_purchase(rule, 1) // rule.multiple
        if least > 1:
            (buys,) = self.mip.numbers(1, 1, whole=True)
            for row, coefficient in (
                (self.mip.row(np.array([column]), least=0), -least),
                (self.mip.row(np.array([column]), most=0), -lots),
            ):
                self.mip.put(row, buys, coefficient)
            self.bought[fabric].append((most, int(buys)))
        self.decisions += [np.array([column]) for _, column in self.bought[fabric]]
        return rule.multiple, int(column)

    def _use(self, users: list[ItemCells], segment: Places) -> list[tuple[Columns, Columns, int]]:
        """Columns, the segment each cuts in, and units per piece."""
        find = self.ledger.problem.find
        used: list[tuple[Columns, Columns, int]] = []
        for made in users:
            for flow in made.flows:
                at = segment[made.bucket[flow.at]]
                if flow.stream.consent is not None:
                    used.append((flow.columns, at, find.sku[flow.stream.consent.sku].fabric_use))
                else:
                    used += self._use_of_wave(flow, at)
            if made.overs.columns.size:
                at = segment[made.bucket[made.overs.at]]
                used.append((made.overs.columns, at, self.tables.least_use[made.item.id][0]))
        return used

    def _use_of_wave(self, flow: Service, at: Columns) -> list[tuple[Columns, Columns, int]]:
        find, wave = self.ledger.problem.find, flow.stream.wave
        lots = [lot for lot in wave.lots if self.ledger.missing[lot.id]]
        uses = [find.sku[lot.sku].fabric_use for lot in lots]
        if len(set(uses)) == 1:
            return [(flow.columns, at, uses[0])]
        used: list[tuple[Columns, Columns, int]] = []
        for number in np.unique(at).tolist():
            shares = self.mip.numbers(len(lots), [self.ledger.missing[lot.id] for lot in lots])
            row = self.mip.row(flow.columns[at == number], least=0, most=0)
            self.mip.put(row, shares, -1)
            for lot, use, share in zip(lots, uses, shares, strict=True):
                self.shares[lot.id, number] = int(share)
                used.append((np.array([share]), np.array([number]), use))
        return used

    def _limit_shares(self, cells: list[ItemCells], *, counted: bool) -> None:
        """A lot told apart gets no more than it wants, in its own colour and by consent together."""
        columns: dict[str, list[int]] = defaultdict(list)
        for (lot, _), share in self.shares.items():
            columns[lot].append(share)
        rows: dict[str, int] = {}
        for lot, shares in columns.items():
            most = self.ledger.missing[lot]
            rows[lot] = self.mip.total(np.array(shares), most, whole=counted)
        for made in cells:
            for flow in made.flows:
                if flow.stream.lot is not None and flow.stream.lot.id in rows:
                    self.mip.put(rows[flow.stream.lot.id], flow.columns)
