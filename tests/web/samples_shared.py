"""What the sample pages share: a moment, cloths, and who looks at the console."""

from datetime import UTC, datetime, timedelta
from typing import Any

Sample = tuple[str, dict[str, Any]]
"""A template and what it is given."""

NOW = datetime(2026, 11, 21, 12, 40, tzinfo=UTC)
ZONE = "Asia/Shanghai"
INDIGO, RUST, STONE, BLACK, MOSS = "#24406e", "#a8532a", "#d9cfba", "#1b1d22", "#6f7f5a"
REGIONS = ["east", "south", "west", "north", "europe", "america"]

CARDS = [
    ("Harbour chore jacket", "A heavy canvas jacket, cut straight.", "jacket", INDIGO, "Indigo", 84, 60),
    ("Everyday tee", "Long-staple cotton that keeps its shape.", "tee", STONE, "Stone", 31, 120),
    ("Fisher knit", "Cable knit in undyed merino.", "knit", "#efe7d6", "Undyed", 212, 80),
    ("Market dress", "A linen dress with pockets.", "dress", MOSS, "Moss", 58, 60),
    ("Studio hoodie", "Loopback cotton, brushed by nobody.", "hoodie", BLACK, "Black", 140, 90),
    ("Pleated skirt", "Wool blend, falls to the knee.", "skirt", RUST, "Rust", 12, 50),
    ("Office shirt", "Poplin that needs no iron.", "shirt", "#b9cbe0", "Sky", 96, 80),
    ("Loom trousers", "Straight leg, high waist.", "trousers", "#4a4038", "Bark", 77, 70),
]


LADDER = [
    {"from_pieces": 1, "price_minor": 18000},
    {"from_pieces": 100, "price_minor": 16000},
    {"from_pieces": 200, "price_minor": 14900},
]


def progress(status: str = "open", paid: int = 84, minimum: int = 60) -> dict[str, Any]:
    price = [tier["price_minor"] for tier in LADDER if tier["from_pieces"] <= max(1, paid)][-1]
    following = next((tier for tier in LADDER if tier["from_pieces"] > max(1, paid)), None)
    return {
        "status": status,
        "paid_pieces": paid,
        "minimum": minimum,
        "currency": "CNY",
        "price_minor": price,
        "next_from_pieces": following["from_pieces"] if following else None,
        "next_price_minor": following["price_minor"] if following else None,
        "ladder": LADDER,
        "room": None,
    }


VIEWER = {
    "name": "Chen Wei",
    "role_words": "Planner",
    "team": "Platform",
    "may_settle": True,
    "may_see_ledger": True,
}
FRAME = {"viewer": VIEWER, "needs": 3}
PAGING = {"first": 1, "last": 50, "total": 3012, "earlier_href": None, "later_href": "?page=2"}
TRAIL = [
    {
        "at": NOW,
        "actor": "system",
        "before": "closing",
        "after": "decided",
        "why": "112 paid pieces, minimum 60",
    },
    {
        "at": NOW - timedelta(hours=1),
        "actor": "Chen Wei",
        "before": "open",
        "after": "closing",
        "why": "its minute came",
    },
]


def console(here: str, **values: Any) -> dict[str, Any]:
    return FRAME | {"here": here} | values
