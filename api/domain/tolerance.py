"""Order more than is owed: a factory may deliver some percent less by the custom of the trade."""

from api.domain.errors import invalid

WHOLE = 1000


def order_quantity(owed: int, short_permille: int) -> int:
    """Fewest pieces to order so that a delivery short by at most so many thousandths covers what is owed.

    `order_quantity(300, 30) == 310` (vector V3).
    """
    if owed < 0:
        raise invalid("owed", owed, "must not be negative")
    if not 0 <= short_permille < WHOLE:
        raise invalid("short_permille", short_permille, f"must be 0 to {WHOLE - 1}")
    return -(-owed * WHOLE // (WHOLE - short_permille))
