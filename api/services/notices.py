"""Messages to buyers: one for each change of money or date, written in the transaction of the change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku, Style
from api.domain.notice import (
    Notice,
    NoticeChannel,
    NoticeDelivery,
    NoticeKind,
    NoticePreference,
    notice_id,
)
from api.domain.preorder import Preorder
from api.domain.waiting import WaitingEntry
from api.notices.doors import offered
from api.notices.port import Letter
from api.notices.wording import Ending, said
from api.notices.words import TONGUES
from api.security import mail_token, preorder_token, waiting_token
from api.services import outbox
from api.settings import settings
from api.spoken import Spoken


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom a notice goes to, and what it is about."""

    about: str
    name: str
    email: str
    language: str
    currency: str
    link: str
    campaign: Campaign
    preorder_id: UUID | None = None
    leave_link: str | None = None


def tell(session: Session, preorder: Preorder, what: str, *, key: str, at: datetime, **facts: Any) -> None:
    """Let the buyer know, in the language and by the channels of their choice; the same key is told once.

    Raises ValueError for a kind without words, and KeyError naming a fact that its words need.
    """
    campaign = session.get_one(Campaign, preorder.campaign_id)
    token = preorder_token(settings().secret, preorder.id)
    link = f"{settings().public_url}/o/{token}"
    reader = _Reader(
        about=preorder.number,
        name=preorder.buyer_name,
        email=preorder.email,
        language=preorder.language,
        currency=preorder.currency,
        link=link,
        campaign=campaign,
        preorder_id=preorder.id,
    )
    promise = (preorder.promise_from_on, preorder.promise_by_on)
    choose_link = f"{link}/notices?key={mail_token(settings().secret, preorder.email)}"
    more = {"promise": promise, "choose_link": choose_link, "told_at": at}
    if "why" in facts:
        more["reason"] = Ending.of(facts["why"])
    _write(session, reader, NoticeKind(what), key=key, at=at, facts=more | facts)


def offer(session: Session, entry: WaitingEntry, campaign: Campaign, *, at: datetime) -> None:
    """Let who waits know that pieces are kept for them, where to order them and where to let them go."""
    ours = settings()
    reader = _Reader(
        about=str(entry.id),
        name=entry.email.partition("@")[0],
        email=entry.email,
        language=entry.language,
        currency=campaign.currency,
        link=f"{ours.public_url}/c/{campaign.slug}?offer={entry.id}",
        campaign=campaign,
        leave_link=f"{ours.public_url}/waiting/{waiting_token(ours.secret, entry.id)}",
    )
    sku = session.get_one(Sku, entry.sku_id)
    facts = {"pieces": entry.quantity, "sku": sku.code, "offered_until": entry.offered_until}
    _write(session, reader, NoticeKind.WAITING_OFFER, key="offer", at=at, facts=facts)


def _write(
    session: Session, reader: _Reader, kind: NoticeKind, *, key: str, at: datetime, facts: Mapping[str, Any]
) -> None:
    id_ = notice_id(reader.about, kind, key)
    with session.no_autoflush:  # a close tells thousands: what they changed is flushed in one go
        if session.get(Notice, id_) is not None:
            return
        subject, text = _rendered(session, reader, kind, facts)
        addresses = _addresses(session, reader.email)
    session.add(
        Notice(
            id=id_,
            preorder_id=reader.preorder_id,
            about=reader.about,
            kind=kind,
            language=reader.language,
            subject=subject,
            text=text,
            link=reader.link,
            leave_link=reader.leave_link,
            addresses=addresses,
            day_told=facts.get("expected_on"),
            written_at=at,
        )
    )
    for channel in addresses:
        outbox.record(
            session, "notice.send", subject=reader.about, at=at, notice_id=str(id_), channel=channel.value
        )


def _rendered(
    session: Session, reader: _Reader, kind: NoticeKind, facts: Mapping[str, Any]
) -> tuple[str, str]:
    tongue, campaign = TONGUES[reader.language], reader.campaign
    style = session.get_one(Style, campaign.style_id)
    known = {
        "name": reader.name,
        "number": reader.about,
        "link": reader.link,
        "leave_link": reader.leave_link,
        "style": style.name_zh if reader.language == "zh" else style.name_en,
        **{name: _named(session, name, value, reader.language) for name, value in facts.items()},
    }
    words = said(
        known,
        tongue=tongue,
        spoken=Spoken(reader.language),
        currency=reader.currency,
        zone=campaign.time_zone,
    )
    subject, paragraphs = tongue.kinds[kind].filled(known, words)
    footer = [tongue.leaving] if reader.leave_link else [tongue.parting, tongue.choosing]
    whole = [tongue.greeting, *paragraphs, "\n".join(footer)]
    whole[0], whole[-1] = (one.format_map(words) for one in (whole[0], whole[-1]))
    return subject, "\n\n".join(whole) + "\n"


def _named(session: Session, name: str, value: Any, language: str) -> Any:
    """An SKU's code as its colour and size; any other fact as it is."""
    if not name.endswith("sku"):
        return value
    sku, item = session.exec(
        select(Sku, Item).join(Item, col(Item.id) == Sku.item_id).where(Sku.code == value)
    ).one()
    return f"{item.colour_zh if language == 'zh' else item.colour} {sku.size}"


def _addresses(session: Session, email: str) -> dict[NoticeChannel, str]:
    """By the channels chosen, as far as there are any here; else by e-mail."""
    chosen = session.get(NoticePreference, email.casefold())
    known = chosen.addresses() if chosen is not None else {}
    usable = {channel: known[channel] for channel in offered() if channel in known}
    return usable | ({} if usable.keys() - {NoticeChannel.EMAIL} else {NoticeChannel.EMAIL: email})


def last_day_told(session: Session, preorder_ids: Collection[UUID]) -> dict[UUID, date]:
    """The day of arrival that the buyer of each pre-order heard last, where one was told."""
    days = session.exec(
        select(col(Notice.preorder_id), col(Notice.day_told))
        .where(col(Notice.preorder_id).in_(preorder_ids), col(Notice.day_told).is_not(None))
        .order_by(col(Notice.number))
    )
    return {preorder_id: day for preorder_id, day in days if preorder_id and day}


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and what became of it on each of its channels."""

    notice: Notice
    states: Mapping[NoticeChannel, str]


def told(session: Session, preorder: Preorder) -> Sequence[Told]:
    """What was told about a pre-order, the latest first."""
    notices = session.exec(
        select(Notice).where(Notice.preorder_id == preorder.id).order_by(col(Notice.number).desc())
    ).all()
    deliveries = session.exec(
        select(NoticeDelivery).where(col(NoticeDelivery.notice_id).in_([notice.id for notice in notices]))
    )
    states = {(one.notice_id, one.channel): one.state for one in deliveries}
    return [
        Told(
            one,
            {
                channel: states.get((one.id, channel), "queued")
                for channel in map(NoticeChannel, one.addresses)
            },
        )
        for one in notices
    ]


def to_send(session: Session, id_: UUID, channel: NoticeChannel) -> Letter | None:
    """The letter to hand over, and one attempt more; None where it was taken already."""
    notice = session.get_one(Notice, id_)
    found = delivery(session, id_, channel)
    if found.sent_at is not None:
        return None
    found.attempts += 1
    return Letter(
        id=str(id_),
        to=notice.addresses[channel],
        language=notice.language,
        about=notice.about,
        subject=notice.subject,
        text=notice.text,
        link=notice.link,
        leave_link=notice.leave_link,
    )


def mark_sent(session: Session, id_: UUID, channel: NoticeChannel, *, at: datetime) -> None:
    """The other side has taken it."""
    found = delivery(session, id_, channel)
    found.sent_at, found.failed_at, found.words = at, None, ""


def mark_failed(
    session: Session, id_: UUID, channel: NoticeChannel, *, words: str, at: datetime | None = None
) -> None:
    """It was not taken; for good where `at` is given."""
    found = delivery(session, id_, channel)
    found.failed_at, found.words = at, words[:500]


def delivery(session: Session, id_: UUID, channel: NoticeChannel) -> NoticeDelivery:
    """What became of a notice on one channel, locked."""
    known = session.get(NoticeDelivery, (id_, channel), with_for_update=True, populate_existing=True)
    if known is None:
        known = NoticeDelivery(notice_id=id_, channel=channel)
        session.add(known)
        session.flush()
    return known
