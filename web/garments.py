"""Garments drawn as SVG from a silhouette and the cloth's colour: crisp at any size, a few KB."""

import re
from functools import lru_cache

from markupsafe import Markup, escape

from web.colour import COTTON, INK, Rgb, as_hex, luminance, mix, parse
from web.silhouettes import LABELS, SILHOUETTES, Ink, Lie, Shape

_SHADOW: Rgb = (14, 16, 30)
# Luminance up to which cloth counts as black, as deep, as one that wants pale buttons.
_BLACK, _DEEP, _PALE_TRIM = 0.03, 0.3, 0.4
_MIRROR = "matrix(-1 0 0 1 200 0)"
_TOKEN = re.compile(r"[MLCZ]|-?\d+(?:\.\d+)?")


@lru_cache(maxsize=512)
def garment_svg(silhouette: str, colour_hex: str, *, label: str) -> Markup:
    """Draw the front view of a garment.

    Parameters
    ----------
    silhouette
        One of `web.silhouettes.SILHOUETTES`.
    colour_hex
        The cloth, as ``#rrggbb``; folds, seams and lights are computed from it.
    label
        What a reader who cannot see it is told; escaped here.

    Raises
    ------
    KeyError
        For an unknown silhouette.
    ValueError
        For a colour that is not ``#rrggbb``.
    """
    paints = _paints(parse(colour_hex))
    body = "".join(_draw(shape, paints[shape.ink]) for shape in SILHOUETTES[silhouette])
    name = escape(label)
    top = LABELS[silhouette]
    tag = f'<path d="M94 {top}h12v6h-12z" fill="#faf7f0"/><path d="M96 {top + 3}h8" stroke="#a8352a"/>'
    return Markup(  # noqa: S704 only the escaped label comes from outside
        f'<svg xmlns="http://www.w3.org/2000/svg" class="garment" viewBox="0 0 200 220" role="img"'
        f' aria-label="{name}"><title>{name}</title>'
        f'<g stroke-linecap="round" stroke-linejoin="round">{_under(body, tag)}</g></svg>'
    )


def _under(body: str, tag: str) -> str:
    """Sew the label to the inside of the back: after the first shape, below everything that lies in front."""
    inside, end, front = body.partition("/>")
    return inside + end + tag + front


def _paints(cloth: Rgb) -> dict[Ink, str]:
    """Attributes per ink: light cloth is shaded with ink, deep cloth with shadow, black is lit by cotton."""
    weight = luminance(cloth)
    black, deep = weight < _BLACK, weight < _DEEP
    shade = _SHADOW if deep else INK
    line = mix(cloth, COTTON, 0.28) if black else mix(cloth, shade, 0.5)
    fold = mix(cloth, _SHADOW, 0.38 if black else 0.24 if deep else 0.11)
    inside = mix(cloth, _SHADOW, 0.45)
    rib = mix(cloth, COTTON, 0.06) if black else mix(cloth, shade, 0.08)
    light = mix(cloth, COTTON, 0.09 if black else 0.13 if deep else 0.4)
    trim = mix(cloth, COTTON, 0.78) if weight < _PALE_TRIM else mix(cloth, INK, 0.6)
    edge = f'stroke="{as_hex(line)}" stroke-width="1.2"'
    return {
        Ink.CLOTH: f'fill="{as_hex(cloth)}" {edge}',
        Ink.INSIDE: f'fill="{as_hex(inside)}" {edge}',
        Ink.RIB: f'fill="{as_hex(rib)}" {edge}',
        Ink.FOLD: f'fill="{as_hex(fold)}"',
        Ink.LIGHT: f'fill="{as_hex(light)}"',
        Ink.TRIM: f'fill="{as_hex(trim)}"',
        Ink.SEAM: f'fill="none" {edge}',
        Ink.STITCH: f'fill="none" stroke="{as_hex(line)}" stroke-width=".8" stroke-dasharray="2.2 1.8"',
    }


def _draw(shape: Shape, paint: str) -> str:
    if shape.lie is Lie.WHOLE:
        return f'<path d="{_whole(shape.path)}" {paint}/>'
    one = f'<path d="{shape.path}" {paint}/>'
    return one if shape.lie is Lie.ONE else one + one.replace("<path", f'<path transform="{_MIRROR}"')


@lru_cache(maxsize=256)
def _whole(half: str) -> str:
    """The right half's path, led back along its mirror image, so that no seam shows on the middle line."""
    tokens = _TOKEN.findall(half)
    commands = [t for t in tokens if t in "MLCZ"]
    numbers = [float(t) for t in tokens if t not in "MLCZ"]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    end = len(points)
    back = ""
    for command in reversed(commands[1:]):
        count = 3 if command == "C" else 1
        before = points[end - count - 1 : end - 1]
        back += command + " ".join(f"{200 - x:g} {y:g}" for x, y in reversed(before))
        end -= count
    return f"{half}{back}Z"
