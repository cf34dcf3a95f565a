"""A run that ended: who lacks pieces, to be refunded or made anew, and what went to the team's stock."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.domain.allocation import AllocationPolicy, ShortfallStatus
from api.services import allocation
from api.services.runs import RunView
from web.console.desk import Desk, DeskDep
from web.reader import Reader

router = APIRouter(prefix="/runs")


@router.post("/{number}/short/{shortfall_id}/refund")
def refund(desk: DeskDep, number: str, shortfall_id: UUID) -> Response:
    """Give the price of the lacking pieces back."""
    allocation.refund(desk.session, shortfall_id, member=desk.member, at=desk.at)
    return RedirectResponse(f"/console/runs/{number}#short", 303)


@router.post("/{number}/short/{shortfall_id}/recut")
def recut(desk: DeskDep, number: str, shortfall_id: UUID) -> Response:
    """Have the lacking pieces made with the next plan."""
    allocation.recut(desk.session, shortfall_id, member=desk.member, at=desk.at)
    return RedirectResponse(f"/console/runs/{number}#short", 303)


def shown(desk: Desk, view: RunView) -> dict[str, Any] | None:
    """Who lacks pieces of a run and what is left over; None where it ended as it was ordered, or has not."""
    found = allocation.views(desk.session, view.run)
    codes = {sku.id: sku.code for sku, _ in view.sizes}
    stock = allocation.stock_of(desk.session, view.run)
    if not found and not stock:
        return None
    may = allocation.may_settle(desk.session, view.run, desk.member)
    return {
        "policy": _policy(desk.reader, found[0].shortfall.policy) if found else "",
        "rows": [
            {
                "number": one.shortfall.preorder_number,
                "sku": one.sku,
                "pieces": one.shortfall.pieces,
                "status": one.shortfall.status.value,
                "refund_minor": one.refund_minor,
                "currency": one.currency,
                "whole": one.whole,
                "action": f"/console/runs/{view.run.number}/short/{one.shortfall.id}"
                if may and one.shortfall.status == ShortfallStatus.OPEN
                else None,
            }
            for one in found
        ],
        "stock": [
            {
                "sku": codes[entry.sku_id],
                "pieces": entry.pieces,
                "unit_cost_minor": entry.unit_cost_minor,
                "cost_minor": entry.pieces * entry.unit_cost_minor,
                "currency": entry.currency,
            }
            for entry in stock
        ],
    }


def _policy(reader: Reader, policy: AllocationPolicy) -> str:
    return {
        AllocationPolicy.EARLIEST_PAID: reader.gettext("Who paid first was served first."),
        AllocationPolicy.EARLIEST_PROMISE: reader.gettext(
            "Who was promised the earlier day was served first."
        ),
    }[policy] + f" ({policy.value})"
