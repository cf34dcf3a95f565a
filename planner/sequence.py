"""The order of the runs on each line and bucket, and the seconds at which each is made.

Within a bucket the cheapest order is known without search. Every style has a first run, which takes
its item's set-up in full, and every family a first style, which takes its set-up in full; keeping
styles and families together lets all others have their discount, and the firsts are best chosen where
the discount is smallest. Parting a group only adds a first. So the order is a sort, and the line time
of rule 2 (full set-ups, once per style) always suffices for it.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from planner.demand import Style
from planner.plan import Run, Slot
from planner.problem import Problem


def schedule(problem: Problem, runs: Sequence[Run]) -> tuple[Slot, ...]:
    """A slot for every run, as early as its place in the order allows; fits where rule 2 holds."""
    places: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in runs:
        places[run.line, run.bucket].append(run)
    slots: list[Slot] = []
    for place in sorted(places):
        slots += _slots(problem, in_order(problem, places[place]))
    return tuple(slots)


def in_order(problem: Problem, runs: Sequence[Run]) -> list[Run]:
    """Runs of one line and bucket in an order with the least time for changeovers."""
    find = problem.find

    def style(run: Run) -> Style:
        return find.style[find.item[run.item].style]

    def item_saving(run: Run) -> int:
        seconds = find.item[run.item].setup_seconds
        return seconds - remaining(seconds, problem.changeover.same_style)

    def style_saving(run: Run) -> int:
        seconds = style(run).setup_seconds
        return seconds - remaining(seconds, problem.changeover.same_family)

    return sorted(
        runs, key=lambda r: (style(r).family, style_saving(r), style(r).id, item_saving(r), r.item, r.id)
    )


def remaining(seconds: int, percent: int) -> int:
    """``percent`` of a set-up, rounded up to the second."""
    return -(-seconds * percent // 100)


def _slots(problem: Problem, runs: list[Run]) -> list[Slot]:
    find, rest = problem.find, problem.changeover
    slots: list[Slot] = []
    clock = 0
    made: set[str] = set()  # families
    for style_id, group in groupby(runs, key=lambda run: find.item[run.item].style):
        style = find.style[style_id]
        share = rest.same_family if style.family in made else 100
        made.add(style.family)
        for place, run in enumerate(group):
            item = find.item[run.item]
            if place == 0:
                change = item.setup_seconds + remaining(style.setup_seconds, share)
            else:
                change = remaining(item.setup_seconds, rest.same_style)
            start = clock + change
            clock = start + run.quantity * find.line[run.line].styles[style_id].seconds
            slots.append(Slot(run.id, start, clock, change))
    return slots
