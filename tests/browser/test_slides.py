"""Slides and handout in Chromium: nothing is cut off or asked for elsewhere."""

import base64
import re

import nbformat.v4 as v4
import pytest
from matplotlib.figure import Figure

from helpers.figures import to_png
from tests.test_slides import code, text
from tools.classroom import handout, slides
from tools.classroom.npm import NotFetched
from tools.lab import launched
from tools.waiting import PATIENCE

LINES = "\n".join(f"value = {k}  # {'long ' * 12}" for k in range(30))
OVER = """() => { const slide = Reveal.getCurrentSlide();
  const edge = document.querySelector('.slides').getBoundingClientRect();
  return [...slide.querySelectorAll('.seen *')].filter(e => e.checkVisibility())
    .map(e => e.getBoundingClientRect())
    .some(r => r.width && (r.bottom > edge.bottom + 1 || r.right > edge.right + 1)) }"""
END = "() => Reveal.isLastSlide() && !Reveal.availableFragments().next"


@pytest.fixture(scope="module")
def browser(chromium_path):
    browser = launched(chromium_path)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A chapter with a slide that must shrink, and one whose picture must move."""
    figure = Figure(figsize=(5, 6))
    figure.subplots().plot([1, 2])
    picture = {"image/png": base64.b64encode(to_png(figure)).decode()}
    cells = [
        text("# 2 Small", "slide"),
        text("Then $\\frac12$ and a `word`.", "fragment"),
        text("said", "notes"),
        text("## Long", "slide"),
        code(LINES, "fragment", {"text/plain": "3"}),
        text("## Tall", "subslide"),
        code(LINES[: 14 * 75], "fragment", picture),
        text("It rises.", "fragment"),
        text("<details><summary>Folded</summary>\n\n" + "line\n\n" * 20 + "</details>",
             "slide"),
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("notebooks") / "02-small.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=cells)))
    return path


def written(write, *arguments):
    try:
        return write(*arguments)
    except NotFetched as error:
        pytest.skip(str(error))


@pytest.fixture
def page(browser, path, tmp_path):
    target = written(slides.write, path, tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(1000 * PATIENCE)
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on(
        "console", lambda said: said.type == "error" and page.wrong.append(said.text)
    )
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    yield page
    page.close()


def test_all_slides_are_walked_through_and_whole(page):
    walked = []
    while True:
        assert not page.evaluate(OVER), walked
        seen = page.evaluate("Reveal.getCurrentSlide().innerText.trim()")
        walked.append(seen.splitlines()[0])
        if page.evaluate(END):
            break
        before = page.evaluate("JSON.stringify(Reveal.getState())")
        page.keyboard.press("Space")
        assert page.evaluate("JSON.stringify(Reveal.getState())") != before
    # The picture of the tall slide has one of its own, under the same heading.
    assert walked == [*["2 Small"] * 2, *["Long"] * 2, *["Tall"] * 4, "Folded"]
    zooms = page.evaluate(
        "[...document.querySelectorAll('.slides section[data-zoom]')]"
        ".map(slide => +slide.dataset.zoom)"
    )
    assert zooms[0] == 1 and zooms[1] < 1 and len(zooms) == 5
    assert page.locator("mjx-container svg").count() == 1
    assert page.locator(".slides aside.notes").first.is_hidden()
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


def test_what_is_folded_out_fits_too(page):
    page.keyboard.press("End")
    page.locator("section.present summary").click()
    page.wait_for_function("() => +Reveal.getCurrentSlide().dataset.zoom < 1")
    assert not page.evaluate(OVER)


def test_the_speakers_view_has_the_notes(page):
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    speaker.locator(".speaker-controls-notes .value", has_text="said").wait_for()


def test_a_handout_is_printed(path, tmp_path, chromium_path):
    target = written(handout.write, path, tmp_path, chromium_path)
    printed = target.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", printed)) > 1
    titles = re.findall(rb"<</Title \((.*?)\)\n", printed)
    assert titles[:3] == [b"2 Small", b"Long", b"Tall"]
