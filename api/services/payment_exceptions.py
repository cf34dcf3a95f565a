"""The exceptions desk: money that moved otherwise than asked, each case once, resolved with one decision."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.errors import Unknown, invalid
from api.domain.ledger import Account
from api.domain.lifecycle import SYSTEM
from api.domain.member import Member, Right
from api.domain.payment import Payment, PaymentPurpose, PaymentStatus
from api.domain.payment_exception import (
    CHOICES,
    ExceptionKind,
    ExceptionStatus,
    PaymentException,
    Resolution,
)
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaigns, cancellation, ledger, notices, outbox, payments, places

_ENDED = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)


def note(
    session: Session,
    kind: ExceptionKind,
    *,
    key: str,
    amount_minor: int,
    preorder: Preorder | None,
    payment: Payment | None,
    words: str,
    at: datetime,
    currency: str | None = None,
) -> PaymentException:
    """Put a case on the desk; the same key again changes nothing."""
    known = session.exec(select(PaymentException).where(PaymentException.key == key)).first()
    if known is not None:
        return known
    money = currency or (preorder.currency if preorder else payment.currency if payment else "")
    case = PaymentException(
        key=key,
        kind=kind,
        preorder_id=preorder.id if preorder else None,
        payment_id=payment.id if payment else None,
        amount_minor=amount_minor,
        currency=money,
        words=words[:500],
        noted_at=at,
    )
    case.begin(by=SYSTEM, at=at, why=words)
    session.add(case)
    session.flush()
    return case


def refund_refused(session: Session, refund_id: UUID, *, words: str, at: datetime) -> None:
    """The provider will not pay a refund back, and says why: a person decides."""
    refund = payments.for_update(session, refund_id)
    if refund.status in (PaymentStatus.REQUESTED, PaymentStatus.STARTED):
        refund.move(PaymentStatus.FAILED, by=refund.provider, at=at, why=words[:200])
    note(
        session,
        ExceptionKind.REFUND_FAILED,
        key=f"{refund.provider}:{refund.id}:{ExceptionKind.REFUND_FAILED.value}",
        amount_minor=refund.amount_minor,
        preorder=session.get_one(Preorder, refund.preorder_id),
        payment=refund,
        words=words,
        at=at,
    )


def open_cases(session: Session, member: Member) -> Sequence[tuple[PaymentException, Preorder | None]]:
    """What waits for a decision, the oldest first; a team's member sees the own team's."""
    query = (
        select(PaymentException, Preorder)
        .outerjoin(Preorder, col(Preorder.id) == PaymentException.preorder_id)
        .outerjoin(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .where(PaymentException.status == ExceptionStatus.OPEN)
        .order_by(col(PaymentException.noted_at), PaymentException.key)
    )
    if member.team_id is not None:
        query = query.where(Campaign.team_id == member.team_id)
    return session.exec(query).all()


def resolved_cases(
    session: Session, member: Member, *, limit: int
) -> Sequence[tuple[PaymentException, Preorder | None, AuditEntry]]:
    """What was decided lately and by whom, the latest first; a team's member sees the own team's."""
    query = (
        select(PaymentException, Preorder, AuditEntry)
        .join(AuditEntry, col(AuditEntry.subject_id) == PaymentException.id)
        .outerjoin(Preorder, col(Preorder.id) == PaymentException.preorder_id)
        .outerjoin(Campaign, col(Campaign.id) == Preorder.campaign_id)
        .where(AuditEntry.noun == PaymentException.lifecycle.noun)
        .where(AuditEntry.after == ExceptionStatus.RESOLVED.value)
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    )
    if member.team_id is not None:
        query = query.where(Campaign.team_id == member.team_id)
    return session.exec(query).all()


def resolve(
    session: Session, case_id: UUID, resolution: Resolution, *, member: Member, at: datetime
) -> PaymentException:
    """Carry out a person's decision, once. Raises RoleMissing, Unknown, InvalidRequest."""
    member.must_have(Right.RESOLVE_EXCEPTION)
    known = session.get(PaymentException, case_id)
    if known is None or not _of_team(session, known, member):
        raise Unknown("exception", str(case_id))
    if known.preorder_id is not None:
        cancellation.locked(session, known.preorder_id)  # with its campaign, before the case: as events do
    case = session.exec(
        select(PaymentException)
        .where(PaymentException.id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if resolution not in CHOICES[case.kind]:
        raise invalid("resolution", resolution.value, f"is not a way to settle {case.kind.value}")
    _settle(session, case, resolution, by=member.actor, at=at)
    return case


def refund_of(session: Session, case_id: UUID, member: Member) -> Payment:
    """The refund that a case is about; raises Unknown for another team's, or where it is about none."""
    case = session.get(PaymentException, case_id)
    if case is None or case.payment_id is None or not _of_team(session, case, member):
        raise Unknown("exception", str(case_id))
    return session.get_one(Payment, case.payment_id)


def resolve_by_rule(session: Session, key: str, resolution: Resolution, *, at: datetime) -> None:
    """Carry out what a stated rule says at once, so that no person has to."""
    case = session.exec(select(PaymentException).where(PaymentException.key == key).with_for_update()).one()
    if case.status == ExceptionStatus.OPEN:
        _settle(session, case, resolution, by=SYSTEM, at=at)


def settled_by_hand(session: Session, refund_id: UUID, *, by: str, at: datetime) -> None:
    """A refund that the provider would not pay was paid by a person: its case needs nobody any more."""
    cases = session.exec(
        select(PaymentException)
        .where(
            PaymentException.payment_id == refund_id,
            PaymentException.kind == ExceptionKind.REFUND_FAILED,
            PaymentException.status == ExceptionStatus.OPEN,
        )
        .with_for_update()
    ).all()
    for case in cases:
        case.move(ExceptionStatus.RESOLVED, by=by, at=at, why="paid back by hand")


def _of_team(session: Session, case: PaymentException, member: Member) -> bool:
    if member.team_id is None:
        return True
    if case.preorder_id is None:
        return False
    preorder = session.get_one(Preorder, case.preorder_id)
    return session.get_one(Campaign, preorder.campaign_id).team_id == member.team_id


def _settle(
    session: Session, case: PaymentException, resolution: Resolution, *, by: str, at: datetime
) -> None:
    case.move(ExceptionStatus.RESOLVED, by=by, at=at, why=resolution.value)
    case.resolution = resolution
    session.flush()
    if case.preorder_id is None:
        return
    preorder = session.exec(select(Preorder).where(Preorder.id == case.preorder_id).with_for_update()).one()
    match resolution:
        case Resolution.REFUND:
            back = min(case.amount_minor, payments.surplus_minor(session, preorder))
            payments.give_back(session, preorder, back, purpose=PaymentPurpose.SURPLUS, why=case.words, at=at)
            facts = {"amount_minor": back, "case": case.kind.value}
            notices.tell(session, preorder, "surplus", key=f"case:{case.id}", at=at, **facts)
        case Resolution.ACCEPT:
            _accept(session, case, preorder, by=by, at=at)
        case Resolution.CANCEL:
            _cancel(session, case, preorder, by=by, at=at)
        case Resolution.RETRY:
            outbox.record(
                session,
                "payment.refund",
                subject=str(case.payment_id),
                at=at,
                payment_id=str(case.payment_id),
            )
        case Resolution.WRITTEN_OFF:
            _write_off(session, case, preorder, at=at)


def _accept(session: Session, case: PaymentException, preorder: Preorder, *, by: str, at: datetime) -> None:
    """The payment counts: the pre-order comes back where there is room, or what still lacks is waived."""
    if preorder.status in _ENDED:
        _readmit(session, case, preorder, by=by, at=at)
    missing = max(0, payments.open_minor(session, preorder))
    key = f"case:{case.id}"
    ledger.reclassify(session, preorder, -missing, Account.LOSSES, key=key, why="waived", at=at)
    payments.drop_charges(session, preorder, why="waived", at=at)
    preorder.paid_at = preorder.paid_at or at
    preorder.pay_until = None
    notices.tell(session, preorder, "paid", key=key, at=at, amount_minor=case.amount_minor)


def _readmit(session: Session, case: PaymentException, preorder: Preorder, *, by: str, at: datetime) -> None:
    """Raises CampaignNotOpen, CampaignFull, and InvalidRequest where its money is on its way back already."""
    if payments.surplus_minor(session, preorder) < case.amount_minor:
        raise invalid("resolution", Resolution.ACCEPT.value, "the money is on its way back")
    campaign = campaigns.get_for_update(session, preorder.campaign_id)
    campaign.accept(at=at)
    if campaign.counts_places:
        places.take(session, campaign, payments.pieces_of(session, preorder))
    preorder.move(PreorderStatus.PLACED, by=by, at=at, why=case.words)


def _cancel(session: Session, case: PaymentException, preorder: Preorder, *, by: str, at: datetime) -> None:
    """The pre-order ends; what is left of its money goes back."""
    if preorder.status in _ENDED:
        _even_out(session, case, preorder, at=at)
        return
    if preorder.status == PreorderStatus.SHIPPED:
        raise invalid("resolution", Resolution.CANCEL.value, "the goods have left")
    back = cancellation.end(session, preorder, by=by, why=case.words, purpose=PaymentPurpose.CANCELLED, at=at)
    facts = {"amount_minor": back, "why": case.words}
    notices.tell(session, preorder, "ended", key=f"ended:{preorder.id}", at=at, **facts)


def _write_off(session: Session, case: PaymentException, preorder: Preorder, *, at: datetime) -> None:
    """What was taken from us is our loss: the buyer owes nothing for it."""
    if preorder.status in _ENDED:
        _even_out(session, case, preorder, at=at)
        return
    key = f"case:{case.id}"
    ledger.reclassify(
        session, preorder, -case.amount_minor, Account.LOSSES, key=key, why="written off", at=at
    )


def _even_out(session: Session, case: PaymentException, preorder: Preorder, *, at: datetime) -> None:
    """Nobody owes anything of an ended pre-order: what we hold goes back, what went twice is our loss."""
    surplus = payments.surplus_minor(session, preorder)
    payments.give_back(session, preorder, surplus, purpose=PaymentPurpose.SURPLUS, why=case.words, at=at)
    money = payments.of_preorder(session, preorder.id)
    lost = payments.under_way_back(money) - ledger.owed(session, preorder.id)
    key = f"case:{case.id}"
    ledger.reclassify(session, preorder, -max(0, lost), Account.LOSSES, key=key, why="paid back twice", at=at)
