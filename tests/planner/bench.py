"""How good plans are: cost, bound, seconds and the distance to the best known.

python -m tests.planner.bench [PROBLEM ...] [--seconds 10] [--workers 2] [--reference reference.csv]

Without problems, the instances of our own generator in instances/best.csv are made and planned. Files are
counterflow-problem/1, gzipped or not; a reference is a table with the columns instance and best.
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from planner import Problem, violations
from planner.__main__ import load
from planner.solve import solve
from tests.planner.generator import SEASON, SMALL, generate

OWN = Path(__file__).parent / "instances" / "best.csv"
HEAD = f"{'instance':24}{'baseline':>15}{'cost':>15}{'bound':>15}{'gap %':>8}{'to best %':>10}{'seconds':>9}"


def main() -> int:
    """Print one row per problem; returns 1 where a plan breaks a rule."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("problems", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reference", type=Path, default=OWN)
    options = parser.parse_args()
    with options.reference.open(encoding="utf-8") as table:
        known = {row["instance"]: int(row["best"]) for row in csv.DictReader(table)}
    sys.stdout.write(HEAD + "\n")
    broken = 0
    for problem in _problems(options.problems):
        row, sound = _row(problem, options, known.get(problem.name))
        broken += not sound
        sys.stdout.write(row + "\n")
        sys.stdout.flush()
    return 1 if broken else 0


def _problems(files: list[Path]) -> Iterator[Problem]:
    if files:
        yield from (Problem.from_json(load(file)) for file in files)
        return
    yield from (generate(SMALL, seed) for seed in (1, 2))
    yield generate(SEASON, 1)


def _row(problem: Problem, options: argparse.Namespace, best: int | None) -> tuple[str, bool]:
    result = solve(problem, seconds=options.seconds, seed=options.seed, workers=options.workers)
    if result.plan is None or result.plan.objective is None:
        return f"{problem.name:24}{result.status}", False
    cost, bound = result.plan.objective, result.lower_bound
    before = result.baseline.objective if result.baseline else None
    shown = [
        f"{problem.name:24}",
        f"{before:15,d}" if before is not None else f"{'-':>15}",
        f"{cost:15,d}",
        f"{bound:15,.0f}" if bound is not None else f"{'-':>15}",
        f"{100 * (cost - bound) / abs(cost):8.2f}" if bound is not None and cost else f"{'-':>8}",
        f"{100 * (cost - best) / best:10.3f}" if best else f"{'-':>10}",
        f"{result.seconds:9.1f}",
    ]
    return "".join(shown), not violations(problem, result.plan)


if __name__ == "__main__":
    sys.exit(main())
