"""A second opinion on a plan: which rules it breaks, and what it costs.

Written from the contract alone: it shares no code and no idea of the search, so that an error there
does not repeat here. Rules and cost parts are numbered and named as in the README.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import accumulate

from planner.plan import Plan, Run, Slot
from planner.problem import Problem
from planner.supply import Fabric


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: its number (1 to 6; 0 where ids name nothing), its kind, and the fact in words."""

    rule: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a plan by part, in minor units; ``overs`` is what surplus pieces fetch, negative."""

    setup: int = 0
    making: int = 0
    fabric: int = 0
    shipping: int = 0
    late: int = 0
    early: int = 0
    substitution: int = 0
    unfilled: int = 0
    overs: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, part.name) for part in fields(self))


def violations(problem: Problem, plan: Plan) -> list[Violation]:
    """Every rule the plan breaks; empty where it is feasible and its schedule is right."""
    unknown = list(_unknown_ids(problem, plan))
    if unknown:
        return unknown
    rules = (_runs, _line_time, _fabric, _lots, _minimums, _purchases, _frozen, _schedule)
    return [broken for rule in rules for broken in rule(problem, plan)]


def cost(problem: Problem, plan: Plan) -> Cost:
    """What the plan costs. Its ids must be known; it need not be feasible."""
    find = problem.find
    total: Counter[str] = Counter()
    wanted = {lot.id: lot.quantity for lot in problem.lots}
    for run in plan.runs:
        line, item = find.line[run.line], find.item[run.item]
        total["setup"] += item.setup_cost
        total["making"] += run.quantity * _unit_cost(problem, run)
        for piece in run.pieces:
            lot = find.lot[piece.lot]
            way = find.factory[line.factory].shipping[lot.region]
            wait = problem.last_day(run.bucket) + way.lead_days - lot.due_day
            total["shipping"] += piece.quantity * way.unit_cost
            total["late"] += piece.quantity * lot.late_cost * max(0, wait)
            total["early"] += piece.quantity * lot.early_cost * max(0, -wait)
            prices = {consent.sku: consent.cost for consent in lot.substitutes}
            total["substitution"] += piece.quantity * prices.get(piece.sku, 0)
            wanted[piece.lot] -= piece.quantity
        total["overs"] -= item.overs_value * sum(over.quantity for over in run.overs)
    for style, _, _ in {(find.item[run.item].style, run.line, run.bucket) for run in plan.runs}:
        total["setup"] += find.style[style].setup_cost
    for order in plan.purchases:
        rule = find.fabric[order.fabric].purchase
        total["fabric"] += order.quantity * rule.unit_cost if rule else 0
    total["unfilled"] = sum(short * find.lot[lot].unfilled_cost for lot, short in wanted.items())
    return Cost(**total)


def _unit_cost(problem: Problem, run: Run) -> int:
    """The price per piece of the tier that the run's whole quantity reaches."""
    line = problem.find.line[run.line]
    rate = line.styles.get(problem.find.item[run.item].style)
    if rate is None:
        return 0
    reached = [
        price for start, price in zip(line.tiers, rate.unit_cost, strict=True) if start <= run.quantity
    ]
    return reached[-1] if reached else rate.unit_cost[0]


def _unknown_ids(problem: Problem, plan: Plan) -> Iterator[Violation]:
    find = problem.find
    known: list[tuple[str, str, Mapping[str, object]]] = []
    for run in plan.runs:
        known += [("item", run.item, find.item), ("line", run.line, find.line)]
        known += [("lot", piece.lot, find.lot) for piece in run.pieces]
        known += [("SKU", piece.sku, find.sku) for piece in run.pieces]
        known += [("SKU", over.sku, find.sku) for over in run.overs]
        if run.bucket >= problem.buckets:
            yield Violation(0, "unknown", f"run {run.id} is in bucket {run.bucket} of {problem.buckets}")
    for order in plan.purchases:
        known.append(("fabric", order.fabric, find.fabric))
        if order.bucket >= problem.buckets:
            yield Violation(0, "unknown", f"fabric {order.fabric} is bought in bucket {order.bucket}")
    runs = {run.id: run for run in plan.runs}
    known += [("run", slot.run, runs) for slot in plan.schedule]
    for what, key, table in known:
        if key not in table:
            yield Violation(0, "unknown", f"there is no {what} {key}")


def _runs(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 1: able line, released item, quantity between the line's least and most, one run per cell."""
    find = problem.find
    for cell, times in Counter(run.cell for run in plan.runs).items():
        if times > 1:
            yield Violation(1, "twice", f"item {cell[0]} has {times} runs on {cell[1]} in bucket {cell[2]}")
    for run in plan.runs:
        item, line = find.item[run.item], find.line[run.line]
        most = line.max_run
        if item.style not in line.styles:
            yield Violation(1, "unable", f"line {line.id} cannot make style {item.style} (run {run.id})")
        if run.bucket < item.release_bucket:
            yield Violation(1, "before release", f"run {run.id} is before bucket {item.release_bucket}")
        if run.quantity < line.min_run:
            yield Violation(1, "run too small", f"run {run.id}: {run.quantity} < {line.min_run} pieces")
        if most is not None and run.quantity > most:
            yield Violation(1, "run too large", f"run {run.id}: {run.quantity} > {most} pieces")


def _line_time(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 2: making, a set-up per run and one per style, line and bucket fit into the capacity."""
    find = problem.find
    load: Counter[tuple[str, int]] = Counter()
    styles: set[tuple[str, int, str]] = set()
    for run in plan.runs:
        item = find.item[run.item]
        rate = find.line[run.line].styles.get(item.style)
        load[run.line, run.bucket] += item.setup_seconds + (run.quantity * rate.seconds if rate else 0)
        styles.add((run.line, run.bucket, item.style))
    for line, bucket, style in styles:
        load[line, bucket] += find.style[style].setup_seconds
    for (line, bucket), seconds in sorted(load.items()):
        capacity = find.line[line].capacity[bucket]
        if seconds > capacity:
            yield Violation(2, "line time", f"line {line}, bucket {bucket}: {seconds} > {capacity} seconds")


def _fabric(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 3: what is cut up to a bucket has arrived, or been bought early enough, by then."""
    find = problem.find
    cut: dict[str, Counter[int]] = defaultdict(Counter)
    for run in plan.runs:
        made = [(p.sku, p.quantity) for p in run.pieces] + [(o.sku, o.quantity) for o in run.overs]
        use = sum(find.sku[sku].fabric_use * quantity for sku, quantity in made)
        cut[find.item[run.item].fabric][run.bucket] += use
    for fabric in problem.fabrics:
        come = _incoming(fabric, plan)
        balance = accumulate(come[b] - cut[fabric.id][b] for b in range(problem.buckets))
        for bucket, left in enumerate(balance):
            if left < 0:
                yield Violation(3, "fabric", f"fabric {fabric.id} lacks {-left} units up to bucket {bucket}")


def _incoming(fabric: Fabric, plan: Plan) -> Counter[int]:
    come: Counter[int] = Counter()
    for bucket, quantity in fabric.arrivals:
        come[bucket] += quantity
    if fabric.purchase:
        for order in plan.purchases:
            if order.fabric == fabric.id:
                come[order.bucket + fabric.purchase.lead_buckets] += order.quantity
    return come


def _lots(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 4: no lot gets more than it wants or accepts; every SKU belongs to its run's item."""
    find = problem.find
    received: Counter[str] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    for run in plan.runs:
        for sku in {p.sku for p in run.pieces} | {o.sku for o in run.overs}:
            if find.sku[sku].item != run.item:
                yield Violation(4, "wrong item", f"run {run.id} of item {run.item} makes SKU {sku}")
        for piece in run.pieces:
            received[piece.lot] += piece.quantity
            if piece.sku != find.lot[piece.lot].sku:
                other[piece.lot, piece.sku] += piece.quantity
    for key, pieces in received.items():
        if pieces > find.lot[key].quantity:
            yield Violation(4, "too many", f"lot {key} gets {pieces} and wants {find.lot[key].quantity}")
    yield from _consents(problem, other)


def _consents(problem: Problem, other: Mapping[tuple[str, str], int]) -> Iterator[Violation]:
    for (key, sku), pieces in other.items():
        most = next((c.maximum for c in problem.find.lot[key].substitutes if c.sku == sku), None)
        if most is None:
            yield Violation(4, "no consent", f"lot {key} does not accept SKU {sku}")
        elif pieces > most:
            yield Violation(4, "substitutes", f"lot {key} gets {pieces} of SKU {sku} and accepts {most}")


def _minimums(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 5: an item, and a style, is made not at all or enough; overs stay within their limit."""
    find = problem.find
    items: Counter[str] = Counter()
    styles: Counter[str] = Counter()
    overs: Counter[str] = Counter()
    for run in plan.runs:
        items[run.item] += run.quantity
        styles[find.item[run.item].style] += run.quantity
        overs[run.item] += sum(over.quantity for over in run.overs)
    for key, pieces in items.items():
        if 0 < pieces < find.item[key].minimum:
            yield Violation(5, "item minimum", f"item {key}: {pieces} < {find.item[key].minimum} pieces")
    for key, pieces in styles.items():
        least = find.style[key].campaign_minimum
        if 0 < pieces < least:
            yield Violation(5, "campaign minimum", f"style {key}: {pieces} < {least} pieces")
    for key, pieces in overs.items():
        if pieces > find.item[key].overs_maximum:
            yield Violation(5, "overs", f"item {key}: {pieces} > {find.item[key].overs_maximum} overs")


def _purchases(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 5: a fabric that can be bought, in enough and whole multiples, once a bucket, not too much."""
    bought: Counter[str] = Counter()
    for order in plan.purchases:
        rule = problem.find.fabric[order.fabric].purchase
        bought[order.fabric] += order.quantity
        if rule is None:
            yield Violation(5, "purchase", f"fabric {order.fabric} cannot be bought")
        elif order.quantity < rule.minimum or order.quantity % rule.multiple:
            terms = f"at least {rule.minimum} in multiples of {rule.multiple}"
            yield Violation(5, "purchase", f"fabric {order.fabric}: {order.quantity} bought, not {terms}")
    for (key, bucket), times in Counter((o.fabric, o.bucket) for o in plan.purchases).items():
        if times > 1:
            yield Violation(5, "purchase", f"fabric {key} is bought {times} times in bucket {bucket}")
    for key, quantity in bought.items():
        rule = problem.find.fabric[key].purchase
        if rule and quantity > rule.maximum:
            yield Violation(5, "purchase", f"fabric {key}: {quantity} > {rule.maximum} bought in all")


def _frozen(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 5: released runs stand in the plan with the same pieces and overs."""
    planned = {run.cell: run for run in plan.runs}
    for run in problem.frozen:
        found = planned.get(run.cell)
        if found is None:
            yield Violation(5, "frozen", f"frozen run {run.id} is missing")
        elif _content(found) != _content(run):
            yield Violation(5, "frozen", f"frozen run {run.id} has other pieces or overs")


def _content(run: Run) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    pieces: Counter[tuple[str, str]] = Counter()
    overs: Counter[str] = Counter()
    for piece in run.pieces:
        pieces[piece.lot, piece.sku] += piece.quantity
    for over in run.overs:
        overs[over.sku] += over.quantity
    return pieces, overs


def _schedule(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Rule 6: one run after another within the working time, each after its changeover."""
    runs = {run.id: run for run in plan.runs}
    places: dict[tuple[str, int], list[Slot]] = defaultdict(list)
    for slot in plan.schedule:
        places[runs[slot.run].line, runs[slot.run].bucket].append(slot)
    for run_id, times in Counter(slot.run for slot in plan.schedule).items():
        if times > 1:
            yield Violation(6, "overlap", f"run {run_id} is scheduled {times} times")
    for (line, bucket), slots in sorted(places.items()):
        free_from, before = 0, None
        for slot in sorted(slots, key=lambda s: (s.start_second, s.end_second)):
            run = runs[slot.run]
            yield from _slot(problem, slot, run, before, free_from)
            if slot.end_second > problem.find.line[line].capacity[bucket]:
                yield Violation(6, "too long", f"run {run.id} ends after the time of line {line}")
            free_from, before = max(free_from, slot.end_second), run


def _slot(problem: Problem, slot: Slot, run: Run, before: Run | None, free_from: int) -> Iterator[Violation]:
    needed = _changeover(problem, before, run)
    rate = problem.find.line[run.line].styles.get(problem.find.item[run.item].style)
    making = run.quantity * rate.seconds if rate else 0
    if slot.changeover_seconds != needed:
        stated = slot.changeover_seconds
        yield Violation(6, "changeover", f"run {run.id}: {stated} s stated, {needed} s needed")
    if slot.start_second < free_from + needed:
        yield Violation(6, "overlap", f"run {run.id} starts before its changeover is done")
    if slot.end_second - slot.start_second != making:
        yield Violation(6, "duration", f"run {run.id} must take {making} s")


def _changeover(problem: Problem, before: Run | None, run: Run) -> int:
    """Seconds before ``run`` on a line where ``before`` is the run just made in the bucket."""
    find, rest = problem.find, problem.changeover
    item = find.item[run.item]
    style = find.style[item.style]
    if before is None:
        return item.setup_seconds + style.setup_seconds
    last = find.style[find.item[before.item].style]
    if last is style:
        return _percent(item.setup_seconds, rest.same_style)
    share = rest.same_family if last.family == style.family else 100
    return item.setup_seconds + _percent(style.setup_seconds, share)


def _percent(seconds: int, share: int) -> int:
    """``share`` percent of the seconds, rounded up."""
    return (seconds * share + 99) // 100
