"""How good plans are: cost, bound, late pieces, seconds and memory, beside the baseline and the best known.

python -m tests.planner.bench [FILE or FOLDER ...] [--reference reference.csv] [--markdown] [--disruption]

Without problems, those of our own generator named in instances/best.csv. Files are counterflow-problem/1,
gzipped where named .gz; a reference is a table with the columns instance and best. Each problem is planned
once for each seed and the medians are shown. Where the environment names a referee (COUNTERFLOW_REFEREE),
it judges every plan beside our own checker. The exit status is 1 where anything is wrong with a plan.
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from planner import Problem
from planner.documents import read_json
from tests.planner.generator import SEASON, SMALL, generate
from tests.planner.measure import Measured, Replanned, measure, median, replan
from tests.planner.referee import load_referee

OWN = Path(__file__).parent / "instances" / "best.csv"
SECONDS = ((50, 10.0), (200, 30.0), (4_000, 60.0))  # up to so many lots
LONGEST = 120.0
HEAD = (
    "instance",
    "lots",
    "baseline",
    "plan",
    "bound",
    "gap %",
    "best known",
    "to it %",
    "late % (baseline)",
    "first s",
    "seconds",
    "MB",
    "checked",
)
DISRUPTION_HEAD = ("disruption", "plan", "seconds", "long plan", "dearer %", "pieces moved", "checked")
WIDTHS = (24, 6, 15, 15, 15, 7, 15, 8, 18, 8, 8, 7, 9)
DISRUPTION_WIDTHS = (40, 15, 8, 15, 9, 13, 9)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one row per problem; returns 1 where something is wrong with a plan."""
    options = _parser().parse_args(arguments)
    with options.reference.open(encoding="utf-8") as table:
        known = {row["instance"]: int(row["best"]) for row in csv.DictReader(table) if row["best"]}
    named = os.environ.get("COUNTERFLOW_REFEREE")
    bench = _Bench(options, known, load_referee(Path(named)) if named else None)
    problems = list(_problems(options.problems))
    for problem in problems:
        bench.plan(problem)
    for problem in problems if options.disruption else ():
        bench.disrupt(problem)
    return 1 if bench.wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.planner.bench", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("problems", nargs="*", type=Path, help="files or folders; default: our own")
    parser.add_argument("--seconds", type=float, help="for each plan; default by the number of lots")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=_seeds, default=(1, 2, 3), help="default 1,2,3")
    parser.add_argument("--reference", type=Path, default=OWN, help="table with instance and best")
    parser.add_argument("--markdown", action="store_true", help="the table of the README")
    parser.add_argument("--disruption", action="store_true", help="also lose a line and plan again")
    return parser


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(int(seed) for seed in text.split(","))


def _problems(paths: Sequence[Path]) -> Iterator[Problem]:
    """Smallest first, so that one problem's memory is not counted for the next."""
    if not paths:
        yield from (generate(SMALL, 1), generate(SMALL, 2), generate(SEASON, 1))
        return
    files = [file for path in paths for file in (_files(path) if path.is_dir() else [path])]
    problems = [Problem.from_json(read_json(file)) for file in files]
    yield from sorted(problems, key=lambda problem: (len(problem.lots), problem.name))


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.name.endswith((".json", ".json.gz"))]


def seconds_for(problem: Problem) -> float:
    """How long a problem of that size is planned where nobody says."""
    return next((seconds for lots, seconds in SECONDS if len(problem.lots) <= lots), LONGEST)


class _Bench:
    def __init__(self, options: argparse.Namespace, known: dict[str, int], referee: Any) -> None:
        self.options = options
        self.known = known
        self.referee = referee
        self.wrong = False
        self._head: tuple[str, ...] = ()

    def plan(self, problem: Problem) -> None:
        measured = median(measure(problem, seed=seed, **self._effort(problem)) for seed in self.options.seeds)
        row = _row(problem, measured, self.known.get(problem.name), self._judged(measured.faults))
        self._print(HEAD, WIDTHS, row)

    def disrupt(self, problem: Problem) -> None:
        replanned = replan(problem, seed=self.options.seeds[0], **self._effort(problem))
        if replanned is not None:
            row = _disruption_row(problem, replanned, self._judged(replanned.faults))
            self._print(DISRUPTION_HEAD, DISRUPTION_WIDTHS, row)

    def _effort(self, problem: Problem) -> dict[str, Any]:
        asked = self.options.seconds
        seconds = seconds_for(problem) if asked is None else asked
        return {"seconds": seconds, "workers": self.options.workers, "referee": self.referee}

    def _judged(self, faults: Sequence[str]) -> str:
        """Who has found nothing wrong; what is wrong goes to standard error."""
        if faults:
            self.wrong = True
            sys.stderr.writelines(f"{fault}\n" for fault in faults)
            return "WRONG"
        return "referee" if self.referee else "yes"

    def _print(self, head: tuple[str, ...], widths: tuple[int, ...], row: tuple[str, ...]) -> None:
        if self._head != head:
            self._head = head
            self._write(head, widths)
            if self.options.markdown:
                self._write(("---",) * len(head), widths)
        self._write(row, widths)

    def _write(self, cells: Sequence[str], widths: tuple[int, ...]) -> None:
        if self.options.markdown:
            text = f"| {' | '.join(cells)} |"
        else:
            first, *rest = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
            text = " ".join([first.strip().ljust(widths[0]), *rest])
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _row(problem: Problem, found: Measured, best: int | None, judged: str) -> tuple[str, ...]:
    to_best = None if best is None or found.cost is None else 100 * (found.cost - best) / max(1, abs(best))
    return (
        problem.name,
        _shown(len(problem.lots)),
        _shown(found.baseline),
        _shown(found.cost),
        _shown(found.bound),
        _shown(found.gap, ".3f"),
        _shown(best),
        _shown(to_best, "+.2f"),
        f"{_shown(found.late, '.1f')} ({_shown(found.late_baseline, '.1f')})",
        _shown(found.first, ".2f"),
        _shown(found.seconds, ".1f"),
        _shown(found.memory),
        judged,
    )


def _disruption_row(problem: Problem, found: Replanned, judged: str) -> tuple[str, ...]:
    return (
        f"{problem.name}, {found.line} lost",
        _shown(found.cost),
        _shown(found.seconds, ".1f"),
        _shown(found.cost_of_long),
        _shown(found.excess, "+.2f"),
        _shown(found.moved),
        judged,
    )


def _shown(value: float | None, form: str = ",.0f") -> str:
    return "–" if value is None else format(value, form)  # noqa: RUF001 - as in the README


if __name__ == "__main__":
    sys.exit(main())
