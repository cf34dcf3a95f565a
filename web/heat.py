"""A heat map: what something is worth by row and week, dyed the deeper the dearer, in one SVG."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from web.board import HEAD_HEIGHT, LABEL_WIDTH, WEEK_WIDTH, fits, week_columns

ROW_HEIGHT = 34
LIGHTEST, DEEPEST = 0.06, 0.45
"""Of the dye; words in ink read on the deepest (`tests/web/test_contrast.py`)."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class Heat:
    """One week of a row: ``depth`` 0..1 of the dye, the figure that stands in it, and the same in words."""

    week: int
    depth: float
    figure: str
    words: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row by its name; a week without heat stays undyed."""

    name: str
    heats: tuple[Heat, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """``weeks`` columns from ``first_on``, in the widths of the board."""

    first_on: date
    weeks: int
    rows: tuple[HeatRow, ...]


def heat_svg(heat: HeatMap, *, label: str, say_week: Callable[[date], str]) -> Markup:
    """Draw the map as one picture with a name: a table beside it says the same to those who cannot see it."""
    width = LABEL_WIDTH + heat.weeks * WEEK_WIDTH
    height = HEAD_HEIGHT + len(heat.rows) * ROW_HEIGHT
    weeks = week_columns(heat.first_on, heat.weeks, height, say_week)
    inner = "".join([*weeks, *_rows(heat, width)])
    return Markup(  # noqa: S704 every text from outside is escaped where it is written
        f'<svg class="board" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(label)}">{inner}</svg>'
    )


def _rows(heat: HeatMap, width: int) -> Iterator[str]:
    for place, row in enumerate(heat.rows):
        y = HEAD_HEIGHT + place * ROW_HEIGHT
        yield f'<path class="rule" d="M0 {y}H{width}"/>'
        yield f'<text class="line" x="8" y="{y + 22}">{escape(row.name)}</text>'
        yield from (_cell(one, y) for one in row.heats)


def _cell(one: Heat, y: int) -> str:
    x = LABEL_WIDTH + one.week * WEEK_WIDTH + _GAP
    width = WEEK_WIDTH - 2 * _GAP
    dye = LIGHTEST + (DEEPEST - LIGHTEST) * one.depth
    figure = escape(one.figure) if fits(one.figure, WEEK_WIDTH) else ""
    return (
        f'<g class="heat"><title>{escape(one.words)}</title>'
        f'<rect x="{x}" y="{y + _GAP}" width="{width}" height="{ROW_HEIGHT - 2 * _GAP}" rx="3"'
        f' fill-opacity="{dye:.2f}"/>'
        f'<text x="{x + width - 6}" y="{y + 22}" text-anchor="end">{figure}</text></g>'
    )
