"""The console's page of channels, and what the queue says of them."""

from datetime import timedelta
from typing import Any

from tests.web.samples_shared import NOW, Sample, console

BOOK: dict[str, Any] = {
    "channel": "order_book",
    "factories": ["Dongguan Stitch"],
    "status": "answers",
    "since": NOW - timedelta(days=3),
    "words": "",
    "notices": [],
    "read_at": NOW - timedelta(minutes=4),
    "wrong": 0,
    "mapped": 64,
    "wrong_rows": [],
    "mapped_rows": [
        {"noun": "product", "code": f"HBJ-IND-{size}", "name": f"Harbour jacket, {size}", "barcode": "",
         "trouble": "", "detail": ""}
        for size in "SML"
    ],
    "warehouses": [],
    "may_create": True,
    "read_action": "/console/channels/order_book/read",
}  # fmt: skip
TROUBLES = [
    ("product", "HBJ-IND-S", "unmapped", "6901234567892"),
    ("product", "HBJ-IND-M", "double", "Harbour jacket, Harbour jacket (copy)"),
    ("product", "HBJ-IND-L", "wrong_unit", "Pack of 6"),
    ("product", "HBJ-RST-M", "no_bill", "PORTO, own lines"),
    ("fabric", "TWILL-INDIGO", "archived", ""),
    ("line", "NB-2", "unmapped", ""),
    ("firm", "PORTO", "unmapped", ""),
]
ERP: dict[str, Any] = BOOK | {
    "channel": "erp",
    "factories": ["Ningbo Knit", "Porto Sewing"],
    "status": "silent",
    "since": NOW - timedelta(hours=3),
    "words": "Odoo at https://erp.example/json/2/ did not answer: ConnectTimeout",
    "wrong": len(TROUBLES),
    "mapped": 230,
    "wrong_rows": [
        {"noun": noun, "code": code, "name": "", "barcode": "", "trouble": trouble, "detail": detail}
        for noun, code, trouble, detail in TROUBLES
    ],
    "warehouses": ["Ningbo"],
    "may_create": False,
    "read_action": "/console/channels/erp/read",
}
FOLDER: dict[str, Any] = BOOK | {
    "channel": "drop_folder",
    "factories": ["Huzhou Weave"],
    "status": "refuses",
    "words": "/srv/drop/aside: Permission denied",
    "notices": [
        "answers/00000041.csv, line 3, done 'four': whole pieces",
        "answers/00000043.csv is missing, though later ones are there",
    ],
    "read_at": None,
    "mapped": 0,
    "mapped_rows": [],
    "read_action": None,
}
UNKNOWN: dict[str, Any] = FOLDER | {
    "status": "unknown",
    "since": None,
    "words": "",
    "notices": [],
    "factories": [],
}
CHANNELS = [FOLDER, ERP, BOOK]

TOPICS = [
    {
        "topic": topic,
        "waiting": 12 * n,
        "parked": 1 - n,
        "oldest_at": NOW - timedelta(hours=3 - n),
        "age_minutes": 180 - 60 * n,
        "next_at": NOW + timedelta(seconds=15) if n else None,
        "retries": 40 * n,
    }
    for n, topic in enumerate(["payment.refund", "erp.push_run"])
]

CHANNEL_PAGES: dict[str, Sample] = {
    "console-channels": ("console/channels.html", console("channels", channels=CHANNELS)),
    "console-channels-new": ("console/channels.html", console("channels", channels=[UNKNOWN])),
}
