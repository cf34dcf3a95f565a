"""Between runs and what the ERP, or the order book, holds of them: orders out, progress in."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

import erp_bridge
from api.domain.catalogue import Fabric, Item, Sku, Style
from api.domain.lifecycle import SYSTEM
from api.domain.plan import Pegging, Run, RunSku, RunStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.domain.production import (
    SHIFT_ENDS,
    SHIFT_STARTS,
    Factory,
    Lane,
    LineRate,
    OrderChannel,
    OrderMode,
    ProductionLine,
)
from api.services import preorders

CURRENCY = "CNY"


def run_for_push(session: Session, run_id: UUID) -> Run | None:
    """The run, if it still waits for its orders."""
    run = session.get_one(Run, run_id)
    return run if run.status == RunStatus.APPROVED else None


def channel_of(session: Session, run: Run, *, erp_is_there: bool) -> OrderChannel:
    """Where the factory reads its orders; without an ERP every factory reads the order book."""
    factory = _factory_of(session, run)
    return factory.channel if erp_is_there else OrderChannel.ORDER_BOOK


def erp_order(session: Session, run: Run) -> erp_bridge.ErpOrder:
    """The run as an order: a line for each SKU, at the unit price of the tier its whole quantity reaches."""
    line = session.get_one(ProductionLine, run.line_id)
    wanted = _quantities(session, run.id)
    price = _unit_price(session, run, line, sum(made.quantity for _, made in wanted))
    return erp_bridge.ErpOrder(
        reference=run.number,
        factory=_factory_of(session, run).code,
        mode=erp_bridge.Mode(run.mode.value),
        line=line.code,
        lines=tuple(
            erp_bridge.ErpOrderLine(sku, made.quantity, price if run.mode == OrderMode.SUBCONTRACT else 0)
            for sku, made in wanted
        ),
        start_at=datetime.combine(run.start_on, SHIFT_STARTS),
        finish_at=datetime.combine(run.finish_on, SHIFT_ENDS),
        currency=CURRENCY,
    )


def _factory_of(session: Session, run: Run) -> Factory:
    return session.get_one(Factory, session.get_one(ProductionLine, run.line_id).factory_id)


def _quantities(session: Session, run_id: UUID) -> list[tuple[str, RunSku]]:
    rows = session.exec(
        select(Sku.code, RunSku)
        .join(RunSku, col(RunSku.sku_id) == Sku.id)
        .where(RunSku.run_id == run_id)
        .order_by(Sku.code)
    )
    return [(code, made) for code, made in rows]


def _unit_price(session: Session, run: Run, line: ProductionLine, quantity: int) -> int:
    style_id = session.get_one(Item, run.item_id).style_id
    rate = session.exec(
        select(LineRate).where(LineRate.line_id == line.id, LineRate.style_id == style_id)
    ).one()
    tier = sum(1 for start in line.tiers if start <= quantity) - 1
    return rate.unit_cost_minor[tier]


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
    run = _for_update(session, run_id)
    if run.status == RunStatus.APPROVED:
        run.documents, run.channel = list(reference.documents), channel.value
        run.move(RunStatus.RELEASED, by=SYSTEM, at=at, why=f"orders {', '.join(reference.documents)}")


def unfinished(session: Session, channel: OrderChannel) -> Sequence[str]:
    """References of the runs whose progress is awaited from a channel."""
    return session.exec(
        select(Run.number)
        .where(Run.channel == channel.value, col(Run.status).in_([RunStatus.RELEASED, RunStatus.STARTED]))
        .order_by(Run.number)
    ).all()


def apply(session: Session, progress: erp_bridge.Progress, *, at: datetime) -> None:
    """Take over what the factory said of a run: quantities, date, stage; then move the pre-orders behind it.

    The same word twice changes nothing. A run the ERP no longer holds is left for the drift desk.
    """
    run = session.exec(select(Run).where(Run.number == progress.reference).with_for_update()).one()
    _note_quantities(session, run, progress)
    if progress.expected_finish_at is not None:
        run.expected_on = progress.expected_finish_at.date()
    after = {
        erp_bridge.ProgressState.STARTED: RunStatus.STARTED,
        erp_bridge.ProgressState.DONE: RunStatus.DONE,
        erp_bridge.ProgressState.CANCELLED: RunStatus.CANCELLED,
    }.get(progress.state)
    if after is not None and run.status != after and run.lifecycle.allows(run.status, after):
        run.move(after, by=run.channel or SYSTEM, at=at, why=_words(progress))
    session.flush()
    _move_preorders(session, run, at=at)


def _words(progress: erp_bridge.Progress) -> str:
    made = sum(pieces.quantity for pieces in progress.done)
    return f"{', '.join(progress.documents) or progress.reference}: {made} pieces finished"


def _note_quantities(session: Session, run: Run, progress: erp_bridge.Progress) -> None:
    done = {pieces.sku: pieces.quantity for pieces in progress.done}
    for sku, made in _quantities(session, run.id):
        if made.done != done.get(sku, made.done):
            made.done = done[sku]
            session.add(made)


def _move_preorders(session: Session, run: Run, *, at: datetime) -> None:
    """Started runs put their pre-orders in production; one is ready when all pieces meant for it are made.

    Where a run is done short, those who paid first are served: the others stay in production, in view.
    """
    if run.status not in (RunStatus.STARTED, RunStatus.DONE):
        return
    served = session.exec(
        select(Preorder)
        .where(
            col(Preorder.id).in_(
                select(PreorderLine.preorder_id)
                .join(Pegging, col(Pegging.preorder_line_id) == PreorderLine.id)
                .where(Pegging.run_id == run.id)
            ),
            col(Preorder.status).in_([PreorderStatus.SCHEDULED, PreorderStatus.IN_PRODUCTION]),
        )
        .order_by(Preorder.number)
        .with_for_update()
    ).all()
    runs = _runs_behind(session, [preorder.id for preorder in served])
    behind_any = {one.id: one for behind in runs.values() for one, _ in behind}
    short = {run_id: _short(session, one) for run_id, one in behind_any.items()}
    lead_days = {(lane.factory_id, lane.region): lane.lead_days for lane in session.exec(select(Lane))}
    for preorder in served:
        behind = runs[preorder.id]
        done = all(one.status == RunStatus.DONE for one, _ in behind)
        if done and not any(preorder.id in short[one.id] for one, _ in behind):
            preorders.advance(session, preorder, PreorderStatus.READY, at=at, why="all its pieces are made")
        else:
            preorders.advance(session, preorder, PreorderStatus.IN_PRODUCTION, at=at, why=f"run {run.number}")
        preorder.expected_on = max(
            one.ready_on + timedelta(days=lead_days[line.factory_id, preorder.region]) for one, line in behind
        )


def _runs_behind(
    session: Session, preorder_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Run, ProductionLine]]]:
    rows = session.exec(
        select(PreorderLine.preorder_id, Run, ProductionLine)
        .join(Pegging, col(Pegging.preorder_line_id) == PreorderLine.id)
        .join(Run, col(Run.id) == Pegging.run_id)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .where(col(PreorderLine.preorder_id).in_(preorder_ids), Run.status != RunStatus.CANCELLED)
        .distinct()
    )
    behind: dict[UUID, list[tuple[Run, ProductionLine]]] = defaultdict(list)
    for preorder_id, run, line in rows:
        behind[preorder_id].append((run, line))
    return behind


def _short(session: Session, run: Run) -> set[UUID]:
    """The pre-orders for which a finished run has too few pieces after everyone who paid before."""
    if run.status != RunStatus.DONE:
        return set()
    done = {made.sku_id: made.done for _, made in _quantities(session, run.id)}
    rows = session.exec(
        select(Pegging, Preorder.id)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(Pegging.run_id == run.id)
        .order_by(col(Preorder.paid_at), Preorder.number)
    )
    short = set()
    for pegging, preorder_id in rows:
        done[pegging.sku_id] -= pegging.quantity
        if done[pegging.sku_id] < 0:
            short.add(preorder_id)
    return short


def _for_update(session: Session, run_id: UUID) -> Run:
    return session.exec(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one()
