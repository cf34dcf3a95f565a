"""The end of one pre-order: nothing more is asked for, what is not kept goes back, its places are free."""

from datetime import datetime

from sqlmodel import Session

from api.domain.ledger import Account
from api.domain.payment import PaymentPurpose
from api.domain.preorder import Preorder, PreorderStatus
from api.services import ledger, payments, places, scheduling

_PLANNED = (PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION, PreorderStatus.READY)


def end(
    session: Session,
    preorder: Preorder,
    *,
    by: str,
    why: str,
    purpose: PaymentPurpose,
    at: datetime,
    forfeit_minor: int = 0,
    compensation_minor: int = 0,
) -> int:
    """Cancel a pre-order that is locked; returns what goes back, in minor units.

    Of what was paid `forfeit_minor` is kept as ours by law; `compensation_minor` is paid on top. Pieces that
    a run makes for it already become the team's stock when the run ends.
    """
    places.free(session, preorder, at=at)
    payments.drop_charges(session, preorder, why=why, at=at)
    money = payments.of_preorder(session, preorder.id)
    back = payments.received(money) - payments.under_way_back(money) - forfeit_minor + compensation_minor
    if preorder.status in _PLANNED:
        scheduling.leave_runs(session, preorder)
    preorder.move(PreorderStatus.CANCELLED, by=by, at=at, why=why)
    session.flush()
    for amount, account in ((forfeit_minor, Account.FORFEITS), (-compensation_minor, Account.COMPENSATION)):
        ledger.reclassify(
            session, preorder, amount, account, key=f"{account.value}:{preorder.id}", why=why, at=at
        )
    if back > 0:
        payments.give_back(session, preorder, back, purpose=purpose, why=why, at=at)
    elif any(payment.moved_minor for payment in money) and payments.received(money) == 0:
        preorder.move(PreorderStatus.REFUNDED, by=by, at=at, why=why)
    return max(0, back)
