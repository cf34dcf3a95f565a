"""Money is whole minor units (fen, cents) beside a currency; nothing here knows a float."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.domain.errors import invalid

CURRENCY = "CNY"
"""What factories are paid in and plans are costed in."""


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weight so that nothing is lost: largest remainder, ties to the earlier share.

    `split(10000, [1, 1, 1]) == [3334, 3333, 3333]` (vector V7).
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise invalid("weights", list(weights), "must be non-negative and not all zero")
    shares = [total_minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_minor * weights[i] % whole), i))
    for index in by_remainder[: total_minor - sum(shares)]:
        shares[index] += 1
    return shares


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many pieces in the campaign, each piece costs so much."""

    from_pieces: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The price ladder of a campaign: pieces ascend, prices descend, the first tier is from 1 piece."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        pieces = [tier.from_pieces for tier in self.tiers]
        prices = [tier.price_minor for tier in self.tiers]
        if not pieces or pieces[0] != 1 or pieces != sorted(set(pieces)):
            raise invalid("ladder", pieces, "must start at 1 piece and ascend")
        if prices[-1] <= 0 or prices != sorted(set(prices), reverse=True):
            raise invalid("ladder", prices, "must descend and stay above zero")

    @classmethod
    def from_json(cls, raw: Sequence[Sequence[int]]) -> "Ladder":
        return cls(tuple(Tier(int(pieces), int(price)) for pieces, price in raw))

    def to_json(self) -> list[list[int]]:
        return [[tier.from_pieces, tier.price_minor] for tier in self.tiers]

    def price(self, pieces: int) -> int:
        """The price of one piece when so many are paid, in minor units."""
        return [tier.price_minor for tier in self.tiers if tier.from_pieces <= max(1, pieces)][-1]

    def next_tier(self, pieces: int) -> Tier | None:
        """The next cheaper tier and where it starts, or None at the bottom."""
        return next((tier for tier in self.tiers if tier.from_pieces > max(1, pieces)), None)
