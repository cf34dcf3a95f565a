"""The planner's place: minutes of work, with progress to see and a way to stop it."""

import platform
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from uuid import UUID

import structlog

from api.db import transaction
from api.domain.errors import NothingToPlan
from api.domain.plan import Plan
from api.services import outbox, plans
from planner.explain import explanations
from planner.problem import Problem
from planner.solve import Result, solve
from planner.watch import Progress
from workers.outbox import handles, now

MOST_EXPLAINING_SECONDS = 20.0
EXPLAINING_SHARE = 0.5  # of the seconds of the plan, after them

log = structlog.get_logger()


@handles("plan.make", outbox.Terms(at_once=1))
def make_plan(plan_id: str) -> None:
    """Answer a wish for a plan. One at a time, so that the other messages always find a worker."""
    asked = UUID(plan_id)
    try:
        with transaction() as session:
            taken = plans.start(session, asked, at=now())
    except NothingToPlan as error:
        with transaction() as session:
            plans.fail(session, asked, why=str(error), at=now())
        return
    if taken is None:
        return
    plan, problem = taken
    watch = _Watch(asked)
    result = solve(
        problem, seconds=plan.seconds, seed=plan.seed, on_progress=watch.note, stop=watch.stop_requested
    )
    _keep(asked, _explained(problem, result, plan, watch))
    log.info("plan made", plan=plan.number, status=result.status.value, lots=len(problem.lots))


class _Watch:
    """Shows how far the planner is, about once a second, and hears when a person has seen enough."""

    def __init__(self, plan_id: UUID) -> None:
        self._plan_id = plan_id
        self._shown_at = now() - timedelta(minutes=1)
        self._stop = False
        self._last: Progress | None = None

    def note(self, progress: Progress) -> None:
        if now() - self._shown_at < timedelta(seconds=1):
            return
        self._shown_at, self._last = now(), progress
        shown = {
            "elapsed_seconds": round(progress.elapsed_seconds, 1),
            "best_cost": progress.best_cost,
            "bound": progress.bound,
            "gap": progress.gap,
            "doing": progress.doing,
        }
        with transaction() as session:
            self._stop = plans.note_progress(session, self._plan_id, shown, at=now())

    def stop_requested(self) -> bool:
        return self._stop

    def explaining(self) -> bool:
        """Shows that the plan is found and its reasons are being tried out; whether to leave it at that."""
        if self._last is not None:
            self.note(replace(self._last, doing=plans.EXPLAINING))
        return self._stop


def _explained(problem: Problem, result: Result, plan: Plan, watch: _Watch) -> Result:
    """The result with what would free each loss, tried out; at once where a person has seen enough."""
    if result.plan is None:
        return result
    found = explanations(
        problem,
        result.plan,
        seconds=min(MOST_EXPLAINING_SECONDS, plan.seconds * EXPLAINING_SHARE),
        seed=plan.seed,
        stop=watch.explaining,
    )
    return replace(result, plan=result.plan.stating(explanations=found))


def _keep(plan_id: UUID, result: Result) -> None:
    with transaction() as session:
        if result.plan is None:
            plans.fail(session, plan_id, why=f"the planner found no plan: {result.status.value}", at=now())
            return
        plans.propose(
            session,
            plan_id,
            answer=result.plan,
            baseline=result.baseline or result.plan,
            failure=result.failure,
            versions=_versions(),
            at=now(),
        )


def _versions() -> dict[str, str]:
    """What must be the same for a replay to give the same plan."""
    return {
        "counterflow": version("counterflow"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
    }
