"""Stepping back: on which ground a buyer may, what goes back and what does not, and doing it.

The withdrawal function needs no account: the number and the e-mail of a pre-order are enough, and who knows
only one of them learns nothing, not even that it exists.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from api.domain import policy
from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.errors import AmountChanged, NoRightToStepBack, Unknown
from api.domain.payment import PaymentPurpose
from api.domain.policy import Ground, Jurisdiction, NoRight
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.production import Lane
from api.security import same
from api.services import cancellation, delays, notices, payments
from api.services.preorders import CONSUMER

_ENDED = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)
_BY_LAW = (Ground.WITHDRAWAL, Ground.DELAY)


@dataclass(frozen=True, slots=True)
class StepBack:
    """Whether and on what ground a buyer may leave now, and the money of it in minor units.

    One of ``ground`` and ``refused`` is given. ``until_on`` is the last day of the right, where it has one.
    """

    number: str
    jurisdiction: Jurisdiction
    currency: str
    ground: Ground | None
    refused: NoRight | None
    back_minor: int
    kept_minor: int
    until_on: date | None


def weigh(session: Session, preorder: Preorder, *, at: datetime) -> StepBack:
    """The strongest ground a buyer has at this moment: what the law gives goes before our terms."""
    campaign = session.get_one(Campaign, preorder.campaign_id)
    rule = policy.withdrawal_rule(preorder.region, at=at)
    received_on = _received_on(session, preorder)
    refused = rule.refuses(campaign.kind, received_on, on=at.date())
    ground = None
    if preorder.status in _ENDED:
        refused = NoRight.ENDED
    elif delays.right_to_step_back(session, preorder):
        ground = Ground.DELAY
    elif refused is None:
        ground = Ground.WITHDRAWAL
    elif campaign.is_open(at):
        later = campaign.extended_at is not None and preorder.placed_at < campaign.extended_at
        ground = Ground.EXTENSION if later else Ground.TERMS
    elif preorder.status == PreorderStatus.BALANCE_DUE:
        ground = Ground.TERMS
    kept = cancellation.forfeit(session, campaign, preorder, at=at) if ground == Ground.TERMS else 0
    money = payments.of_preorder(session, preorder.id)
    paid = payments.received(money) - payments.under_way_back(money)
    return StepBack(
        number=preorder.number,
        jurisdiction=rule.jurisdiction,
        currency=preorder.currency,
        ground=ground,
        refused=None if ground else refused,
        back_minor=paid - kept if ground else 0,
        kept_minor=kept,
        until_on=rule.until(received_on) if received_on and ground else None,
    )


def _received_on(session: Session, preorder: Preorder) -> date | None:
    """The day the goods have come by: the longest way to the region, as nobody reports the receipt."""
    if preorder.status != PreorderStatus.SHIPPED:
        return None
    left_at = session.execute(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.noun == preorder.lifecycle.noun,
            AuditEntry.subject_id == preorder.id,
            AuditEntry.after == PreorderStatus.SHIPPED.value,
        )
    ).scalar_one()
    longest = session.exec(select(func.max(Lane.lead_days)).where(Lane.region == preorder.region)).one()
    return None if left_at is None else left_at.date() + timedelta(days=longest or 0)


def step_back(
    session: Session,
    preorder: Preorder,
    *,
    shown_minor: int,
    at: datetime,
    by_law_only: bool = False,
) -> StepBack:
    """End a pre-order at its buyer's word, for the amount that was shown to them.

    Raises NoRightToStepBack, and AmountChanged where another amount goes back by now.
    """
    preorder = cancellation.locked(session, preorder.id)
    right = weigh(session, preorder, at=at)
    if right.ground is None or (by_law_only and right.ground not in _BY_LAW):
        raise NoRightToStepBack(preorder.number, (right.refused or NoRight.NOT_RECEIVED).value)
    if right.back_minor != shown_minor:
        raise AmountChanged(shown_minor, right.back_minor, right.currency)
    why = f"the buyer stepped back: {right.ground.value}"
    cancellation.end(
        session,
        preorder,
        by=CONSUMER,
        why=why,
        purpose=PaymentPurpose.CANCELLED,
        at=at,
        forfeit_minor=right.kept_minor,
    )
    facts = {"amount_minor": right.back_minor, "kept_minor": right.kept_minor, "ground": right.ground.value}
    what = "withdrawn" if right.ground in _BY_LAW else "ended"
    notices.tell(session, preorder, what, key=f"ended:{preorder.id}", at=at, why=why, **facts)
    session.flush()
    return right


def find(session: Session, number: str, email: str) -> Preorder:
    """The pre-order of both; Unknown says the same whichever of them is wrong."""
    preorder = session.exec(select(Preorder).where(Preorder.number == number.strip().upper())).first()
    given, own = email.strip().casefold(), (preorder.email if preorder else "").casefold()
    if preorder is None or not same(own, given):
        raise Unknown("pre-order", "of this number and e-mail")
    return preorder


def by_law(session: Session, number: str, email: str, *, at: datetime) -> StepBack:
    """What the law gives the buyer of this number and e-mail now. Raises Unknown, NoRightToStepBack."""
    right = weigh(session, find(session, number, email), at=at)
    if right.ground not in _BY_LAW:
        raise NoRightToStepBack(right.number, (right.refused or NoRight.NOT_RECEIVED).value)
    return right


def withdraw(session: Session, number: str, email: str, *, shown_minor: int, at: datetime) -> StepBack:
    """Withdraw from the contract; the notice of it is the receipt. Raises Unknown and as `step_back`."""
    return step_back(session, find(session, number, email), shown_minor=shown_minor, at=at, by_law_only=True)
