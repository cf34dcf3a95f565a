"""What can make things: factories, lines, fabrics, and the time between two runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from planner.documents import Checks, Fields, InvalidProblem


@dataclass(frozen=True, slots=True)
class Shipping:
    """From a factory to a region: ``unit_cost`` per piece, ``lead_days`` on the way."""

    unit_cost: int
    lead_days: int


@dataclass(frozen=True, slots=True)
class Factory:
    """A place with lines; ``shipping`` has an entry for every region."""

    id: str
    shipping: Mapping[str, Shipping]

    def __post_init__(self) -> None:
        check = Checks(f"factories[{self.id}]", InvalidProblem)
        for region, way in self.shipping.items():
            check.integer(f"shipping.{region}.unit_cost", way.unit_cost)
            check.integer(f"shipping.{region}.lead_days", way.lead_days)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        shipping = fields.object("shipping")
        ways = {region: shipping.object(region) for region, _ in shipping.items()}
        return cls(
            **fields.pick("id"),
            shipping={region: Shipping(**way.pick("unit_cost", "lead_days")) for region, way in ways.items()},
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """A style on a line: ``seconds`` per piece and ``unit_cost`` per piece, one for each tier."""

    seconds: int
    unit_cost: tuple[int, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(**fields.pick("seconds"), unit_cost=tuple(fields.sequence("unit_cost")))


@dataclass(frozen=True, slots=True)
class Line:
    """A resource that makes one run at a time.

    ``capacity[bucket]`` is seconds. A run has ``min_run`` to ``max_run`` pieces (None: no limit).
    ``tiers`` are the quantities from which each unit cost holds for the whole run: 1 first, ascending.
    """

    id: str
    factory: str
    capacity: tuple[int, ...]
    min_run: int
    max_run: int | None
    tiers: tuple[int, ...]
    styles: Mapping[str, Rate]

    def __post_init__(self) -> None:
        check = Checks(f"lines[{self.id}]", InvalidProblem)
        check.text(self, "factory")
        for bucket, seconds in enumerate(self.capacity):
            check.integer(f"capacity[{bucket}]", seconds)
        check.whole(self, "min_run", low=1)
        if self.max_run is not None:
            check.whole(self, "max_run", low=self.min_run)
        self._check_tiers(check)
        for style, rate in self.styles.items():
            check.integer(f"styles.{style}.seconds", rate.seconds)
            if len(rate.unit_cost) != len(self.tiers):
                check.fail(f"styles.{style}.unit_cost", rate.unit_cost, "must have one integer per tier")
            for tier, cost in enumerate(rate.unit_cost):
                check.integer(f"styles.{style}.unit_cost[{tier}]", cost)

    def _check_tiers(self, check: Checks) -> None:
        for place, start in enumerate(self.tiers):
            check.integer(f"tiers[{place}]", start, low=1)
        ascending = all(a < b for a, b in zip(self.tiers, self.tiers[1:], strict=False))
        if not self.tiers or self.tiers[0] != 1 or not ascending:
            check.fail("tiers", self.tiers, "must start at 1 and ascend")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        styles = fields.object("styles")
        return cls(
            **fields.pick("id", "factory", "min_run", "max_run"),
            capacity=tuple(fields.sequence("capacity")),
            tiers=tuple(fields.sequence("tiers")),
            styles={style: Rate.read(styles.object(style)) for style, _ in styles.items()},
        )


@dataclass(frozen=True, slots=True)
class Purchase:
    """How a fabric can be bought: at least ``minimum`` and in multiples; ``maximum`` over the plan.

    Ordered in bucket b it can be cut from bucket b + ``lead_buckets`` on.
    """

    minimum: int
    multiple: int
    unit_cost: int
    lead_buckets: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Fabric:
    """Cloth shared by every item that names it; ``arrivals`` are (bucket, quantity) already certain."""

    id: str
    arrivals: tuple[tuple[int, int], ...] = ()
    purchase: Purchase | None = None

    def __post_init__(self) -> None:
        check = Checks(f"fabrics[{self.id}]", InvalidProblem)
        for place, (bucket, quantity) in enumerate(self.arrivals):
            check.integer(f"arrivals[{place}] bucket", bucket)
            check.integer(f"arrivals[{place}] quantity", quantity)
        if self.purchase is not None:
            within = Checks(f"fabrics[{self.id}].purchase", InvalidProblem)
            within.whole(self.purchase, "minimum", "unit_cost", "lead_buckets", "maximum")
            within.whole(self.purchase, "multiple", low=1)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        purchase = None
        if fields.get("purchase") is not None:
            names = ("minimum", "multiple", "unit_cost", "lead_buckets", "maximum")
            purchase = Purchase(**fields.object("purchase").pick(*names))
        arrivals = fields.sequence("arrivals")
        for place, pair in enumerate(arrivals):
            if not isinstance(pair, list | tuple) or len(pair) != len(("bucket", "quantity")):
                raise InvalidProblem(fields.path(f"arrivals[{place}]"), pair, "must be [bucket, quantity]")
        return cls(**fields.pick("id"), arrivals=tuple((b, q) for b, q in arrivals), purchase=purchase)


@dataclass(frozen=True, slots=True)
class Changeover:
    """Percent of a set-up that remains when the style, or only its family, stays (schedule only)."""

    same_style: int = 100
    same_family: int = 100

    def __post_init__(self) -> None:
        check = Checks("changeover", InvalidProblem)
        check.integer("same_style", self.same_style, 0, 100)
        check.integer("same_family", self.same_family, 0, 100)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(**fields.pick("same_style", "same_family"))
