"""A plan against another: what a planner reviews before approving it in the other's place."""

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.domain.catalogue import Item, Style
from api.domain.errors import Unknown
from api.domain.money import CURRENCY
from api.domain.production import Factory
from api.services import plan_review, plans
from api.services.plan_review import ItemEffects, PlaceMove, Review, RunMove
from web.console.desk import DeskDep
from web.reader import Reader

router = APIRouter(prefix="/plans")

_OFFERED = 5
_NO_COLOUR = "#8a8a8a"
_LINE_TIME, _CLOTH, _FROZEN, _FEWER = "line_time", "cloth", "released", "fewer"
_FORCES = {"line time": _LINE_TIME, "unable": _LINE_TIME, "fabric": _CLOTH, "purchase": _CLOTH}
_FORCES |= {"frozen": _FROZEN, "item minimum": _FEWER, "campaign minimum": _FEWER, "run too small": _FEWER}


@router.get("/{number}/against")
def against_the_one_before(desk: DeskDep, number: str) -> Response:
    """The plan against the latest one before it that has an answer."""
    before = plan_review.earlier(desk.session, plans.get_by_number(desk.session, number), limit=1)
    if not before:
        raise Unknown("plan before", number)
    return RedirectResponse(f"/console/plans/{number}/against/{before[0]}", 303)


@router.get("/{number}/against/{other}")
def against(desk: DeskDep, number: str, other: str) -> Response:
    """What the plan changes for whoever has the other in force."""
    review = plan_review.review(desk.session, number, other)
    offered = plan_review.earlier(desk.session, review.plan, limit=_OFFERED)
    return desk.show(
        "plans",
        "console/plan_against.html",
        number=number,
        against=other,
        against_at=review.against.requested_at,
        currency=CURRENCY,
        others=[(one, f"/console/plans/{number}/against/{one}") for one in offered if one != other],
        **view(desk.reader, review),
    )


def view(reader: Reader, review: Review) -> dict[str, Any]:
    """The difference in the reader's words."""
    found = review.difference
    return {
        "effects": _effects(reader, review),
        "costs": _costs(review),
        "forces": _forces(review),
        "untouched": len(found.frozen_untouched),
        "changed": found.frozen_changed,
        "items": [_item(reader, one) for one in review.items],
        "runs": [_run(reader, one) for one in review.runs],
    }


def _effects(reader: Reader, of: Review | ItemEffects) -> dict[str, Any]:
    return asdict(of.effects) | {"days": _days(reader, of.effects.piece_days, of.effects.moved)}


def _days(reader: Reader, piece_days: int, moved: int) -> str:
    """How much later or earlier the pieces that move arrive, on average."""
    if piece_days == 0:
        return ""
    average = abs(piece_days) / moved
    days, later = reader.spoken.number(average), piece_days > 0
    if average == 1:
        return reader.gettext("a day later") if later else reader.gettext("a day earlier")
    if later:
        return reader.gettext("%(days)s days later", days=days)
    return reader.gettext("%(days)s days earlier", days=days)


def _costs(review: Review) -> list[dict[str, Any]]:
    """Rows as the plan page has them: this plan in the first column, the other in the second."""
    return [{"part": part, "plan_minor": this, "baseline_minor": other} for part, this, other in review.costs]


def _forces(review: Review) -> list[tuple[str, int]]:
    """Why the other plan cannot stay as it was: the kind of rule, and how often it would be broken."""
    return Counter(_FORCES.get(one.kind, "other") for one in review.difference.broken).most_common()


def _item(reader: Reader, one: ItemEffects) -> dict[str, Any]:
    moves = [_move(reader, move) for move in one.moves]
    return _named(reader, one.code, one.item, one.style) | _effects(reader, one) | {"moves": moves}


def _move(reader: Reader, move: PlaceMove) -> dict[str, Any]:
    return {
        "before": _place(reader, move.before_factory, move.before_on),
        "after": _place(reader, move.after_factory, move.after_on),
        "pieces": move.pieces,
    }


def _place(reader: Reader, factory: Factory | None, week_on: date | None) -> str:
    if week_on is None:
        return reader.gettext("not made")
    where = factory.name if factory else reader.gettext("a line that is gone")
    week = reader.spoken.short_day(week_on)
    return reader.gettext("%(factory)s, week of %(week)s", factory=where, week=week)


def _run(reader: Reader, one: RunMove) -> dict[str, Any]:
    named = _named(reader, one.code, one.item, one.style)
    factory = one.factory.name if one.factory else reader.gettext("a line that is gone")
    return named | {
        "factory": factory,
        "line": one.line,
        "week_on": one.week_on,
        "before": one.before,
        "after": one.after,
    }


def _named(reader: Reader, code: str, item: Item | None, style: Style | None) -> dict[str, str]:
    """What an item is called; its code where the catalogue has it no more."""
    if item is None or style is None:
        return {"title": code, "colour": "", "colour_hex": _NO_COLOUR}
    return {
        "title": reader.title(style),
        "colour": reader.colour(item),
        "colour_hex": item.colour_hex,
    }
