import re

import pytest

from web import colour, heat, pages

SHEET = (pages.STATIC / "counterflow.css").read_text(encoding="utf-8")
SCALE = {13, 15, 17, 21, 28, 40}


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme; the dark one overrides the light one."""
    blocks = re.findall(r":root \{(.*?)\}", SHEET.split("@media print")[0], flags=re.DOTALL)
    found: dict[str, str] = {}
    for block in blocks if theme == "dark" else blocks[:1]:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    return found


TEXT = [
    (ink, ground)
    for ink in ("ink", "quiet", "primary", "madder", "weld", "leaf")
    for ground in ("ground", "raised")
]
TEXT += [("on-primary", "primary"), ("on-madder", "madder")]
EDGES = [(edge, ground) for edge in ("edge", "stream", "primary") for ground in ("ground", "raised")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_every_text_reads_on_its_ground(theme: str, ink: str, ground: str) -> None:
    colours = tokens(theme)
    assert colour.contrast(colour.parse(colours[ink]), colour.parse(colours[ground])) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_every_control_shows_its_edge(theme: str, edge: str, ground: str) -> None:
    colours = tokens(theme)
    assert colour.contrast(colour.parse(colours[edge]), colour.parse(colours[ground])) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_read_on_the_deepest_dye_of_a_heat_map(theme: str) -> None:
    ink, dye, ground = (colour.parse(tokens(theme)[name]) for name in ("ink", "primary", "raised"))
    assert colour.contrast(ink, colour.mix(ground, dye, heat.DEEPEST)) >= 4.5


def test_colours_are_named_once_and_used_by_name() -> None:
    rules = re.sub(r":root \{.*?\}", "", SHEET, flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) == set()


def test_text_keeps_to_the_type_scale() -> None:
    assert {round(float(size) * 16) for size in re.findall(r"--text-\d+: ([\d.]+)rem", SHEET)} == SCALE
    assert re.findall(r"(?:font-size|font): [^;]*\d(?:rem|em|pt)", SHEET) == []


@pytest.mark.parametrize(
    "cloth", ["#24406e", "#f4efe4", "#a8532a", "#6f7f5a", "#1b1d22", "#8a8a8a", "#c9a45c"]
)
def test_words_on_cloth_read(cloth: str) -> None:
    ground = colour.parse(cloth)
    assert colour.contrast(colour.readable_on(ground), ground) >= 4.5


def test_contrast_agrees_with_the_standards_examples() -> None:
    assert colour.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colour.contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
