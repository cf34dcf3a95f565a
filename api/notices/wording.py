"""From a kind of notice and its facts to what a person reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from api.spoken import PLATFORM_ZONE, Spoken


class Ending(StrEnum):
    """Why a pre-order ended, by the words the audit's reason begins with."""

    NOT_PAID = "not paid before the cut-off"
    BALANCE_MISSING = "the balance was not paid in time"
    GROUP_NOT_WHOLE = "the group was not whole"
    COLOUR_NOT_MADE = "too few wanted this colour"
    TOO_FEW = "the campaign ended with"
    STEPPED_BACK = "the buyer"
    PERIOD_OVER = "the period"
    NO_ANSWER = "no answer"

    @classmethod
    def of(cls, why: str) -> "Ending | None":
        """None for reasons that are nobody's business but ours."""
        return next((ending for ending in cls if why.startswith(ending.value)), None)


class If(NamedTuple):
    """A paragraph for where a fact is given and is not nothing, and another (or none) for where it is not."""

    fact: str
    words: str
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """What one kind of notice says in one language; `{facts}` are filled in as `said` says them."""

    subject: str
    paragraphs: tuple[str | If, ...]

    @property
    def needs(self) -> frozenset[str]:
        """The facts without which it cannot be said."""
        always = [self.subject, *(one for one in self.paragraphs if isinstance(one, str))]
        return frozenset(re.findall(r"{(\w+)}", " ".join(always)))

    @property
    def knows(self) -> frozenset[str]:
        """The facts it has a place for."""
        every = " ".join(
            [self.subject, *(one if isinstance(one, str) else " ".join(one) for one in self.paragraphs)]
        )
        return frozenset(re.findall(r"{(\w+)}", every))

    def filled(self, facts: Mapping[str, Any], said: Mapping[str, str]) -> tuple[str, list[str]]:
        """Subject and paragraphs. Raises KeyError naming a fact that was not given."""
        told = [
            one if isinstance(one, str) else one.words if facts.get(one.fact) else one.otherwise
            for one in self.paragraphs
        ]
        return self.subject.format_map(said), [words.format_map(said) for words in told if words]


@dataclass(frozen=True, slots=True)
class Tongue:
    """Everything notices say in one language."""

    greeting: str
    parting: str
    """Under every notice: where it is about."""
    choosing: str
    """Under what cannot be declined: where to choose the channels."""
    leaving: str
    """Under what can: where to decline it."""
    phrases: Mapping[str, Mapping[str, str]]
    """By the name of a fact that is a word of a closed list: the sentence for each of its words."""
    kinds: Mapping[str, Wording]


def said(
    facts: Mapping[str, Any], *, tongue: Tongue, spoken: Spoken, currency: str, zone: str = PLATFORM_ZONE
) -> dict[str, str]:
    """Each fact in words, by its name and type.

    `…_minor` is money of `currency`; a date a day, two dates a range, a moment the time in `zone`; ISO 8601
    does as well, under a name of `…_on` or `…until` for a day, of `…_at` or `…_by` for a moment; a word of a
    closed list, or several, its sentence; anything else itself.
    """

    def words(name: str, value: Any) -> str:
        if name in tongue.phrases and value:
            several = [value] if isinstance(value, str) else value
            return "\n".join(tongue.phrases[name][word] for word in several)
        match _typed(name, value):
            case int() as minor if name.endswith("_minor"):
                return spoken.money(minor, currency)
            case datetime() as moment:
                return f"{spoken.moment(moment, zone)} ({spoken.zone(zone)})"
            case date() as day:
                return spoken.day(day)
            case (date() as first, date() as last):
                return spoken.days(first, last)
            case other:
                return str(other)

    return {name: words(name, value) for name, value in facts.items()}


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith(("_on", "until")):
        return date.fromisoformat(value)
    if isinstance(value, str) and name.endswith(("_at", "_by")):
        return datetime.fromisoformat(value)
    return value
