"""What a channel must be able to do: carry one letter, and say plainly when it could not."""

from dataclasses import dataclass
from typing import Protocol


class ChannelAway(Exception):
    """Nobody answers, or nothing of ours is taken at all: every letter waits."""


class LetterPostponed(Exception):
    """The letter is not taken now, and may be later."""


class LetterRefused(Exception):
    """The letter will not be taken as it is, in the words of the other side."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as one channel carries it; `id` marks a repeat as one."""

    id: str
    to: str
    language: str
    about: str
    subject: str
    text: str
    link: str
    leave_link: str | None = None


class Door(Protocol):
    """One channel.

    Letters may be handed over twice, by a sender who did not hear the first answer.
    """

    def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises ChannelAway, LetterPostponed, LetterRefused."""
