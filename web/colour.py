"""Colours as red, green and blue: mixed for cloth, and weighed for those who must read on it."""

import re

Rgb = tuple[int, int, int]

INK: Rgb = (22, 36, 61)
COTTON: Rgb = (255, 253, 248)
_LINEAR_BELOW = 10  # of 255: sRGB is a straight line there


def parse(colour_hex: str) -> Rgb:
    """Read ``#rrggbb``; anything else raises ValueError, so that no text slips into a drawing."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour_hex):
        raise ValueError(f"colour {colour_hex!r} is not #rrggbb")
    red, green, blue = bytes.fromhex(colour_hex[1:])
    return red, green, blue


def as_hex(colour: Rgb) -> str:
    """The way SVG and CSS write it: ``#rrggbb``."""
    return "#" + bytes(colour).hex()


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Lead ``one`` towards ``other`` by a share 0..1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Relative luminance 0..1. Source: WCAG 2.2, "relative luminance"."""
    red, green, blue = (
        part / 255 / 12.92 if part <= _LINEAR_BELOW else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio 1..21. Source: WCAG 2.2, "contrast ratio"."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(cloth: Rgb) -> Rgb:
    """Black or white, whichever reads better: at least 4.58 : 1 on any cloth; softer pairs fall short."""
    return max((0, 0, 0), (255, 255, 255), key=lambda text: contrast(text, cloth))
