"""The question: demand lots, what can make them, and the rules. Checked when built.

Everything is an integer: money in minor units, quantities in pieces, line time in seconds, fabric in
its own whole unit, dates in days from day 0. A bucket is ``bucket_days`` days; what is made in it is
ready on its last day.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

from planner.demand import Item, Lot, Sku, Style
from planner.documents import Checks, Fields, InvalidPlan, InvalidProblem, plain
from planner.plan import Run
from planner.supply import Changeover, Fabric, Factory, Line

PROBLEM_FORMAT = "counterflow-problem/1"


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Record = TypeVar("_Record", bound=_Named)


class Index:
    """The records of a problem by their id: ``index.lot["D1"]``."""

    __slots__ = ("fabric", "factory", "item", "line", "lot", "sku", "style")

    def __init__(self, problem: "Problem") -> None:
        self.factory: Mapping[str, Factory] = _by_id("factories", problem.factories)
        self.line: Mapping[str, Line] = _by_id("lines", problem.lines)
        self.style: Mapping[str, Style] = _by_id("styles", problem.styles)
        self.item: Mapping[str, Item] = _by_id("items", problem.items)
        self.sku: Mapping[str, Sku] = _by_id("skus", problem.skus)
        self.fabric: Mapping[str, Fabric] = _by_id("fabrics", problem.fabrics)
        self.lot: Mapping[str, Lot] = _by_id("lots", problem.lots)

    def item_of(self, sku: str) -> Item:
        return self.item[self.sku[sku].item]

    def style_of(self, sku: str) -> Style:
        return self.style[self.item_of(sku).style]


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything one plan is made from. Raises InvalidProblem naming the field and the value.

    ``find`` gives each record by its id; ids are unique within their list.
    """

    name: str
    buckets: int
    regions: tuple[str, ...]
    factories: tuple[Factory, ...]
    lines: tuple[Line, ...]
    styles: tuple[Style, ...]
    items: tuple[Item, ...]
    skus: tuple[Sku, ...]
    fabrics: tuple[Fabric, ...]
    lots: tuple[Lot, ...]
    frozen: tuple[Run, ...] = ()
    changeover: Changeover = field(default_factory=Changeover)
    bucket_days: int = 7
    find: Index = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check = Checks("", InvalidProblem)
        check.text(self, "name")
        check.whole(self, "buckets", "bucket_days", low=1)
        for region in self.regions:
            if not isinstance(region, str):
                check.fail("regions", region, "must be strings")
        if len(set(self.regions)) < len(self.regions):
            check.fail("regions", self.regions, "must be named once each")
        object.__setattr__(self, "find", Index(self))
        _check_supply(self)
        _check_demand(self)
        for run in self.frozen:
            _check_frozen(self, run)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """The problem in a JSON value; unknown fields are ignored. Raises InvalidProblem."""
        fields = Fields(raw, "", InvalidProblem)
        if fields.get("format") != PROBLEM_FORMAT:
            raise InvalidProblem("format", fields.get("format"), f"must be {PROBLEM_FORMAT!r}")
        try:
            frozen = tuple(Run.read(run) for run in fields.objects("frozen"))
        except InvalidPlan as error:
            raise InvalidProblem(f"frozen: {error.field}", error.value, error.reason) from error
        return cls(
            **fields.pick("name", "buckets", "bucket_days"),
            regions=tuple(fields.sequence("regions")),
            factories=tuple(Factory.read(entry) for entry in fields.objects("factories")),
            lines=tuple(Line.read(entry) for entry in fields.objects("lines")),
            styles=tuple(Style.read(entry) for entry in fields.objects("styles")),
            items=tuple(Item.read(entry) for entry in fields.objects("items")),
            skus=tuple(Sku.read(entry) for entry in fields.objects("skus")),
            fabrics=tuple(Fabric.read(entry) for entry in fields.objects("fabrics")),
            lots=tuple(Lot.read(entry) for entry in fields.objects("lots")),
            frozen=frozen,
            changeover=Changeover.read(fields.object("changeover")),
        )

    def to_json(self) -> dict[str, Any]:
        return {"format": PROBLEM_FORMAT, **plain(self)}

    def digest(self) -> str:
        """SHA-256 of the canonical JSON: equal for equal problems, in any process."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def last_day(self, bucket: int) -> int:
        """The day on which what is made in ``bucket`` is ready."""
        return (bucket + 1) * self.bucket_days - 1


def _by_id(name: str, records: Iterable[_Record]) -> dict[str, _Record]:
    table: dict[str, _Record] = {}
    for record in records:
        if not isinstance(record.id, str):
            raise InvalidProblem(f"{name}.id", record.id, "must be a string")
        if record.id in table:
            raise InvalidProblem(f"{name}[{record.id}].id", record.id, "must be unique")
        table[record.id] = record
    return table


def _refer(path: str, key: str, table: Mapping[str, Any], what: str) -> None:
    if key not in table:
        raise InvalidProblem(path, key, f"must name a {what}")


def _check_supply(problem: Problem) -> None:
    find = problem.find
    for factory in problem.factories:
        for region in problem.regions:
            _refer(
                f"factories[{factory.id}].shipping.{region}", region, factory.shipping, "way to the region"
            )
    for line in problem.lines:
        _refer(f"lines[{line.id}].factory", line.factory, find.factory, "factory")
        for style in line.styles:
            _refer(f"lines[{line.id}].styles.{style}", style, find.style, "style")
        if len(line.capacity) != problem.buckets:
            reason = f"must be a list of {problem.buckets} integers"
            raise InvalidProblem(f"lines[{line.id}].capacity", line.capacity, reason)
    for fabric in problem.fabrics:
        for place, (bucket, _) in enumerate(fabric.arrivals):
            Checks(f"fabrics[{fabric.id}]", InvalidProblem).integer(
                f"arrivals[{place}] bucket", bucket, 0, problem.buckets - 1
            )


def _check_demand(problem: Problem) -> None:
    find = problem.find
    colours: set[tuple[str, str]] = set()
    for item in problem.items:
        path = f"items[{item.id}]"
        _refer(f"{path}.style", item.style, find.style, "style")
        _refer(f"{path}.fabric", item.fabric, find.fabric, "fabric")
        if (item.style, item.colour) in colours:
            raise InvalidProblem(f"{path}.colour", item.colour, f"must be once in style {item.style}")
        colours.add((item.style, item.colour))
    for sku in problem.skus:
        _refer(f"skus[{sku.id}].item", sku.item, find.item, "item")
    regions = dict.fromkeys(problem.regions)
    for lot in problem.lots:
        path = f"lots[{lot.id}]"
        _refer(f"{path}.sku", lot.sku, find.sku, "SKU")
        _refer(f"{path}.region", lot.region, regions, "region")
        for consent in lot.substitutes:
            _refer(f"{path}.substitutes.sku", consent.sku, find.sku, "SKU")
            if find.style_of(consent.sku) is not find.style_of(lot.sku):
                raise InvalidProblem(f"{path}.substitutes.sku", consent.sku, "must be of the lot's style")


def _check_frozen(problem: Problem, run: Run) -> None:
    find = problem.find
    path = f"frozen[{run.id}]"
    _refer(f"{path}.item", run.item, find.item, "item")
    _refer(f"{path}.line", run.line, find.line, "line")
    Checks(path, InvalidProblem).integer("bucket", run.bucket, 0, problem.buckets - 1)
    for piece in run.pieces:
        _refer(f"{path}.pieces.lot", piece.lot, find.lot, "lot")
    for sku in [piece.sku for piece in run.pieces] + [over.sku for over in run.overs]:
        _refer(f"{path}.sku", sku, find.sku, "SKU")
