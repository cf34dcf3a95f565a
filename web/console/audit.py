"""The audit: every change of state, by whom and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.services import audit
from web.console.desk import DeskDep, paging

router = APIRouter(prefix="/audit")

PAGE = 50


@router.get("")
def audit_page(desk: DeskDep, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """The latest changes first."""
    entries, total = audit.latest(desk.session, desk.member, page=page, size=PAGE)
    return desk.show(
        "audit",
        "console/audit.html",
        entries=[entry | {"href": _href(entry)} for entry in desk.named(entries)],
        paging=paging("/console/audit", page=page, size=PAGE, total=total),
    )


def _href(entry: dict[str, Any]) -> str | None:
    """Where the subject of an entry is looked at."""
    room = {
        "campaign": "/console/campaigns/",
        "plan": "/console/plans/",
        "run": "/console/runs/",
        "pre-order": "/console/preorders?q=",
    }.get(entry["noun"])
    return f"{room}{entry['subject']}" if room else None
