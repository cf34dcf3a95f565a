"""What each way to settle a payment exception would do to the cent, before anybody chooses."""

from dataclasses import dataclass

from sqlmodel import Session

from api.domain.payment_exception import CHOICES, PaymentException, Resolution
from api.domain.preorder import Preorder, PreorderStatus
from api.services import ledger, payments

_ENDED = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)


@dataclass(frozen=True, slots=True)
class Effect:
    """One way to settle a case. Minor units: what goes back to the buyer, and what becomes our loss."""

    resolution: Resolution
    back_minor: int = 0
    lost_minor: int = 0
    possible: bool = True


def effects(session: Session, case: PaymentException, preorder: Preorder | None) -> list[Effect]:
    """Of an open case, the usual way first; nothing is changed and nothing locked."""
    return [_effect(session, case, preorder, resolution) for resolution in CHOICES[case.kind]]


def _effect(  # noqa: PLR0911 - one return for each way
    session: Session, case: PaymentException, preorder: Preorder | None, resolution: Resolution
) -> Effect:
    if preorder is None:
        return Effect(resolution)
    match resolution:
        case Resolution.REFUND:
            return Effect(resolution, min(case.amount_minor, payments.surplus_minor(session, preorder)))
        case Resolution.ACCEPT:
            return _accept(session, case, preorder)
        case Resolution.RETRY:
            return Effect(resolution, case.amount_minor)
        case Resolution.CANCEL:
            return _cancel(session, preorder)
        case Resolution.WRITTEN_OFF if preorder.status in _ENDED:
            return _even_out(session, preorder, resolution)
        case _:
            return Effect(resolution, lost_minor=case.amount_minor)


def _accept(session: Session, case: PaymentException, preorder: Preorder) -> Effect:
    """What still lacks is waived, also of a pre-order that comes back."""
    if preorder.status not in _ENDED:
        return Effect(Resolution.ACCEPT, lost_minor=max(0, payments.open_minor(session, preorder)))
    due = payments.due_at_once(preorder, payments.pieces_of(session, preorder))
    lacking = due - payments.credit(session, preorder)
    there = payments.surplus_minor(session, preorder) >= case.amount_minor
    return Effect(Resolution.ACCEPT, lost_minor=max(0, lacking), possible=there)


def _cancel(session: Session, preorder: Preorder) -> Effect:
    if preorder.status in _ENDED:
        return _even_out(session, preorder, Resolution.CANCEL)
    possible = preorder.status != PreorderStatus.SHIPPED
    return Effect(Resolution.CANCEL, max(0, _unpromised(session, preorder)), possible=possible)


def _even_out(session: Session, preorder: Preorder, resolution: Resolution) -> Effect:
    """Of an ended pre-order what we hold goes back, and what went twice is our loss."""
    left = _unpromised(session, preorder)
    return Effect(resolution, max(0, left), max(0, -left))


def _unpromised(session: Session, preorder: Preorder) -> int:
    """What we owe a buyer beyond what is on its way back already; negative where too much is."""
    money = payments.of_preorder(session, preorder.id)
    return ledger.owed(session, preorder.id) - payments.under_way_back(money)
