"""Factories: who makes things, when they are closed, and how full their weeks are."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Response

from api.domain.production import Closure
from api.services import factories, planning
from api.services.factories import FactoryView, WeekLoad
from web.console.desk import DeskDep

router = APIRouter(prefix="/factories")

WEEKS = 14
_HOUR = 3600


@router.get("")
def factories_page(desk: DeskDep) -> Response:
    """Every factory over the coming weeks."""
    monday = planning.monday_of(desk.at.date())
    found = factories.listed(desk.session, from_on=monday, weeks=WEEKS)
    weeks = [monday + factories.WEEK * number for number in range(WEEKS)]
    return desk.show(
        "factories", "console/factories.html", factories=[_shown(view) for view in found], weeks=weeks
    )


def _shown(view: FactoryView) -> dict[str, Any]:
    factory = view.factory
    return {
        "name": factory.name,
        "code": factory.code,
        "place": factory.place,
        "mode": factory.mode.value,
        "channel": factory.channel.value,
        "closures": _closures(view.closures),
        "lines": [
            {
                "code": line.code,
                "hours_per_week": line.shift_seconds * line.workdays / _HOUR,
                "loads": [_load(week) for week in weeks],
            }
            for line, weeks in view.lines
        ],
    }


def _closures(closures: Iterable[Closure]) -> list[dict[str, Any]]:
    """Closures of one reason together, with all their days."""
    alike: dict[tuple[str, int], list[Closure]] = defaultdict(list)
    for closure in closures:
        alike[closure.reason, closure.capacity_percent].append(closure)
    return [
        {"reason": reason, "capacity_percent": percent, "ranges": ranges}
        for (reason, percent), ranges in alike.items()
    ]


def _load(week: WeekLoad) -> dict[str, int]:
    """Whole percent: used of what is open, open of a full week."""
    return {
        "used_percent": 100 * week.used_seconds // week.open_seconds if week.open_seconds else 0,
        "open_percent": 100 * week.open_seconds // week.full_seconds,
    }
