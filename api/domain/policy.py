"""What the law of a buyer's place asks for, as dated rows: of each kind the latest that has begun counts.

Engineering requirements and no legal advice: each row names the words it was read from. Rows are code and not
a file beside it, so that a misspelt word or a missing day does not start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from api.domain.campaign import CampaignKind
from api.domain.preorder import Region


class Jurisdiction(StrEnum):
    """Whose law protects a buyer."""

    CN = "cn"
    EU = "eu"
    US = "us"


_OF_REGION = {Region.EUROPE: Jurisdiction.EU, Region.AMERICA: Jurisdiction.US}


def jurisdiction_of(region: Region) -> Jurisdiction:
    """Where goods are sent to decides; every region without a row of its own is in China."""
    return _OF_REGION.get(region, Jurisdiction.CN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule of one place from a day on, and the words it was read from."""

    jurisdiction: Jurisdiction
    from_on: date
    source: str


R = TypeVar("R", bound=Row)


def in_force(rows: Sequence[R], region: Region, *, at: datetime) -> R:
    """The row that counts for goods sent to a region, at a moment."""
    place = jurisdiction_of(region)
    begun = [row for row in rows if row.jurisdiction == place and row.from_on <= at.date()]
    return max(begun, key=lambda row: row.from_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRule(Row):
    """Whether a deposit may be lost, to at most which share, and comes back twofold from a seller."""

    forfeitable: bool
    most_percent: int | None = None
    """Of the lowest price of the ladder: what the contract may still come to."""
    twofold: bool = False


DEPOSITS = (
    DepositRule(
        jurisdiction=Jurisdiction.CN,
        from_on=date(2021, 1, 1),
        source="Civil Code 586: at most a fifth; 587: lost by a payer, doubled by a taker who defaults",
        forfeitable=True,
        most_percent=20,
        twofold=True,
    ),
    DepositRule(
        jurisdiction=Jurisdiction.EU,
        from_on=date(2014, 6, 13),
        source="Directive 2011/83/EU, 9, 12 and 13: who withdraws gets all payments back",
        forfeitable=False,
    ),
    DepositRule(
        jurisdiction=Jurisdiction.US,
        from_on=date(1976, 2, 2),
        source="16 CFR 435.1(d): a prompt refund is of the whole amount tendered",
        forfeitable=False,
    ),
)


def deposit_rule(region: Region, *, at: datetime) -> DepositRule:
    return in_force(DEPOSITS, region, at=at)


def forfeitable(region: Region, *, at: datetime) -> bool:
    """Whether a deposit may be kept from a buyer of this region who defaults."""
    return deposit_rule(region, at=at).forfeitable


class Silence(StrEnum):
    """What it means that a buyer does not answer a notice of delay."""

    CONSENT = "consent"  # the new day is agreed
    REFUND = "refund"  # everything goes back, unasked
    STANDS = "stands"  # nothing is agreed: the contract and the right to step back go on


class DelayChoice(StrEnum):
    """What a buyer may answer to a notice of delay."""

    WAIT = "wait"
    CANCEL = "cancel"
    SET_PERIOD = "set_period"  # a last day of one's own; after it everything goes back


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayRule(Row):
    """What a buyer may choose when the promise cannot be kept, and what silence means."""

    choices: tuple[DelayChoice, ...]
    consent_days: int = 0
    """A first delay by so many days at most, to a stated day, is agreed to by silence."""
    otherwise: Silence
    """What silence means after any other delay."""
    answer_days: int = 14
    """How long we wait for an answer: ours to set, said in the notice."""

    def silence(self, *, first: bool, days_late: int | None) -> Silence:
        """Of a delay by so many days; None where nobody knows a day."""
        agreed = first and days_late is not None and days_late <= self.consent_days
        return Silence.CONSENT if agreed else self.otherwise


DELAYS = (
    DelayRule(
        jurisdiction=Jurisdiction.CN,
        from_on=date(2021, 1, 1),
        source="the contract; Civil Code 140: silence agrees to nothing; 563: after notice, step back",
        choices=(DelayChoice.WAIT, DelayChoice.CANCEL),
        otherwise=Silence.STANDS,
    ),
    DelayRule(
        jurisdiction=Jurisdiction.EU,
        from_on=date(2014, 6, 13),
        source="Directive 2011/83/EU, 18: 30 days unless agreed; a further period, then termination",
        choices=(DelayChoice.WAIT, DelayChoice.SET_PERIOD, DelayChoice.CANCEL),
        otherwise=Silence.STANDS,
    ),
    DelayRule(
        jurisdiction=Jurisdiction.US,
        from_on=date(1976, 2, 2),
        source="16 CFR 435.2(b): silence consents to a first definite delay of 30 days; else express consent",
        choices=(DelayChoice.WAIT, DelayChoice.CANCEL),
        consent_days=30,
        otherwise=Silence.REFUND,
    ),
)


def delay_rule(region: Region, *, at: datetime) -> DelayRule:
    return in_force(DELAYS, region, at=at)


class Ground(StrEnum):
    """On what a buyer may step back."""

    WITHDRAWAL = "withdrawal"  # the law of the place, without a reason
    DELAY = "delay"  # the promise was not kept
    EXTENSION = "extension"  # the campaign lasts longer than when it was joined
    TERMS = "terms"  # ours: until the cut-off, or instead of the balance


class NoRight(StrEnum):
    """Why a buyer has no right to step back at this moment."""

    ENDED = "ended"

    NOT_RECEIVED = "not_received"  # the right begins with the receipt
    MADE_TO_ORDER = "made_to_order"  # 定作
    TOO_LATE = "too_late"
    SELLERS_TERMS = "sellers_terms"  # no law, and the seller gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRule(Row):
    """Until when a consumer may withdraw without a reason; no days after receipt means: not by law."""

    before_delivery: bool = False
    days_after_receipt: int | None = None
    except_kinds: frozenset[CampaignKind] = frozenset()

    def until(self, received_on: date) -> date | None:
        """The last day of the right, the day of receipt not counted."""
        days = self.days_after_receipt
        return None if days is None else received_on + timedelta(days=days)

    def refuses(self, kind: CampaignKind, received_on: date | None, *, on: date) -> NoRight | None:
        """Why there is no right on a day, or None where there is one; without a receipt goods are awaited."""
        if self.days_after_receipt is None:
            return NoRight.SELLERS_TERMS
        if kind in self.except_kinds:
            return NoRight.MADE_TO_ORDER
        if received_on is None:
            return None if self.before_delivery else NoRight.NOT_RECEIVED
        last = self.until(received_on)
        return NoRight.TOO_LATE if last is None or on > last else None


WITHDRAWALS = (
    WithdrawalRule(
        jurisdiction=Jurisdiction.CN,
        from_on=date(2014, 3, 15),
        source="Consumer Rights Law 25: seven days from receipt, goods made to order (定作) excepted",
        days_after_receipt=7,
        except_kinds=frozenset({CampaignKind.MADE_TO_ORDER}),
    ),
    # A standard colour and size made in a pooled run is not made to the consumer's specifications
    # (Commission guidance on 16 c), and nothing else is sold here: no kind is excepted.
    WithdrawalRule(
        jurisdiction=Jurisdiction.EU,
        from_on=date(2014, 6, 13),
        source="Directive 2011/83/EU, 9: fourteen days from receipt, and before; 2023/2673: function",
        before_delivery=True,
        days_after_receipt=14,
    ),
    WithdrawalRule(
        jurisdiction=Jurisdiction.US,
        from_on=date(1976, 2, 2),
        source="no federal right for goods ordered at a distance: the seller's terms, and ours give none",
    ),
)


def withdrawal_rule(region: Region, *, at: datetime) -> WithdrawalRule:
    return in_force(WITHDRAWALS, region, at=at)
