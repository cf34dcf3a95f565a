"""What really stands in Odoo after a round, read from its database, and what of it breaks the promise.

A second opinion: it shares no query, no mapping and no protocol with the bridge.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg

from erp_bridge import ErpOrder, Mode
from tests.faults.runs import OurBooks

PRODUCTIONS = """
SELECT production.id, production.name, production.state, product.default_code, production.product_qty,
       array_remove(array_agg(DISTINCT reference.name), NULL)
       || array_remove(array_agg(DISTINCT split_part(made_as.name, '/', 1)), NULL)
       || array_agg(DISTINCT split_part(production.name, '/', 1))
FROM mrp_production AS production
JOIN product_product AS product ON product.id = production.product_id
LEFT JOIN mrp_production_group AS made_as ON made_as.id = production.production_group_id
LEFT JOIN stock_reference_production_rel AS shared ON shared.production_id = production.id
LEFT JOIN stock_reference AS reference ON reference.id = shared.reference_id
WHERE production.subcontractor_id IS NULL
GROUP BY production.id, product.default_code
"""
PURCHASES = """
SELECT purchase.id, purchase.name, purchase.state, xid.name, product.default_code, line.product_qty
FROM purchase_order AS purchase
LEFT JOIN purchase_order_line AS line ON line.order_id = purchase.id
LEFT JOIN product_product AS product ON product.id = line.product_id
LEFT JOIN ir_model_data AS xid
       ON xid.model = 'purchase.order' AND xid.res_id = purchase.id AND xid.module = 'counterflow'
"""
BEHIND = """
SELECT purchase.name, count(DISTINCT receipt.id), count(DISTINCT production.id),
       count(DISTINCT production.id) FILTER (WHERE production.state = 'draft')
FROM purchase_order AS purchase
JOIN stock_picking AS receipt ON receipt.origin = purchase.name AND receipt.state <> 'cancel'
LEFT JOIN mrp_production AS production
       ON production.origin = receipt.name AND production.subcontractor_id IS NOT NULL
GROUP BY purchase.name
"""
DOUBLED = """
SELECT name FROM stock_reference WHERE name LIKE 'R-%' GROUP BY name HAVING count(*) > 1
UNION ALL SELECT default_code FROM product_product WHERE active GROUP BY default_code HAVING count(*) > 1
UNION ALL SELECT ref FROM res_partner WHERE active AND ref IS NOT NULL GROUP BY ref HAVING count(*) > 1
UNION ALL SELECT code FROM mrp_workcenter WHERE active AND code <> '' GROUP BY code HAVING count(*) > 1
"""


class Production(NamedTuple):
    """One manufacturing order on a line of our own."""

    id: int
    name: str
    state: str
    sku: str
    quantity: float
    carries: list[str]


class PurchaseLine(NamedTuple):
    """One line of a purchase order, with what its order says."""

    id: int
    name: str
    state: str
    external_id: str | None
    sku: str | None
    quantity: float | None


class Behind(NamedTuple):
    """What confirming a purchase order made."""

    receipts: int
    productions: int
    drafts: int


@dataclass(frozen=True, slots=True)
class Books:
    """All manufacturing and purchase orders of an Odoo by the references they carry."""

    productions: Mapping[str, Sequence[Production]]
    purchases: Mapping[str, Sequence[PurchaseLine]]
    behind: Mapping[str, Behind]
    doubled_codes: Sequence[str]

    @property
    def documents(self) -> int:
        """Manufacturing orders on our lines, purchase orders, and what stands behind these."""
        own = {row.id for rows in self.productions.values() for row in rows}
        bought = {row.id for rows in self.purchases.values() for row in rows}
        return len(own) + len(bought) + sum(each.receipts + each.productions for each in self.behind.values())

    def living(self) -> Counter[str]:
        """Pieces by SKU in everything that is not cancelled, each document counted once."""
        pieces: Counter[str] = Counter()
        for row in {row.id: row for rows in self.productions.values() for row in rows}.values():
            pieces[row.sku] += int(row.quantity) if row.state != "cancel" else 0
        for rows in self.purchases.values():
            for line in rows:
                if line.sku and line.quantity and line.state != "cancel":
                    pieces[line.sku] += int(line.quantity)
        return pieces


def read(database_url: str) -> Books:
    productions: dict[str, list[Production]] = defaultdict(list)
    purchases: dict[str, list[PurchaseLine]] = defaultdict(list)
    with psycopg.connect(database_url) as connection:
        for row in map(Production._make, connection.execute(PRODUCTIONS)):
            for reference in {*row.carries}:
                productions[reference].append(row)
        for line in map(PurchaseLine._make, connection.execute(PURCHASES)):
            purchases[line.name].append(line)
        behind = {name: Behind(*counts) for name, *counts in connection.execute(BEHIND)}
        doubled = [code for (code,) in connection.execute(DOUBLED)]
    return Books(productions, purchases, behind, doubled)


@dataclass(slots=True)
class Verdict:
    """What breaks the promise, in words, by kind."""

    duplicates: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether the promise was kept."""
        return not (self.duplicates or self.drafts or self.lost or self.wrong)

    def words(self) -> Iterator[str]:
        for kind in ("duplicates", "drafts", "lost", "wrong"):
            for each in getattr(self, kind):
                yield f"{kind}: {each}"


def judge(ours: OurBooks, theirs: Books, references: Iterable[str], verdict: Verdict) -> None:
    """Look at every run of the references: exactly once, confirmed, whole, and known to us as it stands."""
    for reference in references:
        order = ours.orders[reference]
        if ours.statuses[reference] != "released":
            verdict.lost.append(f"{reference} is {ours.statuses[reference]} on our side")
        judge_one = _judge_own_line if order.mode is Mode.OWN_LINE else _judge_outside
        names = judge_one(order, theirs, verdict)
        if [*ours.documents[reference]] != names:
            verdict.wrong.append(f"{reference}: we know {ours.documents[reference]}, there stand {names}")


def _judge_own_line(order: ErpOrder, theirs: Books, verdict: Verdict) -> list[str]:
    rows = theirs.productions.get(order.reference, ())
    if order.reference in theirs.purchases:
        verdict.duplicates.append(f"{order.reference} is a purchase order too")
    held = Counter(row.sku for row in rows)
    for line in order.lines:
        _count(f"{order.reference}/{line.sku}", held.pop(line.sku, 0), verdict)
    verdict.duplicates += [f"{order.reference}/{sku} was never sent" for sku in held]
    wanted = {line.sku: line.quantity for line in order.lines}
    for row in rows:
        if row.state == "draft":
            verdict.drafts.append(row.name)
        elif row.state != "confirmed" or row.quantity != wanted.get(row.sku):
            verdict.wrong.append(f"{row.name} is {row.state} with {row.quantity} pieces")
    return sorted(row.name for row in rows)


def _judge_outside(order: ErpOrder, theirs: Books, verdict: Verdict) -> list[str]:
    rows = theirs.purchases.get(order.reference, ())
    if order.reference in theirs.productions:
        verdict.duplicates.append(f"{order.reference} is a manufacturing order too")
    _count(order.reference, len({row.id for row in rows}), verdict)
    if {row.external_id for row in rows} != {f"purchase_{order.reference}"}:
        verdict.wrong.append(f"{order.reference} has the external ids {[row.external_id for row in rows]}")
    held = sorted((row.sku, row.quantity) for row in rows)
    if held != sorted((line.sku, line.quantity) for line in order.lines):
        verdict.wrong.append(f"{order.reference} has the lines {held}")
    behind = theirs.behind.get(order.reference, Behind(0, 0, 0))
    if (behind.receipts, behind.productions) != (1, len(order.lines)):
        more = behind.receipts > 1 or behind.productions > len(order.lines)
        (verdict.duplicates if more else verdict.lost).append(f"behind {order.reference}: {behind}")
    if behind.drafts or any(row.state == "draft" for row in rows):
        verdict.drafts.append(order.reference)
    elif any(row.state != "purchase" for row in rows):
        verdict.wrong.append(f"{order.reference} is {rows[0].state}")
    return [order.reference] * bool(rows)


def _count(name: str, found: int, verdict: Verdict) -> None:
    if found > 1:
        verdict.duplicates.append(f"{name} stands {found} times")
    elif not found:
        verdict.lost.append(f"{name} does not stand there")
