"""Which styles and items can never be made, whatever the plan: all demand for them misses a minimum."""

from collections import Counter, defaultdict

from planner.demand import Lot
from planner.ledger import Ledger


def never_made(ledger: Ledger) -> set[str]:
    """Items of which no plan makes a piece beyond what the ledger holds.

    Their own demand, every consent to them and all overs together stay below their minimum, or those
    of their style below its campaign minimum. What the ledger holds counts towards both.
    """
    problem = ledger.problem
    reach: Counter[str] = Counter()
    lots: dict[str, list[Lot]] = defaultdict(list)
    for lot in problem.lots:
        reach[problem.find.item_of(lot.sku).id] += ledger.missing[lot.id]
        lots[problem.find.style_of(lot.sku).id].append(lot)
        for consent in lot.substitutes:
            most = min(ledger.consents[lot.id, consent.sku], ledger.missing[lot.id])
            reach[problem.find.item_of(consent.sku).id] += most
    able: dict[str, set[str]] = defaultdict(set)
    for item in problem.items:
        overs = max(0, item.overs_maximum - ledger.overs[item.id])
        if ledger.items[item.id] + reach[item.id] + overs >= item.minimum:
            able[item.style].add(item.id)
    never = {item.id for item in problem.items if item.id not in able[item.style]}
    for style in problem.styles:
        most = _reach_of_style(ledger, able[style.id], lots[style.id])
        if ledger.styles[style.id] + most < style.campaign_minimum:
            never |= able[style.id]
    return never


def _reach_of_style(ledger: Ledger, able: set[str], lots: list[Lot]) -> int:
    """Pieces of the able items at the very most: each lot once, in its own colour or by consent."""
    find = ledger.problem.find
    most = sum(max(0, find.item[item].overs_maximum - ledger.overs[item]) for item in able)
    for lot in lots:
        wanted = ledger.missing[lot.id]
        if find.item_of(lot.sku).id not in able:
            kept = (c for c in lot.substitutes if find.item_of(c.sku).id in able)
            wanted = min(wanted, sum(ledger.consents[lot.id, c.sku] for c in kept))
        most += wanted
    return most
