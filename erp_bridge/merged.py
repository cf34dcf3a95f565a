"""Who has how much of a manufacturing order that people in Odoo made out of several.

Odoo's merge makes a new order that carries the references of all, names the first ones as its origin, and
cancels them with their quantities untouched. So the shares do not hang on what we think, and stay what they
are however often somebody asks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from erp_bridge.client import Odoo, Row
from erp_bridge.mapping import to_pieces

Owner = TypeVar("Owner")


def share(total: int, weights: Mapping[Owner, int]) -> dict[Owner, int]:
    """Whole pieces in proportion to the weights, which come first in order where a piece is left over.

    The parts always add up to the total; weights that are all 0 count as equal.
    """
    known = weights if any(weights.values()) else dict.fromkeys(weights, 1)
    whole = sum(known.values())
    parts = {owner: total * weight // whole for owner, weight in known.items()}
    rests = sorted(known, key=lambda owner: -(total * known[owner] % whole))  # stable: ties in their order
    for owner in rests[: total - sum(parts.values())]:
        parts[owner] += 1
    return parts


def part(row: Row, field: str, shares: Mapping[int, Mapping[int, int]], owner: int) -> Row:
    """The record as one of its owners sees it: of its pieces only theirs, by what ``parts`` gave."""
    pieces = shares.get(row["id"], {}).get(owner)
    return row if pieces is None else {**row, field: pieces}


def parts(
    rows: Sequence[Row], field: str, weights: Mapping[int, Mapping[int, int]]
) -> dict[int, dict[int, int]]:
    """Pieces of each record that are each owner's, by the ids of both; ``weights`` are those of ``wanted``.

    What was split off or left over of one merged order is shared out as a whole: a piece that one record
    rounds up for an owner, the next rounds down.
    """
    families: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["id"])):
        if row["id"] in weights:
            families[(row["product_id"], *weights[row["id"]].items())].append(row)
    found = {}
    for family in families.values():
        total, before = 0, dict[int, int]()
        for row in family:
            total += to_pieces(row[field])
            after = share(total, weights[row["id"]])
            found[row["id"]] = {owner: pieces - before.get(owner, 0) for owner, pieces in after.items()}
            before = after
    return found


def wanted(odoo: Odoo, productions: Sequence[Row]) -> dict[int, dict[int, int]]:
    """Pieces wanted by each reference of those productions that carry several; all ids.

    A production needs ``reference_ids`` and ``origin``. Of a first order that was deleted nothing is known:
    its reference counts 0, and all of them equally when all are gone.
    """
    merged = [row for row in productions if len(row["reference_ids"]) > 1]
    first = _merged_away(odoo, merged)
    return {row["id"]: _weights(row, first) for row in merged}


def _merged_away(odoo: Odoo, merged: Sequence[Row]) -> dict[str, list[Row]]:
    """What the orders were merged out of, by name; and where that was merged itself, what it was out of."""
    first: dict[str, list[Row]] = {}
    while missing := {name for row in merged for name in _origins(row)} - first.keys():
        rows = odoo["mrp.production"].search_read(
            domain=[("name", "in", sorted(missing))],
            fields=["name", "product_qty", "reference_ids", "origin"],
            order="id",
        )
        first |= {name: [row for row in rows if row["name"] == name] for name in missing}
        merged = [row for row in rows if len(row["reference_ids"]) > 1]
    return first


def _weights(
    row: Row, first: Mapping[str, Sequence[Row]], above: frozenset[str] = frozenset()
) -> dict[int, int]:
    """``above`` are the names on the way here: nobody's renaming makes us go round in a circle."""
    known = dict.fromkeys(sorted(row["reference_ids"]), 0)
    for name in {*_origins(row)} - above:
        for each in first[name]:
            pieces, owners = int(each["product_qty"]), each["reference_ids"]
            weights = _weights(each, first, above | {name}) if len(owners) > 1 else dict.fromkeys(owners, 1)
            for reference, its in share(pieces, weights).items():
                if reference in known:
                    known[reference] += its
    return known


def _origins(row: Row) -> list[str]:
    return (row["origin"] or "").split(",")
