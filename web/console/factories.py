"""Factories: who makes things, when they are closed, and how full their weeks are."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from api.domain.production import Closure
from api.services import factories, planning, scorecards
from api.services.factories import FactoryView, WeekLoad
from api.services.scorecards import Scorecard
from web.console.desk import DeskDep

router = APIRouter(prefix="/factories")

WEEKS = 14
SCORED = timedelta(days=180)
"""How far back a factory's word is counted."""
_HOUR = 3600


@router.get("")
def factories_page(desk: DeskDep) -> Response:
    """Every factory over the coming weeks."""
    monday = planning.monday_of(desk.at.date())
    found = factories.listed(desk.session, from_on=monday, weeks=WEEKS)
    kept = scorecards.listed(desk.session, since=desk.at - SCORED)
    weeks = [monday + factories.WEEK * number for number in range(WEEKS)]
    return desk.show(
        "factories",
        "console/factories.html",
        factories=[_shown(view, kept.get(view.factory.id)) for view in found],
        weeks=weeks,
    )


def _shown(view: FactoryView, score: Scorecard | None) -> dict[str, Any]:
    factory = view.factory
    return {
        "name": factory.name,
        "code": factory.code,
        "place": factory.place,
        "mode": factory.mode.value,
        "channel": factory.channel.value,
        "score": _score(score) if score else None,
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


def _score(score: Scorecard) -> dict[str, Any]:
    minutes = None if score.reply is None else int(score.reply.total_seconds() // 60)
    return {
        "ended": score.ended,
        "on_time": score.on_time,
        "complete": score.complete,
        "reply_minutes": minutes,
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
