"""Explanations of a plan: the rule that binds and, given time, the smallest change that would free it.

``reasons.py`` finds the rule by arithmetic, ``remedy.py`` the change by deciding a style anew. What the
change is stands in ``needs``: ``change`` says which (none, pieces, days, line time, fabric, cost),
``amount`` how much of it (pieces, days, seconds, fabric units, minor units), beside ``item``, ``line``,
``bucket``, ``fabric`` or ``unit_cost``. ``verified`` is 1 where that was verified, else 0 and the
explanation is that of the arithmetic alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from planner.bystanders import bystanders
from planner.demand import Lot
from planner.part import Effort, Part, Unsettled
from planner.plan import Explanation, Plan
from planner.problem import Problem
from planner.reasons import reasons, subject
from planner.remedy import Loss, Remedy, remedy
from planner.waves import waves

PARTS_KEPT = 8  # books of a style take a megabyte where plans are large
_PROOFS = ("campaign minimum", "item minimum", "date", "no way")  # reasons that hold for any plan
_RULES = {
    "search": "the search had not come to it.",
    "line time": "no line that could deliver in time has enough time left.",
    "fabric": "there is too little cloth in time.",
    "minimum": "a minimum is not reached.",
    "date": "as the other styles stand it cannot be in time.",
    "trade-off": "the plan found is cheaper so.",
}


def explanations(
    problem: Problem,
    plan: Plan,
    *,
    seconds: float = 0.0,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    looks: int | None = None,
) -> tuple[Explanation, ...]:
    """One entry for each style and item with demand that does not run, and each lot late or short.

    ``seconds`` may be spent on verified changes, the dearest losses first; 0 gives the rules alone, in
    well under a second. ``looks`` limits the models solved instead, so that the same call gives the
    same entries while seconds suffice. ``stop`` is asked before each.
    """
    entries = reasons(problem, plan)
    if seconds <= 0:
        return entries
    effort = Effort(seconds, looks=looks, seed=seed, stop=stop)
    return _verified(problem, plan, entries, effort)


def _verified(
    problem: Problem, plan: Plan, entries: Sequence[Explanation], effort: Effort
) -> tuple[Explanation, ...]:
    remedies: dict[tuple[str, str], Remedy] = {}
    lots: dict[str, list[Lot]] = defaultdict(list)
    for lot in problem.lots:
        lots[problem.find.style_of(lot.sku).id].append(lot)
    others = bystanders(plan.runs)
    part = lru_cache(PARTS_KEPT)(lambda style: Part(problem, others, plan, style, lots[style]))
    for loss in sorted(_losses(problem, plan, entries), key=lambda one: (-one.cost, one.about, one.id)):
        if effort.left <= 0:
            break
        effort.begin()
        try:
            found = remedy(part(loss.style), loss, effort)
        except Unsettled:
            continue
        if found is not None:
            remedies.update(_shared(loss, found, lots[loss.style]))
    return tuple(_stated(entry, remedies.get((entry.about, entry.id))) for entry in entries)


def _shared(loss: Loss, found: Remedy, lots: Iterable[Lot]) -> dict[tuple[str, str], Remedy]:
    """What the remedy frees: the loss, and of a style or item also the colours made and the lots served."""
    if loss.about == "lot":
        return {("lot", lot.id): found for lot in loss.lots}
    freed = {("lot", lot.id): found for lot in lots if lot.id in found.serves}
    if loss.about == "style":
        freed.update({("item", item): found for item in found.makes})
    return {**freed, (loss.about, loss.id): found}


# ---------------------------------------------------------------------------------- losses


def _losses(problem: Problem, plan: Plan, entries: Iterable[Explanation]) -> Iterable[Loss]:
    """Styles and items that do not run (an item only where its style does), and waves late or short."""
    states = _states(problem, plan)
    of_item: dict[str, list[Lot]] = defaultdict(list)
    for lot in problem.lots:
        of_item[problem.find.sku[lot.sku].item].append(lot)
    wave_of = {lot.id: wave.lots for wave in waves(problem) for lot in wave.lots}
    idle = {entry.id for entry in entries if entry.about == "style"}
    styles: dict[str, list[Lot]] = defaultdict(list)
    for item in problem.items:
        if item.style in idle:
            styles[item.style] += of_item[item.id]
    told: set[str] = set()
    for entry in entries:
        if entry.about == "style":
            yield _loss(entry, entry.id, styles[entry.id], states)
        elif entry.about == "item" and (style := problem.find.item[entry.id].style) not in idle:
            yield _loss(entry, style, of_item[entry.id], states)
        elif entry.about == "lot" and entry.kind != "item" and entry.id not in told:
            lots = wave_of[entry.id]
            told.update(lot.id for lot in lots)
            yield _loss(entry, problem.find.style_of(lots[0].sku).id, lots, states)


class _State:
    """What has become of a lot."""

    __slots__ = ("late", "late_by", "late_days", "missing", "released")

    def __init__(self, missing: int) -> None:
        self.missing = missing
        self.late = 0
        self.late_by = 0
        self.late_days = 0  # pieces times days
        self.released = False


def _states(problem: Problem, plan: Plan) -> dict[str, _State]:
    states = {lot.id: _State(lot.quantity) for lot in problem.lots}
    released = {run.cell for run in problem.frozen}
    for run in plan.runs:
        shipping = problem.find.factory[problem.find.line[run.line].factory].shipping
        for piece in run.pieces:
            lot, state = problem.find.lot[piece.lot], states[piece.lot]
            state.missing -= piece.quantity
            days = problem.last_day(run.bucket) + shipping[lot.region].lead_days - lot.due_day
            if days > 0:
                state.late += piece.quantity
                state.late_by = max(state.late_by, days)
                state.late_days += days * piece.quantity
                state.released |= run.cell in released
    return states


def _loss(entry: Explanation, style: str, lots: Iterable[Lot], states: dict[str, _State]) -> Loss:
    known = [(lot, states[lot.id]) for lot in lots]
    missing = sum(state.missing for _, state in known)
    released = any(state.released for _, state in known)
    return Loss(
        about=entry.about,
        id=entry.id,
        style=style,
        lots=tuple(lot for lot, _ in known),
        pieces=missing + sum(state.late for _, state in known),
        late_by=0 if missing else max(state.late_by for _, state in known),
        released=released,
        impossible=released or entry.kind in _PROOFS,
        cost=sum(s.missing * lot.unfilled_cost + s.late_days * lot.late_cost for lot, s in known),
    )


# ---------------------------------------------------------------------------------- words


def _stated(entry: Explanation, found: Remedy | None) -> Explanation:
    """The entry with its verified change, and the rule corrected where the models know better."""
    if found is None:
        return entry
    kind = entry.kind if _holds(entry.kind, found.rule) else found.rule
    text = entry.text if kind == entry.kind else f"{_subject(entry)}: {_RULES[kind]}"
    needs = {**entry.needs, **found.needs, "verified": 1}
    return replace(entry, kind=kind, text=f"{text} {_change(needs)}", needs=needs)


def _holds(kind: str, rule: str) -> bool:
    """Whether the rule found by arithmetic is still the one to name."""
    if kind in ("item", "style", "released"):
        return True
    if rule == "minimum":
        return kind.endswith("minimum")
    return kind == rule or (rule == "date" and kind != "trade-off")


def _subject(entry: Explanation) -> str:
    if entry.about == "lot":
        return subject(entry.id, int(entry.needs["missing"]))
    return f"{entry.about.capitalize()} {entry.id} does not run"


def _change(needs: dict[str, int | str]) -> str:
    """The change in words: amounts in the problem's units."""
    amount = needs["amount"]
    match needs["change"]:
        case "none":
            return f"Planned anew as the rest stands it would be; that saves {needs['saves']}."
        case "pieces":
            return f"{amount} more of {needs['item']} would free it."
        case "days":
            return f"{amount} days later would free it."
        case "line time":
            line, bucket = needs["line"], needs["bucket"]
            return f"Line {line} {int(amount) / 3600:g} hours more in bucket {bucket} would free it."
        case "fabric":
            return f"{amount} more of {needs['fabric']} by bucket {needs['bucket']} would free it."
    price = f", which an unfilled cost {needs['unit_cost']} higher would pay" if "unit_cost" in needs else ""
    others = f" and take {needs['displaces']} pieces from other lots" if needs.get("displaces") else ""
    return f"It would cost {amount} more than it brings{others}{price}."
