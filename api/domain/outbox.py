from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from api.domain.types import Moment, json_column

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
TURN = timedelta(seconds=15)


class Heartbeat(SQLModel, table=True):
    """When a part of the platform that answers no requests was last at work."""

    __tablename__ = "heartbeat"

    part: str = Field(primary_key=True, max_length=20)
    at: datetime = Field(sa_type=Moment)


class OutboxMessage(SQLModel, table=True):
    """An announcement written in the same transaction as the change it announces.

    It is done when its handler has finished (`done_at`), not when a broker took it: a message whose
    lease runs out is sent again, so handlers tolerate repeats. `parked_at` says a person is needed.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_open", "topic", "recorded_at", postgresql_where=text("done_at IS NULL")),
        Index("ix_outbox_due", "not_before", postgresql_where=text("done_at IS NULL AND parked_at IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    topic: str = Field(max_length=60)
    subject: str = Field(max_length=60)
    payload: dict[str, Any] = Field(sa_column=json_column())
    recorded_at: datetime = Field(sa_type=Moment)
    not_before: datetime = Field(sa_type=Moment)
    leased_until: datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    last_error: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    parked_at: datetime | None = Field(default=None, sa_type=Moment)

    def postpone(self, *, at: datetime, error: str) -> None:
        """Try again later: the pause doubles with each attempt up to five minutes."""
        pause = min(FIRST_PAUSE * 2 ** min(self.attempts, 16), LONGEST_PAUSE)
        self.not_before, self.leased_until, self.last_error = at + pause, None, error

    def keep_place(self, *, at: datetime, error: str) -> None:
        """Try again soon and before everything recorded later: nobody was there to ask.

        It stays leased until then, so that no younger message takes its room. All that wait so are due at
        the same turn of the clock, and the oldest go first.
        """
        turns = at.timestamp() // TURN.total_seconds() + 1
        self.not_before = self.leased_until = datetime.fromtimestamp(turns * TURN.total_seconds(), UTC)
        self.last_error = error

    def park(self, *, at: datetime, error: str) -> None:
        """Set aside for a person, with the words of whoever refused."""
        self.parked_at, self.leased_until, self.last_error = at, None, error

    def finish(self, *, at: datetime) -> None:
        self.done_at, self.leased_until, self.last_error = at, None, None

    def revive(self, *, at: datetime) -> None:
        """A person sends it again."""
        self.parked_at, self.not_before, self.attempts = None, at, 0
