"""Who stays where: pieces of one lot at places, moved about so that a wish is met and nobody loses by it.

A place is one SKU in one run. Everybody always holds as many pieces as at the start; a piece only goes
where its owner may have it. What is fixed by ``hold`` stays fixed.
"""

from collections import Counter, deque
from collections.abc import Mapping

Place = tuple[str, str]  # run, SKU
Step = tuple[str, Place, Place]  # who gives up a piece where, and takes one where instead


class Places:
    """A division of pieces among owners, and the rules within which it may be changed.

    ``given[place][owner]`` are the pieces at the start, ``room[place]`` all the pieces there,
    ``allowed[owner]`` the places an owner may have pieces at, those of the start among them.
    """

    def __init__(
        self,
        room: Mapping[Place, int],
        given: Mapping[Place, Counter[str]],
        allowed: Mapping[str, tuple[Place, ...]],
    ) -> None:
        self.given = {place: Counter(given.get(place, Counter())) for place in room}
        self._left = {place: room[place] - self.given[place].total() for place in room}
        self._allowed = allowed
        self._held: Counter[tuple[str, Place]] = Counter()

    def hold(self, owner: str, place: Place, quantity: int) -> bool:
        """Fix ``quantity`` more pieces of the owner at the place, or none where that cannot be.

        It can be when all others keep their number and what is fixed stays. An owner cannot have more
        pieces fixed than held in all. Pieces may have moved also where the answer is no.
        """
        wanted = self._held[owner, place] + quantity
        if place not in self._allowed[owner] or quantity > self._loose_everywhere(owner):
            return False
        while self.given[place][owner] < wanted:
            steps = self._steps(owner, place)
            if not steps:
                return False
            self._take(steps, wanted - self.given[place][owner])
        self._held[owner, place] = wanted
        return True

    def _loose(self, owner: str, place: Place) -> int:
        return self.given[place][owner] - self._held[owner, place]

    def _loose_everywhere(self, owner: str) -> int:
        return sum(self._loose(owner, place) for place in self._allowed[owner])

    def _steps(self, owner: str, place: Place) -> list[Step]:
        """The fewest steps that bring a loose piece of the owner to the place; empty where there are none.

        A search from the place: whoever holds a loose piece there may go elsewhere, until a place has a
        piece left or is one where the owner gives up a piece.
        """
        source = next(p for p in self._allowed[owner] if p != place and self._loose(owner, p))
        queue: deque[tuple[Place, list[Step]]] = deque([(place, [])])
        seen = {place}
        while queue:
            at, steps = queue.popleft()
            if self._left[at]:
                return [*steps, (owner, source, place)]
            if at != place and self._loose(owner, at):
                return [*steps, (owner, at, place)]
            for other in sorted(self.given[at]):
                for target in self._allowed[other] if other != owner and self._loose(other, at) else ():
                    if target not in seen:
                        seen.add(target)
                        queue.append((target, [*steps, (other, at, target)]))
        return []

    def _take(self, steps: list[Step], most: int) -> None:
        """Take all steps with as many pieces as each allows, ``most`` at the most."""
        end = steps[-2][2] if len(steps) > 1 else steps[-1][2]
        quantity = min(most, *(self._loose(who, start) for who, start, _ in steps))
        if end != steps[-1][1]:
            quantity = min(quantity, self._left[end])
        for who, start, target in steps:
            self.given[start][who] -= quantity
            self.given[target][who] += quantity
            self._left[start] += quantity
            self._left[target] -= quantity
