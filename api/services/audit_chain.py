"""The audit's chain: entries of finished transactions are sealed one after the other, and held to it.

Writers do nothing for it: an entry learns the number of its transaction from a column's default, and a sealer
comes by once a minute. It takes the entries of all transactions below the oldest one still running, of which
none can appear any more. The chain shows what was rewritten after it was sealed; that its own end was cut
off shows only against a digest kept elsewhere (the worker's log has each; `verify` takes one).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from api.domain.audit import AuditEntry, AuditSeal
from api.domain.member import Member, Right

_SEALERS = 0x7365616C  # "seal": they take turns
_OLDEST_RUNNING = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_AS_IT_STANDS = {"populate_existing": True}
_AT_A_TIME = 100
_NOTHING = ""
_FIELDS = ("noun", "subject", "before", "after", "actor", "why")
Leaf = tuple[int, str]


class TransactionsWentBack(RuntimeError):
    """The server counts transactions from a lower number than the audit has seen: it was restored there."""

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(
            f"transactions are at {now}, the audit has seen {seen}: stop the new server once and raise its "
            f"epoch (pg_resetwal --epoch) before anything is written"
        )


def seal(session: Session, *, at: datetime) -> AuditSeal | None:
    """Seal all entries of transactions that are over and not sealed yet; None where there are none.

    Raises TransactionsWentBack in a database that was restored into a server with younger numbers.
    """
    session.execute(select(func.pg_advisory_xact_lock(_SEALERS)))
    last = session.exec(select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1)).first()
    begin = last.to_transaction if last else 0
    end: int = session.execute(_OLDEST_RUNNING).scalar_one()
    if end < begin:
        raise TransactionsWentBack(begin, end)
    leaves = [(_id(entry), leaf(entry)) for entry in _entries(session, begin, end)]
    if not leaves:
        return None
    made = AuditSeal(
        number=last.number + 1 if last else 1,
        from_transaction=begin,
        to_transaction=end,
        leaves=leaves,
        digest="",
        sealed_at=at,
    )
    made.digest = link(last.digest if last else _NOTHING, made)
    session.add(made)
    session.flush()
    return made


def leaf(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of an entry: sorted names, no spaces, moments as ISO 8601 in UTC."""
    facts = {field: getattr(entry, field) for field in _FIELDS}
    known = {
        "id": entry.id,
        "subject_id": str(entry.subject_id),
        "at": entry.at.isoformat(),
        "written_in": entry.written_in,
    }
    return _digest({**facts, **known})


def link(before: str, made: AuditSeal) -> str:
    """SHA-256 over the digest before and all that a seal says, but when it was made."""
    leaves = [list(one) for one in made.leaves]
    return _digest([before, made.number, made.from_transaction, made.to_transaction, leaves])


def _digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing the audit with its chain has found; `wrong` is None where all fits."""

    seals: int
    entries: int
    unsealed: int
    head: str
    """The digest of the last seal, to be kept elsewhere."""
    wrong: str | None

    @property
    def whole(self) -> bool:
        return self.wrong is None


def verify(session: Session, *, expect: str | None = None) -> Verdict:
    """Compute the chain anew and name the first entry or seal that does not fit.

    ``expect`` is a digest noted earlier: a chain that no longer has it was cut off or made anew.
    """
    before, begin, seen, seals = _NOTHING, 0, 0, 0
    digests = set[str]()
    wrong = None
    for number, made in enumerate(_seals(session), start=1):
        wrong = _broken(made, number, begin, before) or _changed(session, made)
        if wrong is not None:
            break
        before, begin, seals = made.digest, made.to_transaction, number
        seen += len(made.leaves)
        digests.add(before)
    if wrong is None and expect is not None and expect not in digests:
        wrong = f"no seal has the digest {expect}: the end of the chain was cut off, or it was made anew"
    rest = select(func.count()).select_from(AuditEntry).where(col(AuditEntry.written_in) >= begin)
    return Verdict(seals, seen, session.exec(rest).one() if wrong is None else 0, before, wrong)


def verify_by(session: Session, *, member: Member, expect: str | None = None) -> Verdict:
    """`verify`, by a member with the right. Raises RoleMissing."""
    member.must_have(Right.VERIFY_AUDIT)
    return verify(session, expect=expect)


def _broken(made: AuditSeal, number: int, begin: int, before: str) -> str | None:
    """What is wrong with a seal by itself and in its place."""
    if made.number != number:
        return f"seal {number} is missing"
    if made.from_transaction != begin or made.digest != link(before, made):
        return f"seal {number} was rewritten"
    return None


def _changed(session: Session, made: AuditSeal) -> str | None:
    """The first entry that is not what was sealed."""
    sealed: Sequence[Leaf] = [(id_, digest) for id_, digest in made.leaves]
    found = _entries(session, made.from_transaction, made.to_transaction)
    for wanted, entry in zip_longest(sealed, found):
        if entry is None or (wanted is not None and wanted[0] < _id(entry)):
            return f"entry {wanted[0]} of seal {made.number} is missing"
        if wanted is None or wanted[0] > _id(entry):
            return f"entry {entry.id} ({entry.noun} {entry.subject}) was inserted into seal {made.number}"
        if leaf(entry) != wanted[1]:
            return f"entry {entry.id} ({entry.noun} {entry.subject}) of seal {made.number} was rewritten"
    return None


def _entries(session: Session, begin: int, end: int) -> Sequence[AuditEntry]:
    within = (col(AuditEntry.written_in) >= begin, col(AuditEntry.written_in) < end)
    query = select(AuditEntry).where(*within).order_by(col(AuditEntry.id))
    return session.exec(query, execution_options=_AS_IT_STANDS).all()


def _seals(session: Session) -> Iterator[AuditSeal]:
    """All of them in their order, some at a time."""
    number, query = 0, select(AuditSeal).order_by(col(AuditSeal.number)).limit(_AT_A_TIME)
    while page := session.exec(query.where(AuditSeal.number > number), execution_options=_AS_IT_STANDS).all():
        yield from page
        number = page[-1].number


def _id(entry: AuditEntry) -> int:
    assert entry.id is not None  # noqa: S101 - for mypy: it was read
    return entry.id
