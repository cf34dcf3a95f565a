"""Our codes and Odoo's ids: an SKU is ``default_code``, a firm is ``ref``, a production line is ``code``."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from erp_bridge.client import Odoo
from erp_bridge.errors import ErpRejected

NOUNS = {"product.product": "product", "res.partner": "partner", "mrp.workcenter": "work center"}


@dataclass(frozen=True, slots=True)
class Codes:
    """What Odoo knows of the codes that were asked for; one that two records share is in ``shared``."""

    noun: str
    ids: Mapping[str, int]
    shared: frozenset[str]

    def pick(self, codes: Iterable[str]) -> dict[str, int]:
        """Ids of all of the codes.

        Raises
        ------
        ErpRejected
            Naming the codes Odoo does not know, or knows twice: which one is meant is not guessed.
        """
        wanted = sorted(set(codes))
        if missing := [code for code in wanted if code not in self.ids]:
            raise ErpRejected(f"Odoo has no {self.noun} with the code {', '.join(missing)}")
        if twice := [code for code in wanted if code in self.shared]:
            raise ErpRejected(f"Odoo has more than one {self.noun} with the code {', '.join(twice)}")
        return {code: self.ids[code] for code in wanted}


def look_up(odoo: Odoo, model: str, field: str, codes: Iterable[str]) -> Codes:
    """Ask about any number of codes in one call."""
    rows = odoo[model].search_read(domain=[(field, "in", sorted(set(codes)))], fields=[field], order="id")
    shared = frozenset(code for code, count in Counter(row[field] for row in rows).items() if count > 1)
    return Codes(NOUNS[model], {row[field]: row["id"] for row in rows}, shared)


def find_ids(odoo: Odoo, model: str, field: str, codes: Iterable[str]) -> dict[str, int]:
    """Ids of those of the codes that Odoo knows; a code two records share is refused, not guessed."""
    known = look_up(odoo, model, field, codes)
    return known.pick(known.ids)
