"""Names behind Odoo's ids: of its users, of our codes, of records that are found by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from erp_bridge.client import Odoo, Row
from erp_bridge.holdings import Touch
from erp_bridge.mapping import to_moment

WHO = ("write_date", "write_uid")
NO_CODE = "?"


@dataclass(frozen=True, slots=True)
class People:
    """Names of Odoo's users by id."""

    names: Mapping[int, str]

    def touch(self, rows: Sequence[Row]) -> Touch:
        """Who wrote one of the rows last."""
        if not rows:
            return Touch()
        last = max(rows, key=lambda row: (row["write_date"], row["id"]))
        return Touch(self.names.get(last["write_uid"], ""), to_moment(last["write_date"]))


def people_of(odoo: Odoo, rows: Iterable[Row]) -> People:
    ids = sorted({row["write_uid"] for row in rows if row["write_uid"]})
    return People(
        {row["id"]: row["name"] for row in odoo["res.users"].read(ids=ids, fields=["name"])} if ids else {}
    )


def codes_of(odoo: Odoo, model: str, code: str, ids: Iterable[int]) -> Mapping[int, str]:
    """Our codes by Odoo's ids; a record that lost its code is ``?``."""
    wanted_ids = sorted(set(ids))
    rows = odoo[model].read(ids=wanted_ids, fields=[code]) if wanted_ids else []
    return {row["id"]: row[code] or NO_CODE for row in rows}


def named(odoo: Odoo, model: str, names: Sequence[str]) -> dict[int, str]:
    rows = odoo[model].search_read(domain=[("name", "in", names)], fields=["name"])
    return {row["id"]: row["name"] for row in rows}


def alive(row: Row) -> bool:
    return bool(row["state"] != "cancel")
