"""Something that waits for a person, as the needs-you list names it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from api.domain.catalogue import Style
from api.domain.money import CURRENCY


class NeedKind(StrEnum):
    """Why a person is needed."""

    PARKED = "message"
    PLAN = "plan"
    UNPLANNED = "unplanned"
    CLOSING = "closing"
    LATE = "late"
    SHORT = "short"
    DRIFT = "drift"
    PROPOSAL = "proposal"
    FLAG = "flag"
    CHANNEL = "channel"
    EXCEPTION = "exception"
    RESCUE = "rescue"
    BALANCES = "balances"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person.

    ``name`` is what it is about: a message's subject, a plan's or run's number, a campaign's slug. ``facts``
    are the numbers of its sentence. ``at_stake_minor`` is None where no amount hangs on it. ``team_id`` is
    the team that owns it; None where it belongs to the platform.
    """

    kind: NeedKind
    name: str
    since: datetime
    at_stake_minor: int | None = None
    style: Style | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    team_id: UUID | None = None
    until: datetime | None = None
    """When it is decided without a person."""
    currency: str = CURRENCY
