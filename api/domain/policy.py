"""What the law of a buyer's place asks for, as dated rows: see each row's source."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from api.domain.preorder import Region


class Jurisdiction(StrEnum):
    """Whose law protects a buyer."""

    CN = "cn"
    EU = "eu"
    US = "us"


_OF_REGION = {Region.EUROPE: Jurisdiction.EU, Region.AMERICA: Jurisdiction.US}


def jurisdiction_of(region: Region) -> Jurisdiction:
    """Where goods are sent to decides; every region without a row of its own is in China."""
    return _OF_REGION.get(region, Jurisdiction.CN)


@dataclass(frozen=True, slots=True)
class DepositRule:
    """Whether a buyer who defaults may lose a deposit, from a day on."""

    jurisdiction: Jurisdiction
    from_on: date
    forfeitable: bool


DEPOSITS = (
    DepositRule(Jurisdiction.CN, date(2021, 1, 1), forfeitable=True),  # Civil Code 586-587, at most a fifth
    DepositRule(Jurisdiction.EU, date(2014, 6, 13), forfeitable=False),  # a pre-order stays withdrawable
    DepositRule(Jurisdiction.US, date(1976, 2, 2), forfeitable=False),
)


def forfeitable(region: Region, *, at: datetime) -> bool:
    """Whether a deposit may be kept from a buyer of this region who defaults."""
    place = jurisdiction_of(region)
    rows = [row for row in DEPOSITS if row.jurisdiction == place and row.from_on <= at.date()]
    return max(rows, key=lambda row: row.from_on).forfeitable
