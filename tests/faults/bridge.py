"""Whether every run stands in a real Odoo exactly once, whatever breaks on the way.

python -m tests.faults.bridge [--rounds 10] [--runs 500] [--seed 1] [--people]

Each round has servers of its own. Approved runs of both modes are pushed by two workers at once through a
network that loses, doubles and delays calls, while `kill -9` meets Odoo, its PostgreSQL, a worker and our
PostgreSQL at random moments; with --people somebody in Odoo splits, merges, partly makes and deletes orders
meanwhile. Afterwards everything that stands in Odoo's database is held against what we wanted. Each round
prints a line; the exit status is 1 where anything stands twice, in draft, not at all or otherwise than sent.
FAULTS_LIMIT_SECONDS (8) is the time limit of the workers' calls: a machine busy with other things wants more.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from sqlalchemy.exc import OperationalError

from api.local import odoo_setup
from tests.faults import audit
from tests.faults.pace import BATCH, READ_SECONDS
from tests.faults.people import People, judge_touched
from tests.faults.proxy import Fault, Weather
from tests.faults.runs import Standing, approve, looking, needed, our_books, standing
from tests.faults.stage import WORKERS, Stage, Victim, stage

SHARES = {Fault.DROPPED: 0.05, Fault.DOUBLED: 0.02, Fault.LATE_ANSWER: 0.025, Fault.LATE_REQUEST: 0.025}
#: What somebody renames in Odoo while a request for it is still on its way may be made again: see the README.
SHARES_WITH_PEOPLE = {Fault.DROPPED: 0.05, Fault.DOUBLED: 0.02, Fault.LATE_ANSWER: 0.05}
LATEST_KILL = 0.8  # of the runs released; later there is too little left to break
LOOK_SECONDS = 0.5
LONGEST_SETTLING_SECONDS = 300
INTERRUPTED = 130  # as shells say it
LONGEST_HESITATION_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Kill:
    """Somebody dies so many seconds after so many runs were released."""

    victim: Victim
    worker: str
    released: int
    hesitation_seconds: float


@dataclass(frozen=True, slots=True)
class Plot:
    """What happens in one round, all of it drawn from the seed but the moments at which it is done."""

    seed: int
    runs: int
    kills: Sequence[Kill]
    people: bool
    longest_seconds: float

    @property
    def weather(self) -> Weather:
        shares = SHARES_WITH_PEOPLE if self.people else SHARES
        return Weather(shares, late_seconds=READ_SECONDS + 1, seed=self.seed)


@dataclass(slots=True)
class Outcome:
    """What a round came to."""

    plot: Plot
    documents: int = 0
    calls: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    kills: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    verdict: audit.Verdict = field(default_factory=audit.Verdict)
    pushing_seconds: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        faults = ", ".join(f"{self.faults[fault]} {fault.value}" for fault in self.plot.weather.shares)
        edits = ", ".join(f"{count} {what}" for what, count in sorted(self.edits.items()))
        found = self.verdict
        wrong = f" wrong {len(found.wrong)}" if found.wrong else ""
        return (
            f"seed {self.plot.seed} runs {self.plot.runs} documents {self.documents} calls {self.calls} "
            f"({faults}) kills {self.kills}{f' people ({edits})' if edits else ''} "
            f"duplicates {len(found.duplicates)} drafts {len(found.drafts)} lost {len(found.lost)}{wrong} "
            f"seconds {self.seconds:.0f} (pushing {self.pushing_seconds:.0f})"
        )


def plot(seed: int, *, runs: int, kills_of_each: int = 2, people: bool = False) -> Plot:
    """The round of a seed; every kind of server is killed so many times."""
    luck = Random(seed)
    kills = [
        Kill(
            victim,
            luck.choice(WORKERS),
            int(luck.uniform(0, LATEST_KILL) * runs),
            luck.uniform(0, LONGEST_HESITATION_SECONDS),
        )
        for victim in Victim
        for _ in range(kills_of_each)
    ]
    kills.sort(key=lambda kill: (kill.released, kill.hesitation_seconds))
    return Plot(seed, runs, kills, people, longest_seconds=300 + 3 * runs)


def play(the_plot: Plot, installation: odoo_setup.Installation, *, keep: bool = False) -> Outcome:
    """One round from an empty folder to its verdict; nothing is left running."""
    began = time.monotonic()
    outcome = Outcome(the_plot)
    with stage(installation, the_plot.weather, keep=keep) as on_stage:
        with looking(on_stage.database_url) as session:
            at = datetime.now(UTC).replace(microsecond=0)
            approve(session, the_plot.runs, parcel=BATCH, seed=the_plot.seed, at=at)
            on_stage.prepare_odoo(needed(session))
        people = People(on_stage.odoo.url, on_stage.odoo.database, on_stage.access, the_plot.seed)
        on_stage.begin_work()
        began_pushing = time.monotonic()
        with people if the_plot.people else nullcontext():
            last = _Round(the_plot, on_stage, outcome).run()
        outcome.pushing_seconds = time.monotonic() - began_pushing
        _judge(on_stage, people, last, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


class _Round:
    """The middle of a round: until everything is released, those whose turn has come are killed."""

    def __init__(self, the_plot: Plot, on_stage: Stage, outcome: Outcome) -> None:
        self._plot, self._stage, self._outcome = the_plot, on_stage, outcome
        self._left = [*the_plot.kills]
        self._due: list[tuple[float, Kill]] = []
        self._standing = Standing(0, the_plot.runs, ())

    def run(self) -> Standing:
        """Go on until nothing waits on our side, or for too long."""
        give_up_at = time.monotonic() + self._plot.longest_seconds
        look_at = 0.0
        while time.monotonic() < give_up_at:
            self._stage.watch()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_SECONDS
                self._look()
            self._kill()
            if not (self._standing.waiting or self._left or self._due):
                break
        return self._standing

    def _look(self) -> None:
        try:
            with looking(self._stage.database_url) as session:
                self._standing = standing(session)
        except OperationalError:
            return  # it was killed a moment ago
        for kill in [each for each in self._left if each.released <= self._standing.released]:
            self._left.remove(kill)
            self._due.append((time.monotonic() + kill.hesitation_seconds, kill))

    def _kill(self) -> None:
        for moment, kill in [*self._due]:
            if time.monotonic() >= moment and self._stage.kill(kill.victim, kill.worker):
                self._due.remove((moment, kill))
                self._outcome.kills += 1


def _judge(on_stage: Stage, people: People, last: Standing, outcome: Outcome) -> None:
    """Stop pushing, let what is late arrive, and count."""
    on_stage.end_work()
    _let_settle(on_stage)
    outcome.calls, outcome.faults = on_stage.network.calls, on_stage.network.met
    with looking(on_stage.database_url) as session:
        ours = our_books(session)
    theirs = audit.read(on_stage.odoo_database_url)
    outcome.documents, outcome.edits = theirs.documents, people.done
    verdict = outcome.verdict
    verdict.lost += [f"set aside: {words}" for words in last.parked]
    if last.waiting:
        verdict.lost.append(f"{last.waiting} announcements were never done")
    verdict.duplicates += [f"the code {code}" for code in theirs.doubled_codes]
    audit.judge(ours, theirs, sorted(ours.orders.keys() - people.touched), verdict)
    judge_touched(people, ours, theirs, verdict)


def _let_settle(on_stage: Stage) -> None:
    """Until nothing is on its way and whoever was killed last is back."""
    servers = (on_stage.postgres, on_stage.odoo.postgres, on_stage.odoo)
    give_up_at = time.monotonic() + LONGEST_SETTLING_SECONDS
    while not (on_stage.network.quiet and all(server.ready() for server in servers)):
        if time.monotonic() > give_up_at:
            raise RuntimeError("what was killed last did not come back, or Odoo does not end what it began")
        on_stage.watch()


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the rounds; returns 1 where one of them broke the promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.bridge")
    parser.add_argument("--rounds", type=int, default=10, help="one seed after the other (10)")
    parser.add_argument("--runs", type=int, default=500, help="runs in each round (500)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round (1)")
    parser.add_argument("--people", action="store_true", help="somebody in Odoo edits orders meanwhile")
    parser.add_argument("--keep", action="store_true", help="leave folders and logs for a look")
    options = parser.parse_args(arguments)
    installation = odoo_setup.install(print)
    kept = True
    for seed in range(options.seed, options.seed + options.rounds):
        the_plot = plot(seed, runs=options.runs, people=options.people)
        try:
            with _endings_interrupt():
                outcome = play(the_plot, installation, keep=options.keep)
        except KeyboardInterrupt:
            return INTERRUPTED
        print(outcome, *(f"  {words}" for words in outcome.verdict.words()), sep="\n", flush=True)  # noqa: T201
        kept = kept and bool(outcome.verdict)
    return 0 if kept else 1


@contextmanager
def _endings_interrupt() -> Iterator[None]:
    """TERM and the end of the terminal interrupt us as Ctrl-C does, so that every server is stopped."""
    endings = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(ending, signal.default_int_handler) for ending in endings]
    try:
        yield
    finally:
        for ending, handler in zip(endings, before, strict=True):
            signal.signal(ending, handler)


if __name__ == "__main__":
    sys.exit(main())
