"""A plan against another: one that changes much, and one that changes nothing."""

from datetime import date, timedelta
from typing import Any

from tests.web.samples_plans import plan
from tests.web.samples_shared import BLACK, INDIGO, MOSS, NOW, RUST, STONE, Sample, console


def _effects(**counts: object) -> dict[str, Any]:
    names = (
        "moved",
        "piece_days",
        "became_late",
        "became_timely",
        "unfilled",
        "served",
        "gone",
        "substituted",
    )
    return dict.fromkeys(names, 0) | {"days": ""} | counts


def _item(title: str, colour: str, colour_hex: str, **counts: object) -> dict[str, Any]:
    moves = [
        {
            "before": "Ningbo Harbour 宁波港服装厂, week of 11 Jan",
            "after": "Humen Knit, week of 25 Jan",
            "pieces": 84,
        },
        {
            "before": "Ningbo Harbour 宁波港服装厂, week of 18 Jan",
            "after": "Humen Knit, week of 18 Jan",
            "pieces": 36,
        },
    ]
    named = {"title": title, "colour": colour, "colour_hex": colour_hex}
    return named | _effects(**counts) | {"moves": moves if "moved" in counts else moves[:0]}


def _runs() -> list[dict[str, Any]]:
    cells = [(84, 0), (36, 0), (0, 120), (140, 112), (0, 28), (60, 66)]
    return [
        {
            "title": "Harbour chore jacket",
            "colour": "Indigo",
            "colour_hex": INDIGO,
            "factory": "Ningbo Harbour 宁波港服装厂",
            "line": "NB-1",
            "week_on": date(2027, 1, 11) + timedelta(weeks=week),
            "before": before,
            "after": after,
        }
        for week, (before, after) in enumerate(cells)
    ]


def _page(**values: Any) -> dict[str, Any]:
    return console(
        "plans",
        number="P-000014",
        against="P-000012",
        against_at=NOW,
        currency="CNY",
        others=[("P-000013", "/console/plans/P-000014/against/P-000013")],
        costs=plan()["costs"],
        **values,
    )


AGAINST_PAGES: dict[str, Sample] = {
    "console-plan-against": (
        "console/plan_against.html",
        _page(
            effects=_effects(
                moved=276, days="4.5 days later", became_late=31, became_timely=12, unfilled=9, served=40
            ),
            forces=[("line_time", 3), ("cloth", 1)],
            untouched=7,
            changed=(),
            items=[
                _item(
                    "Harbour chore jacket", "Indigo", INDIGO, moved=120, days="12 days later", became_late=31
                ),
                _item("Market dress", "Moss", MOSS, unfilled=9, gone=3, moved=36, substituted=6),
                _item("Studio hoodie", "Black", BLACK, moved=120, days="3.5 days earlier", became_timely=12),
                _item("Everyday tee", "Stone", STONE, served=40),
                _item("Pleated skirt", "Rust", RUST, gone=12),
            ],
            runs=_runs(),
        ),
    ),
    "console-plan-against-same": (
        "console/plan_against.html",
        _page(effects=_effects(), forces=[], untouched=1, changed=(), items=[], runs=[]) | {"others": []},
    ),
    "console-plan-against-changed": (
        "console/plan_against.html",
        _page(
            effects=_effects(), forces=[], untouched=0, changed=("R-000101", "R-000102"), items=[], runs=[]
        ),
    ),
}
