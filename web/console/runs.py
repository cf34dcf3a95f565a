"""Runs: what factories make in one go, for whom, and the ERP orders they became."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from api.domain.errors import Refusal
from api.domain.member import Member
from api.domain.plan import Plan, Run, RunStatus
from api.domain.production import OrderChannel, OrderMode
from api.services import runs
from api.services.runs import RunView
from api.settings import settings
from web.console import factory_words, shortfalls
from web.console.desk import Desk, DeskDep, errors_of, paging

router = APIRouter(prefix="/runs")

PAGE = 50
_ENDED = (RunStatus.DONE, RunStatus.CANCELLED)
_SYSTEMS = {
    OrderChannel.ERP: "Odoo",
    OrderChannel.DROP_FOLDER: "CSV",
    OrderChannel.ORDER_BOOK: "Counterflow",
}
_SCREENS = {
    OrderMode.OWN_LINE: "mrp.mrp_production_action",
    OrderMode.SUBCONTRACT: "purchase.purchase_form_action",
}


@router.get("")
def runs_page(desk: DeskDep, page: int = 1) -> Response:
    """Runs, the next to start first; those that ended stand behind."""
    every = sorted(runs.listed(desk.session), key=lambda view: view.run.status in _ENDED)
    page = max(1, page)
    shown = every[(page - 1) * PAGE : page * PAGE]
    return desk.show(
        "runs",
        "console/runs.html",
        runs=[_row(desk, view) for view in shown],
        paging=paging("/console/runs", page=page, size=PAGE, total=len(every)),
    )


def _head(desk: Desk, view: RunView) -> dict[str, Any]:
    return {
        "number": view.run.number,
        "status": view.run.status.value,
        "title": desk.reader.title(view.style),
        "colour": desk.reader.colour(view.item),
        "colour_hex": view.item.colour_hex,
        "silhouette": view.style.silhouette.value,
        "factory": view.factory.name,
        "line": view.line.code,
        "week_on": view.run.bucket_on,
        "due_on": view.run.expected_on or view.run.finish_on,
    }


def _row(desk: Desk, view: RunView) -> dict[str, Any]:
    run = view.run
    slipped = run.expected_on is not None and run.expected_on > run.finish_on
    return _head(desk, view) | {
        "href": f"/console/runs/{run.number}",
        "pieces": view.quantity,
        "done_pieces": view.done,
        "late": run.status not in _ENDED and (slipped or run.finish_on < desk.at.date()),
    }


@router.get("/{number}")
def run_page(desk: DeskDep, number: str) -> Response:
    """One run."""
    return show_run(desk, number)


def show_run(desk: Desk, number: str, refused: Refusal | None = None) -> Response:
    """The page of one run, with what was refused of a form on it."""
    view = runs.get(desk.session, number)
    plan = desk.session.get_one(Plan, view.run.plan_id)
    trail = desk.trail("run", number)
    shown = _head(desk, view) | {
        "plan": plan.number,
        "plan_href": f"/console/plans/{plan.number}",
        "sizes": [
            {
                "size": sku.size,
                "sku": sku.code,
                "pieces": made.quantity,
                "overs": made.overs,
                "done": made.done,
                "scrapped": made.scrapped,
            }
            for sku, made in view.sizes
        ],
        "pegged": _pegged(desk, view.run),
        "orders": _orders(view, changed_at=trail[0]["at"]) if trail else [],
        "trail": trail,
        "card_href": f"/console/runs/{number}/card",
    }
    return desk.show(
        "runs",
        "console/run.html",
        refused=refused,
        run=shown,
        factory_words=factory_words.shown(desk, view),
        shortfalls=shortfalls.shown(desk, view),
        errors=errors_of(refused),
    )


def _pegged(desk: Desk, run: Run) -> list[dict[str, Any]]:
    return [
        {
            "number": preorder.number,
            "href": _preorder_href(desk.member, preorder.number),
            "sku": sku.code,
            "pieces": pegging.quantity,
            "promise_by_on": preorder.promise_by_on,
        }
        for pegging, _, preorder, sku in runs.pegged(desk.session, run)
    ]


def _preorder_href(member: Member, number: str) -> str | None:
    """Where a pre-order is found; a team's member may meet another team's number here, and no more of it."""
    return None if member.team_id else f"/console/preorders?q={number}"


def _orders(view: RunView, *, changed_at: datetime) -> list[dict[str, Any]]:
    """The ERP orders of a run: a manufacturing order is named after its SKU, a purchase order holds all."""
    by_sku = {sku.code: made for sku, made in view.sizes}
    orders = []
    for document in view.run.documents:
        one = by_sku.get(document.rpartition("/")[2])
        orders.append(
            {
                "reference": document,
                "href": _screen(view.run),
                "system": _SYSTEMS[OrderChannel(view.run.channel or OrderChannel.ORDER_BOOK)],
                "state": view.run.status.value,
                "quantity": one.quantity if one else view.quantity,
                "done": one.done if one else view.done,
                "seen_at": changed_at,
            }
        )
    return orders


def _screen(run: Run) -> str | None:
    """Odoo's own list of such orders; it finds one there by its reference."""
    if run.channel != OrderChannel.ERP.value or not settings().odoo_url:
        return None
    return f"{settings().odoo_url}/odoo/action-{_SCREENS[run.mode]}"
