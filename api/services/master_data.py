"""Our codes and what the systems of factories hold under them: asked, compared, kept for who can mend it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

import erp_bridge
from api.domain.catalogue import Fabric, Item, Sku, Style
from api.domain.channel import MasterRecord
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run, RunSku
from api.domain.production import Factory, LineRate, OrderChannel, ProductionLine
from api.services import channels, outbox
from erp_bridge.catalogue import AND, OWN_LINES, Finding, HeldRecord, Noun, Trouble, findings

PUSH = "erp.push_run"
READ = "erp.read_catalogue"
_TAKE_TURNS = 0x6D617374  # "mast": of two readings of one catalogue the later one stays
_MADE_WHEN_MISSING = frozenset({Trouble.UNMAPPED.value, Trouble.NO_BILL.value})
_WORDS = {
    Trouble.UNMAPPED.value: "has no {noun} with the code {code}",
    Trouble.ARCHIVED.value: "has the {noun} {code} only in its archive",
    Trouble.DOUBLE.value: "has more than one {noun} with the code {code}",
    Trouble.WRONG_UNIT.value: "counts the {noun} {code} in another unit",
    Trouble.NO_BILL.value: "has no bill of material for the {noun} {code}",
}


def ask(session: Session, channel: OrderChannel, *, at: datetime) -> None:
    """Have the channel's catalogue read soon; asking again before it was changes nothing."""
    waiting = session.exec(
        select(OutboxMessage)
        .where(OutboxMessage.topic == READ, OutboxMessage.subject == channel.value)
        .where(col(OutboxMessage.done_at).is_(None))
        .limit(1)
        .with_for_update()
    ).first()
    if waiting is None:
        outbox.record(session, READ, subject=channel.value, at=at, channel=channel.value)
    elif waiting.parked_at is not None:
        waiting.revive(at=at)


def wanted(session: Session, channel: OrderChannel) -> list[erp_bridge.MasterData]:
    """What a channel should hold: the products of styles beside exactly the factories that make them."""
    factories = {
        factory.id: factory
        for factory in session.exec(select(Factory))
        if channels.effective(factory) == channel
    }
    made = session.exec(
        select(LineRate.style_id, ProductionLine.factory_id)
        .join(ProductionLine, col(ProductionLine.id) == LineRate.line_id)
        .where(col(ProductionLine.factory_id).in_(factories))
        .distinct()
    )
    makers: dict[UUID, set[UUID]] = defaultdict(set)
    for style_id, factory_id in made:
        makers[style_id].add(factory_id)
    together: dict[frozenset[UUID], list[UUID]] = defaultdict(list)
    for style_id, factory_ids in makers.items():
        together[frozenset(factory_ids)].append(style_id)
    lines = _line_codes(session)
    return [
        _of_styles(session, style_ids, [_factory(factories[each], lines[each]) for each in factory_ids])
        for factory_ids, style_ids in together.items()
    ]


def note(
    session: Session,
    channel: OrderChannel,
    groups: Sequence[erp_bridge.MasterData],
    held: Sequence[HeldRecord],
    *,
    at: datetime,
) -> int:
    """Keep what was read, and send again what waited for a code that is right now; returns how many."""
    session.execute(select(func.pg_advisory_xact_lock(_TAKE_TURNS)))
    before = _right(session, channel)
    session.execute(delete(MasterRecord).where(col(MasterRecord.channel) == channel.value))
    session.add_all(_records(channel, groups, held, at))
    session.flush()
    return _send_again(session, _right(session, channel) - before, at=at)


def obstacles(
    session: Session, channel: OrderChannel, order: erp_bridge.ErpOrder, *, may_create: bool
) -> str:
    """Why an order cannot be pushed by what the channel's catalogue held when last read; "" when it can.

    Where we may create what is missing, missing is no obstacle. What was never read is none either: the
    channel itself will say.
    """
    codes = {line.sku for line in order.lines} | {order.factory, order.line}
    rows = session.exec(
        select(MasterRecord)
        .where(
            MasterRecord.channel == channel.value,
            col(MasterRecord.code).in_(codes),
            col(MasterRecord.trouble).is_not(None),
        )
        .order_by(MasterRecord.noun, MasterRecord.code)
    )
    maker = OWN_LINES if order.mode is erp_bridge.Mode.OWN_LINE else order.factory
    return "; ".join(
        in_words(row)
        for row in rows
        if not (may_create and row.trouble in _MADE_WHEN_MISSING)
        and (row.trouble != Trouble.NO_BILL or maker in row.detail.split(AND))
    )


def in_words(record: MasterRecord) -> str:
    """A trouble as a task says it."""
    said = _WORDS[record.trouble or ""].format(noun=record.noun, code=record.code)
    return f"{record.channel} {said}{f' ({record.detail})' if record.detail else ''}"


def listed(session: Session, channel: OrderChannel) -> Sequence[MasterRecord]:
    """What the channel's catalogue held when last read, what stands in the way first."""
    return session.exec(
        select(MasterRecord)
        .where(MasterRecord.channel == channel.value)
        .order_by(col(MasterRecord.trouble).is_(None), MasterRecord.noun, MasterRecord.code)
    ).all()


def counts(session: Session) -> Mapping[tuple[str, str], int]:
    """How many codes are mapped or in which trouble, by channel and trouble ("" for none)."""
    trouble = func.coalesce(MasterRecord.trouble, "")
    rows = session.execute(
        select(MasterRecord.channel, trouble, func.count())
        .where(MasterRecord.noun != Noun.WAREHOUSE.value)
        .group_by(MasterRecord.channel, trouble)
    )
    return {(channel, kind): count for channel, kind, count in rows}


def _of_styles(
    session: Session, style_ids: Collection[UUID], factories: Iterable[erp_bridge.ErpFactory]
) -> erp_bridge.MasterData:
    rows = session.exec(
        select(Sku, Item, Style, Fabric)
        .join(Item, col(Item.id) == Sku.item_id)
        .join(Style, col(Style.id) == Item.style_id)
        .join(Fabric, col(Fabric.id) == Item.fabric_id)
        .where(col(Style.id).in_(style_ids))
        .order_by(Sku.code)
    ).all()
    fabrics = {fabric.code: f"{fabric.name_en}, {item.colour}" for _, item, _, fabric in rows}
    return erp_bridge.MasterData(
        products=tuple(
            erp_bridge.ErpProduct(
                sku=sku.code,
                name=f"{style.name_en}, {item.colour}, {sku.size}",
                fabric=fabric.code,
                fabric_use_centimetres=sku.fabric_use_cm,
            )
            for sku, item, style, fabric in rows
        ),
        fabrics=tuple(erp_bridge.ErpFabric(code, name) for code, name in sorted(fabrics.items())),
        factories=tuple(sorted(factories, key=lambda factory: factory.code)),
    )


def _factory(factory: Factory, lines: Iterable[str]) -> erp_bridge.ErpFactory:
    return erp_bridge.ErpFactory(
        factory.code, factory.name, erp_bridge.Mode(factory.mode.value), tuple(sorted(lines))
    )


def _line_codes(session: Session) -> Mapping[UUID, list[str]]:
    codes: defaultdict[UUID, list[str]] = defaultdict(list)
    for line in session.exec(select(ProductionLine)):
        codes[line.factory_id].append(line.code)
    return codes


def _records(
    channel: OrderChannel,
    groups: Iterable[erp_bridge.MasterData],
    held: Sequence[HeldRecord],
    at: datetime,
) -> Iterable[MasterRecord]:
    """A row for each code we want and for each of their warehouses; a code wanted twice is judged alike."""
    wrong: dict[tuple[Noun, str], Finding] = {}
    for group in groups:
        wrong |= {(each.noun, each.code): each for each in findings(group, held)}
    there = {(each.noun, each.code): each for each in held if not each.reference}
    for noun, code in sorted({*there, *wrong}):
        record, finding = there.get((noun, code)), wrong.get((noun, code))
        yield MasterRecord(
            channel=channel.value,
            noun=noun.value,
            code=code,
            name=record.name if record else "",
            barcode=record.barcode if record else "",
            trouble=finding.trouble.value if finding else None,
            detail=finding.detail if finding else "",
            read_at=at,
        )


def _right(session: Session, channel: OrderChannel) -> set[str]:
    """Codes that were right when the channel's catalogue was last read."""
    return {
        *session.exec(
            select(MasterRecord.code).where(
                MasterRecord.channel == channel.value, col(MasterRecord.trouble).is_(None)
            )
        )
    }


def _send_again(session: Session, codes: Collection[str], *, at: datetime) -> int:
    """Revive the parked pushes of runs that need one of these codes: it may have been what they lacked."""
    needing = (
        select(Run.number)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .join(Factory, col(Factory.id) == ProductionLine.factory_id)
        .join(RunSku, col(RunSku.run_id) == Run.id)
        .join(Sku, col(Sku.id) == RunSku.sku_id)
        .where(col(Sku.code).in_(codes) | col(ProductionLine.code).in_(codes) | col(Factory.code).in_(codes))
    )
    parked = session.exec(
        select(OutboxMessage)
        .where(
            OutboxMessage.topic == PUSH,
            col(OutboxMessage.done_at).is_(None),
            col(OutboxMessage.parked_at).is_not(None),
            col(OutboxMessage.subject).in_(needing),
        )
        .with_for_update()
    ).all()
    for message in parked:
        message.revive(at=at)
    return len(parked)
