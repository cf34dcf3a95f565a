"""The planner's place: minutes of work, with progress to see and a way to stop it."""

import os
import platform
from datetime import timedelta
from importlib.metadata import version
from uuid import UUID

import structlog

from api.db import transaction
from api.domain.errors import NoProposal, NothingToPlan
from api.services import outbox, plan_before, plan_worth, plans, proposals
from api.settings import settings
from planner import Problem
from planner.crews import CrewUnavailable, crew_named
from planner.solve import Result, solve
from planner.watch import Progress
from workers.outbox import handles, now

PARTS_AT_ONCE = min(4, os.cpu_count() or 1)

log = structlog.get_logger()


@handles("plan.make", outbox.Terms(at_once=1))
def make_plan(plan_id: str) -> None:
    """Answer a wish for a plan. One at a time, so that the other messages always find a worker."""
    asked = UUID(plan_id)
    _make(asked)
    with transaction() as session:
        proposals.note_plan(session, asked, at=now())


@handles("plan.wanted")
def want_plan() -> None:
    """Campaigns were decided a while ago: plan them together, unless somebody has asked for a plan since."""
    with transaction() as session:
        plans.request_for_decided(session, at=now())


def _make(asked: UUID) -> None:
    try:
        with transaction() as session:
            taken = plans.start(session, asked, at=now())
            before = plan_before.read(session, taken[0]) if taken else None
    except (NothingToPlan, NoProposal) as error:
        with transaction() as session:
            plans.fail(session, asked, why=str(error), at=now())
        return
    if taken is None:
        return
    plan, problem = taken
    watch = _Watch(asked)
    try:
        result = solve(
            problem,
            seconds=plan.seconds,
            seed=plan.seed,
            workers=PARTS_AT_ONCE,
            before=before,
            crew=crew_named(settings().planner_crew),
            on_progress=watch.note,
            stop=watch.stop_requested,
        )
    except CrewUnavailable as error:
        with transaction() as session:
            plans.fail(session, asked, why=str(error), at=now())
        return
    _keep(asked, problem, result)
    log.info(
        "plan made",
        plan=plan.number,
        before=plan.begun_from,
        status=result.status.value,
        lots=len(problem.lots),
    )


class _Watch:
    """Shows how far the planner is, about once a second, and hears when a person has seen enough."""

    def __init__(self, plan_id: UUID) -> None:
        self._plan_id = plan_id
        self._shown_at = now() - timedelta(minutes=1)
        self._stop = False

    def note(self, progress: Progress) -> None:
        if now() - self._shown_at < timedelta(seconds=1):
            return
        self._shown_at = now()
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


def _keep(plan_id: UUID, problem: Problem, result: Result) -> None:
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
            versions=_record(result),
            prices=plan_worth.kept(problem, result.prices) if result.prices else None,
            at=now(),
        )


def _record(result: Result) -> dict[str, str]:
    """What must be the same, beside problem and seed, for a replay to give the same plan."""
    record = {
        "counterflow": version("counterflow"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
        "workers": str(PARTS_AT_ONCE),
        "iterations": str(result.iterations),
    }
    return record if result.repeatable else {**record, "repeatable": "no"}
