"""The needs-you list: each thing once, with its age, the money at stake and where it is resolved."""

from typing import Any

from fastapi import APIRouter, Response

from api.domain.need import Need, NeedKind
from api.domain.team import Team
from api.services import needs
from web.console import need_words
from web.console.desk import Desk, DeskDep, minutes_since
from web.reader import Reader

router = APIRouter()


@router.get("")
def home(desk: DeskDep) -> Response:
    """What needs this member."""
    found = needs.of_member(desk.session, desk.member, at=desk.at)
    return desk.show("home", "console/home.html", tasks=[_task(desk, need) for need in found], glance=[])


def _task(desk: Desk, need: Need) -> dict[str, Any]:
    return {
        "kind": need.kind.value,
        "what": need_words.what(desk.reader, need),
        "since": need.since,
        "age_minutes": minutes_since(need.since, desk.at),
        "at_stake_minor": need.at_stake_minor,
        "currency": need.currency,
        "owner": _owner(desk, need),
        "until": need.until,
        "href": _href(need),
        "action": _action(desk.reader, need.kind),
    }


def _owner(desk: Desk, need: Need) -> str:
    """Whose it is: a team's, or the role's that the platform gave it to."""
    if need.team_id is not None:
        return desk.session.get_one(Team, need.team_id).name
    if need.kind == NeedKind.EXCEPTION:
        return desk.reader.gettext("Finance")
    if need.kind in (NeedKind.PARKED, NeedKind.CHANNEL):
        return desk.reader.gettext("Administrator")
    return desk.reader.gettext("Planner")


def _href(need: Need) -> str:
    return {
        NeedKind.PARKED: "/console/queue",
        NeedKind.PLAN: f"/console/plans/{need.name}",
        NeedKind.UNPLANNED: "/console/plans",
        NeedKind.CLOSING: f"/console/campaigns/{need.name}",
        NeedKind.LATE: f"/console/preorders?q={need.name}",
        NeedKind.SHORT: f"/console/runs/{need.name}#short",
        NeedKind.DRIFT: f"/console/drift/{need.facts.get('id')}",
        NeedKind.PROPOSAL: f"/console/runs/{need.name}#factory",
        NeedKind.FLAG: f"/console/runs/{need.name}#factory",
        NeedKind.CHANNEL: "/console/channels",
        NeedKind.EXCEPTION: "/console/exceptions",
        NeedKind.RESCUE: f"/console/campaigns/{need.name}#rescue",
        NeedKind.BALANCES: f"/console/preorders?q={need.name}",
    }[need.kind]


def _action(reader: Reader, kind: NeedKind) -> str:
    return {
        NeedKind.PARKED: reader.gettext("Open the queue"),
        NeedKind.PLAN: reader.gettext("Look at it"),
        NeedKind.UNPLANNED: reader.gettext("Make a plan"),
        NeedKind.CLOSING: reader.gettext("Open the campaign"),
        NeedKind.LATE: reader.gettext("See which"),
        NeedKind.SHORT: reader.gettext("Open the run"),
        NeedKind.DRIFT: reader.gettext("Decide"),
        NeedKind.PROPOSAL: reader.gettext("Answer"),
        NeedKind.FLAG: reader.gettext("Open the run"),
        NeedKind.CHANNEL: reader.gettext("See the channels"),
        NeedKind.EXCEPTION: reader.gettext("Settle"),
        NeedKind.RESCUE: reader.gettext("Answer"),
        NeedKind.BALANCES: reader.gettext("See which"),
    }[kind]
