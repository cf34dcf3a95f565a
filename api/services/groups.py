"""Groups of a team buy: opened by a leader, joined by a code, whole when enough of them have paid."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.errors import Unknown, invalid
from api.domain.preorder import BuyingGroup, Preorder, PreorderStatus

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read for another
_CODE_LENGTH = 6


def of_request(session: Session, campaign: Campaign, code: str | None, *, at: datetime) -> UUID | None:
    """The group a pre-order belongs to: the one of the code, or a new one; None where there are no groups.

    Raises Unknown for a code of no group of this campaign, InvalidRequest where there are none.
    """
    if campaign.group_size is None:
        if code:
            raise invalid("group", code, f"the campaign {campaign.slug} has no groups")
        return None
    if code:
        return get(session, campaign, code).id
    group = BuyingGroup(campaign_id=campaign.id, code=_new_code(), opened_at=at)
    session.add(group)
    session.flush()
    return group.id


def get(session: Session, campaign: Campaign, code: str) -> BuyingGroup:
    """The group of a campaign, by its code; raises Unknown."""
    group = session.exec(
        select(BuyingGroup).where(BuyingGroup.code == code.upper(), BuyingGroup.campaign_id == campaign.id)
    ).first()
    if group is None:
        raise Unknown("group", code)
    return group


def code_of(session: Session, preorder: Preorder) -> str | None:
    return session.get_one(BuyingGroup, preorder.group_id).code if preorder.group_id else None


def paid_members(session: Session, campaign: Campaign) -> dict[UUID, int]:
    """How many paid pre-orders each group of a campaign has: the only members there are."""
    rows = session.execute(
        select(Preorder.group_id, func.count())
        .where(
            Preorder.campaign_id == campaign.id,
            col(Preorder.group_id).is_not(None),
            col(Preorder.paid_at).is_not(None),
            col(Preorder.status).not_in((PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)),
        )
        .group_by(col(Preorder.group_id))
    )
    return {group_id: count for group_id, count in rows if group_id is not None}


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
