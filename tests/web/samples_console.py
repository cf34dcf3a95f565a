"""The console's pages in their states, but for the plans."""

from datetime import date, timedelta
from typing import Any

from tests.web.samples_channels import CHANNELS, TOPICS
from tests.web.samples_shared import (
    CARDS,
    INDIGO,
    NOW,
    PAGING,
    REGIONS,
    RUST,
    STONE,
    TRAIL,
    ZONE,
    Sample,
    console,
    progress,
)

TASKS = [
    {
        "kind": "plan",
        "what": "Plan P-000014 is ready: 12 runs, 38 pieces late.",
        "since": NOW - timedelta(minutes=25),
        "age_minutes": 25,
        "at_stake_minor": 18422000,
        "currency": "CNY",
        "owner": "Planner",
        "until": None,
        "href": "/console/plans/P-000014",
        "action": "Look at it",
    },
    {
        "kind": "message",
        "what": "Odoo refused run R-000123: the product HBJ-IND-M has no bill of material.",
        "since": NOW - timedelta(hours=3),
        "age_minutes": 180,
        "at_stake_minor": 1920000,
        "currency": "CNY",
        "owner": "Administrator",
        "until": None,
        "href": "/console/queue",
        "action": "Open the queue",
    },
    {
        "kind": "late",
        "what": "Everyday tee, White: 31 pieces arrive 6 days after the promise.",
        "since": NOW - timedelta(days=3),
        "age_minutes": 4320,
        "at_stake_minor": None,
        "currency": "CNY",
        "owner": "Team Harbour",
        "until": None,
        "href": "/console/plans/P-000013",
        "action": "See why",
    },
    {
        "kind": "rescue",
        "what": "Harbour chore jacket is too small as it stands; saving it costs ¥480.00.",
        "since": NOW - timedelta(hours=2),
        "age_minutes": 120,
        "at_stake_minor": 1512000,
        "currency": "CNY",
        "owner": "Team Harbour",
        "until": NOW + timedelta(hours=22),
        "href": "/console/campaigns/harbour-jacket#rescue",
        "action": "Answer",
    },
]

HINTS = {
    "plan": "P-000014",
    "plan_href": "/console/plans/P-000014",
    "currency": "CNY",
    "rows": [
        {
            "pieces": 37,
            "words": "to the next price of a factory",
            "where": "Indigo on NB-1 in the week of 15 Feb",
            "saving_minor": 210,
            "brings_minor": 1_473_000,
            "cost_minor": 188_000,
            "margin_minor": 1_285_000,
        },
        {
            "pieces": 90,
            "words": "fit without another set-up",
            "where": "",
            "saving_minor": 0,
            "brings_minor": -20_000,
            "cost_minor": 512_000,
            "margin_minor": -532_000,
        },
    ],
}

GRID = {
    "sizes": ["XS", "S", "M", "L", "XL"],
    "rows": [
        {"colour": "Indigo", "colour_hex": INDIGO, "pieces": [4, 12, 19, 11, 3], "total": 49, "minimum": 30},
        {"colour": "Rust", "colour_hex": RUST, "pieces": [2, 6, 9, 4, 1], "total": 22, "minimum": 30},
        {"colour": "Stone", "colour_hex": STONE, "pieces": [1, 3, 5, 3, 1], "total": 13, "minimum": 30},
    ],
    "totals": [7, 21, 33, 18, 5],
}


def console_campaigns() -> list[dict[str, Any]]:
    states = ["open", "open", "decided", "closing", "in_production", "failed", "shipped", "cancelled"]
    return [
        {
            "href": f"/console/campaigns/{silhouette}",
            "title": title,
            "team": "Team Harbour",
            "silhouette": silhouette,
            "colour_hex": hex_,
            "status": status,
            "kind": "group_buy",
            "paid_pieces": paid,
            "minimum": minimum,
            "closes_at": NOW,
            "time_zone": ZONE,
            "price_minor": 16000,
            "taken_minor": 16000 * paid,
            "currency": "CNY",
        }
        for (title, _, silhouette, hex_, _, paid, minimum), status in zip(CARDS, states, strict=True)
    ]


SAVES = {
    "moves": [{"from": "Rust M", "to": "Indigo M", "pieces": 4}],
    "top_ups": [{"colour": "Rust", "pieces": 1}],
    "dropped": [{"colour": "Stone", "pieces": 13}],
}
VERDICT = {
    "go": True,
    "pieces": 84,
    "currency": "CNY",
    "cost_minor": None,
    "saves": SAVES,
    "surplus": [{"cloth": "12 oz cotton canvas", "metres": "118", "pieces": 62}],
}
RESCUE = {
    "answer_by": NOW + timedelta(hours=22),
    "currency": "CNY",
    "cost_minor": 48000,
    "limit_minor": 30000,
    "beyond": True,
    "back_minor": 234000,
    "saves": SAVES,
    "accept_action": "/console/campaigns/harbour-jacket/rescue/accept",
    "refuse_action": "/console/campaigns/harbour-jacket/rescue/refuse",
}
CONSOLE_CAMPAIGN = {
    "title": "Harbour chore jacket",
    "team": "Team Harbour",
    "slug": "harbour-jacket",
    "kind": "pre_order",
    "status": "open",
    "silhouette": "jacket",
    "colour_hex": INDIGO,
    "currency": "CNY",
    "minimum": 60,
    "opens_at": NOW,
    "closes_at": NOW + timedelta(days=5),
    "time_zone": ZONE,
    "ship_from_on": date(2027, 3, 3),
    "ship_by_on": date(2027, 3, 9),
    "link": "https://counterflow.example/c/harbour-jacket",
    "preorders": 71,
    "preorders_href": "/console/preorders?q=harbour-jacket",
    "taken_minor": 1512000,
    "may_close": True,
    "close_action": "/console/campaigns/harbour-jacket/close",
}

PREORDERS = [
    {
        "number": f"CF-{4200 + n:06}",
        "href": f"/p/CF-{4200 + n:06}" if n % 2 else None,
        "campaign": "Harbour chore jacket",
        "campaign_href": "/console/campaigns/harbour-jacket",
        "status": status,
        "what": "Indigo M, 2 pieces",
        "pieces": 2,
        "buyer": "王*",
        "region": REGIONS[n % 6],
        "placed_at": NOW,
        "total_minor": 36000,
        "paid_minor": 36000,
        "refunded_minor": 4000 if n % 2 else 0,
        "currency": "CNY",
        "promise_from_on": date(2027, 3, 3),
        "promise_by_on": date(2027, 3, 9),
        "ship_action": f"/console/preorders/CF-{4200 + n:06}/ship" if status == "ready" else None,
    }
    for n, status in enumerate(
        ["placed", "confirmed", "scheduled", "in_production", "ready", "shipped", "cancelled", "refunded"]
    )
]

RUN = {
    "card_href": "/console/runs/R-000123/card",
    "number": "R-000123",
    "status": "started",
    "title": "Harbour chore jacket",
    "colour": "Indigo",
    "colour_hex": INDIGO,
    "silhouette": "jacket",
    "factory": "Ningbo Harbour",
    "line": "NB-1",
    "week_on": date(2027, 1, 11),
    "due_on": date(2027, 1, 17),
    "plan": "P-000014",
    "plan_href": "/console/plans/P-000014",
    "sizes": [
        {
            "size": size,
            "sku": f"HBJ-IND-{size}",
            "pieces": pieces,
            "overs": 1,
            "done": pieces // 2,
            "scrapped": 1,
        }
        for size, pieces in [("S", 24), ("M", 41), ("L", 30), ("XL", 11)]
    ],
    "pegged": [
        {
            "number": f"CF-{4200 + n:06}",
            "href": None,
            "sku": "HBJ-IND-M",
            "pieces": 1 + n % 2,
            "promise_by_on": date(2027, 3, 9),
        }
        for n in range(6)
    ],
    "orders": [
        {
            "reference": "WH/MO/00042",
            "href": "https://odoo.example/odoo/manufacturing/42",
            "system": "Odoo",
            "state": "started",
            "quantity": 41,
            "done": 20,
            "seen_at": NOW,
        }
    ],
    "trail": TRAIL,
}

RUNS = [
    RUN
    | {"href": f"/console/runs/R-{n:06}", "pieces": 106, "done_pieces": 53, "late": n == 2, "status": status}
    for n, status in enumerate(["proposed", "approved", "released", "started", "done", "cancelled"])
]

FACTORIES = [
    {
        "name": "Ningbo Harbour",
        "code": "NB",
        "place": "Ningbo, Zhejiang",
        "mode": "own_line",
        "channel": "erp",
        "score": {"ended": 14, "on_time": 12, "complete": 13, "reply_minutes": 190},
        "closures": [
            {
                "ranges": [{"from_on": date(2027, 1, 30), "to_on": date(2027, 2, 21)}],
                "capacity_percent": 0,
                "reason": "Spring Festival",
            },
            {
                "ranges": [{"from_on": date(2027, 2, 22), "to_on": date(2027, 2, 28)}],
                "capacity_percent": 60,
                "reason": "Coming back",
            },
        ],
        "lines": [
            {
                "code": code,
                "hours_per_week": 48,
                "loads": [
                    {"used_percent": used, "open_percent": open_}
                    for used, open_ in [
                        (96, 100),
                        (80, 100),
                        (40, 60),
                        (0, 0),
                        (0, 0),
                        (55, 60),
                        (20, 100),
                        (0, 100),
                    ]
                ],
            }
            for code in ("NB-1", "NB-2")
        ],
    }
]
WEEKS = [date(2027, 1, 11) + timedelta(weeks=n) for n in range(8)]

MESSAGES = [
    {
        "id": str(n),
        "topic": "erp.push_run",
        "subject": f"R-{n:06}",
        "status": status,
        "attempts": n,
        "recorded_at": NOW,
        "age_minutes": 12 * n,
        "not_before": NOW,
        "last_error": "Odoo: the product HBJ-IND-M has no bill of material." if n > 1 else "",
        "retry_action": "/console/queue/1/retry" if status == "parked" else None,
    }
    for n, status in enumerate(["waiting", "sending", "again", "parked", "done"])
]

ENTRIES = [
    entry | {"noun": "campaign", "subject": "harbour-jacket", "href": "/console"} for entry in TRAIL
] + [TRAIL[0] | {"noun": "run", "subject": "R-000123", "href": None, "before": None}]


CONSOLE: dict[str, Sample] = {
    "console-sign-in": (
        "console/sign_in.html",
        {
            "form": {"email": "", "next": "/console"},
            "refused": True,
            "demo": [("planner@example.org", "indigo-cotton", "Planner")],
        },
    ),
    "console-home": (
        "console/home.html",
        console("home", tasks=TASKS, glance=[("Paid today", "¥12,480.00", ""), ("Pieces", "84", "today")]),
    ),
    "console-home-empty": ("console/home.html", console("home", tasks=[], glance=[])),
    "console-campaigns": (
        "console/campaigns.html",
        console(
            "campaigns",
            campaigns=console_campaigns(),
            filters=[("All", "?", True), ("Open", "?status=open", False)],
        ),
    ),
    "console-campaigns-empty": ("console/campaigns.html", console("campaigns", campaigns=[], filters=[])),
    "console-campaign": (
        "console/campaign.html",
        console(
            "campaigns",
            campaign=CONSOLE_CAMPAIGN,
            progress=progress(),
            live_href="/c/harbour-jacket/live",
            grid=GRID,
            hints=HINTS,
            verdict=VERDICT,
            rescue=None,
            errors={},
            trail=TRAIL,
        ),
    ),
    "console-campaign-wrong": (
        "console/campaign.html",
        console(
            "campaigns",
            campaign=CONSOLE_CAMPAIGN,
            progress=progress(),
            live_href="/c/harbour-jacket/live",
            grid=GRID,
            hints=None,
            verdict=None,
            rescue=RESCUE,
            errors={"refuse-reason": "Say why."},
            trail=[],
        ),
    ),
    "console-campaign-close-wrong": (
        "console/campaign.html",
        console(
            "campaigns",
            campaign=CONSOLE_CAMPAIGN,
            progress=progress(),
            live_href="/c/harbour-jacket/live",
            grid=GRID,
            hints=None,
            verdict=None,
            rescue=RESCUE | {"beyond": False, "back_minor": 0},
            errors={"reason": "Say why."},
            trail=[],
        ),
    ),
    "console-campaign-small": (
        "console/campaign.html",
        console(
            "campaigns",
            campaign=CONSOLE_CAMPAIGN,
            progress=progress(),
            live_href="/c/harbour-jacket/live",
            grid=GRID,
            hints=None,
            verdict=VERDICT | {"go": False, "cost_minor": 48000, "surplus": []},
            rescue=None,
            errors={},
            trail=[],
        ),
    ),
    "console-preorders": (
        "console/preorders.html",
        console(
            "preorders",
            preorders=PREORDERS,
            search={"q": "", "action": "/console/preorders"},
            errors={"": "illegal_move"},
            paging=PAGING,
        ),
    ),
    "console-preorders-empty": (
        "console/preorders.html",
        console(
            "preorders",
            preorders=[],
            search={"q": "x", "action": "/console/preorders"},
            errors={},
            paging=PAGING,
        ),
    ),
    "console-runs": ("console/runs.html", console("runs", runs=RUNS, paging=PAGING)),
    "console-runs-empty": ("console/runs.html", console("runs", runs=[], paging=PAGING)),
    "console-run": (
        "console/run.html",
        console("runs", run=RUN, factory_words=None, shortfalls=None, errors={}),
    ),
    "console-run-unsent": (
        "console/run.html",
        console(
            "runs", run=RUN | {"orders": [], "trail": []}, factory_words=None, shortfalls=None, errors={}
        ),
    ),
    "console-factories": ("console/factories.html", console("factories", factories=FACTORIES, weeks=WEEKS)),
    "console-factories-empty": ("console/factories.html", console("factories", factories=[], weeks=[])),
    "console-queue": (
        "console/queue.html",
        console(
            "queue",
            messages=MESSAGES,
            counts=[("Waiting", "3", ""), ("Parked", "1", "")],
            topics=TOPICS,
            channels=CHANNELS,
            paging=PAGING,
        ),
    ),
    "console-queue-empty": (
        "console/queue.html",
        console("queue", messages=[], counts=[], topics=[], channels=[], paging=PAGING),
    ),
    "console-audit": ("console/audit.html", console("audit", entries=ENTRIES, paging=PAGING)),
    "console-audit-empty": ("console/audit.html", console("audit", entries=[], paging=PAGING)),
}
