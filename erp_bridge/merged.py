"""Who has how much of a manufacturing order that people in Odoo made out of several.

Odoo's merge makes a new order that carries the references of all, names the first ones as its origin, and
cancels them with their quantities untouched. So the shares do not hang on what we think, and stay what they
are however often somebody asks.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

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


def part(row: Row, field: str, weights: Mapping[int, int], owner: int) -> Row:
    """The record as one of its owners sees it: of its pieces only their share."""
    return {**row, field: share(to_pieces(row[field]), weights)[owner]} if owner in weights else row


def wanted(odoo: Odoo, productions: Sequence[Row]) -> dict[int, dict[int, int]]:
    """Pieces wanted by each reference of those productions that carry several; all ids.

    A production needs ``reference_ids`` and ``origin``. Of a first order that was deleted nothing is known:
    its reference counts 0, and all of them equally when all are gone.
    """
    merged = {row["id"]: row for row in productions if len(row["reference_ids"]) > 1}
    if not merged:
        return {}
    first = odoo["mrp.production"].search_read(
        domain=[("name", "in", sorted({name for row in merged.values() for name in _origins(row)}))],
        fields=["name", "product_qty", "reference_ids"],
        order="id",
    )
    weights = {}
    for production, row in merged.items():
        known = dict.fromkeys(sorted(row["reference_ids"]), 0)
        for each in first:
            if each["name"] in _origins(row):
                for reference in known.keys() & {*each["reference_ids"]}:
                    known[reference] += int(each["product_qty"])
        weights[production] = known
    return weights


def _origins(row: Row) -> list[str]:
    return (row["origin"] or "").split(",")
