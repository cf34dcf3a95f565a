"""Whether money settles to the same cent however often the process that settles it is killed.

python -m tests.faults.money [--rounds 1000] [--seed 1]

Each round a campaign with prepaid, deposit and later orders closes, collects its balances and is decided:
once by a process nobody disturbs, and once by processes that die of `kill -9` at random moments of the close,
the settling and the refunds, each followed by another a minute later. Both must come to the same sums, in our
ledger and in the provider's books, and every refund must have reached the provider. Each hundred rounds print
a line; the exit status is 1 where a round differs.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from mmap import mmap
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import create_engine
from sqlmodel import col, select

import api.db
import workers.payments
from api.db import transaction
from api.domain.campaign import Campaign
from api.domain.ledger import LedgerPosting
from api.domain.notice import Notice
from api.domain.outbox import OutboxMessage
from api.domain.payment import DepositKind, Payment, PaymentKind, PaymentTerms, SandboxCharge
from api.domain.preorder import Preorder, PreorderCreate
from api.local import processes
from api.local.postgres import THROWAWAY, PostgresServer
from api.migrations import migrate
from api.payments.port import MethodStored
from api.payments.providers import named
from api.payments.sandbox import SIGNATURE_HEADER, signature
from api.services import campaign_close, intake, outbox, payment_events, payments, sandbox
from api.services.sandbox import Outcome
from api.settings import settings
from tests.factories import make_world
from tests.fixtures import TODAY
from workers.outbox import TryAgainLater

TOPICS = {topic: outbox.Terms() for topic in ("payment.refund", "payment.collect", "sandbox.notify")}
PHASES = (timedelta(days=1), timedelta(days=7), timedelta(days=9))
"""After the beginning: the cut-off is over, the balances are, the team's time for a rescue is."""
MOST_KILLS = 4
LONGEST_LIFE = 1.0
"""Seconds after which a process that is to be killed is dead."""
#: One for parent and children: what it has learnt to compile they need not.
ENGINE = create_engine(
    "postgresql+psycopg://", creator=lambda: psycopg.connect(os.environ["DATABASE_URL"]), pool_size=2
)
_PASSWORD = "for-this-run-only"  # noqa: S105  # everything is on 127.0.0.1 and gone in a minute


@dataclass(frozen=True, slots=True)
class Sums:
    """What a campaign came to: everything that must not depend on who died on the way."""

    campaign: str
    preorders: tuple[tuple[str, int], ...]
    refunds: tuple[tuple[str, int], ...]
    ledger: tuple[tuple[str, int], ...]
    provider: tuple[tuple[str, int], ...]
    notices: int
    unsent: int
    """Refunds that the provider does not have and that are on no desk."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the rounds; returns 1 where one came to other sums than without kills."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.money")
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    return 1 if play(options.rounds, options.seed, say=lambda line: print(line, flush=True)) else 0  # noqa: T201


def play(rounds: int, seed: int, *, say: Callable[[str], None]) -> int:
    """How many of the rounds from this seed on differ."""
    folder = Path(tempfile.mkdtemp(prefix="counterflow-money-"))
    folder.chmod(0o755)
    server = PostgresServer(folder / "postgres", processes.free_port(), _PASSWORD, THROWAWAY)
    os.environ |= {"COUNTERFLOW_SECRET": "of the faults", "COUNTERFLOW_PUBLIC_URL": "http://nowhere"}
    with processes.running(server, log=folder / "postgres.log"):
        server.create_database("empty")
        migrate(server.url("empty"))
        vars(api.db).update(engine=lambda: ENGINE)
        return _Rounds(server, say).play(range(seed, seed + rounds))


class _Rounds:
    """Rounds on one server, each on copies of a campaign that is about to close."""

    def __init__(self, server: PostgresServer, say: Callable[[str], None]) -> None:
        self._server, self._say = server, say
        self._kills = 0

    def play(self, seeds: range) -> int:
        wrong = 0
        for seed in seeds:
            wrong += not self._one(seed)
            if (seed + 1 - seeds.start) % 100 == 0 or seed == seeds.stop - 1:
                self._say(f"rounds {seed + 1 - seeds.start} kills {self._kills} wrong {wrong}")
        return wrong

    def _one(self, seed: int) -> bool:
        luck = Random(seed)
        self._fresh("calm", "empty")
        _apart(self._server.url("calm"), lambda: _prepare(seed))
        self._fresh("rough", "calm")
        calm = _apart(self._server.url("calm"), lambda: _live(mmap(-1, 1), generation=0))
        rough = self._with_kills(self._server.url("rough"), luck)
        if calm != rough:
            self._say(f"seed {seed}: without kills {calm}\n  with kills {rough}")
        return calm == rough

    def _with_kills(self, url: str, luck: Random) -> str:
        """Processes one after the other, each going on where the last was killed, until one may finish."""
        reached, generation = mmap(-1, 1), 0
        for generation in range(luck.randint(1, MOST_KILLS)):
            if _killed_at_work(url, partial(_live, reached, generation), after=luck.uniform(0, LONGEST_LIFE)):
                self._kills += 1
        return _apart(url, partial(_live, reached, generation + 1))

    def _fresh(self, name: str, template: str) -> None:
        if self._server.has_database(name):
            self._server.drop_database(name)
        self._server.create_database(name, template=template)


def _apart(database_url: str, act: Callable[[], object]) -> str:
    """What a process of its own answered, in words: whatever it opened dies with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be(database_url, act, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        words = answer.read()
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("a process of the round broke down")
    return words.decode()


def _killed_at_work(database_url: str, act: Callable[[], object], *, after: float) -> bool:
    """Whether a process was still at work when it was killed."""
    child = os.fork()
    if child == 0:
        _be(database_url, act, None)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _be(database_url: str, act: Callable[[], object], writer: int | None) -> None:
    """The life of a child: nothing of the parent's connections, and no way back into its code."""
    status = 1
    try:
        os.environ["DATABASE_URL"] = database_url
        ENGINE.dispose(close=False)
        answer = act()
        if writer is not None:
            os.write(writer, repr(answer).encode())
        status = 0
    except Exception:  # noqa: BLE001 - a child has nobody else to tell
        traceback.print_exc()
    finally:
        os._exit(status)


def _prepare(seed: int) -> None:
    """Orders of all terms, paid as far as they are before the close, in an order of their own."""
    luck = Random(seed)
    with transaction() as session:
        make_world(
            session,
            minimum=luck.choice([4, 8, 12]),
            ladder=[[1, 20_000], [6, 18_000], [10, 15_001]],
            terms=[term.value for term in PaymentTerms],
            deposit_minor=3_000,
            deposit_kind=DepositKind.FORFEITABLE,
        )
        for number in range(luck.randint(6, 14)):
            _order(session, number, luck)


def _order(session: Any, number: int, luck: Random) -> None:
    wanted = PreorderCreate.model_validate(
        {
            "campaign": "tee",
            "lines": [{"sku": luck.choice(["TEE-INDIGO-M", "TEE-WHITE-S"]), "quantity": luck.randint(1, 2)}],
            "name": "Lin Yue",
            "email": f"lin{number}@example.com",
            "region": luck.choice(["east", "europe"]),
            "address": "12 Harbour Road, Ningbo",
            "terms": luck.choice([*PaymentTerms]).value,
        }
    )
    preorder = intake.place(session, wanted, at=TODAY)
    if preorder.terms == PaymentTerms.LATER:
        ends = luck.choice([Outcome.PAY, Outcome.PAY, Outcome.FAIL])
        sandbox.store_method(session, preorder_id=preorder.id, outcome=ends, at=TODAY)
    elif luck.random() < 0.9:
        payments.start(session, preorder, at=TODAY, return_url="/")
        charge = session.exec(select(Payment).where(Payment.preorder_id == preorder.id)).one()
        sandbox.charge(
            session,
            payment_id=charge.id,
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            outcome=luck.choice([Outcome.PAY, Outcome.PAY, Outcome.TWICE, Outcome.TOO_MUCH]),
            at=TODAY,
        )


def _live(reached: mmap, generation: int) -> Sums:
    """One process: what is left of the phases, and what it all came to. A minute later than the last one."""
    for phase in range(reached[0], len(PHASES)):
        reached[0] = phase
        _work(TODAY + PHASES[phase] + timedelta(minutes=generation))  # what the dead had leased is free again
    return _sums()


def _work(at: datetime) -> None:
    """What the workers do, one thing after the other, until there is nothing left to do at this moment."""
    vars(workers.payments).update(named=lambda _: _Door(), now=lambda: at)
    while True:
        with transaction() as session:
            due = campaign_close.due(session, at=at)
        for campaign_id in due:
            with transaction() as session:
                campaign_close.close(session, campaign_id, at=at)
        with transaction() as session:
            claimed = [(m.id, m.topic, dict(m.payload)) for m in outbox.claim(session, at=at, terms=TOPICS)]
        if not claimed:
            return
        for message_id, topic, payload in claimed:
            _handle(message_id, topic, payload, at)


def _handle(message_id: UUID, topic: str, payload: dict[str, Any], at: datetime) -> None:
    handlers = {"payment.refund": workers.payments.refund, "payment.collect": workers.payments.collect}
    with suppress(TryAgainLater):
        handlers[topic](**payload) if topic in handlers else _hear(at, **payload)
        with transaction() as session:
            outbox.get_for_update(session, message_id).finish(at=at)


def _hear(at: datetime, body: str) -> None:
    """The provider's webhook at our door, without the wire between."""
    headers = {SIGNATURE_HEADER: signature(settings().secret, body)}
    event = named("sandbox").read_event(headers, body.encode(), at=at)
    with transaction() as session:
        if isinstance(event, MethodStored):
            payment_events.store_method(session, "sandbox", event)
        elif event is not None:
            payment_events.apply(session, event, at=at)


class _Door:
    """The sandbox's own doors, without the wire between."""

    def refund(self, refund: Payment, charge: Payment) -> None:
        del charge
        with transaction() as session:
            sandbox.refund(
                session,
                payment_id=refund.id,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
                at=refund.requested_at,
            )

    def charge_stored(self, charge: Payment, method: str) -> None:
        with transaction() as session:
            sandbox.charge_stored(
                session,
                payment_id=charge.id,
                amount_minor=charge.amount_minor,
                currency=charge.currency,
                method=method,
                at=charge.requested_at,
            )


def _sums() -> Sums:
    with transaction() as session:
        campaign = session.exec(select(Campaign)).one()
        moved = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
        paid_back = {row.payment_id for row in session.exec(select(SandboxCharge))}
        ledger: Counter[str] = Counter()
        for posting in session.exec(select(LedgerPosting)):
            ledger[posting.account.value] += posting.amount_minor
        books: Counter[str] = Counter()
        for row in session.exec(select(SandboxCharge)):
            books[row.kind.value] += row.amount_minor
        preorders = Counter(p.status.value for p in session.exec(select(Preorder)))
        left = session.exec(select(OutboxMessage).where(col(OutboxMessage.done_at).is_(None))).all()
        return Sums(
            campaign=campaign.status.value,
            preorders=tuple(sorted(preorders.items())),
            refunds=tuple(sorted((p.purpose.value, p.amount_minor) for p in moved)),
            ledger=tuple(sorted(ledger.items())),
            provider=tuple(sorted(books.items())),
            notices=len(session.exec(select(Notice)).all()),
            unsent=sum(p.id not in paid_back for p in moved) + sum(m.topic in TOPICS for m in left),
        )


if __name__ == "__main__":
    sys.exit(main())
