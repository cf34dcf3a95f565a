"""Compare two plans from the command line: python -m planner.review problem.json before.json after.json.

The problem is the one the plan after was made for; each file may be gzipped. Exit status: 0 compared,
2 a document is invalid or unreadable.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from pathlib import Path

from planner.check import Cost
from planner.comparison import compare
from planner.difference import Difference, Effects, MadeAt
from planner.documents import read_json
from planner.plan import Plan
from planner.problem import Problem

INVALID = 2
SHOWN = 20  # lines of each list, unless all are asked for


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        problem = Problem.from_json(read_json(options.problem))
        before, after = (Plan.from_json(read_json(path)) for path in (options.before, options.after))
    except (OSError, EOFError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return INVALID
    found = compare(problem, before, after)
    if options.json:
        sys.stdout.write(json.dumps(found.to_json(), indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(in_words(found, shown=None if options.all else SHOWN)) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    prog, about = "python -m planner.review", __doc__.split(":", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("problem", type=Path, help="counterflow-problem/1, of the plan after")
    parser.add_argument("before", type=Path, help="counterflow-plan/1 in force")
    parser.add_argument("after", type=Path, help="counterflow-plan/1 to review")
    parser.add_argument("--json", action="store_true", help="counterflow-difference/1 instead of words")
    parser.add_argument("--all", action="store_true", help=f"every line, not the first {SHOWN} of each list")
    return parser


def in_words(found: Difference, *, shown: int | None = None) -> Iterator[str]:
    """The difference, line by line; ``shown`` limits each list, None shows all of it."""
    yield f"{found.problem}: {_effects(found.effects) or 'no lot fares otherwise'}"
    frozen = len(found.frozen_untouched) + len(found.frozen_changed)
    yield f"frozen runs: {len(found.frozen_untouched)} of {frozen} untouched"
    yield from _list("frozen runs that differ", found.frozen_changed, shown)
    broken = (f"rule {one.rule}, {one.kind}: {one.text}" for one in found.broken)
    yield from _list("why the plan before cannot stay", broken, shown)
    yield from _costs(found)
    items = (f"{item}: {_effects(effects)}" for item, effects in found.by_item().items())
    yield from _list("by item, the worst first", items, shown)
    lots = (f"{lot.lot} ({lot.item}, {lot.wanted} wanted): {_effects(lot.effects)}" for lot in found.lots)
    yield from _list("by lot, the worst first", lots, shown)
    moves = (f"{m.item}: {m.pieces:,d} from {_place(m.before)} to {_place(m.after)}" for m in found.moves)
    yield from _list("pieces moved", moves, shown)
    runs = (f"{r.item} on {r.line} in bucket {r.bucket}: {r.before:,d} -> {r.after:,d}" for r in found.runs)
    yield from _list("runs", runs, shown)


def _costs(found: Difference) -> Iterator[str]:
    yield f"{'cost':<14}{'before':>18}{'after':>18}{'difference':>18}"
    columns = (found.cost_before, found.cost_after, found.cost_change)
    for name in (*(part.name for part in fields(Cost)), "total"):
        before, after, change = (getattr(column, name) for column in columns)
        yield f"  {name:<12}{before:>18,d}{after:>18,d}{change:>+18,d}"


def _effects(effects: Effects) -> str:
    words = {
        "moved": f"{effects.moved:,d} pieces moved",
        "piece_days": f"{effects.piece_days:+,d} piece-days",
        "became_late": f"{effects.became_late:,d} now late",
        "became_timely": f"{effects.became_timely:,d} now in time",
        "unfilled": f"{effects.unfilled:,d} no longer served",
        "served": f"{effects.served:,d} newly served",
        "gone": f"{effects.gone:,d} no longer wanted",
        "substituted": f"{effects.substituted:+,d} in another SKU",
    }
    return ", ".join(text for name, text in words.items() if getattr(effects, name))


def _place(place: MadeAt | None) -> str:
    if place is None:
        return "nowhere"
    return f"{place.factory or 'a line that is gone'} in bucket {place.bucket}"


def _list(title: str, lines: Iterable[str], shown: int | None) -> Iterator[str]:
    """A title and the first lines; nothing where there are none."""
    rest = iter(lines)
    first = list(islice(rest, shown))
    if first:
        yield f"{title}:"
        yield from (f"  {line}" for line in first)
        left = sum(1 for _ in rest)
        if left:
            yield f"  and {left:,d} more"


if __name__ == "__main__":
    sys.exit(main())
