"""The exceptions desk: money that moved otherwise than asked, one row and one decision each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from api.domain.errors import Refusal, invalid
from api.domain.member import Right
from api.domain.payment import Payment
from api.domain.payment_exception import ExceptionKind, PaymentException, Resolution
from api.domain.preorder import Preorder
from api.payments.cash import CASH
from api.services import cash, exception_effects, payment_exceptions
from api.services.exception_effects import Effect
from web.console.desk import Desk, DeskDep, attempt, errors_of, minutes_since
from web.console.preorders import masked
from web.reader import Reader

router = APIRouter(prefix="/exceptions")

LATEST = 30
LONGEST_RECEIPT = 60
_REASONED = (ExceptionKind.EXTERNAL_REFUND, ExceptionKind.DISPUTE, ExceptionKind.REFUND_FAILED)


@router.get("")
def exceptions_page(desk: DeskDep) -> Response:
    """What waits for a decision, the oldest first, and what was decided lately."""
    return _show(desk)


@router.post("/{case_id}")
def resolve(desk: DeskDep, case_id: UUID, resolution: Annotated[Resolution, Form()]) -> Response:
    """One click settles a case."""
    desk.member.must_have(Right.RESOLVE_EXCEPTION)
    if refused := attempt(
        desk.session,
        lambda: payment_exceptions.resolve(desk.session, case_id, resolution, member=desk.member, at=desk.at),
    ):
        return _show(desk, refused)
    return RedirectResponse("/console/exceptions", 303)


@router.post("/{case_id}/cash")
def paid_in_cash(desk: DeskDep, case_id: UUID, receipt: Annotated[str, Form()] = "") -> Response:
    """A refund that was paid in cash, under the number of its receipt."""
    desk.member.must_have(Right.RECORD_CASH)

    def confirm() -> None:
        refund = payment_exceptions.refund_of(desk.session, case_id, desk.member)
        number = receipt.strip()
        if not number or len(number) > LONGEST_RECEIPT:
            raise invalid("receipt", number, "is the number on the receipt")
        cash.confirm_refund(desk.session, refund.id, receipt=number, member=desk.member, at=desk.at)

    if refused := attempt(desk.session, confirm):
        return _show(desk, refused)
    return RedirectResponse("/console/exceptions", 303)


def _show(desk: Desk, refused: Refusal | None = None) -> Response:
    desk.member.must_have(Right.RESOLVE_EXCEPTION)
    open_cases = payment_exceptions.open_cases(desk.session, desk.member)
    resolved = payment_exceptions.resolved_cases(desk.session, desk.member, limit=LATEST)
    by_whom = desk.named(entry for _, _, entry in resolved)
    return desk.show(
        "exceptions",
        "console/exceptions.html",
        refused=refused,
        cases=[_open_case(desk, case, preorder) for case, preorder in open_cases],
        resolved=[
            _case(desk, case, preorder)
            | {"resolution": _made_of_it(desk.reader, case), "resolved_at": entry["at"], "by": entry["actor"]}
            for (case, preorder, _), entry in zip(resolved, by_whom, strict=True)
        ],
        errors=errors_of(refused),
    )


def _case(desk: Desk, case: PaymentException, preorder: Preorder | None) -> dict[str, Any]:
    return {
        "kind": case.kind.value,
        "what": what_happened(desk.reader, case.kind),
        "words": case.words if case.kind in _REASONED or preorder is None else "",
        "amount_minor": case.amount_minor,
        "currency": case.currency,
        "number": preorder.number if preorder else "",
        "buyer": masked(preorder.buyer_name) if preorder else "",
        "status": preorder.status.value if preorder else "",
        "href": _href(desk, preorder) if preorder else "",
        "noted_at": case.noted_at,
        "age_minutes": minutes_since(case.noted_at, desk.at),
    }


def _href(desk: Desk, preorder: Preorder) -> str:
    """The pre-order's money, for those who may see it; else where the pre-order is listed."""
    if desk.may(Right.SEE_LEDGER):
        return f"/console/ledger?preorder={preorder.number}"
    return f"/console/preorders?q={preorder.number}"


def _open_case(desk: Desk, case: PaymentException, preorder: Preorder | None) -> dict[str, Any]:
    choices = exception_effects.effects(desk.session, case, preorder)
    return _case(desk, case, preorder) | {
        "action": f"/console/exceptions/{case.id}",
        "cash_action": _cash_action(desk, case),
        "choices": [
            {
                "resolution": effect.resolution.value,
                "label": _label(desk.reader, case.kind, effect.resolution),
                "effect": _effect(desk.reader, effect, case),
                "possible": effect.possible,
            }
            for effect in choices
        ],
    }


def _cash_action(desk: Desk, case: PaymentException) -> str | None:
    """Where the receipt of a refund goes that a person has to pay in cash."""
    payment = desk.session.get(Payment, case.payment_id) if case.payment_id else None
    in_cash = payment is not None and payment.provider == CASH and case.kind == ExceptionKind.REFUND_FAILED
    return f"/console/exceptions/{case.id}/cash" if in_cash and desk.may(Right.RECORD_CASH) else None


def what_happened(reader: Reader, kind: ExceptionKind) -> str:
    """One sentence for a person who has not seen the provider's books."""
    return {
        ExceptionKind.LATE: reader.gettext("Paid when the pre-order was over already."),
        ExceptionKind.DOUBLE: reader.gettext("Paid once more when nothing was owed."),
        ExceptionKind.TOO_LITTLE: reader.gettext("Paid less than was asked for; this much is missing."),
        ExceptionKind.TOO_MUCH: reader.gettext("Paid more than was asked for; this much is too much."),
        ExceptionKind.EXTERNAL_REFUND: reader.gettext(
            "Somebody gave it back at the provider; we did not ask for that."
        ),
        ExceptionKind.DISPUTE: reader.gettext("The buyer's bank took it back."),
        ExceptionKind.REFUND_FAILED: reader.gettext(
            "The provider does not pay this refund out; the buyer waits for it."
        ),
        ExceptionKind.UNKNOWN: reader.gettext("The provider's report has it, and we do not know for what."),
    }[kind]


def _label(reader: Reader, kind: ExceptionKind, resolution: Resolution) -> str:
    """What a button says; to accept means another thing for a late payment than for a short one."""
    if resolution == Resolution.ACCEPT and kind == ExceptionKind.LATE:
        return reader.gettext("Take the buyer in again")
    return {
        Resolution.REFUND: reader.gettext("Pay it back"),
        Resolution.ACCEPT: reader.gettext("Waive what is missing"),
        Resolution.CANCEL: reader.gettext("End the pre-order"),
        Resolution.RETRY: reader.gettext("Ask the provider again"),
        Resolution.WRITTEN_OFF: reader.gettext("Write it off"),
    }[resolution]


def _made_of_it(reader: Reader, case: PaymentException) -> str:
    if case.resolution is None:
        return reader.gettext("Paid back by hand")
    return _label(reader, case.kind, case.resolution)


def _effect(reader: Reader, effect: Effect, case: PaymentException) -> str:
    """What it does, to the cent."""
    if not effect.possible:
        return reader.gettext("Not possible any more: the money is on its way back, or the goods have left.")
    back = reader.spoken.money(effect.back_minor, case.currency)
    lost = reader.spoken.money(effect.lost_minor, case.currency)
    if effect.resolution == Resolution.RETRY:
        return reader.gettext("%(amount)s is sent to the buyer once more.", amount=back)
    if effect.back_minor:
        return reader.gettext("%(amount)s goes back to the buyer.", amount=back)
    if effect.lost_minor:
        return reader.gettext("%(amount)s is our loss; the buyer owes nothing.", amount=lost)
    if case.preorder_id is None:
        return reader.gettext("Nothing moves; the case is closed.")
    return reader.gettext("No money moves.")
