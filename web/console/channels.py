"""Channels: whether the systems of factories answer, and what they hold under our codes."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.domain.channel import ChannelState, MasterRecord
from api.domain.member import Right
from api.domain.production import OrderChannel
from api.services import channels, master_data
from web.console.desk import Desk, DeskDep

router = APIRouter(prefix="/channels")

SHOWN = 200
"""Rows of one table: more than that nobody mends by hand."""
WAREHOUSE = "warehouse"


@router.get("")
def channels_page(desk: DeskDep) -> Response:
    """Every channel of this installation, with what stands in the way of orders first."""
    shown = [
        line | _records(desk, OrderChannel(line["channel"])) | _reading(desk, OrderChannel(line["channel"]))
        for line in lines(desk)
    ]
    return desk.show("channels", "console/channels.html", channels=shown)


@router.post("/{channel}/read")
def read_again(desk: DeskDep, channel: OrderChannel) -> Response:
    """Have the channel's catalogue read now."""
    desk.member.must_have(Right.RETRY_MESSAGE)
    master_data.ask(desk.session, channel, at=desk.at)
    return RedirectResponse("/console/channels", 303)


def lines(desk: Desk) -> list[dict[str, Any]]:
    """Each channel of this installation: whose orders it carries, and how it was when last asked."""
    factories = channels.factories(desk.session)
    return [
        {"channel": channel.value, "factories": factories[channel], **_state(state)}
        for channel, state in channels.states(desk.session).items()
    ]


def _state(state: ChannelState | None) -> dict[str, Any]:
    if state is None:
        return {"status": "unknown", "since": None, "words": "", "notices": []}
    return {
        "status": state.status.value,
        "since": state.since,
        "words": state.words,
        "notices": state.notices,
    }


def _records(desk: Desk, channel: OrderChannel) -> dict[str, Any]:
    held = master_data.listed(desk.session, channel)
    wrong = [each for each in held if each.trouble]
    mapped = [each for each in held if not each.trouble and each.noun != WAREHOUSE]
    return {
        "read_at": held[0].read_at if held else None,
        "wrong": len(wrong),
        "mapped": len(mapped),
        "wrong_rows": _rows(wrong),
        "mapped_rows": _rows(mapped),
        "warehouses": [each.name for each in held if each.noun == WAREHOUSE],
    }


def _rows(records: Sequence[MasterRecord]) -> list[dict[str, str]]:
    return [
        {
            "noun": each.noun,
            "code": each.code,
            "name": each.name,
            "barcode": each.barcode,
            "trouble": each.trouble or "",
            "detail": each.detail,
        }
        for each in records[:SHOWN]
    ]


def _reading(desk: Desk, channel: OrderChannel) -> dict[str, Any]:
    may = desk.may(Right.RETRY_MESSAGE)
    return {
        "may_create": channels.may_create(channel),
        "read_action": f"/console/channels/{channel.value}/read" if may else None,
    }
