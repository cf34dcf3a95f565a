"""The needs-you list: each thing once, with its age, the money at stake and where it is resolved."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Response

from api.domain.channel import ChannelStatus
from api.domain.drift import DriftKind
from api.domain.money import CURRENCY
from api.domain.orderbook import FlagKind
from api.domain.production import OrderChannel
from api.services import needs
from api.services.needs import Need, NeedKind
from web.console import drift
from web.console.desk import Desk, DeskDep, minutes_since
from web.reader import Reader

router = APIRouter()

_LONGEST_ERROR = 160


@router.get("")
def home(desk: DeskDep) -> Response:
    """What needs this member."""
    found = needs.of_member(desk.session, desk.member, at=desk.at)
    return desk.show("home", "console/home.html", tasks=[_task(desk, need) for need in found], glance=[])


def _task(desk: Desk, need: Need) -> dict[str, Any]:
    return {
        "kind": need.kind.value,
        "what": _what(desk.reader, need),
        "since": need.since,
        "age_minutes": minutes_since(need.since, desk.at),
        "at_stake_minor": need.at_stake_minor,
        "currency": CURRENCY,
        "href": _href(need),
        "action": _action(desk.reader, need.kind),
    }


def _what(reader: Reader, need: Need) -> str:  # noqa: C901, PLR0911 - a sentence for each kind
    """One sentence on this need."""
    say = reader.gettext
    facts = {k: reader.spoken.number(v) if isinstance(v, int) else v for k, v in need.facts.items()}
    title = reader.title(need.style) if need.style else need.name
    match need.kind:
        case NeedKind.PARKED:
            error = str(facts["error"])[:_LONGEST_ERROR]
            return f"{facts['topic']} {need.name}: {error}"
        case NeedKind.PLAN:
            return say("Plan %(name)s is ready with %(runs)s runs.", name=need.name, runs=facts["runs"])
        case NeedKind.UNPLANNED:
            return say("%(pieces)s confirmed pieces wait for a plan.", pieces=facts["pieces"])
        case NeedKind.CLOSING:
            return say(
                "%(title)s lacks %(missing)s of %(minimum)s pieces and closes soon.", title=title, **facts
            )
        case NeedKind.LATE:
            return say(
                "%(title)s: %(preorders)s pre-orders arrive up to %(days)s days after the promise.",
                title=title,
                **facts,
            )
        case NeedKind.SHORT:
            return say(
                "Run %(name)s ended %(missing)s pieces short: refund or recut for %(preorders)s pre-orders.",
                name=need.name,
                **facts,
            )
        case NeedKind.DRIFT:
            theirs = drift.value(reader, DriftKind(str(need.facts["kind"])), str(need.facts["theirs"]))
            part = f" {need.facts['part']}" if need.facts["part"] else ""
            return say(
                "Run %(name)s stands otherwise in the ERP:%(part)s %(theirs)s.",
                name=need.name,
                part=part,
                theirs=theirs,
            )
        case NeedKind.PROPOSAL:
            return _proposal(reader, need)
        case NeedKind.FLAG:
            return _flag(reader, need)
        case NeedKind.CHANNEL:
            return _channel(reader, need)


def _proposal(reader: Reader, need: Need) -> str:
    facts = {"factory": need.facts["factory"], "name": need.name}
    if not need.facts["weighed"]:
        return reader.gettext(
            "%(factory)s proposes other terms for %(name)s; the planner weighs them.", **facts
        )
    later = need.facts["later"]
    if later:
        return reader.gettext(
            "%(factory)s proposes other terms for %(name)s: %(later)s pre-orders more would be late.",
            later=later,
            **facts,
        )
    return reader.gettext(
        "%(factory)s proposes other terms for %(name)s: no pre-order more would be late.", **facts
    )


def _flag(reader: Reader, need: Need) -> str:
    facts = {
        "factory": need.facts["factory"],
        "name": need.name,
        "day": reader.spoken.day(date.fromisoformat(str(need.facts["on"]))),
        "words": need.facts["words"],
    }
    if need.facts["kind"] == FlagKind.SHORT:
        return reader.gettext("%(factory)s: %(name)s will be short, on %(day)s. %(words)s", **facts)
    return reader.gettext("%(factory)s: %(name)s will be late, on %(day)s. %(words)s", **facts)


def _channel(reader: Reader, need: Need) -> str:
    channel = {
        OrderChannel.ERP: reader.gettext("ERP"),
        OrderChannel.DROP_FOLDER: reader.gettext("Drop folder"),
        OrderChannel.ORDER_BOOK: reader.gettext("Order book"),
    }[OrderChannel(need.name)]
    words = str(need.facts["words"])[:_LONGEST_ERROR]
    if need.facts["status"] == ChannelStatus.SILENT:
        return reader.gettext("%(channel)s does not answer. %(words)s", channel=channel, words=words)
    if need.facts["status"] == ChannelStatus.REFUSES:
        return reader.gettext("%(channel)s refuses us. %(words)s", channel=channel, words=words)
    return reader.gettext("%(channel)s sent what cannot be read. %(words)s", channel=channel, words=words)


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
    }[kind]
