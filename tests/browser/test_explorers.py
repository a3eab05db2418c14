"""All explorers in a real JupyterLab, narrow and dark, and their scripts.

One page holds them all; the renderer is tried on it with a scene of its own.
"""

import base64
import copy
import io
import re

import ipywidgets
import nbformat
import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import expect

from helpers.tuning.ranges import Choice, Typed, label_of
from helpers.widgets.explorer import SceneView
from helpers.widgets.scene import INK, Pane, Scene
from tests.test_explorers import ALL, pixels, places
from tools.waiting import wait_for

TWINS = [name for name, form in ALL.items() if form.twin]
PICTURE = "canvas.course-picture"
KERNEL = "import os, pathlib\npathlib.Path('kernel').write_text(str(os.getpid()))"
NET = """
import torch
from torch import nn
from helpers.chapters.classic_cnns import explorers
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
explorers.layer_by_layer(net, torch.rand(2, 1, 12, 12))
"""
ROW = ".widget-inline-hbox:has(.widget-label:text-is('{}'))"


@pytest.fixture(scope="module")
def page(dark_lab):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    calls = [name.split(".") for name in ALL]
    sources = [
        f"from helpers.chapters.{chapter} import explorers\nexplorers.{name}()"
        for chapter, name in calls
    ]
    notebook.cells = [nbformat.v4.new_code_cell(s) for s in [*sources, NET, KERNEL]]
    nbformat.write(notebook, dark_lab.folder / "explorers.ipynb")
    page = dark_lab.open("explorers.ipynb", width=1024)
    page.run_all()
    yield page
    page.close()


def shown(page, name):
    """Return the cell of an explorer, in view, and its canvas."""
    cell = page.page.locator(".jp-Notebook .jp-Cell").nth(list(ALL).index(name))
    canvas = cell.locator(PICTURE)
    canvas.scroll_into_view_if_needed()
    page.until("canvas => canvas.dataset.drawn", canvas.element_handle())
    return cell, canvas


def drawing(canvas):
    return canvas.evaluate("canvas => canvas.toDataURL()")


def moved(page, canvas, before):
    """Wait until another picture is drawn."""
    arg = [canvas.element_handle(), before]
    page.until("([canvas, before]) => canvas.toDataURL() !== before", arg)


@pytest.mark.parametrize("name", ALL)
def test_it_follows_every_control(page, name):
    cell, canvas = shown(page, name)
    mirror = ALL[name]()
    said = cell.locator("[role=status]")
    for control, declared in ALL[name].ranges.items():
        row = cell.locator(ROW.format(label_of(control)))
        widget, before = mirror.controls[control], drawing(canvas)
        if isinstance(declared, Choice):
            widget.index = 1 - min(widget.index, 1)  # the first, or else the second
            row.locator("select").select_option(index=widget.index)
        elif isinstance(declared, Typed):
            widget.value = "said a"
            row.locator("input").fill("")
            row.locator("input").press_sequentially(widget.value)  # a: a shortcut
        elif isinstance(widget, ipywidgets.BoundedIntText):
            widget.value += 1 if widget.value < widget.max else -1
            row.locator("input").fill(str(widget.value))
            page.page.keyboard.press("Enter")
        else:
            way = -1 if widget.value == widget.max else 1
            row.locator(".noUi-handle").focus()
            page.page.keyboard.press("ArrowRight" if way > 0 else "ArrowLeft")
            if hasattr(widget, "base"):  # a logarithmic slider
                widget.value *= widget.base ** (way * widget.step)
            else:
                widget.value += way * widget.step
        moved(page, canvas, before)
        wait_for(lambda m=mirror: alike(said.inner_text(), m.sentence))
        expect(canvas).to_have_attribute("aria-label", said.inner_text())


def alike(said, expected):
    """Compare sentences; a number may be another by rounding."""
    number = r"\d+(?:\.\d+)?"
    if re.sub(number, "#", said) != re.sub(number, "#", expected):
        return False
    ours, theirs = (np.array(re.findall(number, s), float) for s in (said, expected))
    return np.allclose(ours, theirs, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", TWINS)
def test_it_moves_while_the_kernel_stands_still(page, name):
    cell, canvas = shown(page, name)
    control = list(ALL[name].ranges)[-1]
    before, said = drawing(canvas), canvas.get_attribute("aria-label")
    kernel = psutil.Process(int(page.path.with_name("kernel").read_text()))
    kernel.suspend()
    try:
        handle = cell.locator(ROW.format(label_of(control))).locator(".noUi-handle")
        now, low = (
            float(handle.get_attribute(f"aria-value{end}")) for end in ("now", "min")
        )
        handle.focus()
        page.page.keyboard.press("ArrowLeft" if now > low else "ArrowRight")
        moved(page, canvas, before)
        assert canvas.get_attribute("aria-label") == said
    finally:
        kernel.resume()
    expect(canvas).not_to_have_attribute("aria-label", said)


def at(canvas, form, x, y):
    """Return where a point of an explorer's first pane stands on the screen."""
    canvas.scroll_into_view_if_needed()
    box, sent = canvas.bounding_box(), form.scene().sent()
    ((px, py),) = pixels(sent["panes"][0], [(x, y)])
    unit = box["width"] / sent["width"]
    return box["x"] + unit * px, box["y"] + unit * py


def test_a_point_is_dragged_in_the_picture(page):
    name = "dropout_and_regularization.penalties"
    cell, canvas = shown(page, name)
    mouse = page.page.mouse
    mouse.move(*at(canvas, ALL[name], 0.5, -0.5))
    mouse.down()  # beside the handle: it comes
    mouse.move(*at(canvas, ALL[name], -1.0, 1.6), steps=5)
    mouse.up()
    said = cell.locator("[role=status]")
    expect(said).to_contain_text("alone is lowest at (−1.000, 1.600)")
    handle = cell.locator(".course-handle").first
    expect(handle).to_have_attribute("aria-label", "optimum w1, optimum w2")
    handle.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp"):
        page.page.keyboard.press(key)
    expect(said).to_contain_text("alone is lowest at (−0.960, 1.680)")
    expect(handle).to_have_attribute("aria-valuetext", "-0.960, 1.68")
    for k, text in enumerate(("−0.960", "1.68")):  # the sliders followed
        expect(cell.locator(".widget-readout").nth(k)).to_have_text(text)


def test_arrows_follow_an_axis_that_runs_down_and_a_preset_sets_boxes(page):
    name = "convolution.sliding_window"
    cell, canvas = shown(page, name)
    said, handle = cell.locator("[role=status]"), cell.locator(".course-handle")
    cell.locator(ROW.format("preset")).locator("select").select_option("identity")
    expect(cell.locator(ROW.format("w22")).locator("input")).to_have_value("1")
    mouse = page.page.mouse
    mouse.move(*at(canvas, ALL[name], 3, 2))
    mouse.down()
    mouse.move(*at(canvas, ALL[name], 2, 4), steps=4)
    mouse.up()
    expect(said).to_contain_text("Row 4, column 2: ")
    handle.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.page.keyboard.press(key)
    expect(said).to_contain_text("Row 3, column 4: ")
    expect(said).to_contain_text(" = 9.")
    cell.locator(ROW.format("w22")).locator("input").fill("2")
    page.page.keyboard.press("Enter")
    expect(said).to_contain_text(" = 18.")
    expect(cell.locator(ROW.format("preset")).locator("select")).to_have_value("own")


def test_a_handle_comes_and_goes_with_the_scene(page):
    """`layer_by_layer` has none where all maps are shown."""
    cell = page.page.locator(".jp-Notebook .jp-Cell").nth(len(ALL))
    canvas, handle = cell.locator(PICTURE), cell.locator(".course-handle")
    canvas.scroll_into_view_if_needed()
    page.until("canvas => canvas.dataset.drawn", canvas.element_handle())
    expect(handle).to_have_count(0)
    channel = cell.locator(ROW.format("channel")).locator(".noUi-handle")
    channel.focus()
    page.page.keyboard.press("ArrowRight")
    expect(handle).to_be_visible()
    expect(handle).to_have_attribute("aria-label", "column, row")
    handle.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp"):
        page.page.keyboard.press(key)
    expect(cell.locator("[role=status]")).to_contain_text("At row 3, column 6 it has ")
    channel.focus()
    page.page.keyboard.press("ArrowLeft")
    expect(handle).to_be_hidden()


def test_a_finger_drags_a_handle_and_scrolls_beside_it(page):
    name = "linear_algebra_and_gradients.norm_balls"
    cell, canvas = shown(page, name)
    said = cell.locator("[role=status]")
    touch = """(node, [[x0, y0], [x1, y1]]) => {
      const send = (type, clientX, clientY) => node.dispatchEvent(new PointerEvent(type,
        { pointerId: 7, pointerType: 'touch', clientX, clientY, bubbles: true }));
      node.setPointerCapture = () => {}; // of a finger that is not there
      send('pointerdown', x0, y0); send('pointermove', x1, y1);
      send('pointerup', x1, y1); send('pointermove', x0, y0); }"""
    way = [at(canvas, ALL[name], 1.5, -2), at(canvas, ALL[name], -1, 0.5)]
    before = said.inner_text()
    canvas.evaluate(touch, way)
    handle = cell.locator(".course-handle")
    assert handle.evaluate("node => getComputedStyle(node).touchAction") == "none"
    assert said.inner_text() == before
    handle.evaluate(touch, way)
    expect(said).to_contain_text("x = (−1.00, 0.50)")


@pytest.mark.parametrize("width", [1280, 1024, 700])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    assert page.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output')].filter(area =>
          [...area.querySelectorAll('canvas, .noUi-target')].some(e =>
            e.getBoundingClientRect().right > area.getBoundingClientRect().right + 1))
          .map(area => area.innerText)"""
    ) == []  # fmt: skip
    assert page.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea .widget-label')]
          .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
    ) == []  # fmt: skip
    page.width(1024)


# -- twins --------------------------------------------------------------------------

TWIN = """async ([script, all]) => {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const { scene } = await import(url);
  return all.map(scene);
}"""


def replaced(scene, moved):
    """Return a scene with what a twin names replaced, as scene.js does it."""
    scene = copy.deepcopy(scene)
    for pane in scene["panes"]:
        pane.update(moved.get(pane["name"], {}))
        for mark in pane["marks"]:
            mark.update(moved.get(mark["name"], {}))
    return scene


def numbers(value):
    """Return points as an array; None, where a line breaks, as NaN."""
    return np.array([(np.nan, np.nan) if p is None else p for p in value]).reshape(
        -1, 2
    )


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_computes_the_numbers_of_python(page, name):
    form = ALL[name]
    values = list(places(form))
    found = page.page.evaluate(TWIN, [form.twin.read_text("utf-8"), values])
    first = form.scene().sent()
    for given, moved in zip(values, found, strict=True):
        expected, theirs = form.scene(**given).sent(), replaced(first, moved)
        for pane, other in zip(expected["panes"], theirs["panes"], strict=True):
            ends = np.sort([pane["x"], pane["y"]])
            far = 20 * np.ptp(ends, 1) - 0.01
            fine = np.ptp(ends, 1).max() * 2e-4
            for mark, twin in zip(pane.pop("marks"), other.pop("marks"), strict=True):
                for key, value in mark.items():
                    what = (given, mark["name"], key)
                    if key == "xy":
                        # Python cuts what is far away
                        a, b = (
                            np.clip(numbers(v), ends.mean(1) - far, ends.mean(1) + far)
                            for v in (value, twin[key])
                        )
                        assert a.shape == b.shape, what
                        np.testing.assert_allclose(a, b, atol=fine, err_msg=str(what))
                    elif key == "lengths":
                        assert twin[key] == pytest.approx(value, abs=1e-6), what
                    else:
                        assert twin[key] == value, what
            pane.pop("key"), other.pop("key")  # labels keep the places of the first
            assert other == pane, given


# -- the renderer -------------------------------------------------------------------

RENDER = """async ([script, scene, says]) => {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const { default: { render } } = await import(url);
  const state = { scene, says, twin: '', controls: {} };
  const model = { get: name => state[name], on() {}, off() {} };
  const el = document.createElement('div');
  el.style.cssText = 'position: fixed; top: 0; left: 0; width: 400px';
  document.body.append(el);
  const end = await render({ model, el });
  const canvas = el.querySelector('canvas');
  const drawn = async (before) => {
    for (let frame = 0; canvas.dataset.drawn === before; frame++) {
      if (frame === 3000) throw new Error('nothing was drawn in 3000 frames');
      await new Promise(requestAnimationFrame);
    }
  };
  await drawn(undefined);
  const times = canvas.dataset.drawn;
  document.body.dataset.jpThemeName = document.body.dataset.jpThemeName;
  await drawn(times);
  const png = canvas.toDataURL(), scale = window.devicePixelRatio;
  const label = canvas.getAttribute('aria-label');
  end(); el.remove();
  return { png, label, scale };
}"""


@pytest.fixture(scope="module")
def painted(page):
    """A scene without symmetry: its pane, and a function from a point to its color."""
    pane = Pane("title", (0, 10), (-2, 8), labels=("x", "y"), grid=False)
    pane.image([[1, 0, 0], [0, 0, 1]], (0, 3), (5, 7), color="#0000ff")
    pane.image([[[1, 0, 0]], [[0, 1, 0]]], (4, 5), (5, 7))
    pane.bars([1, 2], [2, -1], color=["#00ff00", "#ff0000"], width=0.5)
    pane.bars([1.5], [4], color="#ff00ff", width=0.5, across=True)
    pane.line([(6, 0), (9, 3), (np.nan, 0), (9, 0)], color="#ffff00", width=4)
    pane.area([(6, 4), (8, 4), (6, 7)], color="#00ffff", alpha=1)
    pane.dots([(9, 6)], color="#808000", size=4)
    pane.arrow((8, -1), (5, -1), color="#800080", width=4)
    pane.line([(9.5, 20), (9.5, -20)], color="#008080", width=4)
    pane.text((5.2, 3.5), "words", color=INK, size=14)
    sent = Scene("It says.", [pane], 400, 400).sent()
    for mark in sent["panes"][0]["marks"]:
        if mark["kind"] == "image":
            mark["values"] = list(mark["values"])
    script = SceneView._esm
    found = page.page.evaluate(RENDER, [str(script), sent, "It says."])
    png = base64.b64decode(found["png"].partition(",")[2])
    colors = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    assert (colors.shape[1], found["label"]) == (400 * found["scale"], "It says.")

    def color(x, y):
        ((px, py),) = pixels(sent["panes"][0], [(x, y)]) * found["scale"]
        return "#" + bytes(colors[round(py), round(px), :3]).hex() if (
            colors[round(py), round(px), 3]
        ) else ""  # fmt: skip

    return color, colors, sent["panes"][0]["box"]


@pytest.mark.parametrize(
    "x, y, expected",
    [
        *((0.5, 6.5, "#0000ff"), (2.5, 5.5, "#0000ff")),  # cells from the top left
        *((2.5, 6.5, ""), (0.5, 5.5, "")),
        *((4.5, 6.5, "#ff0000"), (4.5, 5.5, "#00ff00")),
        *((1, 1, "#00ff00"), (1, 2.3, ""), (1, -0.5, "")),  # bars: upward, downward
        *((2, -0.5, "#ff0000"), (2, 0.5, ""), (2, -1.3, "")),
        *((3, 1.5, "#ff00ff"), (4.3, 1.5, "")),  # and across
        *((7.5, 1.5, "#ffff00"), (7.5, 0.3, ""), (9, 1.5, "")),  # a line, and its gap
        *((6.3, 6, "#00ffff"), (7.7, 6.7, "")),
        *((9, 6, "#808000"), (9, 5.5, "")),
        *((7, -1, "#800080"), (4.7, -1, "")),  # an arrow to the left
        *((9.5, 7.9, "#008080"), (9.5, -1.9, "#008080")),
        *((9.5, 8.3, ""), (9.5, -2.4, "")),  # and nothing beyond the axes
    ],
)
def test_marks_are_where_their_numbers_are(painted, x, y, expected):
    assert painted[0](x, y) == expected


def test_words_can_be_read_on_the_theme(page, painted):
    _, colors, _ = painted
    background = page.page.evaluate(
        "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    )
    dark = max(map(float, background.strip("rgb()").split(",")[:3]))
    title = colors[:18, :, :]
    light = title[title[..., 3] > 200][:, :3].max()
    assert dark < 60 and light > 180, (background, light)
