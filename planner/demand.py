"""What is wanted: styles, their items and SKUs, and the lots of demand."""

from dataclasses import dataclass
from typing import Self

from planner.documents import Checks, Fields, InvalidProblem


@dataclass(frozen=True, slots=True)
class Style:
    """A design. Made either not at all or in at least ``campaign_minimum`` pieces over the plan."""

    id: str
    family: str
    setup_seconds: int = 0
    setup_cost: int = 0
    campaign_minimum: int = 0

    def __post_init__(self) -> None:
        check = Checks(f"styles[{self.id}]", InvalidProblem)
        check.text(self, "family")
        check.whole(self, "setup_seconds", "setup_cost", "campaign_minimum")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(**fields.pick("id", "family", "setup_seconds", "setup_cost", "campaign_minimum"))


@dataclass(frozen=True, slots=True)
class Item:
    """A style in one colour. Made either not at all or in at least ``minimum`` pieces over the plan."""

    id: str
    style: str
    colour: str
    fabric: str
    setup_seconds: int = 0
    setup_cost: int = 0
    minimum: int = 0
    release_bucket: int = 0
    overs_value: int = 0
    overs_maximum: int = 0

    def __post_init__(self) -> None:
        check = Checks(f"items[{self.id}]", InvalidProblem)
        check.text(self, "style", "colour", "fabric")
        check.whole(self, "setup_seconds", "setup_cost", "minimum", "release_bucket")
        check.whole(self, "overs_value", "overs_maximum")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        words = fields.pick("id", "style", "colour", "fabric", "setup_seconds", "setup_cost")
        return cls(**words, **fields.pick("minimum", "release_bucket", "overs_value", "overs_maximum"))


@dataclass(frozen=True, slots=True)
class Sku:
    """An item in one size; ``fabric_use`` per piece in the fabric's unit."""

    id: str
    item: str
    size: str
    fabric_use: int

    def __post_init__(self) -> None:
        check = Checks(f"skus[{self.id}]", InvalidProblem)
        check.text(self, "item", "size")
        check.whole(self, "fabric_use")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(**fields.pick("id", "item", "size", "fabric_use"))


@dataclass(frozen=True, slots=True)
class Substitute:
    """A consent: at most ``maximum`` pieces of the lot may be this SKU, at ``cost`` per piece."""

    sku: str
    maximum: int
    cost: int = 0

    def __post_init__(self) -> None:
        check = Checks(f"substitutes[{self.sku}]", InvalidProblem)
        check.text(self, "sku")
        check.whole(self, "maximum", "cost")


@dataclass(frozen=True, slots=True)
class Lot:
    """Pieces of one SKU wanted by one day in one region; costs per piece (and per day late or early)."""

    id: str
    sku: str
    quantity: int
    due_day: int
    region: str
    late_cost: int
    early_cost: int
    unfilled_cost: int
    substitutes: tuple[Substitute, ...] = ()

    def __post_init__(self) -> None:
        check = Checks(f"lots[{self.id}]", InvalidProblem)
        check.text(self, "sku", "region")
        check.whole(self, "quantity", "late_cost", "early_cost", "unfilled_cost")
        check.whole(self, "due_day", low=None)
        seen = {self.sku}
        for consent in self.substitutes:
            if consent.sku in seen:
                check.fail("substitutes", consent.sku, "must be other SKUs, each named once")
            seen.add(consent.sku)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        words = fields.pick("id", "sku", "quantity", "due_day", "region")
        consents = fields.objects("substitutes")
        return cls(
            **words,
            **fields.pick("late_cost", "early_cost", "unfilled_cost"),
            substitutes=tuple(Substitute(**c.pick("sku", "maximum", "cost")) for c in consents),
        )
