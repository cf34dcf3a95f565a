"""What was sealed stays as it was, and whoever rewrites it is named by the entry."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlmodel import Session, col, select, text

from api.db import engine, transaction
from api.domain.audit import AuditEntry, AuditSeal
from api.services import audit_chain
from api.services.audit_chain import TransactionsWentBack, Verdict
from tests.factories import make_preorder, make_world
from tests.fixtures import TODAY
from tests.running import eventually

WRITERS, EACH = 6, 20
INSERTED = """
INSERT INTO audit_entry (id, noun, subject_id, subject, after, actor, why, at, written_in)
SELECT 99, noun, subject_id, 'R-9', after, actor, why, at, written_in FROM audit_entry WHERE id = 3
"""


def write(subject: str, *, why: str = "because", times: int = 1) -> None:
    """Entries of one transaction."""
    facts = {
        "noun": "run",
        "subject_id": UUID(int=7),
        "subject": subject,
        "before": None,
        "after": "proposed",
        "actor": "planner:ada@counterflow.example",
        "why": why,
        "at": TODAY,
    }
    with transaction() as session:
        session.execute(insert(AuditEntry), [facts] * times)


def seal() -> AuditSeal | None:
    with transaction() as session:
        return audit_chain.seal(session, at=TODAY)


def sealed_now() -> AuditSeal:
    """A seal, as soon as no other test of this server has a transaction open that began before."""
    return eventually(seal, "a seal")


def verify(expect: str | None = None) -> Verdict:
    with transaction() as session:
        return audit_chain.verify(session, expect=expect)


def tamper(*statements: str) -> None:
    """As a superuser could, who switches the triggers off."""
    with transaction() as session:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            session.execute(text(statement))


@pytest.fixture
def sealed(committed: str) -> Sequence[AuditSeal]:
    """Three seals of two entries each, ids 1 to 6."""
    del committed
    made = []
    for number in range(1, 4):
        write(f"R-{number}", times=2)
        made.append(sealed_now())
    return made


def test_a_chain_that_nobody_touched_is_whole(sealed: Sequence[AuditSeal]) -> None:
    assert [one.number for one in sealed] == [1, 2, 3]
    assert verify() == Verdict(seals=3, entries=6, unsealed=0, head=sealed[-1].digest, wrong=None)


def test_sealing_when_nothing_is_new_makes_no_seal(sealed: Sequence[AuditSeal]) -> None:
    del sealed
    assert seal() is None
    write("R-4")
    assert verify().unsealed == 1


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (
            ["UPDATE audit_entry SET why = 'another reason' WHERE id = 4"],
            "entry 4 (run R-2) of seal 2 was rewritten",
        ),
        (
            ["UPDATE audit_entry SET actor = 'system' WHERE id = 1"],
            "entry 1 (run R-1) of seal 1 was rewritten",
        ),
        (["DELETE FROM audit_entry WHERE id = 3"], "entry 3 of seal 2 is missing"),
        (["DELETE FROM audit_entry WHERE id = 6"], "entry 6 of seal 3 is missing"),
        (
            [INSERTED],
            "entry 99 (run R-9) was inserted into seal 2",
        ),
        (
            [
                "UPDATE audit_entry SET id = 0 WHERE id = 2",
                "UPDATE audit_entry SET id = 2 WHERE id = 3",
                "UPDATE audit_entry SET id = 3 WHERE id = 0",
            ],
            "entry 2 of seal 1 is missing",
        ),
        (["UPDATE audit_seal SET digest = repeat('0', 64) WHERE number = 2"], "seal 2 was rewritten"),
        (["DELETE FROM audit_seal WHERE number = 2"], "seal 2 is missing"),
    ],
    ids=[
        "edited",
        "edited actor",
        "deleted",
        "deleted last",
        "inserted",
        "reordered",
        "seal edited",
        "seal deleted",
    ],
)
def test_what_was_done_to_the_audit_is_found_and_named(
    sealed: Sequence[AuditSeal], statements: list[str], named: str
) -> None:
    del sealed
    tamper(*statements)
    assert verify().wrong == named


def test_entries_and_seals_are_refused_to_everybody_else(sealed: Sequence[AuditSeal]) -> None:
    del sealed
    for statement in ("UPDATE audit_seal SET number = 9", "DELETE FROM audit_entry"):
        with pytest.raises(Exception, match="append-only"), transaction() as session:
            session.execute(text(statement))


def test_an_end_that_was_cut_off_shows_against_a_digest_kept_elsewhere(sealed: Sequence[AuditSeal]) -> None:
    head = sealed[-1].digest
    assert verify(expect=head).whole
    tamper("DELETE FROM audit_seal WHERE number = 3", "DELETE FROM audit_entry WHERE id > 4")
    assert verify().whole
    assert head in (verify(expect=head).wrong or "")


def test_a_transaction_that_is_still_open_is_waited_for_and_never_skipped(committed: str) -> None:
    del committed
    with Session(engine()) as slow:
        slow.execute(
            insert(AuditEntry),
            [
                {
                    "noun": "run",
                    "subject_id": UUID(int=1),
                    "subject": "slow",
                    "after": "proposed",
                    "actor": "system",
                    "why": "it takes its time",
                    "at": TODAY,
                }
            ],
        )
        write("quick")
        assert seal() is None
        slow.commit()
    assert len(sealed_now().leaves) == 2
    assert verify().whole


def test_no_entry_of_writers_at_the_same_time_is_lost(committed: str) -> None:
    del committed
    together = Barrier(WRITERS + 1)

    def writer(name: int) -> None:
        together.wait()
        for turn in range(EACH):
            write(f"{name}.{turn}", times=3)

    def sealer() -> None:
        together.wait()
        for _ in range(EACH):
            seal()

    with ThreadPoolExecutor(WRITERS + 1) as crowd:
        work = [crowd.submit(writer, name) for name in range(WRITERS)] + [crowd.submit(sealer)]
        for one in work:
            one.result()
    verdict = eventually(_all_sealed, "the last seal")
    assert (verdict.wrong, verdict.entries, verdict.unsealed) == (None, WRITERS * EACH * 3, 0)


def _all_sealed() -> Verdict | None:
    seal()
    verdict = verify()
    return verdict if verdict.unsealed == 0 else None


def test_two_sealers_at_once_make_one_chain(committed: str) -> None:
    del committed
    write("R-1", times=50)

    def at_once() -> list[AuditSeal]:
        with ThreadPoolExecutor(4) as crowd:
            return [one for one in crowd.map(lambda _: seal(), range(4)) if one is not None]

    assert len(eventually(at_once, "a seal")) == 1
    assert verify().entries == 50


def test_a_server_that_counts_from_a_lower_number_is_refused(sealed: Sequence[AuditSeal]) -> None:
    last = sealed[-1]
    with transaction() as session:
        made = AuditSeal(
            number=4,
            from_transaction=last.to_transaction,
            to_transaction=last.to_transaction + 10**9,
            leaves=[],
            digest="",
            sealed_at=TODAY,
        )
        made.digest = audit_chain.link(last.digest, made)
        session.add(made)
    with pytest.raises(TransactionsWentBack):
        seal()


def test_every_step_of_the_platform_is_under_a_seal_in_time(committed: str) -> None:
    del committed
    with transaction() as session:
        make_world(session)
        make_preorder(session, at=TODAY + timedelta(minutes=1))
    made = sealed_now()
    with transaction() as session:
        entries = session.exec(select(col(AuditEntry.id)).order_by(col(AuditEntry.id))).all()
    assert [id_ for id_, _ in made.leaves] == entries
