"""The sketch pad in a real JupyterLab: by mouse, by finger, and by keyboard."""

import json

import nbformat
import pytest
from playwright.sync_api import expect

from tests.handwriting import WAYS, written
from tools.waiting import wait_for

CELLS = (
    """
import json
from helpers import MLP, SketchPad, load_images, seeded, train
data = load_images("digits")
with seeded(0):
    net = MLP()
train(net, data.train, num_epochs=5, lr=0.1, batch_size=128)
asked = []
def counted(X):
    asked.append(1)
    return net(X)
""",
    "pad = SketchPad(counted, data)\npad",
    "print(json.dumps([len(asked), pad.square.strokes, pad.scene.says]))",
)
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.5), (0.42, 0.85)]
SQUARE = "canvas.course-square"
BARS = "canvas.course-picture"
SAID = ".course-sketch-answer [role=status]"


def opened(lab, cells=CELLS, name="pad.ipynb"):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
    nbformat.write(notebook, lab.folder / name)
    page = lab.open(name, width=1024)
    page.run_all()
    return page


@pytest.fixture(scope="module")
def shared(lab):
    page = opened(lab)
    yield page
    page.close()


@pytest.fixture
def page(shared):
    """The same page with a fresh pad: its cell is run again."""
    shared.run_cell(1)
    square(shared)
    expect(shared.page.locator(SAID)).to_contain_text("Draw in the square")
    return shared


def square(page):
    """Return the square, drawn and in view."""
    canvas = page.page.locator(SQUARE)
    canvas.scroll_into_view_if_needed()
    page.until("canvas => canvas.dataset.drawn", canvas.element_handle())
    return canvas


def draw(page, strokes):
    """Draw lines with the mouse; x and y are from 0 to 1 over the square."""
    box, mouse = square(page).bounding_box(), page.page.mouse
    for stroke in strokes:
        (x, y), *others = [
            (box["x"] + box["width"] * x, box["y"] + box["height"] * y)
            for x, y in stroke
        ]
        mouse.move(x, y)
        mouse.down()
        for x, y in others:
            mouse.move(x, y)
        mouse.up()


def picture(page, selector):
    return page.page.locator(selector).evaluate("canvas => canvas.toDataURL()")


def changed(page, selector, before):
    """Wait until another picture is drawn."""
    arg = [page.page.locator(selector).element_handle(), before]
    page.until("([canvas, before]) => canvas.toDataURL() !== before", arg)


def kernel(page, arrived=lambda strokes: True):
    """Return what the kernel knows, once its strokes are these: questions, strokes,
    sentence. The page keeps the newest ones while an answer is outstanding."""

    def known():
        page.run_cell(2)
        cell = page.page.locator(".jp-Notebook .jp-Cell").nth(2)
        said = json.loads(cell.locator(".jp-OutputArea-output").inner_text())
        return said if arrived(said[1]) else None

    return wait_for(known)


def all_of(drawn):
    """Return whether strokes are as many as these, and end where they do."""
    end = [1000 * value for value in drawn[-1][-1]]
    return lambda strokes: (
        len(strokes) == len(drawn) and strokes[-1][-2:] == pytest.approx(end, abs=8)
    )


def says(page, digit):
    expect(page.page.locator(SAID)).to_contain_text(f"The network says {digit} (")


def gray(page, x, y):
    """Return the red of the square at a place."""
    return page.page.locator(SQUARE).evaluate(
        """(canvas, [x, y]) => canvas.getContext('2d').getImageData(
          x * canvas.width, y * canvas.height, 1, 1).data[0]""",
        [x, y],
    )


def test_bars_follow_the_pen(page):
    before, bars = picture(page, SQUARE), picture(page, BARS)
    questions = kernel(page)[0]
    down = [(0.62, 0.15 + 0.03 * k) for k in range(24)]
    draw(page, [down])
    changed(page, SQUARE, before)
    changed(page, BARS, bars)
    says(page, 1)
    expect(page.page.locator(BARS)).to_have_attribute(
        "aria-label", page.page.locator(SAID).inner_text()
    )
    # the last state arrives, and no move asked more than once
    asked, (stroke,), said = kernel(page, all_of([down]))
    assert stroke[:2] == pytest.approx([620, 150], abs=8)
    assert 1 <= asked - questions <= len(down) + 1
    assert said == page.page.locator(SAID).inner_text()
    assert (gray(page, 0.62, 0.5), gray(page, 0.5, 0.62)) == (255, 0)
    bars = picture(page, BARS)
    draw(page, [[(0.62 - 0.05 * k, 0.15) for k in range(1, 9)]])
    changed(page, BARS, bars)
    page.click("Clear")
    draw(page, [SEVEN])
    says(page, 7)


def test_ten_digits_are_recognized(page):
    right = []
    for digit in WAYS:
        page.click("Clear")
        expect(page.page.locator(SAID)).to_contain_text("Draw in the square")
        drawn = written(digit, way=0, seed=1)
        draw(page, drawn)
        expect(page.page.locator(SAID)).to_contain_text("The network says")
        said = kernel(page, all_of(drawn))[2]
        right.append(said.startswith(f"The network says {digit} "))
    assert sum(right) >= 9, dict(zip(WAYS, right, strict=True))


def test_undo_and_clear(page):
    undo = page.button("Undo")
    expect(undo).to_be_disabled()
    draw(page, [[(0.5, 0.2), (0.5, 0.8)], [(0.3, 0.5), (0.7, 0.5)]])
    expect(undo).to_be_enabled()
    expect(page.page.locator(SAID)).to_contain_text("The network says")
    assert gray(page, 0.7, 0.5) == 255
    before = picture(page, SQUARE)
    page.click("Undo")
    changed(page, SQUARE, before)
    assert (gray(page, 0.7, 0.5), gray(page, 0.5, 0.5)) == (0, 255)
    kernel(page, lambda strokes: strokes == [[500, 200, 500, 800]])
    page.choose("stored image", "3")
    page.press("turn", "ArrowRight", 5)
    expect(page.page.locator(SAID)).to_contain_text("is labeled 3")
    page.click("Clear")
    expect(page.page.locator(SAID)).to_contain_text("Draw in the square")
    expect(page.page.locator(".widget-dropdown select")).to_have_value("none")
    expect(page.page.locator(".widget-readout").nth(2)).to_have_text("0.00")
    kernel(page, lambda strokes: strokes == [])


def test_a_stored_digit_is_moved_by_keyboard_alone(page):
    keys = page.page.keyboard
    page.page.locator(".widget-dropdown select").focus()
    keys.type("3")
    says(page, 3)
    expect(page.page.locator(SAID)).to_contain_text("is labeled 3")
    keys.press("Tab")
    expect(page.button("Another")).to_be_focused()
    before = picture(page, SQUARE)
    keys.press("Enter")
    changed(page, SQUARE, before)
    canvas = square(page)
    canvas.focus()
    before = picture(page, SQUARE)
    for key in 7 * ["ArrowRight"] + 4 * ["ArrowUp"]:
        keys.press(key)
    changed(page, SQUARE, before)
    expect(page.page.locator(".widget-readout").nth(0)).to_have_text("0.280")
    expect(page.page.locator(".widget-readout").nth(1)).to_have_text("−0.160")
    assert canvas.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    says(page, 3)  # it is centered before the network sees it
    said = page.page.locator(SAID).inner_text()
    page.page.locator("input[type=checkbox]").last.focus()
    keys.press("Space")
    expect(page.page.locator(SAID)).not_to_have_text(said)


def test_a_finger_draws_and_a_second_one_does_not(page):
    touch = """(node) => {
      const send = (type, x, y, pointerId) => {
        const area = node.getBoundingClientRect();
        node.dispatchEvent(new PointerEvent(type, { pointerId, pointerType: 'touch',
          clientX: area.x + x * area.width, clientY: area.y + y * area.height })); };
      node.setPointerCapture = () => {}; // of fingers that are not there
      send('pointerdown', 0.4, 0.2, 7); send('pointermove', 0.4, 0.5, 7);
      send('pointerdown', 0.9, 0.9, 8); send('pointermove', 0.8, 0.8, 8);
      send('pointermove', 0.4, 0.8, 7); send('pointerup', 0.4, 0.8, 7);
      send('pointermove', 0.1, 0.1, 7); }"""
    canvas = square(page)
    canvas.evaluate(touch)
    assert canvas.evaluate("node => getComputedStyle(node).touchAction") == "none"
    expect(page.page.locator(SAID)).to_contain_text("The network says")
    kernel(page, lambda strokes: strokes == [[400, 200, 400, 500, 400, 800]])


def test_the_pen_draws_where_it_is_after_the_drawing_was_moved(page):
    page.press("turn", "ArrowRight", 20)
    page.press("size", "ArrowLeft", 20)
    page.press("right", "ArrowRight", 10)
    draw(page, [[(0.3, 0.3), (0.3, 0.6)]])
    page.until("node => node.dataset.drawn", square(page).element_handle())
    page.frame()
    assert (gray(page, 0.3, 0.45), gray(page, 0.45, 0.3)) == (255, 0)
    (stroke,) = kernel(page, lambda strokes: [len(line) for line in strokes] == [4])[1]
    page.page.locator(SAID).wait_for()
    assert stroke[:2] != pytest.approx([300, 300], abs=20)


@pytest.mark.parametrize("width", [1280, 1024, 700])
def test_nothing_is_cut_off(page, width):
    page.width(width)
    assert page.cut_off(SQUARE) == []
    page.width(1024)


def test_it_can_be_read_in_the_dark(dark_lab):
    page = opened(dark_lab)
    draw(page, [SEVEN])
    says(page, 7)
    # Every answer makes the sentence anew: one that is gone already has no color.
    light = """said => {
      const node = document.querySelector(said);
      return node && (getComputedStyle(node).color.match(/\\d+/) ?? [0])[0] > 180;
    }"""
    page.page.wait_for_function(light, arg=SAID)
    assert (gray(page, 0.5, 0.2), gray(page, 0.1, 0.9)) == (255, 0)
    page.close()


MAPS = """
from helpers import SketchPad, load_images
from helpers.models import ConvNet
net = ConvNet()
maps = {"first layer": net.features[:3], "second layer": net.features}
SketchPad(net, load_images("digits"), maps=maps)
"""


def test_feature_maps_follow_the_pen(lab):
    page = opened(lab, [MAPS], "maps.ipynb")
    bars, maps = (page.page.locator(BARS).nth(k) for k in (0, 1))
    label = (
        "Feature maps: first layer, 8 maps of 14 × 14; second layer, 16 maps of 7 × 7."
    )
    expect(maps).to_have_attribute("aria-label", label)
    page.until("canvas => canvas.dataset.drawn", maps.element_handle())
    before = maps.evaluate("canvas => canvas.toDataURL()")
    draw(page, [SEVEN])
    page.until(
        "([canvas, before]) => canvas.toDataURL() !== before",
        [maps.element_handle(), before],
    )
    for width in (1024, 700):  # beside each other, then below
        page.width(width)
        right = "node => node.getBoundingClientRect().right"
        area = page.page.locator(".jp-OutputArea-output").first.evaluate(right)
        assert max(canvas.evaluate(right) for canvas in (bars, maps)) <= area + 1
    page.close()
