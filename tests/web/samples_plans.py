"""The plan pages: a list, one being made, one to approve, with its board."""

from datetime import date, timedelta
from typing import Any

from tests.web.samples_shared import BLACK, INDIGO, MOSS, NOW, RUST, STONE, TRAIL, Sample, console
from web.board import Bar, Board, BoardFactory, BoardLine, Closure
from web.heat import Heat, HeatMap, HeatRow

RUNNING = {
    "number": "P-000015",
    "status": "running",
    "seconds": 12,
    "limit_seconds": 30,
    "cost_minor": 18422000,
    "bound_minor": 18100000,
    "gap_percent": 1.78,
    "words": "Looking for cheaper neighbours of the best plan.",
    "stop_action": "/console/plans/P-000015/stop",
}

PLANS = [
    {
        "href": f"/console/plans/P-{n:06}",
        "number": f"P-{n:06}",
        "status": status,
        "made_at": NOW,
        "made_by": "Chen Wei",
        "runs": 12,
        "pieces": 1830,
        "cost_minor": None if status == "failed" else 18422000,
        "baseline_minor": None if status == "failed" else 20911000,
        "gap_percent": None if n == 11 else 1.8,
        "late_pieces": 38,
        "unfilled_pieces": 0,
    }
    for n, status in enumerate(
        ["failed", "superseded", "approved", "rejected", "ready", "running", "requested"], start=9
    )
]

_STYLES = [
    ("Harbour jacket", INDIGO),
    ("Harbour jacket", RUST),
    ("Everyday tee", STONE),
    ("Fisher knit", "#efe7d6"),
    ("Market dress", MOSS),
    ("Studio hoodie", BLACK),
]


def _bars(line: int) -> tuple[Bar, ...]:
    plan = [(0, 0.55), (0, 0.4), (1, 0.95), (3, 0.3), (3, 0.35), (4, 0.8), (6, 0.5), (6, 0.22), (6, 0.2)]
    return tuple(
        Bar(
            href=f"/console/runs/R-{100 + 10 * line + n:06}",
            number=f"R-{100 + 10 * line + n:06}",
            title=_STYLES[(n + line) % 6][0],
            pieces=int(share * 300),
            week=(week + line) % 8,
            share=share,
            colour_hex=_STYLES[(n + line) % 6][1],
            status=["done", "started", "released", "released", "approved", "proposed"][n % 6],
        )
        for n, (week, share) in enumerate(plan)
    )


BOARD = Board(
    first_on=date(2027, 1, 11),
    weeks=10,
    factories=(
        BoardFactory(
            "Ningbo Harbour 宁波港服装厂",
            (
                BoardLine(
                    "NB-1", _bars(0), (Closure(2, 0.6, "Spring Festival"), Closure(5, 1, "Spring Festival"))
                ),
                BoardLine("NB-2", _bars(1), (Closure(5, 1, "Spring Festival"),)),
            ),
        ),
        BoardFactory("Humen Knit", (BoardLine("HM-1", _bars(2)[:6], (Closure(9, 1, "春节"),)),)),
    ),
)


_WORTHS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("NB-1", "Ningbo Harbour", (0, 96_480, 128_700, 64_200, 23_310, 1_240)),
    ("NB-2", "Ningbo Harbour", (0, 11_160, 51_900, 48_660)),
    ("HM-1", "Humen Knit", (0, 1_234_567, 480, 36)),
)
_HOURS = [
    (name, factory, week, worth)
    for name, factory, worths in _WORTHS
    for week, worth in enumerate(worths)
    if worth
]


def _heat() -> HeatMap:
    rows: dict[str, list[Heat]] = {name: [] for name, *_ in _HOURS}
    for name, _, week, worth in _HOURS:
        figure = f"¥{worth / 100:,.2f}"
        rows[name].append(
            Heat(week, (worth / 1_234_567) ** 0.5, figure, f"{name}, week {week}: {figure} an hour")
        )
    return HeatMap(BOARD.first_on, BOARD.weeks, tuple(HeatRow(n, tuple(heats)) for n, heats in rows.items()))


def worth() -> dict[str, Any]:
    monday = [date(2027, 1, 11) + timedelta(weeks=week) for week in range(10)]
    hours = [
        {"line": name, "factory": factory, "week_on": monday[week], "worth_minor": worth}
        for name, factory, week, worth in sorted(_HOURS, key=lambda row: -row[-1])
    ]
    metres = [
        {"cloth": name, "code": code, "week_on": monday[week], "worth_minor": worth}
        for name, code, week, worth in (
            ("Selvedge denim 14 oz", "DENIM-14", 1, 8_240),
            ("Selvedge denim 14 oz", "DENIM-14", 4, 4_100),
            ("Organic jersey 180 g", "JERSEY-180", 2, 1_975),
        )
    ]
    return {"heat": _heat(), "hours": (hours[:10], hours[10:]), "metres": (metres, [])}


def plan() -> dict[str, Any]:
    parts = ["setup", "making", "fabric", "shipping", "late", "early", "substitution", "unfilled", "overs"]
    costs = [
        {"part": part, "plan_minor": 100000 * (n + 1), "baseline_minor": 120000 * (n + 1)}
        for n, part in enumerate(parts)
    ]
    costs[-1] = {"part": "overs", "plan_minor": -42000, "baseline_minor": -10000}
    total = {
        "part": "total",
        "plan_minor": sum(row["plan_minor"] for row in costs),
        "baseline_minor": sum(row["baseline_minor"] for row in costs),
    }
    return {
        "number": "P-000014",
        "status": "ready",
        "currency": "CNY",
        "made_at": NOW,
        "made_by": "Chen Wei",
        "begun_from": "P-000013",
        "seed": 7,
        "digest": "sha256:8d1c" + "5e" * 28,
        "seconds": 28.4,
        "versions": [("counterflow", "0.1.0"), ("ortools", "9.14")],
        "cost_minor": total["plan_minor"],
        "baseline_minor": total["baseline_minor"],
        "bound_minor": 3500000,
        "gap_percent": 1.8,
        "on_time_pieces": 1792,
        "late_pieces": 38,
        "unfilled_pieces": 0,
        "pieces": 1830,
        "costs": [*costs, total],
        "explanations": [
            {
                "what": "Everyday tee, Stone",
                "pieces": 31,
                "kind": "late",
                "text": "Line NB-2 is closed for the Spring Festival in the week of 15 Feb.",
                "needs": "2 hours more on NB-1 in the week of 8 Feb would do.",
                "anchor": "why-TEE-STONE",
                "verified": True,
            },
            {
                "what": "Market dress, Rust",
                "pieces": 0,
                "kind": "not_made",
                "text": "25 pieces are wanted, the colour's minimum is 30.",
                "needs": "5 more pieces would do.",
                "anchor": None,
                "verified": False,
            },
        ],
        "runs": [
            {
                "href": bar.href,
                "number": bar.number,
                "title": bar.title,
                "colour": "Indigo",
                "colour_hex": bar.colour_hex,
                "factory": "Ningbo Harbour",
                "line": "NB-1",
                "week_on": date(2027, 1, 11) + timedelta(weeks=bar.week),
                "pieces": bar.pieces,
                "overs": 3,
                "preorders": 61,
                "late_pieces": 31 if bar.title == "Everyday tee" else 0,
                "unfilled_pieces": 0,
                "why_href": "#why-TEE-STONE" if bar.title == "Everyday tee" else None,
                "status": bar.status,
            }
            for bar in _bars(0)
        ],
        "approved_at": None,
        "approved_by": None,
    }


PLAN_PAGES: dict[str, Sample] = {
    "console-plans": (
        "console/plans.html",
        console(
            "plans",
            plans=PLANS,
            currency="CNY",
            waiting_pieces=1830,
            may_make=True,
            make_action="/console/plans",
            seconds="30",
            from_scratch=False,
            begins_from="P-000014",
            errors={},
            ended=None,
            running=None,
            live_href="/console/plans/running",
        ),
    ),
    "console-plans-running": (
        "console/plans.html",
        console(
            "plans",
            plans=[],
            currency="CNY",
            waiting_pieces=1,
            may_make=True,
            make_action="/console/plans",
            seconds="30",
            from_scratch=False,
            begins_from="P-000014",
            errors={},
            ended=None,
            running=RUNNING,
            live_href="/console/plans/running",
        ),
    ),
    "console-plan-progress": (
        "console/_plan_progress.html",
        {"running": RUNNING, "ended": None, "currency": "CNY"},
    ),
    "console-plan-ended": (
        "console/_plan_progress.html",
        {
            "running": None,
            "ended": {"number": "P-000015", "href": "/console/plans/P-000015"},
            "currency": "CNY",
        },
    ),
    "console-plan": (
        "console/plan.html",
        console(
            "plans",
            plan=plan(),
            board_view=BOARD,
            worth=worth(),
            sheet=True,
            may_approve=True,
            approve_action="/console/plans/P-000014/approve",
            may_reject=True,
            reject_action="/console/plans/P-000014/reject",
            errors={"reason": "Say why."},
            trail=TRAIL,
            consequence=[
                "9 runs go to 2 factories at once.",
                "1,792 pieces get a place; their buyers see it.",
            ],
            outdated="",
            against="/console/plans/P-000014/against",
        ),
    ),
    "console-plan-approved": (
        "console/plan.html",
        console(
            "plans",
            plan=plan()
            | {
                "status": "approved",
                "approved_at": NOW,
                "approved_by": "Chen Wei",
                "begun_from": None,
                "explanations": [],
                "bound_minor": None,
                "gap_percent": None,
            },
            board_view=BOARD,
            worth={"heat": None, "hours": ([], []), "metres": ([], [])},
            sheet=True,
            may_approve=True,
            approve_action="",
            may_reject=False,
            reject_action="",
            errors={"": "plan_outdated"},
            trail=[],
            consequence=[],
            outdated="Another plan was approved since.",
            against=None,
        ),
    ),
    "console-plan-none": (
        "console/plan.html",
        console(
            "plans", plan=plan() | {"status": "failed"}, sheet=False, may_reject=False, errors={}, trail=TRAIL
        ),
    ),
}
