"""What one more hour or metre would be worth to a plan: a heat map, and tables with the dearest first."""

from collections import defaultdict
from math import sqrt
from typing import Any

from api.domain.money import CURRENCY
from api.domain.plan import Plan
from api.services.plan_worth import HourWorth, Worth
from web.heat import Heat, HeatMap, HeatRow
from web.reader import Reader

_FIRST = 10


def worth(reader: Reader, plan: Plan, found: Worth | None, *, weeks: int) -> dict[str, Any] | None:
    """For the plan's page, its map at least as wide as the board's ``weeks``; None where nothing is known."""
    if found is None:
        return None
    hours = [
        {
            "line": one.line.code,
            "factory": one.factory.name,
            "week_on": one.week_on,
            "worth_minor": one.worth_minor,
        }
        for one in found.hours
    ]
    metres = [
        {
            "cloth": reader.cloth(one.fabric),
            "code": one.fabric.code,
            "week_on": one.week_on,
            "worth_minor": one.worth_minor,
        }
        for one in found.metres
    ]
    return {
        "heat": _heat(reader, plan, found.hours, weeks) if hours else None,
        "hours": (hours[:_FIRST], hours[_FIRST:]),
        "metres": (metres[:_FIRST], metres[_FIRST:]),
    }


def _heat(reader: Reader, plan: Plan, hours: tuple[HourWorth, ...], weeks: int) -> HeatMap:
    """A row for each line that is short of time; the dearest hour of all is dyed deepest.

    By the root of its worth, so that one hour dearer by far leaves the others some dye.
    """
    heats: dict[str, list[Heat]] = defaultdict(list)
    for one in hours:
        figure = reader.spoken.money(one.worth_minor, CURRENCY)
        words = reader.gettext(
            "%(line)s, week of %(week)s: %(worth)s an hour",
            line=one.line.code,
            week=reader.spoken.day(one.week_on),
            worth=figure,
        )
        depth = sqrt(one.worth_minor / hours[0].worth_minor)
        heats[one.line.code].append(Heat(one.bucket, depth, figure, words))
    rows = tuple(HeatRow(line, tuple(cells)) for line, cells in sorted(heats.items()))
    last = max(one.bucket for one in hours)
    return HeatMap(plan.day_zero, max(weeks, last + 1), rows)
