"""Looking at runs: where, what, how far, and for whom."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from api.domain.catalogue import SIZES, Item, Sku, Style
from api.domain.errors import Unknown
from api.domain.plan import Pegging, Plan, Run, RunSku
from api.domain.preorder import Preorder, PreorderLine
from api.domain.production import Factory, LineRate, ProductionLine


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with the place it is made in and the sizes it is made of."""

    run: Run
    factory: Factory
    line: ProductionLine
    item: Item
    style: Style
    sizes: tuple[tuple[Sku, RunSku], ...]
    """From small to large."""

    @property
    def quantity(self) -> int:
        """Pieces to make, overs included."""
        return sum(made.quantity for _, made in self.sizes)

    @property
    def done(self) -> int:
        """Pieces reported good."""
        return sum(made.done for _, made in self.sizes)


def listed(session: Session, *, plan: str | None = None) -> list[RunView]:
    """Runs, the next to start first; `plan` asks for those of one plan."""
    query = (
        select(Run, Factory, ProductionLine, Item)
        .join(ProductionLine, col(ProductionLine.id) == Run.line_id)
        .join(Factory, col(Factory.id) == ProductionLine.factory_id)
        .join(Item, col(Item.id) == Run.item_id)
        .order_by(col(Run.start_on), Run.number)
    )
    if plan is not None:
        query = query.join(Plan, col(Plan.id) == Run.plan_id).where(Plan.number == plan)
    rows = session.exec(query).all()
    styles = {style.id: style for style in session.exec(select(Style))}
    sizes = _sizes(session, [run.id for run, *_ in rows])
    return [
        RunView(run, factory, line, item, styles[item.style_id], sizes[run.id])
        for run, factory, line, item in rows
    ]


def get(session: Session, number: str) -> RunView:
    """One run, or Unknown."""
    run = session.exec(select(Run).where(Run.number == number)).first()
    if run is None:
        raise Unknown("run", number)
    line = session.get_one(ProductionLine, run.line_id)
    item = session.get_one(Item, run.item_id)
    return RunView(
        run=run,
        factory=session.get_one(Factory, line.factory_id),
        line=line,
        item=item,
        style=session.get_one(Style, item.style_id),
        sizes=_sizes(session, [run.id])[run.id],
    )


def _sizes(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, tuple[tuple[Sku, RunSku], ...]]:
    rows = session.exec(
        select(Sku, RunSku).join(RunSku, col(RunSku.sku_id) == Sku.id).where(col(RunSku.run_id).in_(run_ids))
    )
    found: dict[UUID, list[tuple[Sku, RunSku]]] = defaultdict(list)
    for sku, made in rows:
        found[made.run_id].append((sku, made))
    return defaultdict(
        tuple,
        {
            run_id: tuple(sorted(pairs, key=lambda pair: SIZES.index(pair[0].size)))
            for run_id, pairs in found.items()
        },
    )


def quantities(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, RunSku]]]:
    """What runs make of each SKU, by run, in the order of the SKU codes."""
    rows = session.exec(
        select(Sku.code, RunSku)
        .join(RunSku, col(RunSku.sku_id) == Sku.id)
        .where(col(RunSku.run_id).in_(run_ids))
        .order_by(Sku.code)
    )
    found: dict[UUID, list[tuple[str, RunSku]]] = {run_id: [] for run_id in run_ids}
    for code, made in rows:
        found[made.run_id].append((code, made))
    return found


def unit_costs(session: Session, wanted: Sequence[Run]) -> dict[UUID, int]:
    """What a piece of each run costs: its line's rate, in the tier that its whole quantity reaches."""
    sizes = quantities(session, [run.id for run in wanted])
    lines = {line.id: line for line in session.exec(select(ProductionLine))}
    styles = {item.id: item.style_id for item in session.exec(select(Item))}
    rates = {(rate.line_id, rate.style_id): rate for rate in session.exec(select(LineRate))}
    costs = {}
    for run in wanted:
        pieces = sum(made.quantity for _, made in sizes[run.id])
        tier = sum(1 for start in lines[run.line_id].tiers if start <= pieces) - 1
        costs[run.id] = rates[run.line_id, styles[run.item_id]].unit_cost_minor[max(tier, 0)]
    return costs


def pegged(session: Session, run: Run) -> Sequence[tuple[Pegging, PreorderLine, Preorder, Sku]]:
    """Whom the pieces of a run are meant for, the earliest paid first."""
    return session.exec(
        select(Pegging, PreorderLine, Preorder, Sku)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .join(Sku, col(Sku.id) == Pegging.sku_id)
        .where(Pegging.run_id == run.id)
        .order_by(col(Preorder.paid_at), Preorder.number)
    ).all()
