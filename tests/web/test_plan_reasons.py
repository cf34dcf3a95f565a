"""Each reason and each change in the words of the page, in both languages."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

import planner
from api.domain.catalogue import Fabric, Item, Silhouette, Style
from api.domain.member import Role
from api.domain.plan import Plan
from api.services import campaign_close, campaigns, plan_reading, plans
from api.services.plan_reading import Reason
from planner.baseline import baseline
from tests.factories import make_member, make_preorder, make_world, promise
from tests.fixtures import TODAY
from web import i18n
from web.console.plan_reasons import explained
from web.console.plan_sheet import sheet
from web.reader import Reader

ENGLISH, CHINESE = (Reader(i18n.language(code)) for code in ("en", "zh"))
PLAN = Plan(number="P-1", requested_at=TODAY, seconds=5, seed=7, day_zero=date(2026, 11, 23))
STYLE = Style(
    code="TEE",
    team_id=uuid4(),
    name_en="Work tee",
    name_zh="工装短袖",
    about_en="",
    about_zh="",
    silhouette=Silhouette.TEE,
    family="knit",
    setup_seconds=0,
    setup_cost_minor=0,
)
CLOTH = Fabric(
    code="M01",
    name_en="Poplin",
    name_zh="府绸",
    stock_cm=0,
    dye_lot_minimum_cm=0,
    roll_cm=1,
    cost_per_metre_minor=0,
    lead_days=0,
    purchase_maximum_cm=0,
)
WHITE, RED = (
    Item(
        code=f"TEE-{colour.upper()}",
        style_id=STYLE.id,
        fabric_id=CLOTH.id,
        colour=colour,
        colour_zh=chinese,
        colour_hex="#ffffff",
        setup_seconds=0,
        setup_cost_minor=0,
        minimum=0,
        overs_maximum=0,
        overs_value_minor=0,
    )
    for colour, chinese in (("white", "棉白"), ("red", "正红"))
)
CLOSED = TODAY + timedelta(days=1)


def reason(rule: str, more_of: Item | None = None, **facts: int | str) -> Reason:
    kind = "late" if rule in ("date", "line time") else "unfilled"
    return Reason(kind, rule, STYLE, WHITE, (), 5, {"verified": 1, **facts}, more_of, CLOTH)


CASES = [
    (
        reason("minimum", WHITE, change="pieces", amount=5, item="TEE-WHITE"),
        "5 more pieces would do.",
        "再有 5 件就够。",
    ),
    (
        reason("campaign minimum", RED, change="pieces", amount=5, item="TEE-RED", reach=1, minimum=6),
        "5 more pieces in red would do.",
        "正红再有 5 件就够。",
    ),
    (
        reason("line time", change="line time", amount=14_400, line="F3-2", bucket=1),
        "4 hours more on F3-2 in the week of 30 Nov would do.",
        "F3-2 在 11月30日 那一周多 4 小时就能做到。",
    ),
    (
        reason("fabric", change="fabric", amount=2_950, fabric="M01", bucket=3),
        "30 m more of the cloth Poplin by the week of 14 Dec would do.",
        "12月14日 那一周之前再有 30 米面料 府绸 就能做到。",
    ),
    (
        reason("date", change="days", amount=1),
        "A promise 1 days later would do.",
        "承诺日期推迟 1 天就能做到。",
    ),
    (
        reason("trade-off", change="cost", amount=124_000),
        "Whole and in time it would cost ¥1,240.00 more than it brings.",
        "要全部按时完成\uff0c成本会比收益多 ¥1,240.00。",
    ),
    (
        reason("trade-off", change="cost", amount=124_000, displaces=6),
        "Whole and in time it would cost ¥1,240.00 more than it brings, and take 6 pieces from other buyers.",
        "要全部按时完成\uff0c成本会比收益多 ¥1,240.00\uff0c还要占用其他买家的 6 件。",
    ),
    (
        reason("trade-off", change="cost", amount=124_000, unit_cost=300),
        "It would cost ¥1,240.00 more than it brings; ¥3.00 more a piece would pay for it.",
        "成本会比收益多 ¥1,240.00\uff1b每件多 ¥3.00 就划算。",
    ),
    (
        reason("search", change="none", amount=0, saves=99),
        "Planned anew it would be, and ¥0.99 be saved.",
        "重新排一次就能做\uff0c还能省 ¥0.99。",
    ),
]


@pytest.mark.parametrize(("why", "english", "chinese"), CASES, ids=[case[1][:24] for case in CASES])
def test_each_change_is_said_in_both_languages(why: Reason, english: str, chinese: str) -> None:
    shown = explained(ENGLISH, PLAN, why)
    assert (shown["needs"], shown["verified"]) == (english, True)
    assert explained(CHINESE, PLAN, why)["needs"] == chinese
    assert shown["text"].endswith(".")


def test_what_was_not_tried_out_does_not_say_so() -> None:
    why = reason("item minimum", verified=0, pieces=5, reach=25, minimum=30)
    shown = explained(ENGLISH, PLAN, why)
    assert (shown["needs"], shown["verified"]) == ("5 more pieces would do.", False)
    assert explained(ENGLISH, PLAN, reason("line time", verified=0))["needs"] == ""


def test_lots_of_a_colour_that_is_not_made_leave_the_change_to_the_colour() -> None:
    why = reason("item", WHITE, change="pieces", amount=5, item="TEE-WHITE")
    assert explained(ENGLISH, PLAN, why)["needs"] == ""


def test_a_run_points_to_the_reason_beside_its_item(session: Session) -> None:
    """A plan as the planner would propose it, its white piece late for want of two hours."""
    make_world(session)
    preorder = make_preorder(session, lines=[("TEE-WHITE-S", 5)])
    promise(session, preorder, (TODAY + timedelta(days=3)).date())
    plan = proposed_with_reason(session)
    reading = plan_reading.read(session, plan)
    shown = sheet(ENGLISH, plan, reading)
    (why,) = shown["explanations"]
    assert why["needs"] == "2 hours more on F1-1 in the week of 30 Nov would do."
    (run,) = shown["runs"]
    assert (run["why_href"], run["late_pieces"]) == (f"#{why['anchor']}", 5)


def proposed_with_reason(session: Session) -> Plan:
    campaign_close.close(session, campaigns.get_by_slug(session, "tee").id, at=CLOSED)
    session.flush()
    plan = plans.request(session, member=make_member(session, Role.PLANNER), seconds=5, seed=7, at=CLOSED)
    session.flush()
    taken = plans.start(session, plan.id, at=CLOSED)
    assert taken
    first = baseline(taken[1])
    needs: dict[str, int | str] = {
        "missing": 0,
        "change": "line time",
        "amount": 7_200,
        "line": "F1-1",
        "bucket": 1,
        "verified": 1,
    }
    why = planner.Explanation("lot", taken[1].lots[0].id, "line time", "words", needs)
    answer = first.stating(explanations=(why,))
    plans.propose(session, plan.id, answer=answer, baseline=first, versions={}, failure=None, at=CLOSED)
    session.flush()
    return plan
