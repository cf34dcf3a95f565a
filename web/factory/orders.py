"""A factory's orders: the list, one of them, its printed card, and how far it is."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.domain.errors import Refusal, Rejected
from api.domain.orderbook import BookOrder, BookOrderStatus, OrderFlag, WorkStage
from api.domain.proposal import OPEN, Proposal
from api.services import flags, order_book, photos, proposals
from api.services.order_book import OrderView
from api.settings import settings
from web import photographs
from web.console.desk import attempt
from web.factory.bench import Bench, BenchDep, FormDep, files_of, pieces_of, typed_in

router = APIRouter()

_S = BookOrderStatus


@router.get("")
def orders_page(bench: BenchDep) -> Response:
    """What this factory is to make."""
    views = order_book.of_factory(bench.session, bench.member)
    headings = [
        (bench.reader.gettext("New"), (_S.OFFERED,)),
        (bench.reader.gettext("To make"), (_S.ACCEPTED, _S.STARTED)),
        (bench.reader.gettext("Ended"), (_S.DONE, _S.CANCELLED)),
    ]
    groups = [
        (heading, [card(bench, view) for view in views if view.order.status in states])
        for heading, states in headings
    ]
    return bench.show("factory/orders.html", groups=groups)


@router.get("/orders/{reference}")
def order_page(bench: BenchDep, reference: str) -> Response:
    """One order, to answer and to report on."""
    return show_order(bench, reference)


@router.get("/orders/{reference}/card")
def order_card(bench: BenchDep, reference: str) -> Response:
    """One order as a card to print and to hang on the line."""
    order = order_book.get_of_factory(bench.session, reference, bench.member)
    shown = card(bench, order_book.view(bench.session, order))
    factory = order_book.factory_of(bench.session, bench.member)
    return bench.show("factory/card.html", card=shown | {"factory": factory.name})


@router.get("/orders/{reference}/photos/{name}")
def order_photo(bench: BenchDep, reference: str, name: str) -> Response:
    """A photograph of one's own order."""
    order = order_book.get_of_factory(bench.session, reference, bench.member)
    return photographs.served(photos.get(photos.of_order(bench.session, order.id), name))


@router.post("/orders/{reference}/accept")
def accept_order(bench: BenchDep, reference: str) -> Response:
    """Take the order as it stands."""
    refused = attempt(
        bench.session,
        lambda: order_book.accept(bench.session, reference, member=bench.member, at=bench.at),
    )
    return after(bench, reference, refused)


@router.post("/orders/{reference}/start")
def start_order(bench: BenchDep, reference: str) -> Response:
    """Cutting has begun."""
    refused = attempt(
        bench.session,
        lambda: order_book.start(bench.session, reference, member=bench.member, at=bench.at),
    )
    return after(bench, reference, refused)


@router.post("/orders/{reference}/report")
def report_order(form: FormDep, bench: BenchDep, reference: str) -> Response:
    """Good pieces so far by stage, photographs of them, and whether more will come."""
    typed = typed_in(form)

    def report() -> None:
        order = order_book.report(
            bench.session,
            reference,
            **{stage.field: pieces_of(typed, stage.field) for stage in WorkStage},
            finished="finished" in form,
            member=bench.member,
            at=bench.at,
        )
        photos.add(
            bench.session,
            settings().photo_dir,
            reference,
            stage=reached(order),
            files=files_of(form, "photo"),
            member=bench.member,
            at=bench.at,
        )

    return after(bench, reference, attempt(bench.session, report), typed)


def reached(order: BookOrder) -> WorkStage:
    """The furthest stage that any piece has passed; before the first, cutting."""
    return max((s for s in WorkStage if order.pieces(s)), key=list(WorkStage).index, default=WorkStage.CUT)


def after(
    bench: Bench, reference: str, refused: Refusal | None, typed: dict[str, str] | None = None
) -> Response:
    """Back to the order; a refused form stays, with what was typed."""
    if refused is None:
        return RedirectResponse(f"/factory/orders/{reference}", 303)
    return show_order(bench, reference, refused, typed or {})


def card(bench: Bench, view: OrderView) -> dict[str, Any]:
    """An order as lists, page and printed card show it."""
    order = view.order
    here = f"/factory/orders/{order.reference}"
    return {
        "href": here,
        "link": f"{settings().public_url}{here}",
        "reference": order.reference,
        "status": order.status.value,
        "style_code": view.style.code,
        "title": bench.reader.title(view.style),
        "colour": bench.reader.colour(view.item),
        "colour_hex": view.item.colour_hex,
        "silhouette": view.style.silhouette.value,
        "line": order.line_code,
        "pieces": sum(size.wanted for size in view.sizes),
        "made": [(stage.value, order.pieces(stage)) for stage in WorkStage],
        "sizes": [{"sku": s.sku, "size": s.size, "pieces": s.wanted} for s in view.sizes],
        "start_on": order.start_on,
        "finish_on": order.finish_on,
        "expected_on": order.expected_on,
    }


def show_order(
    bench: Bench, reference: str, refused: Refusal | None = None, typed: dict[str, str] | None = None
) -> Response:
    """The page of one order, with every word the factory may say about it now."""
    order = order_book.get_of_factory(bench.session, reference, bench.member)
    view, here = order_book.view(bench.session, order), f"/factory/orders/{reference}"
    status, said = order.status, typed or {}
    negotiable = status in (_S.OFFERED, _S.ACCEPTED)
    reportable = status in (_S.ACCEPTED, _S.STARTED)
    shown = card(bench, view) | {
        "sizes": [_size(size, said) for size in view.sizes],
        "proposal": _proposal(bench, view),
        "flags": [_flag(flag) for flag in flags.of_order(bench.session, order.id)],
        "photos": [photographs.shown(one, here) for one in photos.of_order(bench.session, order.id)],
        "today": bench.at.date(),
        "typed": {"finish_on": order.finish_on, "expected_on": order.expected_on or order.finish_on}
        | {"reason": "", "words": "", "kind": "late"}
        | said,
        "accept_action": f"{here}/accept" if status == _S.OFFERED else None,
        "start_action": f"{here}/start" if status == _S.ACCEPTED else None,
        "report_action": f"{here}/report" if status == _S.STARTED else None,
        "propose_action": f"{here}/propose" if negotiable else None,
        "withdraw_action": f"{here}/withdraw",
        "flag_action": f"{here}/flag" if reportable else None,
        "card_href": f"{here}/card",
    }
    fields = _fields(shown)
    wrong = _errors(refused, {field for of_form in fields.values() for field in of_form})
    refused_form = next((name for name, of_form in fields.items() if of_form & wrong.keys()), "")
    return bench.show(
        "factory/order.html", refused=refused, order=shown, errors=wrong, refused_form=refused_form
    )


def _size(size: order_book.SizeView, typed: dict[str, str]) -> dict[str, Any]:
    """A row of the size table: what is wanted, and a field for each stage and for a proposal."""
    stages = [(stage.value, f"{stage.field}.{size.sku}", size.made[stage]) for stage in WorkStage]
    proposed = f"pieces.{size.sku}"
    return {
        "sku": size.sku,
        "size": size.size,
        "pieces": size.wanted,
        "stages": [(stage, field, typed.get(field, done)) for stage, field, done in stages],
        "proposed": (proposed, typed.get(proposed, size.wanted)),
    }


def _proposal(bench: Bench, view: OrderView) -> dict[str, Any] | None:
    """The latest proposal of the factory, open or answered."""
    found = proposals.of_run(bench.session, view.order.reference)
    if not found:
        return None
    latest = found[0]
    return {
        "status": latest.status.value,
        "open": latest.status in OPEN,
        "reason": latest.reason,
        "answer": latest.answer or "",
        "finish_on": latest.finish_on if latest.finish_on != latest.ordered_finish_on else None,
        "pieces": _changed(latest, view),
    }


def _changed(proposal: Proposal, view: OrderView) -> list[tuple[str, int, int]]:
    """Size, pieces ordered and pieces proposed, where they differ."""
    sizes = {size.sku: size.size for size in view.sizes}
    return [
        (sizes.get(sku, sku), proposal.ordered_quantities[sku], pieces)
        for sku, pieces in proposal.quantities.items()
        if pieces != proposal.ordered_quantities[sku]
    ]


def _flag(flag: OrderFlag) -> dict[str, Any]:
    return flag.model_dump(include={"expected_on", "words", "raised_at"}) | {
        "kind": flag.kind.value,
        "status": flag.status.value,
    }


def _fields(order: dict[str, Any]) -> dict[str, set[str]]:
    """The fields that the page has, by form."""
    counted = {field for size in order["sizes"] for _, field, _ in size["stages"]}
    offered = {size["proposed"][0] for size in order["sizes"]}
    forms = {
        "report": counted | {"photo"},
        "propose": offered | {"finish_on", "reason"},
        "flag": {"expected_on", "words"},
    }
    return {name: fields for name, fields in forms.items() if order[f"{name}_action"]}


def _errors(refused: Refusal | None, fields: set[str]) -> dict[str, str]:
    """By the fields the page has; what concerns none of them is a refusal of the whole."""
    if refused is None:
        return {}
    named = refused.fields if isinstance(refused, Rejected) else []
    known = {one["field"]: one["detail"] for one in named if one["field"] in fields}
    return known or {"": refused.code}
