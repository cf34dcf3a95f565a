"""The numbered answers of a drop folder: each read once, set aside when malformed, missed when missing."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from erp_bridge.dropfolder.answers import Answer, Unfinished, read_answers
from erp_bridge.dropfolder.files import SUFFIX, WORDS, names, read, set_aside
from erp_bridge.dropfolder.tables import Malformed

DIGITS = 8


class Inbox:
    """Answers of one drop folder, as far as they can be read.

    Parameters
    ----------
    answers, aside
        Where answers arrive, and where those go that break the format, each with a file of words beside it.
    skus
        Codes ordered under a reference, none for one never ordered; raises Malformed when our own order
        cannot be read, which is not the answer's fault.
    """

    def __init__(self, answers: Path, aside: Path, skus: Callable[[str], frozenset[str]]) -> None:
        self._answers, self._aside, self._skus = answers, aside, skus
        self._read: Mapping[int, tuple[Answer, ...]] = {}
        self._by_reference: Mapping[str, Sequence[Answer]] = {}
        self._waiting: tuple[str, ...] = ()

    def look(self) -> None:
        """Read what has arrived since the last look. Nobody changes an answer, so none is read twice."""
        found: dict[int, tuple[Answer, ...]] = {}
        waiting = []
        for name in sorted(names(self._answers)):
            if not (name.isascii() and name.isdecimal() and len(name) == DIGITS):
                waiting.append(
                    f"answers/{name}{SUFFIX}: the name of an answer is its number, 00000001{SUFFIX}"
                )
            elif int(name) not in self._read:
                try:
                    found[int(name)] = self._open(f"answers/{name}{SUFFIX}")
                except FileNotFoundError:
                    continue  # another process of ours set it aside
                except (Malformed, Unfinished) as exc:
                    waiting.append(str(exc))
        self._waiting = tuple(waiting)
        if found:
            self._read = {**self._read, **found}
            self._by_reference = _grouped(self._read)

    def of(self, reference: str) -> Sequence[Answer]:
        """What was said of an order, in the order of the answers."""
        return self._by_reference.get(reference, ())

    def told_after(self, number: int) -> set[str]:
        """References of which an answer with a higher number speaks."""
        return {row.reference for each, rows in self._read.items() if each > number for row in rows}

    def complete(self) -> int:
        """The number up to which no answer is missing."""
        number = 0
        while number + 1 in self._read:
            number += 1
        return number

    def notices(self) -> tuple[str, ...]:
        """What a person should see to: answers that cannot be read, and numbers that are missing."""
        return (*self._set_aside(), *self._waiting, *self._gaps())

    def _open(self, file: str) -> tuple[Answer, ...]:
        path = self._answers.parent / file
        try:
            return read_answers(file, read(path), self._skus)
        except Malformed as exc:
            if exc.file == file:
                set_aside(path, self._aside, str(exc))
            raise

    def _set_aside(self) -> Iterator[str]:
        """The words of what lies aside and was not sent again, but for what this very look set aside."""
        for path in sorted(self._aside.glob(f"*{SUFFIX}{WORDS}")):
            number, words = (
                path.name.removesuffix(f"{SUFFIX}{WORDS}"),
                path.read_text(encoding="utf-8").strip(),
            )
            if number.isdecimal() and int(number) not in self._read and words not in self._waiting:
                yield words

    def _gaps(self) -> Iterator[str]:
        """Numbers between those that were read, but for those that lie aside or wait to be whole."""
        held = {
            int(name) for folder in (self._answers, self._aside) for name in names(folder) if name.isdecimal()
        }
        for before, after in pairwise(sorted({0, *self._read, *held})):
            if after - before > 1:
                first, last = f"{before + 1:0{DIGITS}}", f"{after - 1:0{DIGITS}}"
                several = f" to {last}" if first != last else ""
                yield f"answers/{first}{SUFFIX}{several} is missing, though later ones are there"


def _grouped(answers: Mapping[int, Sequence[Answer]]) -> Mapping[str, Sequence[Answer]]:
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for number in sorted(answers):
        for row in answers[number]:
            groups[row.reference].append(row)
    return groups
