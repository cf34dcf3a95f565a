"""Plan a problem from the command line: python -m planner problem.json[.gz] --seconds 60 --out plan.json.

Exit status: 0 a plan was written, 1 the planner failed, 2 the problem is invalid or unreadable,
3 no plan exists, 4 none was found in the time given. Ctrl-C or TERM gives the best plan so far.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from planner.crews import LOCAL, CrewUnavailable, UnknownCrew, crew_named
from planner.documents import InvalidPlan, InvalidProblem, read_json
from planner.hands import Crew
from planner.plan import Plan
from planner.problem import Problem
from planner.solve import Result, Status, solve
from planner.watch import Progress

EXIT = {
    Status.OPTIMAL: 0,
    Status.FEASIBLE: 0,
    Status.FAILED: 1,
    Status.INFEASIBLE: 3,
    Status.NO_TIME: 4,
}
INVALID = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        problem = Problem.from_json(read_json(options.problem))
        before = Plan.from_json(read_json(options.before)) if options.before else None
    except (OSError, EOFError, ValueError) as error:
        kind = "invalid" if isinstance(error, (InvalidProblem, InvalidPlan)) else "unreadable"
        kind += " plan" if isinstance(error, InvalidPlan) else " problem"
        _say(f"{kind}: {error}\n")
        return INVALID
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        result = solve(
            problem,
            seconds=options.seconds,
            seed=options.seed,
            workers=options.workers,
            iterations=options.iterations,
            before=before,
            crew=options.via,
            on_progress=None if options.quiet else _show,
            stop=stop.is_set,
        )
    except CrewUnavailable as error:
        _say(f"\n{error}\n")
        return EXIT[Status.FAILED]
    _conclude(result, options.out)
    return EXIT[result.status]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m planner", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("problem", type=Path, help="counterflow-problem/1, JSON or gzipped JSON")
    parser.add_argument("--seconds", type=float, default=60.0, help="time to search, default 60")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="parts to solve at once")
    parser.add_argument("--before", type=Path, help="the plan in force, to begin with what stands of it")
    parser.add_argument("--iterations", type=int, help="stop after so many improvements of parts")
    parser.add_argument("--via", type=_crew, default=LOCAL, help="who solves the parts: local, or celery")
    parser.add_argument("--out", type=Path, help="where to write the plan; default: standard output")
    parser.add_argument("--quiet", action="store_true", help="no progress line")
    return parser


def _crew(name: str) -> Callable[[Problem, int], Crew]:
    try:
        return crew_named(name)
    except UnknownCrew as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _show(progress: Progress) -> None:
    best = "-" if progress.best_cost is None else f"{progress.best_cost:,d}"
    bound = "-" if progress.bound is None else f"{progress.bound:,.0f}"
    gap = "-" if progress.gap is None else f"{100 * progress.gap:.2f} %"
    line = f"{progress.elapsed_seconds:6.1f} s  cost {best}  bound {bound}  gap {gap}  {progress.doing}"
    _say(f"\r{line:<100}" if sys.stderr.isatty() else f"{line}\n")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _conclude(result: Result, out: Path | None) -> None:
    words = [f"\n{result.status}"]
    if result.plan is not None:
        words.append(f": cost {result.plan.objective:,d}")
    if result.baseline is not None:
        words.append(f", baseline {result.baseline.objective:,d}")
    if result.failure:
        words.append(f"\nthe search ended early: {result.failure}")
    _say("".join(words) + "\n")
    if result.plan is None:
        return
    text = json.dumps(result.plan.to_json(), indent=1) + "\n"
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
