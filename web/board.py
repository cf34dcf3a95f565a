"""The board: a plan's runs by production line and week, as cloth-coloured bars in one SVG, without script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup, escape

from web.colour import INK, as_hex, mix, parse, readable_on

LABEL_WIDTH = 148
WEEK_WIDTH = 92
ROW_HEIGHT = 50
HEAD_HEIGHT = 34
_GAP = 2
_CHARACTER_WIDTH = 8.2
_LAST_NARROW = 0x2E7F  # the CJK blocks begin behind it


@dataclass(frozen=True, slots=True)
class Bar:
    """One run in one week of a line; ``share`` 0..1 of the week's full working time, changeover included."""

    href: str
    number: str
    title: str
    pieces: int
    week: int
    share: float
    colour_hex: str
    status: str


@dataclass(frozen=True, slots=True)
class Closure:
    """Working time that is missing in a week: ``share`` 0..1, drawn as undyed cloth."""

    week: int
    share: float
    reason: str


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One production line; its bars in working order."""

    name: str
    bars: tuple[Bar, ...]
    closures: tuple[Closure, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardFactory:
    """A factory and its production lines."""

    name: str
    lines: tuple[BoardLine, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """``weeks`` columns from ``first_on``; week 0 is the first."""

    first_on: date
    weeks: int
    factories: tuple[BoardFactory, ...]


def board_svg(
    board: Board,
    *,
    label: str,
    say_week: Callable[[date], str],
    describe: Callable[[Bar, date], str],
) -> Markup:
    """Draw the board; each bar is a link a keyboard reaches and a screen reader names.

    Parameters
    ----------
    board
        The plan's runs; a bar's week lies within the board's weeks.
    label
        What the whole picture is, in words.
    say_week
        The words for the day a week begins on.
    describe
        The words for one bar, given the day its week begins on.
    """
    rows = sum(len(factory.lines) + 1 for factory in board.factories)
    width = LABEL_WIDTH + board.weeks * WEEK_WIDTH
    height = HEAD_HEIGHT + rows * ROW_HEIGHT
    weeks = week_columns(board.first_on, board.weeks, height, say_week)
    inner = "".join([*weeks, *_factories(board, width, describe)])
    return Markup(  # noqa: S704 every text from outside is escaped where it is written
        f'<svg class="board" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group"'
        f' aria-label="{escape(label)}">{inner}</svg>'
    )


def _week_on(board: Board, week: int) -> date:
    return board.first_on + timedelta(weeks=week)


def week_columns(first_on: date, weeks: int, height: int, say_week: Callable[[date], str]) -> Iterator[str]:
    """A rule and the words for its first day at the left of each week's column."""
    for week in range(weeks):
        x = LABEL_WIDTH + week * WEEK_WIDTH
        monday = first_on + timedelta(weeks=week)
        yield f'<path class="rule" d="M{x} 8V{height}"/>'
        yield f'<text class="week" x="{x + 6}" y="22">{escape(say_week(monday))}</text>'


def _factories(board: Board, width: int, describe: Callable[[Bar, date], str]) -> Iterator[str]:
    y = HEAD_HEIGHT
    for factory in board.factories:
        yield f'<text class="factory" x="0" y="{y + 32}">{escape(factory.name)}</text>'
        y += ROW_HEIGHT
        for line in factory.lines:
            yield f'<path class="rule" d="M0 {y}H{width}"/>'
            yield f'<text class="line" x="8" y="{y + 30}">{escape(line.name)}</text>'
            yield from (_closure(closure, y) for closure in line.closures)
            yield from _bars(board, line, y, describe)
            y += ROW_HEIGHT


def _closure(closure: Closure, y: int) -> str:
    """Undyed cloth at the end of the week: open weave, no colour."""
    width = WEEK_WIDTH * min(closure.share, 1)
    x = LABEL_WIDTH + (closure.week + 1) * WEEK_WIDTH - width
    threads = "".join(f"M{x + step:.1f} {y + 3}v{ROW_HEIGHT - 6}" for step in range(4, int(width), 5))
    text = escape(closure.reason) if fits(closure.reason, width) else ""
    return (
        f'<g class="closure"><title>{escape(closure.reason)}</title>'
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW_HEIGHT - 6}"/><path d="{threads}"/>'
        f'<text x="{x + 6:.1f}" y="{y + 30}">{text}</text></g>'
    )


def _bars(board: Board, line: BoardLine, y: int, describe: Callable[[Bar, date], str]) -> Iterator[str]:
    used = [0.0] * board.weeks
    for bar in line.bars:
        start = LABEL_WIDTH + WEEK_WIDTH * (bar.week + used[bar.week])
        seam = used[bar.week] > 0
        used[bar.week] += bar.share
        yield _bar(bar, start, y, seam=seam, words=describe(bar, _week_on(board, bar.week)))


def _bar(bar: Bar, x: float, y: int, *, seam: bool, words: str) -> str:
    """One run; a seam at its left edge where the line changes over from another."""
    cloth = parse(bar.colour_hex)
    width = max(WEEK_WIDTH * bar.share - _GAP, 5)
    pieces = str(bar.pieces)
    stitches = f'<path class="seam" d="M{x - 1:.1f} {y + 2}v{ROW_HEIGHT - 4}"/>' if seam else ""
    return (
        f'<a href="{escape(bar.href)}" class="bar {escape(bar.status)}">'
        f"<title>{escape(words)}</title>{stitches}"
        f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{ROW_HEIGHT - 8}" rx="3"'
        f' fill="{as_hex(cloth)}" stroke="{as_hex(mix(cloth, INK, 0.4))}"/>'
        f'<g aria-hidden="true" fill="{as_hex(readable_on(cloth))}">'
        f'<text x="{x + 6:.1f}" y="{y + 21}">{escape(_cut(bar.title, width))}</text>'
        f'<text x="{x + 6:.1f}" y="{y + 39}">{pieces if fits(pieces, width) else ""}</text></g></a>'
    )


def _cut(text: str, width: float) -> str:
    """As much of a text as stands in the width, or nothing where it would say nothing."""
    if fits(text, width):
        return text
    kept = next((text[:end] for end in range(len(text), 2, -1) if fits(text[:end] + "…", width)), "")
    return kept.rstrip() + "…" if kept else ""


def fits(text: str, width: float) -> bool:
    """Whether a text of 13 px stands in the width; a Chinese character takes two Latin ones."""
    return sum(2 if ord(c) > _LAST_NARROW else 1 for c in text) * _CHARACTER_WIDTH + 10 <= width
