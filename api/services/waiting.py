"""The waiting list of a full campaign: freed pieces are offered once, to the first entry they suffice for."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku
from api.domain.errors import CampaignNotFull, Unknown
from api.domain.lifecycle import SYSTEM
from api.domain.waiting import OFFER_STANDS, WaitingEntry, WaitingStatus
from api.services import campaigns, notices


def join(
    session: Session, slug: str, sku_code: str, *, quantity: int, email: str, language: str, at: datetime
) -> WaitingEntry:
    """Wait for pieces of a full campaign. Raises Unknown, CampaignNotOpen, CampaignNotFull."""
    campaign = campaigns.get_for_update(session, campaigns.get_by_slug(session, slug).id)
    campaign.accept(at=at)
    sku = session.exec(
        select(Sku)
        .join(Item, col(Item.id) == Sku.item_id)
        .where(Sku.code == sku_code, Item.style_id == campaign.style_id)
    ).first()
    if sku is None:
        raise Unknown("SKU", sku_code)
    if campaign.room is None or campaign.room >= quantity:
        raise CampaignNotFull(slug, campaign.room)
    entry = WaitingEntry(
        campaign_id=campaign.id,
        sku_id=sku.id,
        quantity=quantity,
        email=email,
        language=language,
        joined_at=at,
    )
    entry.begin(by="consumer", at=at, why="the campaign was full")
    session.add(entry)
    return entry


def offer_free(session: Session, campaign: Campaign, *, at: datetime) -> None:
    """Keep what is free of a locked campaign for the first who wait and fit, and tell them, once each."""
    for entry in _of(session, campaign, WaitingStatus.WAITING):
        if campaign.room is None or entry.quantity > campaign.room:
            continue
        campaign.take(entry.quantity)
        entry.offered_until = min(at + OFFER_STANDS, campaign.closes_at)
        entry.move(WaitingStatus.OFFERED, by=SYSTEM, at=at, why="pieces became free")
        notices.offer(session, entry, campaign, at=at)


def take_up(entry: WaitingEntry, campaign: Campaign, *, at: datetime) -> None:
    """Who was offered pieces orders them: what was kept for them is free for this one moment.

    The campaign is locked. Raises Unknown where no offer stands.
    """
    if entry.status != WaitingStatus.OFFERED or at >= (entry.offered_until or at):
        raise Unknown("offer", entry.name_for_people)
    campaign.taken_pieces -= entry.quantity
    entry.move(WaitingStatus.TAKEN, by="consumer", at=at, why="ordered")


def leave(session: Session, entry_id: UUID, *, at: datetime) -> WaitingEntry:
    """Who waits no longer wants the pieces: what was kept for them goes to the next. Again changes nothing.

    Raises Unknown.
    """
    known = session.get(WaitingEntry, entry_id)
    if known is None:
        raise Unknown("waiting entry", str(entry_id))
    campaign = campaigns.get_for_update(session, known.campaign_id)
    session.refresh(known, with_for_update=True)
    if known.status == WaitingStatus.OFFERED:
        campaign.taken_pieces -= known.quantity
    if known.status in (WaitingStatus.WAITING, WaitingStatus.OFFERED):
        known.move(WaitingStatus.LAPSED, by="consumer", at=at, why="no longer wanted")
        session.flush()
        if campaign.is_open(at):
            offer_free(session, campaign, at=at)
    return known


def lapse(session: Session, *, at: datetime) -> int:
    """Offers nobody took go to the next; returns how many."""
    lapsed = session.exec(
        select(WaitingEntry).where(
            WaitingEntry.status == WaitingStatus.OFFERED, col(WaitingEntry.offered_until) <= at
        )
    ).all()
    for campaign_id in sorted({entry.campaign_id for entry in lapsed}):
        campaign = campaigns.get_for_update(session, campaign_id)
        for entry in _of(session, campaign, WaitingStatus.OFFERED):
            if entry.offered_until is not None and entry.offered_until <= at:
                campaign.taken_pieces -= entry.quantity
                entry.move(WaitingStatus.LAPSED, by=SYSTEM, at=at, why="the offer was not taken")
        session.flush()
        if campaign.is_open(at):
            offer_free(session, campaign, at=at)
    return len(lapsed)


def _of(session: Session, campaign: Campaign, status: WaitingStatus) -> list[WaitingEntry]:
    return list(
        session.exec(
            select(WaitingEntry)
            .where(WaitingEntry.campaign_id == campaign.id, WaitingEntry.status == status)
            .order_by(col(WaitingEntry.joined_at), col(WaitingEntry.id))
            .with_for_update()
        )
    )
