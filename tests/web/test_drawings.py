import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from web.board import Bar, Board, BoardFactory, BoardLine, Closure, board_svg
from web.current import current_svg, dye_svg, logo_svg
from web.garments import garment_svg
from web.pages import qr_svg
from web.silhouettes import LABELS, SILHOUETTES

COLOURS = ["#f4efe4", "#24406e", "#16181d", "#a8352a", "#6f8f78"]


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(re.sub(r' xmlns="[^"]*"', "", svg))  # noqa: S314 our own drawings


@pytest.mark.parametrize("silhouette", SILHOUETTES)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_garment_is_small_well_formed_and_named(silhouette: str, colour: str) -> None:
    svg = garment_svg(silhouette, colour, label="Jacket <in> “indigo” & white")
    root = drawn(svg)
    assert root.findtext("title") == root.get("aria-label") == "Jacket <in> “indigo” & white"
    assert root.get("role") == "img"
    assert len(svg.encode()) <= 6 * 1024
    assert colour in svg
    assert "style" not in svg


@pytest.mark.parametrize("silhouette", SILHOUETTES)
def test_a_garment_stays_on_its_sheet(silhouette: str) -> None:
    for path in drawn(garment_svg(silhouette, "#24406e", label="x")).iter("path"):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d", "").split("h")[0])]
        assert min(numbers) >= 0
        assert max(numbers) <= 220


def test_every_silhouette_carries_a_label() -> None:
    assert LABELS.keys() == SILHOUETTES.keys()


@pytest.mark.parametrize("colour", ["red", "#fff", '#24406e"/><script>', ""])
def test_a_garment_takes_nothing_but_a_colour(colour: str) -> None:
    with pytest.raises(ValueError, match="not #rrggbb"):
        garment_svg("tee", colour, label="x")


def test_an_unknown_silhouette_is_refused() -> None:
    with pytest.raises(KeyError):
        garment_svg("cape", "#24406e", label="x")


def width_of_flow(paid: int) -> float:
    root = drawn(current_svg(paid, 60, [100, 200], label="x"))
    xs = [
        float(x)
        for path in root.iter("path")
        if path.get("class") == "flow"
        for x in re.findall(r"([\d.]+) [\d.]+", path.get("d", ""))
    ]
    return max(xs, default=0)


def test_the_current_reaches_as_far_as_the_paid_pieces() -> None:
    reached = [width_of_flow(paid) for paid in (0, 30, 60, 100, 200)]
    assert reached == sorted(reached)
    assert reached[0] == 0
    assert reached[3] == pytest.approx(6 + 330 * 100 / 200, abs=0.2)


@pytest.mark.parametrize(("paid", "reached"), [(0, 0), (59, 0), (60, 1), (100, 2), (5000, 3)])
def test_a_mark_is_filled_once_it_is_reached(paid: int, reached: int) -> None:
    assert current_svg(paid, 60, [100, 200], label="x").count(' reached"') == reached


def test_the_current_says_the_same_in_words_and_stays_small() -> None:
    svg = current_svg(200, 60, [100, 200], label="200 & more")
    assert drawn(svg).findtext("title") == "200 & more"
    assert len(svg) < 16 * 1024


def test_a_campaign_without_minimum_or_steps_still_flows() -> None:
    assert "goal" not in current_svg(3, 0, [], label="x")


@pytest.mark.parametrize("share", [-1, 0, 0.4, 1, 7])
def test_dye_never_leaves_its_cloth(share: float) -> None:
    root = drawn(dye_svg(share, "#24406e"))
    levels = [
        float(path.get("d", "M2 30").split()[1].split("c")[0])
        for path in root.iter("path")
        if path.get("class") == "dyed"
    ]
    assert all(2 <= level <= 30 for level in levels)
    assert len(levels) == (share > 0)


def test_the_logo_and_a_qr_code_are_well_formed() -> None:
    assert drawn(logo_svg()).get("aria-hidden") == "true"
    assert (
        drawn(qr_svg("https://counterflow.example/c/a?b=1&c=2", "QR & code")).findtext("title") == "QR & code"
    )


def bar(week: int, share: float, *, title: str = "Harbour jacket") -> Bar:
    return Bar("/console/runs/R-000001", "R-000001", title, 120, week, share, "#24406e", "released")


def board_of(*bars: Bar, closures: tuple[Closure, ...] = ()) -> ET.Element:
    line = BoardLine("NB-1", bars, closures)
    view = Board(date(2027, 1, 11), 4, (BoardFactory("Ningbo <1>", (line,)),))
    svg = board_svg(
        view,
        label="Board",
        say_week=lambda day: f"{day:%d.%m.}",
        describe=lambda one, day: f"{one.number} {day}",
    )
    return drawn(svg)


def test_each_run_is_a_link_with_words_that_name_its_week() -> None:
    (link,) = board_of(bar(2, 0.5)).iter("a")
    assert link.get("href") == "/console/runs/R-000001"
    assert link.findtext("title") == "R-000001 2027-01-25"


def test_runs_of_a_week_follow_one_another_with_a_seam_between() -> None:
    first, second = board_of(bar(1, 0.5), bar(1, 0.25)).iter("a")
    ends = float(first.find("rect").get("x")) + float(first.find("rect").get("width"))  # type: ignore[union-attr,arg-type]
    assert float(second.find("rect").get("x")) >= ends  # type: ignore[union-attr,arg-type]
    assert [path.get("class") for path in first.iter("path")] == []
    assert [path.get("class") for path in second.iter("path")] == ["seam"]


def test_a_closure_is_an_undyed_gap_that_says_why() -> None:
    root = board_of(closures=(Closure(3, 1.0, "Spring Festival"),))
    (gap,) = (group for group in root.iter("g") if group.get("class") == "closure")
    assert gap.findtext("title") == "Spring Festival"


@pytest.mark.parametrize(
    ("title", "written"),
    [("Tee", "Tee"), ("An extraordinarily long name", "An extra…"), ("海港工装夹克衫", "海港工装…")],
)
def test_a_title_is_cut_to_its_bar(title: str, written: str) -> None:
    (link,) = board_of(bar(0, 1.0, title=title)).iter("a")
    assert next(link.iter("text")).text == written
