"""A plan as one page shows it: amounts beside the baseline, the board, and the reasons in words."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from api.domain.plan import Plan, RunStatus
from api.services.plan_reading import LineTime, PlannedRun, Reading, Reason
from web.board import Bar, Board, BoardFactory, BoardLine, Closure
from web.console.plan_reasons import anchor, explained
from web.reader import Reader

_PARTS = ("setup", "making", "fabric", "shipping", "late", "early", "substitution", "unfilled", "overs")
_FEWEST_WEEKS = 6


def gap_percent(cost: int | None, bound: float | None) -> float | None:
    """How far above the best possible a cost is at most; None where that is not known."""
    if cost is None or not bound or bound <= 0:
        return None
    return max(0.0, round(100 * (cost - bound) / bound, 1))


def sheet(reader: Reader, plan: Plan, reading: Reading) -> dict[str, Any]:
    """The plan's amounts, reasons and runs; it must have an answer and a cost."""
    assert plan.cost is not None  # noqa: S101 - for mypy: said above
    made, baseline = plan.cost["plan"], plan.cost["baseline"]
    return {
        "cost_minor": made["total"],
        "baseline_minor": baseline["total"],
        "bound_minor": reading.bound_minor,
        "gap_percent": gap_percent(made["total"], reading.bound_minor),
        "on_time_pieces": reading.outcome.on_time,
        "late_pieces": reading.outcome.late,
        "unfilled_pieces": reading.outcome.unfilled,
        "pieces": reading.outcome.pieces,
        "costs": [
            {"part": part, "plan_minor": made[part], "baseline_minor": baseline[part]}
            for part in (*_PARTS, "total")
        ],
        "explanations": list(_explanations(reader, plan, reading.reasons)),
        "runs": [_row(reader, planned, reading.reasons) for planned in reading.runs],
    }


def _explanations(reader: Reader, plan: Plan, reasons: Sequence[Reason]) -> Iterator[dict[str, Any]]:
    """The first of an item carries the place that its runs point to."""
    told: set[str] = set()
    for reason in reasons:
        place = anchor(reason)
        yield explained(reader, plan, reason) | {"anchor": None if place in told else place}
        told.add(place)


def _row(reader: Reader, planned: PlannedRun, reasons: Sequence[Reason]) -> dict[str, Any]:
    own = [reason for reason in reasons if reason.item is planned.item and reason.pieces]
    lost = {
        kind: sum(reason.pieces for reason in own if reason.kind == kind) for kind in ("late", "unfilled")
    }
    return {
        "late_pieces": lost["late"],
        "unfilled_pieces": lost["unfilled"],
        "why_href": f"#{anchor(own[0])}" if own else None,
        "href": _href(planned),
        "number": planned.number,
        "title": reader.title(planned.style),
        "colour": reader.colour(planned.item),
        "colour_hex": planned.item.colour_hex,
        "factory": planned.factory.name,
        "line": planned.line.code,
        "week_on": planned.week_on,
        "pieces": planned.pieces,
        "overs": planned.overs,
        "preorders": planned.preorders,
        "status": _status(planned),
    }


def _href(planned: PlannedRun) -> str:
    """The run's own page, or its row where it is only proposed."""
    return f"/console/runs/{planned.run.number}" if planned.run else f"#run-{planned.number}"


def _status(planned: PlannedRun) -> str:
    return (planned.run.status if planned.run else RunStatus.PROPOSED).value


def board(reader: Reader, plan: Plan, reading: Reading) -> Board:
    """Every production line with its bars and its closed time, by factory."""
    weeks = max((planned.bucket + 1 for planned in reading.runs), default=0)
    weeks = min(max(weeks + 1, _FEWEST_WEEKS), len(reading.lines[0].open_seconds))
    bars: dict[str, list[Bar]] = defaultdict(list)
    full = {time.line.code: time.full_seconds for time in reading.lines}
    for planned in reading.runs:
        share = planned.seconds / full[planned.line.code]
        bars[planned.line.code].append(_bar(reader, planned, share))
    lines: dict[str, list[BoardLine]] = defaultdict(list)
    for time in reading.lines:
        closed = tuple(_closed(reader, plan, time, weeks))
        lines[time.factory.name].append(BoardLine(time.line.code, tuple(bars[time.line.code]), closed))
    factories = tuple(BoardFactory(name, tuple(of_it)) for name, of_it in lines.items())
    return Board(first_on=plan.day_zero, weeks=weeks, factories=factories)


def _bar(reader: Reader, planned: PlannedRun, share: float) -> Bar:
    return Bar(
        href=_href(planned),
        number=planned.number,
        title=f"{reader.title(planned.style)} · {reader.colour(planned.item)}",
        pieces=planned.pieces,
        week=planned.bucket,
        share=share,
        colour_hex=planned.item.colour_hex,
        status=_status(planned),
    )


def _closed(reader: Reader, plan: Plan, time: LineTime, weeks: int) -> Iterator[Closure]:
    """The weeks in which a line works less than usual, with the reason its factory gave."""
    for week, seconds in enumerate(time.open_seconds[:weeks]):
        if seconds < time.full_seconds:
            monday = plan.day_zero + timedelta(weeks=week)
            sunday = monday + timedelta(days=6)
            reasons = [one.reason for one in time.closures if one.from_on <= sunday and one.to_on >= monday]
            reason = reasons[0] if reasons else reader.gettext("Closed")
            yield Closure(week, 1 - seconds / time.full_seconds, reason)


def consequence(reader: Reader, plan: Plan, reading: Reading) -> list[str]:
    """What approving sets off, in sentences."""
    fresh = [planned for planned in reading.runs if planned.run is None]
    factories = {planned.factory.code for planned in fresh}
    number = reader.spoken.number
    placed = sum(planned.pieces - planned.overs for planned in fresh)
    overs = sum(planned.overs for planned in fresh)
    orders = len((plan.answer or {}).get("purchases", []))
    sentences = [
        reader.gettext(
            "%(runs)s runs go to %(factories)s factories at once.",
            runs=number(len(fresh)),
            factories=len(factories),
        ),
        reader.gettext(
            "%(pieces)s pieces get a place and a date; their buyers see it.", pieces=number(placed)
        ),
    ]
    if overs:
        sentences.append(reader.gettext("%(pieces)s pieces are made for nobody yet.", pieces=overs))
    if orders:
        sentences.append(reader.gettext("%(orders)s lots of cloth are ordered.", orders=orders))
    return sentences
