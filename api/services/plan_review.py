"""A plan against another: what approving it changes, in our records instead of the planner's codes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from sqlmodel import Session, col, select

import planner
from api.domain.catalogue import Item, Style
from api.domain.errors import Unknown
from api.domain.plan import Plan, PlanStatus
from api.domain.production import Factory, ProductionLine
from api.services import plan_before, planning, plans
from planner import Effects

_ANSWERED = (PlanStatus.PROPOSED, PlanStatus.APPROVED, PlanStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class ItemEffects:
    """What becomes of the pieces wanted of an item; ``item`` is None where the catalogue has it no more."""

    code: str
    item: Item | None
    style: Style | None
    effects: Effects
    moves: tuple["PlaceMove", ...]


@dataclass(frozen=True, slots=True)
class PlaceMove:
    """So many pieces from a factory and week to another; a None factory is gone, a None week is not made."""

    before_factory: Factory | None
    before_on: date | None
    after_factory: Factory | None
    after_on: date | None
    pieces: int


@dataclass(frozen=True, slots=True)
class RunMove:
    """A run that comes (``before`` 0), goes (``after`` 0) or has another number of pieces."""

    code: str
    item: Item | None
    style: Style | None
    line: str
    factory: Factory | None
    week_on: date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Review:
    """From one plan to another, for whoever approves it."""

    plan: Plan
    against: Plan
    difference: planner.Difference
    items: tuple[ItemEffects, ...]
    """The worst first."""
    runs: tuple[RunMove, ...]

    @property
    def effects(self) -> Effects:
        """On all pieces together."""
        return self.difference.effects

    @property
    def costs(self) -> tuple[tuple[str, int, int], ...]:
        """By part, the total last: what the plan costs, and what the other would cost now."""
        this, other = self.difference.cost_after, self.difference.cost_before
        parts = (*(part.name for part in fields(planner.Cost)), "total")
        return tuple((part, getattr(this, part), getattr(other, part)) for part in parts)


def earlier(session: Session, plan: Plan, *, limit: int) -> Sequence[str]:
    """Numbers of the plans with an answer that were asked for before this one, the latest first."""
    return session.exec(
        select(Plan.number)
        .where(
            col(Plan.status).in_(_ANSWERED),
            col(Plan.requested_at) < plan.requested_at,
            col(Plan.weighs).is_(None),
        )
        .order_by(col(Plan.requested_at).desc(), col(Plan.number).desc())
        .limit(limit)
    ).all()


def review(session: Session, number: str, against: str) -> Review:
    """What the plan changes for whoever has the other in force. Raises Unknown where one has no answer.

    The other is read in the weeks of the plan: what it made in weeks that have passed is left out.
    """
    plan, other = _answered(session, number), _answered(session, against)
    problem, after = planner.Problem.from_json(plan.problem), planner.Plan.from_json(plan.answer)
    found = planner.compare(problem, plan_before.moved(other, plan), after)
    books = _Books(session, plan.day_zero)
    return Review(
        plan=plan,
        against=other,
        difference=found,
        items=tuple(books.items_of(found.by_item(), found.moves)),
        runs=tuple(books.run(change) for change in found.runs),
    )


def _answered(session: Session, number: str) -> Plan:
    plan = plans.get_by_number(session, number)
    if plan.status not in _ANSWERED:
        raise Unknown("answer of plan", number)
    return plan


class _Books:
    """The records behind the planner's codes, and its buckets as weeks."""

    def __init__(self, session: Session, day_zero: date) -> None:
        self._day_zero = day_zero
        self._items = {item.code: item for item in session.exec(select(Item))}
        self._styles = {style.id: style for style in session.exec(select(Style))}
        self._factories = {factory.code: factory for factory in session.exec(select(Factory))}
        by_id = {factory.id: factory for factory in self._factories.values()}
        lines = session.exec(select(ProductionLine))
        self._factory_of = {line.code: by_id[line.factory_id] for line in lines}

    def items_of(
        self, effects: Mapping[str, Effects], moves: Iterable[planner.Move]
    ) -> Iterable[ItemEffects]:
        placed: dict[str, list[PlaceMove]] = {code: [] for code in effects}
        for move in moves:
            placed[move.item].append(self._move(move))
        for code, of_item in effects.items():
            item, style = self._named(code)
            yield ItemEffects(code, item, style, of_item, tuple(placed[code]))

    def run(self, change: planner.RunChange) -> RunMove:
        item, style = self._named(change.item)
        factory, week_on = self._factory_of.get(change.line), self._week(change.bucket)
        return RunMove(change.item, item, style, change.line, factory, week_on, change.before, change.after)

    def _named(self, code: str) -> tuple[Item | None, Style | None]:
        item = self._items.get(code)
        return item, self._styles[item.style_id] if item else None

    def _move(self, move: planner.Move) -> PlaceMove:
        return PlaceMove(*self._end(move.before), *self._end(move.after), move.pieces)

    def _end(self, end: planner.MadeAt | None) -> tuple[Factory | None, date | None]:
        return (self._factories.get(end.factory or ""), self._week(end.bucket)) if end else (None, None)

    def _week(self, bucket: int) -> date:
        return self._day_zero + timedelta(days=bucket * planning.BUCKET_DAYS)
