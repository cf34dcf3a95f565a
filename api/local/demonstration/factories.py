"""Who makes it: six factories in three regions of China, their hours, holidays, prices and freight."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session

from api.domain.preorder import Region
from api.domain.production import (
    Closure,
    Factory,
    Lane,
    LineRate,
    OrderChannel,
    OrderMode,
    ProductionLine,
    capacity_seconds,
)
from api.local.demonstration.catalogue import Design
from api.local.demonstration.dice import Dice, sheet

# First day of the Spring Festival; calendars beyond the table have none.
# Source: the General Office of the State Council announces each year's holidays around this day.
SPRING_FESTIVAL = {
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
    2031: date(2031, 1, 23),
    2032: date(2032, 2, 11),
}

# Capacity in the weeks around the Spring Festival: people leave early and return late.
_WEEK_BEFORE, _FIRST_WEEK_AFTER, _SECOND_WEEK_AFTER = 60, 50, 80

_TIERS = [1, 25, 60]
_TIER_PERCENT = (100, 93, 87)

# Share of the horizon's line time that the waiting demand takes, set-ups included: enough work that the plan
# must choose, enough room that most of it is in time. Checked in tests/local/test_demonstration.py.
_LOAD = 0.70
_SETUP_ALLOWANCE = 1.25
_HORIZON_DAYS = 14 * 7
_QUARTER_HOUR = 900


@dataclass(frozen=True, slots=True)
class Site:
    """A factory with its production lines, and the person who signs in for it."""

    factory: Factory
    contact: str
    lines: list[ProductionLine]


def write(
    session: Session, designs: dict[str, Design], work_seconds: int, *, on: date, dice: Dice
) -> list[Site]:
    """The factories, with line time reserved for us that suits so much work in the weeks after `on`."""
    raw = sheet("factories")
    sites, closures, rates = [], [], []
    for entry in raw["factory"]:
        factory = _factory(entry, dice)
        lines = [_line(factory, line, dice) for line in entry["lines"]]
        sites.append(Site(factory, entry["contact"], lines))
        closures += [*_holidays(factory, entry, on, dice), *_other_customers(factory, entry, on, dice)]
        for line, terms in zip(lines, entry["lines"], strict=True):
            rates += list(_rates(line, terms, designs.values(), dice))
    _reserve(sites, closures, work_seconds, on)
    lanes = [
        lane
        for site, entry in zip(sites, raw["factory"], strict=True)
        for lane in _lanes(site.factory, raw["freight"][entry["zone"]], dice)
    ]
    session.add_all([site.factory for site in sites])
    session.flush()
    session.add_all([*lanes, *closures, *(line for site in sites for line in site.lines)])
    session.flush()
    session.add_all(rates)
    session.flush()
    return sites


def _factory(raw: dict[str, Any], dice: Dice) -> Factory:
    return Factory(
        id=dice.uuid(),
        code=raw["code"],
        name=raw["name"],
        place=raw["place"],
        mode=OrderMode(raw["mode"]),
        channel=OrderChannel(raw["channel"]),
    )


def _line(factory: Factory, raw: dict[str, Any], dice: Dice) -> ProductionLine:
    return ProductionLine(
        id=dice.uuid(),
        code=raw["code"],
        factory_id=factory.id,
        shift_seconds=raw["hours"] * 3600,
        workdays=raw["workdays"],
        min_run=raw["min_run"],
        max_run=raw.get("max_run"),
        tiers=list(_TIERS),
    )


def _rates(
    line: ProductionLine, raw: dict[str, Any], designs: Iterable[Design], dice: Dice
) -> Iterator[LineRate]:
    """The styles of the families that the production line's people and machines can sew."""
    for design in designs:
        if design.style.family in raw["families"]:
            making = dice.near(round(design.making_minor * raw["price"]), 0.05)
            yield LineRate(
                id=dice.uuid(),
                line_id=line.id,
                style_id=design.style.id,
                seconds_per_piece=min(2400, max(600, dice.near(round(design.seconds * raw["pace"]), 0.06))),
                unit_cost_minor=[making * percent // 100 for percent in _TIER_PERCENT],
            )


def _lanes(factory: Factory, freight: dict[str, list[int]], dice: Dice) -> Iterator[Lane]:
    for region, (cost, days) in freight.items():
        yield Lane(
            factory_id=factory.id,
            region=Region(region),
            unit_cost_minor=dice.near(cost, 0.08),
            lead_days=days,
        )


def _holidays(factory: Factory, raw: dict[str, Any], on: date, dice: Dice) -> Iterator[Closure]:
    """Holidays from the year before to the year after, with the slow weeks around the long one."""
    for year in range(on.year - 1, on.year + 2):
        national = date(year, 10, 1)
        yield _closed(
            factory, dice, national, days=raw["national_day"], percent=0, reason="National Day · 国庆节"
        )
        festival = SPRING_FESTIVAL.get(year)
        if festival is None:
            continue
        before, after = raw["spring_festival"]
        first = festival - timedelta(days=before)
        opens = festival + timedelta(days=after)
        week = timedelta(days=7)
        yield _closed(
            factory, dice, first - week, days=7, percent=_WEEK_BEFORE, reason="people leave early · 提前返乡"
        )
        yield _closed(factory, dice, first, days=before + after, percent=0, reason="Spring Festival · 春节")
        yield _closed(
            factory, dice, opens, days=7, percent=_FIRST_WEEK_AFTER, reason="people return · 陆续返工"
        )
        yield _closed(
            factory, dice, opens + week, days=7, percent=_SECOND_WEEK_AFTER, reason="people return · 陆续返工"
        )


def _other_customers(factory: Factory, raw: dict[str, Any], on: date, dice: Dice) -> Iterator[Closure]:
    """Weeks that a firm outside has not sold to us, from half a year ago to half a year ahead."""
    ours, period = raw.get("ours", (1, 1))
    first = dice.randrange(period)
    monday = on - timedelta(days=on.weekday())
    for week in range(-26, 27):
        if (week + first) % period >= ours:
            from_on = monday + timedelta(weeks=week)
            yield _closed(
                factory, dice, from_on, days=7, percent=0, reason="reserved for other customers · 其他客户"
            )


def _closed(factory: Factory, dice: Dice, first: date, *, days: int, percent: int, reason: str) -> Closure:
    return Closure(
        id=dice.uuid(),
        factory_id=factory.id,
        from_on=first,
        to_on=first + timedelta(days=days - 1),
        capacity_percent=percent,
        reason=reason,
    )


def _reserve(sites: list[Site], closures: list[Closure], work_seconds: int, on: date) -> None:
    """Scale the hours reserved for us: holidays take a quarter of some seasons and nothing of others."""
    monday = on - timedelta(days=on.weekday())
    there = sum(
        capacity_seconds(
            line, [c for c in closures if c.factory_id == site.factory.id], from_on=monday, days=_HORIZON_DAYS
        )
        for site in sites
        for line in site.lines
    )
    share = work_seconds * _SETUP_ALLOWANCE / _LOAD / there
    for site in sites:
        for line in site.lines:
            line.shift_seconds = max(1, round(line.shift_seconds * share / _QUARTER_HOUR)) * _QUARTER_HOUR
