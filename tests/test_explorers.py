"""Every explorer of every chapter: it moves over its whole range, and draws itself."""

import itertools
import json
import os
import re
from importlib import import_module

import numpy as np
import pytest

from helpers.tuning.ranges import Choice, IntSlider, Slider, Typed
from helpers.widgets.explorer import Explorable, SceneView, explorer
from helpers.widgets.panel_parts import RunTable
from helpers.widgets.scene import Pane, Scene, joined, ring, segments
from helpers.widgets.scene_figure import figure_of
from helpers.widgets.script import script
from tools.stored import ROOT

CHAPTERS = sorted(p.parent.name for p in ROOT.glob("helpers/chapters/*/explorers.py"))
ROOMS = {c: vars(import_module(f"helpers.chapters.{c}.explorers")) for c in CHAPTERS}
ALL = {
    f"{chapter}.{name}": found
    for chapter, room in ROOMS.items()
    for name, found in room.items()
    if isinstance(found, Explorable)
}
# All chapters, or the one of `make test CHAPTER=02`.
NOTEBOOKS = (ROOT / "notebooks").glob(
    f"{os.environ.get('COURSE_CHAPTER', '')}*-*.ipynb"
)
TESTED = {path.stem[3:].replace("-", "_") for path in NOTEBOOKS}


@pytest.fixture(params=[n for n in ALL if n.split(".")[0] in TESTED])
def form(request):
    return ALL[request.param]


def stops(declared):
    """Return some values of a control: its ends, its start, and between them."""
    if isinstance(declared, Choice):
        return list(declared.options.values())
    if isinstance(declared, Typed):
        return ["", declared.start, "Żółw 7, an"]
    low, high = declared.low, declared.high
    between = [low + share * (high - low) for share in (0.25, 0.5, 0.8)]
    values = [low, declared.start, *between, high]
    whole = isinstance(declared.check("start", declared.start), int)
    return sorted({round(v) if whole else round(v, 6) for v in values})


def places(form):
    """Yield values of all controls: each alone over its range, and all at the ends.

    Of many corners about 64 are taken; an odd step lets every control take part.
    """
    starts = {name: declared.start for name, declared in form.ranges.items()}
    for name, declared in form.ranges.items():
        for value in stops(declared):
            yield starts | {name: value}
    ends = [(s[0], s[-1]) for s in map(stops, form.ranges.values())]
    corners = list(itertools.product(*ends))
    for corner in corners[:: max(1, len(corners) // 64 - 1)]:
        yield dict(zip(form.ranges, corner, strict=True))


def drawn(scene):
    """Return a scene as text, as the browser gets it; no number may be missing."""
    return json.dumps(scene.sent(), allow_nan=False, default=lambda b: b.hex())


def test_every_chapter_has_explorers():
    assert len(CHAPTERS) >= 5
    assert {name.split(".")[0] for name in ALL} == set(CHAPTERS)


def test_it_moves_over_its_whole_range(form):
    for values in places(form):
        scene = form.scene(**values)
        drawn(scene)
        assert scene.says.endswith(".") and len(scene.says) > 20
        assert not re.search(r"\b(nan|inf|None)\b", scene.says), (values, scene.says)


def test_every_control_moves_the_picture_or_the_sentence(form):
    for name, declared in form.ranges.items():
        others = {n: d.start for n, d in form.ranges.items() if n != name}
        seen = {
            (scene.says, drawn(scene))
            for value in stops(declared)
            for scene in [form.scene(**others, **{name: value})]
        }
        assert len(seen) >= len(stops(declared)) - 1, name  # 0° is 360°
        assert len({picture for _, picture in seen}) > 1, name


def test_what_is_drawn_can_be_seen(form):
    """Texts, handles and bars lie inside their pane; of other marks, a part does."""
    for k, values in enumerate(places(form)):
        for pane in form.scene(**values).sent()["panes"]:
            (x0, x1), (y0, y1) = sorted(pane["x"]), sorted(pane["y"])
            for mark in pane["marks"]:
                points = [p for p in mark.get("xy", []) if p is not None]
                if mark["kind"] in ("text", "handle"):
                    inside = [x0 <= x <= x1 and y0 <= y <= y1 for x, y in points]
                    assert all(inside), (values, mark)
                elif mark["kind"] == "bars":
                    low, high = (x0, x1) if mark["across"] else (y0, y1)
                    assert all(low <= v <= high for v in mark["lengths"])
                elif k == 0 and points:
                    xs, ys = zip(*points, strict=True)
                    assert max(min(xs), x0) <= min(max(xs), x1), mark["name"]
                    assert max(min(ys), y0) <= min(max(ys), y1), mark["name"]


def test_the_same_values_give_the_same_picture(form):
    shown = form()
    first, sentence = drawn(shown.scene), shown.sentence
    values = shown.values
    for name, declared in form.ranges.items():
        shown.set(**{name: stops(declared)[-1]})
        shown.set(**{name: stops(declared)[0]})
    assert drawn(shown.scene) != first
    shown.set(**values)
    assert (drawn(shown.scene), shown.sentence) == (first, sentence)
    assert first == drawn(form.scene())


def test_the_view_gets_the_scene(form):
    shown = form()
    assert shown.view.scene == shown.scene.sent()
    assert shown.view.says == shown.scene.says
    assert shown.scene.says.split(" ")[0] in shown.reading.value
    assert 'role="status"' in shown.reading.value
    name, declared = next(iter(form.ranges.items()))
    shown.set(**{name: stops(declared)[-1]})
    assert shown.view.says == shown.scene.says
    if not form.twin:  # else the browser computes it
        assert shown.view.scene == shown.scene.sent()
    assert repr(shown).startswith(f"{form.__name__}(")


def test_the_still_draws_the_numbers_of_the_scene(form):
    scene = form.scene()
    (ax,) = figure_of(scene).axes
    lines = [np.stack(line.get_data(), 1) for line in ax.lines]
    for pane in scene.sent()["panes"]:
        for mark in pane["marks"]:
            if mark["kind"] in ("line", "dots"):
                expected = pixels(pane, mark["xy"])
                same = [
                    line.shape == expected.shape
                    and np.allclose(line, expected, atol=0.01, equal_nan=True)
                    for line in lines
                ]
                assert any(same), mark["name"]


def pixels(pane, points):
    """Return where points stand, from the top left of the picture."""
    left, top, width, height = pane["box"]
    rows = []
    for point in points:
        if point is None:
            rows.append((np.nan, np.nan))
            continue
        right = (point[0] - pane["x"][0]) / (pane["x"][1] - pane["x"][0])
        up = (point[1] - pane["y"][0]) / (pane["y"][1] - pane["y"][0])
        rows.append((left + right * width, top + height - up * height))
    return np.array(rows, float).reshape(-1, 2)


def test_a_still_picture_follows_every_control(form):
    for name, declared in form.ranges.items():
        shown = form()
        before, _ = shown._repr_mimebundle_()
        other = [v for v in stops(declared) if v != shown.values[name]]
        shown.set(**{name: other[0]})
        after, metadata = shown._repr_mimebundle_()
        assert metadata == {"image/png": {"alt": shown.sentence}}
        assert after["image/png"] != before["image/png"], name
        assert after["text/plain"] != before["text/plain"], name


# -- the form -----------------------------------------------------------------------


@explorer(width=400, height=300)
def line(slope=Slider(-2, 2, start=1.0), kind=Choice("a", "b")):
    """A line to test with."""
    pane = Pane("title", (-3, 3), (-8, 8), labels=("x", "y"))
    pane.line([(x, slope * x) for x in (-3, 3)], name="line", label=kind)
    pane.handle((1, slope), y="slope")
    return f"At x = 1 the line of {kind} is at {slope:.2f}.", pane


def test_an_explorer_is_its_function():
    assert line.__doc__ == "A line to test with." and list(line.ranges) == [
        "slope",
        "kind",
    ]
    shown = line(slope=-1.5)
    assert shown.sentence == "At x = 1 the line of a is at -1.50."
    assert shown.scene["line"]["xy"].tolist() == [[-3, 4.5], [3, -4.5]]
    assert repr(shown) == "line(slope −1.5, kind a)"
    with pytest.raises(ValueError, match="no control 'steepness'; there are slope, k"):
        shown.set(steepness=1)
    with pytest.raises(ValueError, match="slope must lie in -2 to 2, got 3"):
        shown.set(slope=3.0)
    with pytest.raises(TypeError, match="a is a control and needs a range as its def"):
        explorer(width=10, height=10)(lambda a, b=Slider(0, 1): ("", Pane()))
    with pytest.raises(KeyError, match="no mark or pane is named 'lines'"):
        shown.scene["lines"]


def test_what_is_dragged_is_linked_in_the_browser():
    shown = line()
    assert shown.view.controls == {"slope": ["slope", -2, 2, 0.04]}
    assert "slope" in shown.view.keys and "kind" not in shown.view.keys
    assert shown.view.slope == 1.0, "it starts where its slider does"


def test_a_handle_sets_a_slider():
    def made(name):
        @explorer(width=400, height=300)
        def wrong(p=Slider(0, 1), kind=Choice("a", "b")):
            pane = Pane()
            pane.handle((p, p), x=name)
            return "", pane

        return wrong()

    assert made("p").view.controls.keys() == {"p"}
    for name in ("q", "kind"):
        with pytest.raises(ValueError, match=f"a handle sets '{name}', which must be"):
            made(name)


def test_a_text_is_typed():
    @explorer(width=400, height=300)
    def word(typed=Typed("one", longest=5)):
        return f"{len(typed)} letters were typed.", Pane(typed)

    shown = word()
    assert shown.controls["typed"].value == "one"
    shown.controls["typed"].value = "<b>"
    assert shown.values == {"typed": "<b>"} and shown.scene.panes[0].title == "<b>"
    shown.set(typed="")
    assert shown.sentence == "0 letters were typed."
    assert repr(shown) == "word(typed '')"
    for wrong, got in (("seven letters", "13"), (7, "7")):
        with pytest.raises(
            ValueError, match=f"typed must be .* 5 characters, got {got}"
        ):
            shown.set(typed=wrong)
    with pytest.raises(ValueError, match="start must be a text of at most 2"):
        Typed("one", longest=2)


def test_presets_and_a_matrix():
    @explorer(
        width=400,
        height=300,
        presets={"first": {"a": 1, "b": 2}, "second": {"a": 3, "b": 4}},
        matrix=[["a", "b"]],
    )
    def pair(a=IntSlider(0, 9, start=1), b=IntSlider(0, 9, start=2), c=Slider(0, 1)):
        return f"The numbers are {a}, {b} and {c}.", Pane()

    shown = pair()
    assert [name for name, _ in shown.preset.options] == ["own", "first", "second"]
    assert shown.preset.value == "first"
    shown.preset.value = "second"
    assert shown.sentence == "The numbers are 3, 4 and 0.5."
    shown.set(c=0.25)
    assert shown.preset.value == "second", "c belongs to no preset"
    shown.set(b=5)
    assert shown.preset.value == "own" and shown.values["a"] == 3
    shown.preset.value = "first"
    shown.preset.value = "own"
    assert shown.values == {"a": 1, "b": 2, "c": 0.25}, "own changes nothing"
    preset, row, slider = shown.children[0].children[0].children
    assert (preset, slider) == (shown.preset, shown.controls["c"])
    assert row.children == (shown.controls["a"], shown.controls["b"])
    assert {type(box).__name__ for box in row.children} == {"BoundedIntText"}
    assert line().preset is None


# -- the scene ----------------------------------------------------------------------


def test_an_image_has_its_place_on_logarithmic_axes():
    pane = Pane(x=(0, 2), y=(1e-3, 1e3), log="y")
    pane.image(np.ones((2, 2)), (0.5, 1.5), (1e-2, 10.0))
    (sent,) = pane.sent((0, 0, 100, 100))["marks"]
    assert sent["x"] == [0.5, 1.5] and sent["y"] == pytest.approx([-2, 1])


def test_places_on_a_logarithmic_axis():
    pane = Pane(y=(1e-3, 1e3), log="y")
    pane.line([(0, 1e-3), (1, 100), (0.5, 0), (0, np.nan), (1, np.inf)], name="line")
    sent = pane.sent((0, 0, 100, 60))
    xy = sent["marks"][0]["xy"]
    assert sent["y"] == [-3, 3]
    assert xy[:2] == [[0, -3], [1, 2]]
    assert xy[2][1] < -50 and xy[3:] == [None, None], "0 lies far below"
    assert [text for _, text in sent["ticks"][1]][:4] == ["10⁻³", "10⁻²", "10⁻¹", "1"]
    assert pane.marks[0]["xy"][1, 1] == 100, "a mark keeps its numbers"


def test_a_unit_is_as_long_on_both_axes():
    wide = Pane(x=(-4, 4), y=(-1, 1), equal=True)
    for width, height in ((600, 300), (300, 600)):
        (pane,) = Scene("", [wide], width, height).sent()["panes"]
        _, _, w, h = pane["box"]
        assert w / 8 == pytest.approx(h / 2, rel=0.02)
        assert 0.8 * width < w < width


def test_panes_share_the_width_and_none_overlap():
    panes = [Pane("a", share=2), Pane(yticks={}), Pane(labels=("x", "y"))]
    boxes = [p["box"] for p in Scene("", panes, 700, 300).sent()["panes"]]
    assert boxes[0][2] == pytest.approx(2 * boxes[1][2], abs=2)
    for (left, _, w, _), (right, *_) in itertools.pairwise(boxes):
        assert left + w < right
    assert boxes[-1][0] + boxes[-1][2] <= 700
    assert len({(top, h) for _, top, _, h in boxes}) == 1


def test_a_long_key_takes_a_second_row():
    pane = Pane(x=(0, 1))
    for name in ("a name of some length", "and another name of some length"):
        pane.line([(0, 0), (1, 1)], label=name)
    assert [entry["row"] for entry in pane.key(400)] == [0, 0]
    assert [entry["row"] for entry in pane.key(250)] == [1, 0], "counted from below"
    assert [entry["x"] for entry in pane.key(250)] == [0, 0]


def test_lines_with_gaps():
    nan = [np.nan, np.nan]
    np.testing.assert_equal(
        segments([(0, 1), (2, 3)], [(4, 5), (6, 7)]),
        [[0, 1], [4, 5], nan, [2, 3], [6, 7], nan],
    )
    np.testing.assert_equal(
        joined([[(0, 1)], [(2, 3), (4, 5)]]), [[0, 1], nan, [2, 3], [4, 5]]
    )


def test_a_ring_is_an_ellipse_and_turns_counterclockwise():
    points = ring((1, 2), (3, 0.5), turned=30) - (1, 2)
    along = points @ [np.cos(np.pi / 6), np.sin(np.pi / 6)]
    across = points @ [-np.sin(np.pi / 6), np.cos(np.pi / 6)]
    np.testing.assert_allclose((along / 3) ** 2 + (across / 0.5) ** 2, 1)
    assert points[0] == pytest.approx((3 * 3**0.5 / 2, 1.5))


def test_the_still_is_not_upside_down():
    pane = Pane(x=(0, 10), y=(0, 10))
    pane.image([[1, 0], [0, 0]], (0, 4), (6, 10), color="#0000ff")
    pane.bars([5, 7], [2, -1], color=["#00ff00", "#ff0000"], digits=1)
    pane.text((9, 9), "high")
    figure = figure_of(Scene("", [pane], 300, 300))
    (ax,) = figure.axes
    (sent,) = Scene("", [pane], 300, 300).sent()["panes"]
    (image,) = ax.images
    x0, x1, y0, y1 = image.get_extent()
    assert (x0, y1) == pytest.approx(tuple(pixels(sent, [(0, 10)])[0]))
    assert (x1, y0) == pytest.approx(tuple(pixels(sent, [(4, 6)])[0]))
    assert image.get_array()[0, 0, 3] == 1 and image.get_array()[1, 0, 3] == 0
    bars = [p for p in ax.patches if p.get_facecolor()[2:] == (0, 1)]
    up, down = (bar.get_xy() for bar in bars)
    _, base = pixels(sent, [(0, 0)])[0]
    assert up[:, 1].min() < base and up[:, 1].max() == pytest.approx(base)
    assert down[:, 1].max() > base and down[:, 1].min() == pytest.approx(base)
    texts = {t.get_text(): t.get_position() for t in ax.texts}
    assert texts["high"][1] < texts["2.0"][1] < base < texts["−1.0"][1]


# -- scripts ------------------------------------------------------------------------


def test_a_script_holds_what_it_imports(tmp_path):
    (tmp_path / "a.js").write_text("export const one = 1;\nconst two = 2;\n")
    (tmp_path / "b.js").write_text(
        'import { one } from "./a.js";\nexport default one;\n'
    )
    text = script(tmp_path / "b.js")
    assert text == "const one = 1;\nconst two = 2;\n\nexport default one;\n".replace(
        "\n\n", "\n"
    )


@pytest.mark.parametrize("view", [RunTable, SceneView])
def test_what_has_the_button_has_its_style(view):
    assert "fullScreen(" in view._esm and ".course-full-screen svg" in view._css


def test_no_script_of_a_chapter_draws():
    for path in ROOT.glob("helpers/chapters/*/*.js"):
        text = path.read_text("utf-8")
        assert "export function scene(" in text, path
        assert not re.search(r"document|canvas|svg|import ", text, re.IGNORECASE), path
