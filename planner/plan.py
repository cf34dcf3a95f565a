"""The answer: runs, purchases of fabric, the order of the runs on each line, and reasons."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from planner.documents import Checks, Fields, InvalidPlan, plain

PLAN_FORMAT = "counterflow-plan/1"
PLAN_STATUSES = ("optimal", "feasible", "infeasible")


@dataclass(frozen=True, slots=True)
class Piece:
    """``quantity`` pieces (>= 1) of one SKU, made for one lot."""

    lot: str
    sku: str
    quantity: int

    def __post_init__(self) -> None:
        check = Checks(f"pieces[{self.lot}]", InvalidPlan)
        check.text(self, "lot", "sku")
        check.whole(self, "quantity", low=1)


@dataclass(frozen=True, slots=True)
class Over:
    """``quantity`` pieces (>= 1) of one SKU, made for nobody yet."""

    sku: str
    quantity: int

    def __post_init__(self) -> None:
        check = Checks(f"overs[{self.sku}]", InvalidPlan)
        check.text(self, "sku")
        check.whole(self, "quantity", low=1)


@dataclass(frozen=True, slots=True)
class Run:
    """One item on one line in one bucket, in several sizes."""

    id: str
    item: str
    line: str
    bucket: int
    pieces: tuple[Piece, ...] = ()
    overs: tuple[Over, ...] = ()

    def __post_init__(self) -> None:
        check = Checks(f"runs[{self.id}]", InvalidPlan)
        check.text(self, "id", "item", "line")
        check.whole(self, "bucket")

    @property
    def quantity(self) -> int:
        """Pieces and overs together."""
        return sum(p.quantity for p in self.pieces) + sum(o.quantity for o in self.overs)

    @property
    def cell(self) -> tuple[str, str, int]:
        """What a plan has at most one run of: item, line, bucket."""
        return self.item, self.line, self.bucket

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            **fields.pick("id", "item", "line", "bucket"),
            pieces=tuple(Piece(**p.pick("lot", "sku", "quantity")) for p in fields.objects("pieces")),
            overs=tuple(Over(**o.pick("sku", "quantity")) for o in fields.objects("overs")),
        )


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """``quantity`` units of fabric (>= 1) ordered in ``bucket``."""

    fabric: str
    bucket: int
    quantity: int

    def __post_init__(self) -> None:
        check = Checks(f"purchases[{self.fabric}]", InvalidPlan)
        check.text(self, "fabric")
        check.whole(self, "bucket")
        check.whole(self, "quantity", low=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a run is made, in working seconds of its line and bucket; the changeover lies before it."""

    run: str
    start_second: int
    end_second: int
    changeover_seconds: int

    def __post_init__(self) -> None:
        check = Checks(f"schedule[{self.run}]", InvalidPlan)
        check.text(self, "run")
        check.whole(self, "start_second", "end_second", "changeover_seconds")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a lot is late or short, or a style or an item does not run.

    ``about`` is "lot", "item" or "style", ``id`` names it, ``kind`` is the rule that binds (stable,
    for programs), ``text`` the same for people, ``needs`` the amounts in it.
    """

    about: str
    id: str
    kind: str
    text: str
    needs: Mapping[str, int | str] = field(default_factory=dict)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        named = dict(fields.items())
        about = next((word for word in ("lot", "item", "style") if word in named), None)
        if about is None:
            raise InvalidPlan(fields.path("lot"), None, "must name a lot, an item or a style")
        return cls(about=about, id=named[about], needs=named.get("needs", {}), **fields.pick("kind", "text"))

    def to_json(self) -> dict[str, Any]:
        return {self.about: self.id, "kind": self.kind, "text": self.text, "needs": dict(self.needs)}


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan for the problem of that name.

    ``objective`` is its cost in minor units; ``lower_bound`` holds for every feasible plan of the
    problem, or is None; ``seconds`` is wall time used. Whether the plan keeps the rules is for
    ``planner.check.violations`` to say.
    """

    problem: str
    runs: tuple[Run, ...] = ()
    purchases: tuple[PurchaseOrder, ...] = ()
    schedule: tuple[Slot, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    status: str = "feasible"
    objective: int | None = None
    lower_bound: float | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        check = Checks("", InvalidPlan)
        check.text(self, "problem", "status")
        if self.status not in PLAN_STATUSES:
            check.fail("status", self.status, f"must be one of {', '.join(PLAN_STATUSES)}")
        if self.objective is not None:
            check.whole(self, "objective", low=None)
        for name in ("lower_bound", "seconds"):
            value = getattr(self, name)
            if value is not None and (type(value) not in (int, float) or not math.isfinite(value)):
                check.fail(name, value, "must be a finite number")
        _unique(run.id for run in self.runs)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """The plan in a JSON value; unknown fields are ignored. Raises InvalidPlan."""
        fields = Fields(raw, "", InvalidPlan)
        if fields.get("format") != PLAN_FORMAT:
            raise InvalidPlan("format", fields.get("format"), f"must be {PLAN_FORMAT!r}")
        slot = ("run", "start_second", "end_second", "changeover_seconds")
        return cls(
            **fields.pick("problem", "status", "objective", "lower_bound", "seconds"),
            runs=tuple(Run.read(run) for run in fields.objects("runs")),
            purchases=tuple(
                PurchaseOrder(**p.pick("fabric", "bucket", "quantity")) for p in fields.objects("purchases")
            ),
            schedule=tuple(Slot(**s.pick(*slot)) for s in fields.objects("schedule")),
            explanations=tuple(Explanation.read(e) for e in fields.objects("explanations")),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "format": PLAN_FORMAT,
            "problem": self.problem,
            "status": self.status,
            "objective": self.objective,
            "lower_bound": self.lower_bound,
            "seconds": self.seconds,
            "runs": plain(self.runs),
            "purchases": plain(self.purchases),
            "schedule": plain(self.schedule),
            "explanations": [entry.to_json() for entry in self.explanations],
        }

    def stating(self, **facts: Any) -> Self:
        """The same plan with other values in the named fields."""
        return replace(self, **facts)


def _unique(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in ids:
        if key in seen:
            raise InvalidPlan("runs.id", key, "must be unique")
        seen.add(key)
