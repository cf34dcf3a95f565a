"""The ways to factories: which of them this installation has, and how each was when it was last asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from api.domain.channel import ChannelState, ChannelStatus
from api.domain.production import Factory, OrderChannel
from api.settings import settings

SILENT_TOO_LONG = timedelta(minutes=15)
"""A restart of an ERP, or a share that blinks, is nobody's task."""


def there() -> frozenset[OrderChannel]:
    """The channels this installation is set up for; the order book is ours and always is."""
    known = settings()
    wanted = {
        OrderChannel.ORDER_BOOK: True,
        OrderChannel.ERP: bool(known.odoo_url),
        OrderChannel.DROP_FOLDER: known.drop_folder is not None,
    }
    return frozenset(channel for channel, is_there in wanted.items() if is_there)


def may_create(channel: OrderChannel) -> bool:
    """Whether missing products and factories are made there, or only missed: an Odoo wants a second key."""
    return channel != OrderChannel.ERP or bool(settings().odoo_master_data_key)


def note(
    session: Session,
    channel: OrderChannel,
    status: ChannelStatus,
    *,
    at: datetime,
    words: str = "",
    notices: Sequence[str] = (),
) -> None:
    """How the channel was just now; since when it has been so stays, as long as it is the same."""
    # One statement: two workers may say so at the same moment, on the first day too.
    said = insert(ChannelState).values(
        channel=channel.value, status=status, since=at, asked_at=at, words=words, notices=list(notices)
    )
    same = col(ChannelState.status) == said.excluded.status
    since = case((same, col(ChannelState.since)), else_=said.excluded.since)
    changed = {name: said.excluded[name] for name in ("status", "asked_at", "words", "notices")}
    session.execute(said.on_conflict_do_update(index_elements=["channel"], set_={**changed, "since": since}))


def states(session: Session) -> dict[OrderChannel, ChannelState | None]:
    """Every channel of this installation, by name; None where nobody has asked it yet."""
    held = {state.channel: state for state in session.exec(select(ChannelState))}
    return {channel: held.get(channel.value) for channel in sorted(there())}


def amiss(session: Session, *, at: datetime) -> list[ChannelState]:
    """Those a person must see to: they refuse us, sent what cannot be read, or are silent for too long."""
    return [
        state
        for state in states(session).values()
        if state
        and (
            state.status == ChannelStatus.REFUSES
            or state.notices
            or (state.status == ChannelStatus.SILENT and at - state.since >= SILENT_TOO_LONG)
        )
    ]


def factories(session: Session) -> dict[OrderChannel, list[str]]:
    """Names of the factories that read their orders at each channel, as `effective` has it."""
    found: dict[OrderChannel, list[str]] = {channel: [] for channel in there()}
    for factory in session.exec(select(Factory).order_by(Factory.code)):
        found[effective(factory)].append(factory.name)
    return found


def effective(factory: Factory) -> OrderChannel:
    """Where a factory reads its orders here: where its own channel is not set up, the order book."""
    return factory.channel if factory.channel in there() else OrderChannel.ORDER_BOOK
