"""Differences between what we released and what the ERP holds, what was decided, and what needs no person."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.types import Moment, one_of


class DriftKind(StrEnum):
    """In what the two sides differ; the words are those of `erp_bridge.holdings`."""

    QUANTITY = "quantity"
    MERGED = "merged"
    DATE = "date"
    STATE = "state"
    MISSING = "missing"
    PLACE = "place"
    UNKNOWN = "unknown"


class DriftStatus(StrEnum):
    """From being found to being no difference any more."""

    OPEN = "open"  # waits for a person, or for a rule
    KEPT = "kept"  # ours holds: the ERP is being told
    LEFT = "left"  # both stay as they are, with a reason
    TAKEN = "taken"  # theirs holds: our run has followed
    GONE = "gone"  # the difference is no more


class Decision(StrEnum):
    """What may become of a difference."""

    TAKE = "take"
    KEEP = "keep"
    LEAVE = "leave"


_S = DriftStatus
DRIFT_LIFECYCLE = Lifecycle(
    noun="drift",
    table="drift",
    moves={
        _S.OPEN: frozenset({_S.KEPT, _S.LEFT, _S.TAKEN, _S.GONE}),
        _S.KEPT: frozenset({_S.OPEN, _S.GONE}),
        _S.LEFT: frozenset({_S.OPEN, _S.KEPT, _S.TAKEN, _S.GONE}),
        _S.TAKEN: frozenset(),
        _S.GONE: frozenset(),
    },
)
LIVE = (DriftStatus.OPEN, DriftStatus.KEPT, DriftStatus.LEFT)


class Drift(Stateful, SQLModel, table=True):
    """One difference of one run: a single row from the cycle that finds it to the one that does not.

    `ours` and `theirs` are digits, ISO days or the bridge's words for a state, by `kind`.
    """

    __tablename__ = "drift"
    __table_args__ = (
        Index(
            "drift_one_live",
            "run_id",
            "kind",
            "part",
            unique=True,
            postgresql_where=text("status IN ('open', 'kept', 'left')"),
        ),
    )
    lifecycle: ClassVar[Lifecycle] = DRIFT_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(foreign_key="run.id", index=True)
    reference: str = Field(max_length=24)
    kind: DriftKind = Field(sa_column=one_of(DriftKind, "drift_kind"))
    part: str = Field(default="", max_length=120)
    """The SKU of a quantity, the document of an unknown order, empty otherwise."""
    status: DriftStatus = Field(
        default=DriftStatus.OPEN, sa_column=one_of(DriftStatus, "drift_status", index=True)
    )
    ours: str = Field(max_length=200)
    theirs: str = Field(max_length=200)
    touched_by: str = Field(default="", max_length=200)
    """Who wrote it last in the ERP, by their name there; empty where nobody is left to name."""
    touched_at: datetime | None = Field(default=None, sa_type=Moment)
    found_at: datetime = Field(sa_type=Moment)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was last decided, answered by the ERP, or gone."""
    awaits_erp: bool = False
    """Our answer is on its way: until it arrived the run is not compared."""
    words: str = Field(default="", max_length=1000)
    """The reason of the decision, or the ERP's words where it refused ours."""

    @property
    def name_for_people(self) -> str:
        return self.reference

    def settle(self, after: DriftStatus, *, by: str, at: datetime, why: str) -> None:
        """Go to `after` and keep the reason beside it."""
        self.move(after, by=by, at=at, why=why)
        self.settled_at, self.words = at, why

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What may be decided of it now."""
        if self.status not in (DriftStatus.OPEN, DriftStatus.LEFT):
            return ()
        if self.kind == DriftKind.MERGED:  # another run's pieces are in there: it is not ours to withdraw
            return (Decision.TAKE, Decision.LEAVE)
        made_here = self.kind == DriftKind.QUANTITY and self.ours != "0"
        followed = made_here or self.kind == DriftKind.DATE or self.ends_the_run
        return (Decision.TAKE, Decision.KEEP, Decision.LEAVE) if followed else (Decision.KEEP, Decision.LEAVE)

    @property
    def ends_the_run(self) -> bool:
        """Whether theirs means that nothing will be made."""
        return self.kind == DriftKind.MISSING or (self.kind == DriftKind.STATE and self.theirs == "cancelled")


class RuleName(StrEnum):
    """What may be taken over without a person."""

    CANCELLED_THERE = "cancelled_there"  # theirs holds: the run ends, its pre-orders wait for a plan
    WITHIN_PROMISE = "within_promise"  # another day, and nobody served gets later than promised by it


class DriftRule(SQLModel, table=True):
    """A rule by which theirs is taken when no person decided for so long; as data, off unless switched on."""

    __tablename__ = "drift_rule"
    __table_args__ = (CheckConstraint("after_hours >= 0", name="drift_rule_hours"),)

    name: RuleName = Field(sa_column=one_of(RuleName, "drift_rule_name", key=True))
    enabled: bool = False
    after_hours: int = 0

    @property
    def in_words(self) -> str:
        return f"on after {self.after_hours} h" if self.enabled else "off"

    def due(self, drift: Drift, at: datetime) -> bool:
        """Whether the rule speaks about this difference at this moment."""
        about = drift.ends_the_run if self.name == RuleName.CANCELLED_THERE else drift.kind == DriftKind.DATE
        waited = at - drift.found_at >= timedelta(hours=self.after_hours)
        return self.enabled and about and waited and drift.status == DriftStatus.OPEN
