"""Who signs in here, and who buys."""

from typing import Any

from sqlmodel import Session

from api.domain.member import Member, Role
from api.domain.preorder import Region
from api.domain.team import Team
from api.local.demonstration.dice import Dice, sheet
from api.local.demonstration.factories import Site
from api.security import hash_password

_DOMAIN = "counterflow.example"


def write_teams(session: Session, dice: Dice) -> dict[str, Team]:
    """The teams by their code."""
    teams = [Team(id=dice.uuid(), code=raw["code"], name=raw["name"]) for raw in sheet("people")["team"]]
    session.add_all(teams)
    session.flush()
    return {team.code: team for team in teams}


def write_members(session: Session, teams: dict[str, Team], sites: list[Site], dice: Dice) -> list[Member]:
    """Everyone who signs in, the planner and the administrator first.

    One hash serves all: the password is printed on the screen, and hashing is slow on purpose.
    """
    raw = sheet("people")
    password_hash = hash_password(raw["password"])

    def member(account: str, name: str, role: str, **where: Any) -> Member:
        return Member(
            id=dice.uuid(),
            email=f"{account}@{_DOMAIN}",
            name=name,
            role=Role(role),
            password_hash=password_hash,
            **where,
        )

    members = [member(**one) for one in raw["staff"]]
    members += [
        member(**one, team_id=teams[team["code"]].id) for team in raw["team"] for one in team["members"]
    ]
    members += [
        member(site.factory.code.lower(), site.contact, Role.FACTORY, factory_id=site.factory.id)
        for site in sites
    ]
    session.add_all(members)
    session.flush()
    return members


class Buyers:
    """Draws made-up people at made-up addresses."""

    def __init__(self, dice: Dice) -> None:
        raw = sheet("people")
        self._dice = dice
        self._names = raw["buyers"]
        self._streets = {Region(region): place["streets"] for region, place in raw["regions"].items()}
        self._shares = [raw["regions"][region.value]["share"] for region in self._streets]

    def draw(self) -> dict[str, Any]:
        """Name, e-mail, region and address of a buyer, as a pre-order takes them."""
        (region,) = self._dice.choices(list(self._streets), self._shares)
        name, mailbox = self._name(region)
        place = self._dice.choice(self._streets[region])
        flat = self._dice.randrange(1, 28) * 100 + self._dice.randrange(1, 9)
        return {
            "buyer_name": name,
            "email": f"{mailbox}{self._dice.randrange(10, 10_000)}@example.com",
            "region": region,
            "address": place.format(n=self._dice.randrange(1, 390), u=flat),
        }

    def _name(self, region: Region) -> tuple[str, str]:
        if region in (Region.EUROPE, Region.AMERICA):
            source = self._names[region.value]
            given, surname = self._dice.choice(source["given"]), self._dice.choice(source["surnames"])
            return f"{given} {surname}", f"{given}.{surname}".lower().replace("'", "")
        source = self._names["chinese"]
        (surname, family), (given, own) = (
            self._dice.choice(source["surnames"]),
            self._dice.choice(source["given"]),
        )
        return f"{surname}{given}", f"{family}.{own}"
