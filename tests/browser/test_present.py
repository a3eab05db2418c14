"""`make present` with a real Voila in Chromium: large, alive, and gone at Ctrl-C."""

import importlib.util
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tools.classroom import present
from tools.lab import launched
from tools.stored import ROOT
from tools.waiting import PATIENCE

NO_VOILA = "Voila is not installed"
# The label of a slider, and the text beside the widgets, in pixels of the screen.
HEIGHT = """e => { const zoom = e.currentCSSZoom ?? 1;
  return parseFloat(getComputedStyle(e).fontSize) * zoom }"""
BEYOND = """() => [...document.querySelectorAll('.page canvas, .page button, .page h2')]
  .filter(e => e.checkVisibility() &&
    e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))"""
# Five explorers and a panel have their pictures, and these their size.
DRAWN = """() => { const count = what => document.querySelectorAll(what).length;
  return count('.course-explorer canvas[data-drawn]') === 5 &&
    count('.course-panel canvas[data-drawn]') > 0 &&
    +document.documentElement.dataset.ready === count('.page canvas') }"""
SHARP = """e => e.width / e.getBoundingClientRect().width / window.devicePixelRatio"""


@pytest.fixture(scope="module")
def command():
    """`make present CHAPTER=01`, running; its address."""
    if importlib.util.find_spec("voila") is None:
        pytest.skip(NO_VOILA)
    words = ["-m", "tools.classroom.present", "--chapter", "01", "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
    yield process, address
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def page(command, chromium_path):
    """The page of a screen of 1280 x 720, when everything is drawn."""
    _, address = command
    browser = launched(chromium_path)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(1000 * PATIENCE)
    page.wrong, page.asked = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on(
        "console", lambda said: said.type == "error" and page.wrong.append(said.text)
    )
    page.goto(address)
    page.wait_for_function(DRAWN)
    yield page
    browser.close()


def test_everything_is_there_and_large(page):
    assert page.locator(".course-explorer").count() == 5
    assert page.locator(".course-panel").count() == 1
    assert page.locator(".page h2").count() == 6
    assert page.locator(".highlight").count() == 0  # no code
    for kind, least in (
        (".page h2", 32),
        (".jp-RenderedMarkdown p", 20),
        (".widget-label", 14),
    ):
        for found in page.locator(kind).all():
            if found.is_visible():
                assert found.evaluate(HEIGHT) >= least, found.inner_text()
    assert page.evaluate(BEYOND) == []
    for canvas in page.locator(".page canvas").all():
        assert canvas.evaluate(SHARP) == pytest.approx(1, abs=0.02)


def test_formulas_are_set(page):
    assert page.locator("mjx-container").count() > 0
    assert "$" not in page.locator(".page p").first.inner_text()


def test_a_slider_moves_the_picture(page):
    whole = page.locator(".course-explorer").nth(3)
    says = whole.locator("[role=status]")
    before = says.inner_text()
    whole.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([whole, before]) =>"
        " whole.querySelector('[role=status]').innerText !== before",
        arg=[whole.element_handle(), before],
    )


def test_a_handle_is_dragged_where_the_mouse_is(page):
    whole = page.locator(".course-explorer").first
    handle = whole.locator(".course-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "([handle, x]) => { const r = handle.getBoundingClientRect();"
        " return Math.abs(r.x + r.width / 2 - x) < 8 }",
        arg=[handle.element_handle(), x - 60],
    )


def test_the_panel_trains_and_stops(page):
    panel = page.locator(".course-panel")
    status = panel.locator(".course-status")
    epochs = panel.locator(".widget-inline-hbox", has_text="epochs")
    epochs.locator(".noUi-handle").focus()
    page.keyboard.press("End")
    panel.locator("select").first.select_option("1")  # 30,000 steps
    buttons = panel.locator(".course-buttons button")
    buttons.filter(has_text="Run").click()
    page.wait_for_function(
        "e => [...e.querySelectorAll('button')].find(b => b.innerText.trim() === 'Stop'"
        ").disabled === false",
        arg=panel.element_handle(),
    )
    buttons.filter(has_text="Stop").click()
    status.get_by_text(re.compile(r"Run \d+ (stopped|finished)")).wait_for()


def test_pages_are_turned_by_keys(page):
    page.evaluate("document.activeElement.blur()")
    page.locator(".page").first.evaluate("first => first.scrollIntoView()")
    menu = page.get_by_label("Page", exact=True)
    for k in (1, 2):
        page.keyboard.press("PageDown")
        page.wait_for_function(
            "([menu, k]) => menu.value === k", arg=[menu.element_handle(), str(k)]
        )
    page.keyboard.press("PageUp")
    page.wait_for_function("menu => menu.value === '1'", arg=menu.element_handle())


def test_nothing_went_wrong_or_was_asked_for_elsewhere(page, command):
    _, address = command
    own = (address, address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in page.asked if not url.startswith(own)] == []
    assert page.wrong == []


def test_ctrl_c_ends_it(page, command):
    process, address = command
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert "Stopped" in process.stdout.read()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)
    assert [p.name for p in present.BUILD.glob("01-*")] == [
        "01-linear-algebra-and-gradients.ipynb"
    ]
