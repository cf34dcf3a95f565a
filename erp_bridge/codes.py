"""Our codes and Odoo's ids: an SKU is ``default_code``, a firm is ``ref``, a production line is ``code``."""

from collections.abc import Iterable

from erp_bridge.client import Odoo
from erp_bridge.errors import ErpRejected

NOUNS = {"product.product": "product", "res.partner": "partner", "mrp.workcenter": "work center"}


def find_ids(odoo: Odoo, model: str, field: str, codes: Iterable[str]) -> dict[str, int]:
    """Ids of the records that carry one of the codes; a code two records share is refused, not guessed."""
    wanted = sorted(set(codes))
    rows = odoo[model].search_read(domain=[(field, "in", wanted)], fields=[field], order="id")
    ids = {row[field]: row["id"] for row in rows}
    if len(ids) < len(rows):
        shared = sorted(code for code in ids if sum(row[field] == code for row in rows) > 1)
        raise ErpRejected(f"Odoo has more than one {NOUNS[model]} with the code {', '.join(shared)}")
    return ids


def get_ids(odoo: Odoo, model: str, field: str, codes: Iterable[str]) -> dict[str, int]:
    """Like ``find_ids``, for all of the codes.

    Raises
    ------
    ErpRejected
        Naming the codes Odoo does not know.
    """
    wanted = set(codes)
    ids = find_ids(odoo, model, field, wanted)
    if missing := sorted(wanted - ids.keys()):
        raise ErpRejected(f"Odoo has no {NOUNS[model]} with the code {', '.join(missing)}")
    return ids
