"""What the scripts draw and say, call by call, on data without any symmetry.

A page without JupyterLab runs each script with a model of its own. Every call on a
canvas is recorded with the colors of that moment, so that a chart upside down,
exchanged colors, a run that stays though it is hidden or a hover that reads the wrong
curve is another recording than the one that was looked at.
"""

import json
import struct
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.figures.scale import LossScale, loss_scale, span_of
from helpers.widgets.curves_view import Chart, band_of, series_of
from helpers.widgets.explorer import SceneView
from helpers.widgets.panel_parts import RunTable, TextBox
from helpers.widgets.plane_view import DecisionMap
from helpers.widgets.predict import RadioButtons
from helpers.widgets.scene import INK, Pane, Scene
from tests.recorded import same_as_recorded
from tests.test_recorded_figures import history
from tools.lab import launched

RECORDER = Path(__file__).with_name("recorder.js").read_text("utf-8")
PAGE = """<style>:root {
  --jp-ui-font-color1: #111111; --jp-ui-font-color2: #222222;
  --jp-layout-color0: #fefefe; --jp-layout-color1: #fdfdfd;
  --jp-border-color1: #bbbbbb; --jp-border-color2: #dddddd;
}</style><body style="margin: 0"></body>"""


@pytest.fixture(scope="module")
def browser(chromium_path):
    browser = launched(chromium_path)
    yield browser
    browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 900, "height": 700})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(PAGE)
    page.add_script_tag(content=RECORDER)
    yield page
    page.close()
    assert errors == []


def start(page, widget, state, binary=()):
    return page.evaluate("start", [str(widget._esm), state, list(binary)])


def told(page):
    return page.evaluate("() => told.splice(0)")


def test_a_scene(page):
    pane = Pane("title", (0, 10), (-2, 8), labels=("across", "up"), name="pane")
    pane.image([[1, 0, 0], [0, 0, 0.5]], (0, 3), (5, 7), color="#0000ff")
    pane.image([[[1, 0, 0]], [[0, 1, 0]]], (4, 5), (5, 7), smooth=True)
    pane.bars([1, 2], [2, -1], color=["#00ff00", "#ff0000"], width=0.5, digits=1)
    pane.bars([1.5], [4], color="#ff00ff", width=0.5, across=True)
    pane.line([(6, 0), (9, 3), (float("nan"), 0), (9, 0)], color="#ffaa00", label="a")
    pane.line([(0, 0), (1, 7)], color="#aa00ff", dash=(4, 2), width=1.5, alpha=0.5)
    pane.area([(6, 4), (8, 4), (6, 7)], color="#00ffff", alpha=0.3, label="b")
    for k, shape in enumerate("os^x|"):
        pane.dots([(5 + k, 6.5)], color="#808000", edge="#ff0000", size=4, shape=shape)
    pane.arrow((8, -1), (5, -1.5), color="#800080", text="tip")
    pane.text((5.2, 3.5), "words", color=INK, size=14, align="center", bold=True)
    pane.handle((4, 2), x="p", y="q")
    sent = Scene("It says.", [pane, Pane("second", (1, 0), (0, 1))], 600, 300).sent()
    for mark in sent["panes"][0]["marks"]:
        if mark["kind"] == "image":
            mark["values"] = list(mark["values"])
    controls = {"p": ["p of it", 0, 10, 0.5], "q": ["q of it", -2, 8, 0.5]}
    state = {"scene": sent, "says": "It says.", "twin": "", "controls": controls}
    calls = start(page, SceneView, state | {"p": 4, "q": 2})
    page.mouse.move(*page.evaluate(NEAR))
    page.mouse.down()
    page.mouse.move(300, 60)
    page.mouse.up()
    page.locator(".course-handle").focus()
    for key in ("ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    drags = told(page)
    assert drags[-2].startswith("set p") and drags[-1].startswith("set q")
    same_as_recorded("canvas-scene", {"drawn": calls, "dragged": drags}, fine=0)


NEAR = """() => {
  const { left, top } = shown.el.querySelector('.course-handle').style;
  return [parseFloat(left) + 20, parseFloat(top) + 10];
}"""


def run(number, color, hidden=False, shift=0.0, **more):
    head = {"id": number, "name": f"run {number}", "mark": str(number), "color": color}
    head |= {"dash": [6, 3] if number > 1 else [], "hidden": hidden, "num_epochs": 3}
    return head | series_of(history(shift), 20) | more


def chart(**more):
    runs = [run(1, "#0072b2"), run(2, "#d55e00", shift=0.2)]
    runs[1]["band"] = band_of([series_of(history(s), 20) for s in (0.0, 0.2)])
    state = {"runs": runs, "live": {}, "accuracy": True, "height": 260}
    state |= {"summary": "Learning curves."} | more
    shown = [*state["runs"], *filter(None, [state["live"]])]
    scale = loss_scale({run["name"]: span_of(run["loss"]["y"]) for run in shown})
    return {"losses": asdict(scale)} | state


def test_learning_curves(page):
    state = chart()
    shown = {"two runs": start(page, Chart, state)}
    shown["hover"] = page.evaluate("moved", [150, 100])
    shown["hover, second"] = page.evaluate("moved", [500, 60])
    page.evaluate("moved", [150, 255])
    runs = [state["runs"][0], state["runs"][1] | {"hidden": True}]
    shown["one is hidden"] = page.evaluate("changed", ["runs", runs])
    live = run(3, "#009e73", shift=-0.1)
    shown["and a live one"] = page.evaluate("changed", ["live", live])
    shown["loss alone"] = page.evaluate("changed", ["accuracy", False])
    values = [t for t in shown["hover"] if "train" in t and "val" in t]
    assert [call.split()[1:6] for call in values] == [
        ["1", "train", "1.300", "val", "1.800"],
        ["2", "train", "1.300", "val", "1.800"],
    ]
    assert not any("d55e00" in call for call in shown["one is hidden"])
    same_as_recorded("canvas-curves", shown, fine=0)


@pytest.mark.parametrize("end", [0.0, 1.25, 2.5], ids=["low", "middle", "high"])
def test_names_at_line_ends_lie_apart_and_beside_the_axes(page, end):
    """Eight runs end at one place; a pane of 200 pixels begins 26 below the top."""
    runs = [run(k, "#0072b2") for k in range(8)]
    for each in runs:
        each["val_loss"]["y"] = [1.0, 1.0, end]
        each["val_accuracy"]["y"] = [0.0, 1.0, end / 2.5]
    losses = asdict(LossScale(0, 2.5))
    start(page, Chart, chart(runs=runs, losses=losses))
    drawn = json.loads(page.locator("canvas").get_attribute("data-names"))
    for pane in (drawn[:8], drawn[8:]):
        heights = sorted(y for _, _, y in pane)
        assert len(pane) == 8 and heights[0] >= 26 and heights[-1] <= 26 + 200
        gaps = [b - a for a, b in pairwise(heights)]
        assert gaps == pytest.approx([12] * 7)


def test_a_diverging_run_leaves_the_picture(page):
    wild = run(1, "#0072b2")
    wild["loss"]["y"] = [2.0, 50.0, 4000.0, None, 3.0, 2.0]
    state = chart(runs=[wild], live=run(2, "#d55e00"))
    assert state["losses"]["leaving"] == ("run 1",)
    shown = start(page, Chart, state)
    assert any("run 1 leaves the picture, up to 4,000" in call for call in shown)
    same_as_recorded("canvas-curves-diverging", shown, fine=0)


def plane(**more):
    level = [0, 60, 130, 255] + [20] * 4 + [200] * 8  # by rows, from the top
    state = {
        "points": [*floats(0.5, 2.5, 3.0, 1.0, 1.0, 0.25)],
        "labels": [0, 1, 1],
        "num_train": 2,
        "limits": [0.0, 4.0, 0.0, 3.0],
        "classes": ["blue", "orange"],
        "colors": ["#0072B2", "#D55E00", "#009E73"],
        "summary": "Regions.",
        "picture": {"side": 4, "small": 2, "level": level, "label": [], "layers": []},
    }
    return state | more


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


BINARY = ("points", "labels", "level", "label", "cells")


def test_decision_regions(page):
    state = plane()
    first = {"name": "ReLU", "units": 12, "shown": 2, "cells": [0, 0, 255, 255] * 2}
    second = {"name": "tanh", "units": 1, "shown": 1, "cells": [255, 0, 0, 0]}
    first["cells"][4:] = [128, 255, 0, 90]
    state["picture"] |= {"layers": [first, second], "title": "epoch 2", "more": 1}
    shown = {"two layers": start(page, DecisionMap, state, BINARY)}
    squares = [c for c in shown["two layers"] if c.startswith("drawImage")]
    assert len(squares) == 4, "three units and the answer"
    *_, x, y, w, _ = map(float, squares[1].split()[1:])
    shown["hover"] = page.evaluate("moved", [x + w / 2, y + w / 2])
    assert any("hidden layer 1, unit 2" in call for call in shown["hover"])
    same_as_recorded("canvas-plane", shown, fine=0)


def test_decision_regions_of_three_classes_and_of_none(page):
    label = [0, 1, 1, 2] + [0] * 4 + [2] * 8
    state = plane(classes=["a", "b", "c"], labels=[0, 1, 2])
    state["picture"] |= {"label": label}
    shown = {"three classes": start(page, DecisionMap, state, BINARY)}
    same_as_recorded("canvas-plane-of-three", shown, fine=0)


def test_the_targets_of_a_regression(page):
    state = plane(classes=[], labels=[0, 128, 255], picture={})
    shown = {"no network": start(page, DecisionMap, state, BINARY)}
    same_as_recorded("canvas-plane-of-a-regression", shown, fine=0)


ROWS = [
    {"id": 4, "name": "first", "color": "#0072b2", "dash": [], "hidden": False},
    {"id": 7, "name": "second", "color": "#d55e00", "dash": [6, 3], "hidden": True},
]
ROWS = [
    row | {"values": ["0.1", str(k)], "final": "0.9", "best": "0.95", "seconds": "1.5"}
    for k, row in enumerate(ROWS)
]


def test_the_table_of_runs(page):
    columns = ["run", "lr", "batch", "val", "best", "seconds", ""]
    start(page, RunTable, {"rows": ROWS, "columns": columns})
    html = page.locator("#widget").inner_html()
    for button in page.locator("#widget button").all():
        button.click()
    wishes = told(page)
    page.evaluate("changed", ["rows", ROWS[1:]])
    assert "first" not in page.locator("#widget").inner_text()
    same_as_recorded("html-runs", {"html": html, "wishes": wishes}, fine=0)


def test_a_prediction(page):
    state = {"statement": "It <b>helps</b>.", "options": ["less", "same", "more"]}
    start(page, RadioButtons, state | {"value": "same", "fixed": False})
    shown = page.locator("#widget")
    assert shown.locator("input:checked").input_value() == "same"
    assert "<b>" in shown.inner_text()
    shown.get_by_text("more").click()
    assert told(page) == ["set value more", "saved"]
    assert not shown.locator("button").is_visible()
    page.evaluate("changed", ["fixed", True])
    assert shown.locator("fieldset").evaluate("node => node.disabled")
    shown.locator("button").click()
    assert told(page) == ["set value null", "saved"]


def test_text_to_copy(page):
    start(page, TextBox, {"text": "lr=0.1\nseed=0", "hint": "Copy it"})
    area = page.locator("#widget textarea")
    assert (area.input_value(), area.get_attribute("rows")) == ("lr=0.1\nseed=0", "2")
    assert area.get_attribute("readonly") is not None
    assert page.locator("#widget").inner_text() == "Copy it"
    page.evaluate("changed", ["text", ""])
    assert not page.locator("#widget").is_visible()
