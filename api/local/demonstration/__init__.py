"""The demonstration: two teams, six factories and three thousand buyers, made by a seed around a day.

What a practitioner believes stands in four data files: `catalogue.toml`, `factories.toml`, `campaigns.toml`
and `people.toml`; chance fills in the rest. The past is not painted: campaigns close, plans are made and
factories report through the same services as in life, at moments gone by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from api.domain.member import Member
from api.local.demonstration import campaigns, catalogue, demand, factories, history, people
from api.local.demonstration.dice import dice, sheet


@dataclass(frozen=True, slots=True)
class SignIns:
    """Who may sign in to the demonstration; one password for all, to be shown at the start."""

    password: str
    members: tuple[Member, ...]
    """The planner and the administrator first, then the teams, then the factories."""


def _silent(_: str) -> None:
    """Nobody watches."""


def load(
    session: Session, *, at: datetime, seed: int, on_progress: Callable[[str], None] | None = None
) -> SignIns:
    """Fill an empty database with the demonstration as it stands at `at`, an aware moment.

    The same seed and moment give the same data but for identities that services draw. `on_progress` hears
    what is being written. The caller commits.
    """
    say = on_progress or _silent
    say("styles, cloth and factories")
    teams = people.write_teams(session, dice(seed, "teams"))
    designs = catalogue.write(session, teams, dice(seed, "catalogue"))
    today = at.astimezone(campaigns.SHANGHAI).date()
    sites = factories.write(
        session, designs, campaigns.waiting_seconds(designs), on=today, dice=dice(seed, "factories")
    )
    members = people.write_members(session, teams, sites, dice(seed, "members"))
    chapters = campaigns.write(session, designs, members, at=at, dice=dice(seed, "campaigns"))
    demand.write(session, chapters, at=at, dice=dice(seed, "demand"), on_progress=say)
    say("closed campaigns, plans and what factories reported")
    history.play(session, chapters, members, at=at, dice=dice(seed, "history"))
    return SignIns(sheet("people")["password"], tuple(members))
