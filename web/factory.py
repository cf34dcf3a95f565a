"""The factory's pages: its orders, and its word on how far they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.errors import InvalidRequest, Refusal, Rejected
from api.domain.member import Member, Right
from api.domain.orderbook import BookOrderStatus
from api.services import order_book
from api.services.order_book import OrderView
from api.settings import settings
from web.console.desk import attempt, refusal_status
from web.pages import render
from web.reader import Reader, ReaderDep

router = APIRouter(prefix="/factory")

_S = BookOrderStatus


@dataclass(frozen=True, slots=True)
class Bench:
    """One factory member's request."""

    request: Request
    session: Session
    member: Member
    at: datetime
    reader: Reader

    def show(self, template: str, *, refused: Refusal | None = None, **values: Any) -> Response:
        factory = order_book.factory_of(self.session, self.member)
        viewer = {"name": self.member.name, "factory": factory.name}
        return render(self.request, template, status_code=refusal_status(refused), viewer=viewer, **values)


def at_the_bench(
    request: Request, session: SessionDep, member: MemberDep, at: NowDep, reader: ReaderDep
) -> Bench:
    """The bench of a signed-in member of a factory; raises RoleMissing for everyone else."""
    member.must_have(Right.REPORT_PROGRESS)
    return Bench(request, session, member, at, reader)


BenchDep = Annotated[Bench, Depends(at_the_bench)]


async def sent_form(request: Request) -> FormData:
    """The fields of a form whose names are not known beforehand."""
    return await request.form()


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
        (heading, [_card(bench, view) for view in views if view.order.status in states])
        for heading, states in headings
    ]
    return bench.show("factory/orders.html", groups=groups)


@router.get("/orders/{reference}")
def order_page(bench: BenchDep, reference: str) -> Response:
    """One order, to print and to report on."""
    return _order(bench, reference)


@router.post("/orders/{reference}/accept")
def accept_order(bench: BenchDep, reference: str) -> Response:
    """Take the order as it stands."""
    refused = attempt(
        bench.session,
        lambda: order_book.accept(bench.session, reference, member=bench.member, at=bench.at),
    )
    return _after(bench, reference, refused)


@router.post("/orders/{reference}/start")
def start_order(bench: BenchDep, reference: str) -> Response:
    """Cutting has begun."""
    refused = attempt(
        bench.session,
        lambda: order_book.start(bench.session, reference, member=bench.member, at=bench.at),
    )
    return _after(bench, reference, refused)


@router.post("/orders/{reference}/report")
def report_order(bench: BenchDep, reference: str, form: Annotated[FormData, Depends(sent_form)]) -> Response:
    """Good pieces so far, and whether more will come."""
    typed = {
        name.removeprefix("done."): value.strip()
        for name, value in form.items()
        if name.startswith("done.") and not isinstance(value, UploadFile)
    }

    def report() -> None:
        order_book.report(
            bench.session,
            reference,
            done=_pieces(typed),
            finished="finished" in form,
            member=bench.member,
            at=bench.at,
        )

    return _after(bench, reference, attempt(bench.session, report), typed)


def _pieces(typed: dict[str, str]) -> dict[str, int]:
    """The numbers of a report; raises InvalidRequest naming each that is none."""
    wrong = [
        {"field": f"done.{sku}", "value": text, "detail": "is not a whole number"}
        for sku, text in typed.items()
        if not (text.isascii() and text.isdigit())
    ]
    if wrong:
        raise InvalidRequest(wrong)
    return {sku: int(text) for sku, text in typed.items()}


def _after(
    bench: Bench, reference: str, refused: Refusal | None, typed: dict[str, str] | None = None
) -> Response:
    if refused is None:
        return RedirectResponse(f"/factory/orders/{reference}", 303)
    return _order(bench, reference, refused, typed or {})


def _card(bench: Bench, view: OrderView) -> dict[str, Any]:
    order = view.order
    return {
        "href": f"/factory/orders/{order.reference}",
        "reference": order.reference,
        "status": order.status.value,
        "title": bench.reader.title(view.style),
        "colour": bench.reader.colour(view.item),
        "colour_hex": view.item.colour_hex,
        "silhouette": view.style.silhouette.value,
        "line": order.line_code,
        "pieces": sum(wanted for _, _, wanted, _ in view.sizes),
        "done": sum(done for _, _, _, done in view.sizes),
        "start_on": order.start_on,
        "finish_on": order.finish_on,
        "expected_on": order.expected_on,
    }


def _order(
    bench: Bench, reference: str, refused: Refusal | None = None, typed: dict[str, str] | None = None
) -> Response:
    order = order_book.get_of_factory(bench.session, reference, bench.member)
    view, here = order_book.view(bench.session, order), f"/factory/orders/{reference}"
    shown = _card(bench, view) | {
        "sizes": [
            {
                "sku": sku,
                "size": size,
                "pieces": wanted,
                "done": (typed or {}).get(sku, done),
                "field": f"done.{sku}",
            }
            for sku, size, wanted, done in view.sizes
        ],
        "accept_action": f"{here}/accept" if order.status == _S.OFFERED else None,
        "start_action": f"{here}/start" if order.status == _S.ACCEPTED else None,
        "report_action": f"{here}/report" if order.status == _S.STARTED else None,
        "link": f"{settings().public_url}{here}",
    }
    return bench.show("factory/order.html", refused=refused, order=shown, errors=_errors(refused, shown))


def _errors(refused: Refusal | None, order: dict[str, Any]) -> dict[str, str]:
    """By the fields the page has; what concerns none of them is a refusal of the whole."""
    if refused is None:
        return {}
    fields = {size["field"] for size in order["sizes"]} if order["report_action"] else set()
    named = refused.fields if isinstance(refused, Rejected) else []
    known = {one["field"]: one["detail"] for one in named if one["field"] in fields}
    return known or {"": refused.code}
