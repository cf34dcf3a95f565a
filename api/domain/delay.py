"""A promise that cannot be kept: told in the run that found it, answered by the buyer, or by rule."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from api.domain.errors import DelayAnswered, invalid
from api.domain.lifecycle import Lifecycle, Stateful
from api.domain.policy import DelayChoice, Jurisdiction, Silence
from api.domain.types import Moment, json_column, one_of


class DelayKind(StrEnum):
    """How the law counts delays: the first to a stated day, any later one, one to no known day."""

    FIRST = "first"
    SECOND = "second"
    INDEFINITE = "indefinite"


class DelayStatus(StrEnum):
    """What became of it; lapsed: nobody answered, or nothing was left to answer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


_S = DelayStatus
DELAY_LIFECYCLE = Lifecycle(
    noun="delay",
    table="delay",
    moves={
        _S.OPEN: frozenset({_S.ACCEPTED, _S.REFUSED, _S.LAPSED}),
        _S.ACCEPTED: frozenset(),
        _S.REFUSED: frozenset(),
        _S.LAPSED: frozenset(),
    },
)


class Delay(Stateful, SQLModel, table=True):
    """One notice that a pre-order comes later than promised, with what its buyer may do about it."""

    __tablename__ = "delay"
    __table_args__ = (
        CheckConstraint("(kind = 'indefinite') = (new_on IS NULL)", name="delay_day"),
        CheckConstraint("new_on > old_by_on", name="delay_later"),
        Index("delay_one_open", "preorder_id", unique=True, postgresql_where=text("status = 'open'")),
    )
    lifecycle: ClassVar[Lifecycle] = DELAY_LIFECYCLE

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    preorder_id: UUID = Field(foreign_key="preorder.id", index=True)
    kind: DelayKind = Field(sa_column=one_of(DelayKind, "delay_kind"))
    status: DelayStatus = Field(
        default=DelayStatus.OPEN, sa_column=one_of(DelayStatus, "delay_status", index=True)
    )
    jurisdiction: Jurisdiction = Field(sa_column=one_of(Jurisdiction, "delay_jurisdiction"))
    old_by_on: date
    new_on: date | None = None
    """The day expected now; None where nobody knows one."""
    choices: list[str] = Field(sa_column=json_column())
    """The `DelayChoice` words that the buyer may answer with."""
    silence: Silence = Field(sa_column=one_of(Silence, "delay_silence"))
    noted_at: datetime = Field(sa_type=Moment)
    answer_by: datetime = Field(sa_type=Moment)
    final_on: date | None = None
    """The last day a buyer has set; what has not left by its end goes back."""

    @property
    def name_for_people(self) -> str:
        return f"{self.kind.value} delay to {self.new_on or 'an unknown day'}"

    def may(self, choice: DelayChoice) -> None:
        """Raises DelayAnswered where it is over, and InvalidRequest where the law gives no such choice."""
        if self.status != DelayStatus.OPEN:
            raise DelayAnswered(self.status.value)
        if choice not in self.choices:
            raise invalid("answer", choice.value, f"may be {', '.join(self.choices)}")
