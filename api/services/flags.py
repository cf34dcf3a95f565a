"""Early warnings: a factory says that an order will be late or short, a person of ours sees to it."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.errors import Unknown, invalid
from api.domain.member import Member
from api.domain.orderbook import BookOrderStatus, FlagKind, FlagStatus, OrderFlag
from api.services import order_book, proposals, weighing

SHORTEST_WORDS, LONGEST_WORDS = 3, 500
_OPEN = (BookOrderStatus.ACCEPTED, BookOrderStatus.STARTED)


def raise_flag(
    session: Session,
    reference: str,
    *,
    kind: FlagKind,
    expected_on: date,
    words: str,
    member: Member,
    at: datetime,
) -> OrderFlag:
    """The order will be late or short; what will come is expected on a day, which the buyers' pages then say.

    Raises InvalidRequest for an order that is not accepted or has ended, a day that has passed, or no words.
    """
    order = order_book.get_of_factory(session, reference, member)
    said = words.strip()
    if order.status not in _OPEN:
        raise invalid("kind", kind.value, f"the order {reference} is {order.status.value}")
    if expected_on < at.date():
        raise invalid("expected_on", str(expected_on), "has passed")
    if not SHORTEST_WORDS <= len(said) <= LONGEST_WORDS:
        raise invalid("words", said, f"say what happened, in {SHORTEST_WORDS} to {LONGEST_WORDS} letters")
    order.expected_on, order.changed_at = expected_on, at
    flag = OrderFlag(
        order_id=order.id,
        reference=reference,
        kind=kind,
        expected_on=expected_on,
        words=said,
        raised_at=at,
    )
    flag.begin(by=member.actor, at=at, why=f"{kind.value}, expected {expected_on}: {said}")
    session.add(flag)
    return flag


def settle(
    session: Session, reference: str, flag_id: UUID, *, why: str, member: Member, at: datetime
) -> OrderFlag:
    """A person has seen to it, and says how; saying it again changes nothing. Raises Unknown."""
    of_run = (OrderFlag.id == flag_id) & (OrderFlag.reference == reference)
    flag = session.exec(select(OrderFlag).where(of_run).with_for_update()).first()
    if flag is None:
        raise Unknown("flag", str(flag_id))
    proposals.must_answer(session, weighing.run_of(session, flag.reference), member)
    if flag.status == FlagStatus.RAISED:
        flag.move(FlagStatus.SETTLED, by=member.actor, at=at, why=why)
    return flag


def of_order(session: Session, order_id: UUID) -> Sequence[OrderFlag]:
    """Every warning on an order, the latest first."""
    return session.exec(
        select(OrderFlag).where(OrderFlag.order_id == order_id).order_by(col(OrderFlag.raised_at).desc())
    ).all()
