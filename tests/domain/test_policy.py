from datetime import UTC, date, datetime

import pytest

from api.domain import policy
from api.domain.campaign import Campaign, CampaignKind
from api.domain.policy import DepositRule, Jurisdiction, NoRight
from api.domain.preorder import Region

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TABLES = [policy.DEPOSITS, policy.DELAYS, policy.WITHDRAWALS]


@pytest.mark.parametrize("table", TABLES)
def test_every_place_has_a_rule_with_its_source(table: tuple[policy.Row, ...]) -> None:
    assert {row.jurisdiction for row in table} == set(Jurisdiction)
    assert all(len(row.source) > 10 for row in table)
    for region in Region:
        policy.in_force(table, region, at=NOW)


def test_of_a_places_rows_the_latest_that_has_begun_counts() -> None:
    rows = [
        DepositRule(jurisdiction=Jurisdiction.CN, from_on=day, source="test", forfeitable=kept)
        for day, kept in ((date(2030, 1, 1), False), (date(2020, 1, 1), True), (date(2010, 1, 1), False))
    ]
    assert policy.in_force(rows, Region.EAST, at=NOW).forfeitable
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert not policy.in_force(rows, Region.EAST, at=later).forfeitable


@pytest.mark.parametrize(
    ("region", "received_on", "refused"),
    [
        (Region.EAST, None, NoRight.NOT_RECEIVED),
        (Region.EAST, date(2026, 11, 16), None),
        (Region.EAST, date(2026, 11, 15), NoRight.TOO_LATE),
        (Region.EUROPE, None, None),
        (Region.EUROPE, date(2026, 11, 9), None),
        (Region.EUROPE, date(2026, 11, 8), NoRight.TOO_LATE),
        (Region.AMERICA, date(2026, 11, 23), NoRight.SELLERS_TERMS),
    ],
)
def test_the_last_day_of_a_right_is_in_it(
    region: Region, received_on: date | None, refused: NoRight | None
) -> None:
    rule = policy.withdrawal_rule(region, at=NOW)
    assert rule.refuses(CampaignKind.PRE_ORDER, received_on, on=NOW.date()) == refused


def test_a_fifth_of_the_lowest_price_is_the_most_that_may_be_lost() -> None:
    rule = policy.deposit_rule(Region.EAST, at=NOW)
    assert (rule.forfeitable, rule.most_percent, rule.twofold) == (True, 20, True)
    campaign = Campaign(ladder=[[1, 20_000], [50, 14_900]])
    assert campaign.most_deposit_minor == 2_980 == 14_900 * (rule.most_percent or 0) // 100
