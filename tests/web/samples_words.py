"""A run's page with what its factory says, in its states."""

from datetime import date, timedelta
from typing import Any

from api.services.weighing import Effects
from tests.web.samples_console import RUN
from tests.web.samples_factory import FLAG, PHOTO
from tests.web.samples_shared import NOW, TRAIL, Sample, console

HERE = "/console/runs/R-000123/proposal"
PROPOSAL = {
    "status": "weighed",
    "open": True,
    "made_at": NOW - timedelta(hours=2),
    "reason": "染厂要晚一周。拉链也没到齐。",
    "answer": "",
    "finish": (date(2027, 1, 17), date(2027, 1, 24)),
    "pieces": [("S", 24, 24), ("M", 41, 41), ("L", 30, 30), ("XL", 11, 8)],
    "effects": Effects(
        preorders=92, late_now=2, late=17, days=6, waiting=1, cost_now_minor=812_000, cost_minor=861_500
    ),
    "plan": "PL-0042",
    "plan_href": "/console/plans/PL-0042",
    "no_plan": "",
    "accept_action": f"{HERE}/accept",
    "refuse_action": f"{HERE}/refuse",
    "weigh_action": f"{HERE}/weigh",
}
WORDS = {
    "currency": "CNY",
    "may_answer": True,
    "stages": [("cut", 106), ("sewn", 79), ("packed", 53)],
    "proposal": PROPOSAL,
    "flags": [],
    "photos": [],
    "trail": TRAIL,
}
WAITING = {"status": "made", "effects": None, "accept_action": None, "weigh_action": None}


def _run(words: dict[str, Any], errors: dict[str, str] | None = None) -> Sample:
    shown = WORDS | words
    return "console/run.html", console(
        "runs", run=RUN, factory_words=shown, shortfalls=None, errors=errors or {}
    )


FACTORY_WORDS_PAGES: dict[str, Sample] = {
    "console-run-proposed": _run({}),
    "console-run-proposed-waiting": _run({"proposal": PROPOSAL | WAITING}),
    "console-run-proposed-no-plan": _run({"proposal": PROPOSAL | WAITING | {"no_plan": "breaks rule 4"}}),
    "console-run-proposed-refusing": _run({}, {"reason": "say why"}),
    "console-run-proposed-outdated": _run({}, {"": "plan_outdated"}),
    "console-run-answered": _run(
        {"proposal": PROPOSAL | {"status": "refused", "open": False, "answer": "已答应顾客。"}}
    ),
    "console-run-warned": _run(
        {
            "proposal": None,
            "flags": [
                FLAG | {"open": True, "settle_action": "/console/runs/R-000123/flags/1/settle"},
                FLAG | {"open": False, "settle_action": None},
            ],
            "photos": [PHOTO],
        }
    ),
}
