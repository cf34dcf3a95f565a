"""The demonstration that `counterflow up` loads on its first start, as a practitioner would find it."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session

import planner
from api.domain.campaign import CampaignKind
from api.domain.member import Role
from api.local import demonstration
from api.migrations import migrate
from api.security import password_fits
from api.services import planning, reconciliation, sandbox
from planner.baseline import baseline
from planner.check import violations
from tests import servers

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
SEED = 7

# What may stand in a campaign of each state; "placed" is a pre-order whose payment is open.
POSSIBLE = {
    "open": {"placed"},
    "closing": {"placed", "cancelled"},  # its team thinks about a rescue
    "failed": {"cancelled", "refunded"},
    "decided": {"confirmed", "cancelled"},
    "in_production": {"confirmed", "scheduled", "in_production", "ready", "shipped", "cancelled"},
    "shipped": {"shipped", "cancelled", "refunded"},
}


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was loaded, in a transaction that nobody commits."""

    session: Session
    sign_ins: demonstration.SignIns
    said: list[str]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.connection().execute(text(statement), {"at": AT})]

    def number(self, statement: str) -> int:
        return int(self.rows(statement)[0][0])


@contextmanager
def loaded(worker: str) -> Iterator[Demonstration]:
    with servers.database_of(f"{worker}_demonstration", template="counterflow", make=migrate) as url:
        engine = create_engine(url)
        said: list[str] = []
        try:
            with Session(engine, expire_on_commit=False) as session:
                sign_ins = demonstration.load(session, at=AT, seed=SEED, on_progress=said.append)
                yield Demonstration(session, sign_ins, said)
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def demo(worker: str) -> Iterator[Demonstration]:
    """Loaded once: the tests of this file only look."""
    with loaded(worker) as found:
        yield found


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [
        ("team", 2, 2),
        ("style", 12, 12),
        ("fabric", 10, 16),
        ("factory", 6, 6),
        ("production_line", 14, 14),
        ("campaign", 12, 14),
        ("preorder", 2_800, 3_200),
    ],
)
def test_there_is_as_much_of_everything_as_was_promised(
    demo: Demonstration, table: str, least: int, most: int
) -> None:
    assert least <= demo.number(f"SELECT count(*) FROM {table}") <= most  # noqa: S608 - a name from above


def test_a_cloth_is_shared_by_several_styles(demo: Demonstration) -> None:
    shared = demo.rows("SELECT fabric_id FROM item GROUP BY 1 HAVING count(DISTINCT style_id) > 1")
    assert len(shared) >= 6


def test_factories_close_for_the_spring_festival_each_for_its_own_number_of_days(demo: Demonstration) -> None:
    lengths = demo.rows(
        "SELECT DISTINCT to_on - from_on FROM closure"
        " WHERE '2027-02-06' BETWEEN from_on AND to_on AND reason LIKE 'Spring Festival%'"
    )
    assert len(lengths) > 3


def test_everyone_who_is_printed_can_sign_in(demo: Demonstration) -> None:
    members = demo.sign_ins.members
    assert Counter(member.role for member in members)[Role.FACTORY] == 6
    assert Counter(member.team_id for member in members if member.team_id).most_common()[0][1] == 3
    assert {Role.PLANNER, Role.ADMIN, Role.BUYER, Role.DEVELOPER, Role.DESIGNER, Role.STOCK} <= {
        member.role for member in members
    }
    assert all(member.email.endswith("@counterflow.example") for member in members)
    assert password_fits(demo.sign_ins.password, members[0].password_hash)
    assert len({member.password_hash for member in members}) == 1


def test_campaigns_of_every_kind_and_at_every_stage_can_be_seen(demo: Demonstration) -> None:
    kinds = {kind for (kind,) in demo.rows("SELECT DISTINCT kind FROM campaign")}
    assert kinds == {kind.value for kind in CampaignKind}
    stages = dict(demo.rows("SELECT status, count(*) FROM campaign GROUP BY 1"))
    assert stages == {"open": 5, "failed": 1, "decided": 5, "in_production": 2, "shipped": 1}


def test_one_campaign_closes_within_the_hour_and_one_has_not_opened(demo: Demonstration) -> None:
    soon = (
        "SELECT count(*) FROM campaign WHERE status = 'open'"
        " AND closes_at BETWEEN :at AND :at + interval '1 hour'"
    )
    assert demo.number(soon) == 1
    assert demo.number("SELECT count(*) FROM campaign WHERE status = 'open' AND opens_at > :at") == 1


def test_one_campaign_is_late_and_its_buyers_can_see_by_how_much(demo: Demonstration) -> None:
    late = demo.rows(
        "SELECT c.slug, count(*) FROM preorder p JOIN campaign c ON c.id = p.campaign_id"
        " WHERE p.status = 'in_production' AND p.expected_on > p.promise_by_on AND p.promise_by_on < :at"
        " GROUP BY 1"
    )
    assert [(slug, pieces > 20) for slug, pieces in late] == [("orchard-skirt-autumn", True)]


def test_the_factory_of_a_late_run_has_warned_and_nobody_has_seen_to_it_yet(demo: Demonstration) -> None:
    warned = demo.rows("SELECT kind, status, expected_on > CAST(:at AS date) FROM order_flag")
    assert {*warned} == {("late", "raised", True)}


def test_no_preorder_is_in_a_state_that_its_campaign_rules_out(demo: Demonstration) -> None:
    found = demo.rows(
        "SELECT DISTINCT c.status, p.status FROM preorder p JOIN campaign c ON c.id = p.campaign_id"
    )
    assert [(campaign, own) for campaign, own in found if own not in POSSIBLE[campaign]] == []


def test_only_paid_preorders_go_beyond_their_campaigns_close(demo: Demonstration) -> None:
    unpaid = "SELECT count(*) FROM preorder WHERE paid_at IS NULL AND status NOT IN ('placed', 'cancelled')"
    assert demo.number(unpaid) == 0


def test_what_a_buyer_paid_is_pieces_times_price_and_what_is_kept_is_pieces_times_settled_price(
    demo: Demonstration,
) -> None:
    rows = demo.rows(
        """
        SELECT p.number, p.price_minor * l.pieces, coalesce(c.settled_price_minor, p.price_minor) * l.pieces,
               p.status, p.paid_at IS NOT NULL,
               (SELECT coalesce(sum(amount_minor), 0) FROM payment m
                WHERE m.preorder_id = p.id AND m.kind = 'charge' AND m.status = 'confirmed'),
               (SELECT coalesce(sum(amount_minor), 0) FROM payment m
                WHERE m.preorder_id = p.id AND m.kind = 'refund' AND m.status = 'confirmed')
        FROM preorder p JOIN campaign c ON c.id = p.campaign_id
        JOIN (SELECT preorder_id, sum(quantity) AS pieces FROM preorder_line GROUP BY 1) l
             ON l.preorder_id = p.id
        """
    )
    for number, asked, settled, status, paid, charged, refunded in rows:
        assert charged == (asked if paid else 0), number
        owed = 0 if status == "refunded" or not paid else settled
        assert charged - refunded == owed, number


def test_the_sandbox_knows_every_movement_of_money(demo: Demonstration) -> None:
    unknown = (
        "SELECT count(*) FROM payment p LEFT JOIN sandbox_charge s ON s.payment_id = p.id"
        " WHERE p.status = 'confirmed' AND (s.reference IS DISTINCT FROM p.provider_reference"
        " OR s.amount_minor <> p.amount_minor)"
    )
    assert demo.number(unknown) == 0


def test_the_report_of_the_sandbox_and_the_ledger_differ_nowhere(demo: Demonstration) -> None:
    since = AT - timedelta(days=400)
    report = sandbox.report(demo.session, since=since, until=AT)
    found = reconciliation.compare(demo.session, "sandbox", report, since=since, until=AT)
    assert found.movements == demo.number("SELECT count(*) FROM payment WHERE status = 'confirmed'")
    assert found.differences == ()


@pytest.mark.parametrize("noun", ["campaign", "preorder", "payment", "plan", "run", "book_order"])
def test_the_audit_leads_to_the_state_that_each_thing_is_in(demo: Demonstration, noun: str) -> None:
    strays = demo.rows(
        f"SELECT t.id, t.status, a.after FROM {noun} t LEFT JOIN (SELECT DISTINCT ON (subject_id)"  # noqa: S608
        " subject_id, after FROM audit_entry ORDER BY subject_id, at DESC, id DESC) a ON a.subject_id = t.id"
        " WHERE t.status IS DISTINCT FROM a.after"
    )
    assert strays == []


def test_nothing_has_happened_that_is_still_to_come(demo: Demonstration) -> None:
    assert demo.number("SELECT count(*) FROM audit_entry WHERE at > :at") == 0


def test_nothing_of_the_past_is_sent_again(demo: Demonstration) -> None:
    assert demo.number("SELECT count(*) FROM outbox_message") > 0
    assert demo.number("SELECT count(*) FROM outbox_message WHERE done_at IS NULL") == 0


def test_runs_wait_are_sewn_and_are_done_in_the_order_book(demo: Demonstration) -> None:
    assert {status for (status,) in demo.rows("SELECT DISTINCT status FROM run")} == {
        "released",
        "started",
        "done",
    }
    assert demo.rows("SELECT DISTINCT channel FROM run") == [("order_book",)]
    short = (
        "SELECT count(*) FROM run r JOIN run_sku s ON s.run_id = r.id"
        " WHERE r.status = 'done' AND s.done <> s.quantity"
    )
    assert demo.number(short) == 0


def test_pieces_are_pegged_to_no_more_than_was_ordered_and_made(demo: Demonstration) -> None:
    over_line = (
        "SELECT count(*) FROM preorder_line l"
        " JOIN (SELECT preorder_line_id, sum(quantity) AS pegged FROM pegging GROUP BY 1) g"
        " ON g.preorder_line_id = l.id WHERE g.pegged > l.quantity"
    )
    over_run = (
        "SELECT count(*) FROM run_sku s"
        " JOIN (SELECT run_id, sku_id, sum(quantity) AS pegged FROM pegging GROUP BY 1, 2) g"
        " ON g.run_id = s.run_id AND g.sku_id = s.sku_id WHERE g.pegged > s.quantity - s.overs"
    )
    assert demo.number(over_line) == demo.number(over_run) == 0


def test_the_first_plan_has_work_enough_to_choose_and_room_enough_to_deliver(demo: Demonstration) -> None:
    problem = planning.load(demo.session, at=AT).problem
    plan = baseline(problem)
    assert 900 <= demo.number("SELECT count(*) FROM preorder WHERE status = 'confirmed'") <= 1_250
    assert violations(problem, plan) == []
    wanted = sum(lot.quantity for lot in problem.lots)
    served = sum(piece.quantity for run in plan.runs for piece in run.pieces)
    assert 0.9 * wanted <= served
    assert 0.6 <= _load(problem, plan) <= 0.85


def _load(problem: planner.Problem, plan: planner.Plan) -> float:
    """Share of the line time from next week on that the plan's runs take, set-ups included."""
    runs = [run for run in plan.runs if run.bucket > 0]
    seconds = sum(
        run.quantity * problem.find.line[run.line].styles[_style(problem, run)].seconds for run in runs
    )
    seconds += sum(problem.find.item[run.item].setup_seconds for run in runs)
    styles = {(run.line, run.bucket, _style(problem, run)) for run in runs}
    seconds += sum(problem.find.style[style].setup_seconds for _, _, style in styles)
    return seconds / sum(sum(line.capacity[1:]) for line in problem.lines)


def _style(problem: planner.Problem, run: planner.Run) -> str:
    return problem.find.item[run.item].style


def test_loading_says_how_far_it_is(demo: Demonstration) -> None:
    total = demo.number("SELECT count(*) FROM preorder")
    assert f"pre-orders {total:,} of {total:,}" in demo.said


def test_the_same_seed_and_moment_give_the_same_data(demo: Demonstration, worker: str) -> None:
    with loaded(f"{worker}_again") as again:
        assert _digest(again) == _digest(demo)


def _digest(found: Demonstration) -> str:
    """Everything that people see, without the identities that services draw by chance."""
    statements = [
        "SELECT slug, status, closes_at, settled_price_minor, decided_pieces FROM campaign ORDER BY 1",
        "SELECT number, id, status, buyer_name, email, paid_at, expected_on FROM preorder ORDER BY 1",
        "SELECT id, sku_id, quantity, accept_other_colour, accept_next_size FROM preorder_line ORDER BY 1",
        "SELECT preorder_id, kind, status, amount_minor, confirmed_at FROM payment ORDER BY 1, 2, 4, 5",
        "SELECT number, status, start_on, finish_on, expected_on FROM run ORDER BY 1",
        "SELECT number, sku_id, quantity, overs, done FROM run_sku JOIN run ON run.id = run_id ORDER BY 1, 2",
        "SELECT number, digest, cost FROM plan ORDER BY 1",
        "SELECT subject, at, after, actor FROM audit_entry WHERE noun <> 'payment' ORDER BY noun, 1, 2, id",
    ]
    content = repr([found.rows(statement) for statement in statements])
    return hashlib.sha256(content.encode()).hexdigest()


def test_buyers_come_at_the_opening_and_before_the_close(demo: Demonstration) -> None:
    opening, closing, days = demo.rows(
        "SELECT count(*) FILTER (WHERE p.placed_at < c.opens_at + interval '1 day'),"
        " count(*) FILTER (WHERE p.placed_at > c.closes_at - interval '1 day'),"
        " extract(day FROM max(c.closes_at - c.opens_at))"
        " FROM preorder p JOIN campaign c ON c.id = p.campaign_id WHERE c.slug = 'night-ferry-hoodie'"
    )[0]
    orders = demo.number(
        "SELECT count(*) FROM preorder p JOIN campaign c ON c.id = p.campaign_id"
        " WHERE c.slug = 'night-ferry-hoodie'"
    )
    assert opening > 3 * orders / float(days)
    assert closing > 2 * orders / float(days)


def test_some_campaigns_are_near_their_minimum_and_some_beyond_a_price_step(demo: Demonstration) -> None:
    paid = {
        slug: (minimum, pieces, ladder)
        for slug, minimum, ladder, pieces in demo.rows(
            "SELECT c.slug, c.minimum, c.ladder, sum(l.quantity) FROM campaign c"
            " JOIN preorder p ON p.campaign_id = c.id AND p.paid_at IS NOT NULL"
            " JOIN preorder_line l ON l.preorder_id = p.id WHERE c.status = 'open' GROUP BY 1, 2, 3"
        )
    }
    assert any(0.7 * minimum < pieces < minimum for minimum, pieces, _ in paid.values())
    assert any(len(ladder) > 2 and pieces >= ladder[2][0] for _, pieces, ladder in paid.values())


def test_a_promise_made_today_is_weeks_away(demo: Demonstration) -> None:
    soonest = demo.rows("SELECT min(ship_from_on) FROM campaign WHERE status = 'open'")[0][0]
    assert soonest > (AT + timedelta(days=30)).date()
