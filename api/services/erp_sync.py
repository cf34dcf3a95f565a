"""Between runs and what the ERP, or the order book, holds of them: orders out, progress in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, and_, col, or_, select

import erp_bridge
from api.domain.catalogue import Fabric, Item, Sku, Style
from api.domain.lifecycle import SYSTEM
from api.domain.money import CURRENCY
from api.domain.plan import Run, RunStatus
from api.domain.production import SHIFT_ENDS, SHIFT_STARTS, Factory, OrderChannel, OrderMode, ProductionLine
from api.services import allocation, channels, runs, serving

LONGEST_WORDS = 500


def run_for_push(session: Session, run_id: UUID) -> Run | None:
    """The run, if it still waits for its orders."""
    run = session.get_one(Run, run_id)
    return run if run.status == RunStatus.APPROVED else None


def channel_of(session: Session, run: Run) -> OrderChannel:
    """Where the run's factory reads its orders here."""
    return channels.effective(_factory_of(session, run))


def erp_order(session: Session, run: Run) -> erp_bridge.ErpOrder:
    """The run as an order: a line for each SKU, at the unit price of the tier its whole quantity reaches."""
    return erp_orders(session, [run])[0]


def erp_orders(session: Session, wanted: Sequence[Run]) -> list[erp_bridge.ErpOrder]:
    """Runs as orders, in a few queries however many there are."""
    lines = {line.id: line for line in session.exec(select(ProductionLine))}
    factories = {factory.id: factory.code for factory in session.exec(select(Factory))}
    sizes = runs.quantities(session, [run.id for run in wanted])
    costs = runs.unit_costs(session, wanted)
    return [
        erp_bridge.ErpOrder(
            reference=run.reference,
            factory=factories[lines[run.line_id].factory_id],
            mode=erp_bridge.Mode(run.mode.value),
            line=lines[run.line_id].code,
            lines=tuple(
                erp_bridge.ErpOrderLine(
                    sku, made.quantity, costs[run.id] if run.mode == OrderMode.SUBCONTRACT else 0
                )
                for sku, made in sizes[run.id]
            ),
            start_at=datetime.combine(run.start_on, SHIFT_STARTS),
            finish_at=datetime.combine(run.finish_on, SHIFT_ENDS),
            currency=CURRENCY,
        )
        for run in wanted
    ]


def _factory_of(session: Session, run: Run) -> Factory:
    return session.get_one(Factory, session.get_one(ProductionLine, run.line_id).factory_id)


def master_data(session: Session, run: Run) -> erp_bridge.MasterData:
    """What an ERP must know before it can take this run: its products, their cloth, its factory."""
    item = session.get_one(Item, run.item_id)
    style, fabric = session.get_one(Style, item.style_id), session.get_one(Fabric, item.fabric_id)
    skus = session.exec(select(Sku).where(Sku.item_id == item.id).order_by(Sku.code))
    factory = _factory_of(session, run)
    lines = session.exec(select(ProductionLine.code).where(ProductionLine.factory_id == factory.id)).all()
    return erp_bridge.MasterData(
        products=tuple(
            erp_bridge.ErpProduct(
                sku=sku.code,
                name=f"{style.name_en}, {item.colour}, {sku.size}",
                fabric=fabric.code,
                fabric_use_centimetres=sku.fabric_use_cm,
            )
            for sku in skus
        ),
        fabrics=(erp_bridge.ErpFabric(fabric.code, f"{fabric.name_en}, {item.colour}"),),
        factories=(
            erp_bridge.ErpFactory(
                factory.code, factory.name, erp_bridge.Mode(factory.mode.value), tuple(sorted(lines))
            ),
        ),
    )


def mark_released(
    session: Session, run_id: UUID, reference: erp_bridge.ErpReference, *, channel: OrderChannel, at: datetime
) -> None:
    """The factory's orders exist, under these names; saying it again changes nothing."""
    run = for_update(session, run_id)
    if run.status == RunStatus.APPROVED:
        run.documents, run.channel = list(reference.documents), channel.value
        run.move(RunStatus.RELEASED, by=SYSTEM, at=at, why=f"orders {', '.join(reference.documents)}")


def unfinished(session: Session, channel: OrderChannel) -> Sequence[str]:
    """References of the runs whose progress is awaited from a channel."""
    return [run.reference for run in in_progress(session, channel)]


def in_progress(session: Session, channel: OrderChannel) -> Sequence[Run]:
    """Runs that stand with their factories there and are not done."""
    return session.exec(
        select(Run)
        .where(Run.channel == channel.value, col(Run.status).in_([RunStatus.RELEASED, RunStatus.STARTED]))
        .order_by(Run.number)
    ).all()


def apply(session: Session, progress: erp_bridge.Progress, *, at: datetime) -> None:
    """Take over what the factory said of a run: quantities, date, stage; then move the pre-orders behind it.

    The same word twice changes nothing, and one about a revision that was sent anew says nothing. A run that
    the ERP cancelled or no longer holds is left for the drift desk: anybody there may have done it. One that
    ended is shared out among those it was made for.
    """
    run = find_by_reference(session, progress.reference)
    if run is None:
        return
    _note_quantities(session, run, progress)
    if progress.expected_finish_at is not None:
        run.expected_on = progress.expected_finish_at.date()
    after = _follows(run, progress.state)
    if after is not None and run.status != after and run.lifecycle.allows(run.status, after):
        run.move(after, by=run.channel or SYSTEM, at=at, why=_words(progress))
    session.flush()
    if run.status == RunStatus.CANCELLED:
        serving.free_preorders(session, run, at=at)
        return
    allocation.share_out(session, run, at=at)
    serving.move_preorders(session, run, at=at)


def find_by_reference(session: Session, reference: str) -> Run | None:
    """The run that stands under this reference now, locked; None for a revision that is past."""
    number, _, revision = reference.rpartition("-")
    known = and_(Run.number == reference, Run.revision == 1)
    if revision.isdecimal():
        known = or_(known, and_(Run.number == number, Run.revision == int(revision)))
    return session.exec(select(Run).where(known).with_for_update()).first()


def _follows(run: Run, state: erp_bridge.ProgressState) -> RunStatus | None:
    if state == erp_bridge.ProgressState.CANCELLED and run.channel == OrderChannel.ERP.value:
        return None
    return {
        erp_bridge.ProgressState.STARTED: RunStatus.STARTED,
        erp_bridge.ProgressState.DONE: RunStatus.DONE,
        erp_bridge.ProgressState.CANCELLED: RunStatus.CANCELLED,
    }.get(state)


def _words(progress: erp_bridge.Progress) -> str:
    made = sum(pieces.quantity for pieces in progress.done)
    said = f"; {progress.words[:LONGEST_WORDS]}" if progress.words else ""
    return f"{', '.join(progress.documents) or progress.reference}: {made} pieces finished{said}"


def _note_quantities(session: Session, run: Run, progress: erp_bridge.Progress) -> None:
    done = {pieces.sku: pieces.quantity for pieces in progress.done}
    scrapped = {pieces.sku: pieces.quantity for pieces in progress.scrapped}
    for sku, made in runs.quantities(session, [run.id])[run.id]:
        made.done = done.get(sku, made.done)
        made.scrapped = scrapped.get(sku, made.scrapped)


def for_update(session: Session, run_id: UUID) -> Run:
    """The run, locked, as it stands in the database."""
    return session.exec(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one()
