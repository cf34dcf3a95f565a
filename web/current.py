"""The current: demand drawn as a stream of thin lines that swells towards the minimum and the next price."""

from collections.abc import Sequence
from math import sin

from markupsafe import Markup, escape

WIDTH = 360
HEIGHT = 84
_TOP = 22
_LINES = 9
_STEPS = 28
_MARGIN = 6
_NEAR = 34


def current_svg(paid: int, minimum: int, steps: Sequence[int], *, label: str) -> Markup:
    """The progress of a campaign.

    Parameters
    ----------
    paid
        Pieces paid for, as the ledger counts them, >= 0.
    minimum
        Pieces that make it happen; 0 when there is no minimum.
    steps
        Ascending quantities at which the price drops.
    label
        The same fact in words, for readers who cannot see it; escaped here.
    """
    full = max([paid, minimum, *steps, 1])
    here = _x(paid, full)
    bed = "".join(f'<path class="bed" d="{_bed(index)}"/>' for index in range(_LINES))
    flow = (
        "".join(f'<path class="flow" d="{_ribbon(index, here)}"/>' for index in range(_LINES)) if paid else ""
    )
    goal_at = _x(minimum, full)
    marks = "".join(_step(_x(step, full), step, goal_at, reached=paid >= step) for step in steps)
    nearest = min((_x(step, full) for step in steps), key=lambda x: abs(x - goal_at), default=0.0)
    goal = _goal(goal_at, minimum, nearest, reached=paid >= minimum) if minimum else ""
    name = escape(label)
    return Markup(  # noqa: S704 only the escaped label comes from outside
        f'<svg class="current" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{bed}{flow}{marks}{goal}</svg>"
    )


def logo_svg() -> Markup:
    """The mark of the house: lines that come against the stream and bend to the right, as runs."""
    lines = "".join(
        f'<path d="M{near} 30V{near + bend}a{bend} {bend} 0 0 1 {bend} -{bend}H30" stroke-width="{width}"/>'
        for near, bend, width in ((5, 15, 1.5), (12, 10, 2.25), (19, 5, 3))
    )
    return Markup(f'<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">{lines}</svg>')  # noqa: S704 no text


def dye_svg(share: float, colour_hex: str) -> Markup:
    """A swatch of cloth dyed to a share 0..1 of what is needed; the number stands beside it in words."""
    level = 30 - 28 * min(max(share, 0.0), 1.0)
    dyed = (
        f'<path class="dyed" fill="{escape(colour_hex)}" d="M2 {level:.1f}c4-2 7 2 12 0s8-2 12 0V30H2z"/>'
        if share > 0
        else ""
    )
    return Markup(  # noqa: S704 the colour is escaped
        f'<svg class="dye" viewBox="0 0 28 32" aria-hidden="true">'
        f'<path class="weave" d="M2 8h24M2 14h24M2 20h24M2 26h24M8 2v28M14 2v28M20 2v28"/>{dyed}'
        f'<path class="selvedge" d="M2 2h24v28H2z"/></svg>'
    )


def _x(pieces: int, full: int) -> float:
    return _MARGIN + (WIDTH - 5 * _MARGIN) * pieces / full


def _y(index: int, x: float) -> float:
    """Where a line of the stream lies: nine threads, wide apart at the source, closer as they gather."""
    spread = 7.2 - 2.4 * x / WIDTH
    middle = _TOP + (HEIGHT - _TOP) / 2
    return middle + (index - (_LINES - 1) / 2) * spread + 2.2 * sin(x / 34 + index * 0.55)


def _bed(index: int) -> str:
    xs = [WIDTH * step / _STEPS for step in range(_STEPS + 1)]
    return "M" + "L".join(f"{x:.0f} {_y(index, x):.1f}" for x in xs)


def _ribbon(index: int, here: float) -> str:
    """One thread of paid demand: hair-thin at its source, full where it arrives, the tips uneven as water."""
    end = max(here - 4 * abs(sin(index * 2.1)), 4.0)
    count = max(3, round(_STEPS * end / WIDTH))
    xs = [end * step / count for step in range(count + 1)]
    above = [(x, _y(index, x) - _half(x)) for x in xs]
    below = [(x, _y(index, x) + _half(x)) for x in reversed(xs)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in above + below) + "Z"


def _half(x: float) -> float:
    return 0.45 + 1.75 * x / WIDTH


def _anchor(x: float, other: float) -> str:
    """Which way a number is written from its mark, so that two near marks keep theirs apart."""
    if x == other or abs(x - other) >= _NEAR:
        return "middle"
    return "end" if x < other else "start"


def _step(x: float, pieces: int, goal: float, *, reached: bool) -> str:
    """Where the price drops: a notch, filled once it is reached."""
    state = "step reached" if reached else "step"
    return (
        f'<g class="{state}"><path d="M{x:.1f} 18V{HEIGHT}"/>'
        f'<path class="notch" d="M{x - 5:.1f} 14h10l-5 7z"/>'
        f'<text x="{min(x, WIDTH - 14):.1f}" y="10" text-anchor="{_anchor(x, goal)}">{pieces}</text></g>'
    )


def _goal(x: float, pieces: int, step: float, *, reached: bool) -> str:
    """The minimum: a diamond, filled once it is reached."""
    state = "goal reached" if reached else "goal"
    return (
        f'<g class="{state}"><path d="M{x:.1f} 20V{HEIGHT}"/>'
        f'<path class="notch" d="M{x:.1f} 12l5 5-5 5-5-5z"/>'
        f'<text x="{x:.1f}" y="10" text-anchor="{_anchor(x, step)}">{pieces}</text></g>'
    )
