"""One notebook on the screen of the browser tests: run, drag, click, read."""

import contextlib
import json
import time
from pathlib import Path

from playwright.sync_api import TimeoutError

IDLE = (
    "() => document.querySelector('.jp-Notebook-ExecutionIndicator')"
    "?.dataset.status === 'idle'"
)
STARS = (
    "[...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')]"
    ".some(prompt => prompt.innerText.includes('*'))"
)
SLIDER = ".widget-inline-hbox:has(.widget-label:text-is('{}')) .noUi-target"
CLICK_STOP = r"""() => new Promise(resolve => {
  const button = [...document.querySelectorAll('button')]
    .find(b => b.innerText.trim() === 'Stop' && b.offsetParent);
  const begin = performance.now();
  const watch = () => /Run \d+ stopped/.test(
    document.querySelector('.course-status').innerText)
    ? resolve(performance.now() - begin) : requestAnimationFrame(watch);
  button.click(); watch();
})"""
# Text boxes scroll by nature; everything else must show all that it holds.
CLIPPED = """selector => [...document.querySelectorAll(selector + ' *')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && e.clientWidth &&
    getComputedStyle(e).overflowX !== 'visible' &&
    !['TEXTAREA', 'INPUT'].includes(e.tagName))
  .map(e => e.className + ': ' + e.innerText.slice(0, 40))"""
BEYOND = """selector => { const area =
    document.querySelector(`.jp-OutputArea-output:has(${selector})`);
  const right = area.getBoundingClientRect().right;
  return [...area.querySelectorAll('button, canvas, td, input, textarea, img, svg')]
    .filter(e => e.getBoundingClientRect().right > right + 1)
    .map(e => e.tagName + ' ' + e.className) }"""


class Page:
    """One notebook on the screen; ``page`` is Playwright's."""

    def __init__(self, page, path: Path):
        self.page, self.path = page, path

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells and wait until the kernel is idle."""
        for _ in range(3):  # a click on a menu that is still being drawn is lost
            self.page.locator(".jp-Notebook .jp-Cell").first.click()
            self.page.click(".lm-MenuBar-itemLabel:text-is('Run')")
            self.page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
            # A kernel that is slow to begin still says "idle": wait for a first star.
            with contextlib.suppress(TimeoutError):
                self.page.wait_for_function(f"() => {STARS}", timeout=5000)
                break
        self.page.wait_for_function(f"() => !({STARS})", timeout=seconds * 1000)
        self.wait_idle(seconds)

    def run_cell(self, index: int, seconds: float = 60) -> None:
        """Run one cell again, counted from 0, and wait until it has run."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(index)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            "([cell, before]) => { const text = cell.innerText;"
            " return text !== before && !text.includes('*') }",
            arg=[prompt.element_handle(), before],
            timeout=seconds * 1000,
        )
        self.wait_idle(seconds)

    def width(self, pixels: int) -> None:
        """Make the window this wide."""
        self.page.set_viewport_size({"width": pixels, "height": 1000})

    def wait_idle(self, seconds: float = 60) -> None:
        """Wait until no cell runs."""
        self.page.wait_for_function(IDLE, timeout=seconds * 1000)

    def save(self) -> dict:
        """Save, and return the notebook as it stands on the disk."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.page.wait_for_timeout(100)
            # the server empties the file before it writes it
            with contextlib.suppress(json.JSONDecodeError):
                if self.path.stat().st_mtime_ns != before:
                    return json.loads(self.path.read_text(encoding="utf8"))
        raise TimeoutError(f"{self.path.name} was not saved within 20 s")

    def button(self, text: str):
        """The visible button with exactly this text."""
        return self.page.locator(f"button:visible:text-is('{text}')").first

    def click(self, text: str) -> None:
        """Click the button with this text."""
        self.button(text).click()

    def drag(self, label: str, fraction: float) -> None:
        """Drag the slider with this label to a fraction of its width."""
        slider = self.page.locator(SLIDER.format(label)).first
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        handle = slider.locator(".noUi-handle").bounding_box()
        mouse = self.page.mouse
        mouse.move(
            handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        )
        mouse.down()
        target = box["x"] + fraction * box["width"]
        mouse.move(target, box["y"] + box["height"] / 2, steps=8)
        mouse.up()

    def choose(self, label: str, option: str) -> None:
        """Choose from the drop-down with this label."""
        row = f".widget-inline-hbox:has(.widget-label:text-is('{label}')) select"
        self.page.locator(row).first.select_option(option)

    def stop(self) -> float:
        """Click Stop; milliseconds until the page says so, measured in the page."""
        return self.page.evaluate(CLICK_STOP)

    def cut_off(self, selector: str) -> list[str]:
        """What is clipped inside a widget, or stands out of its output area."""
        clipped = self.page.evaluate(CLIPPED, selector)
        return clipped + self.page.evaluate(BEYOND, selector)

    def text(self, pattern: str, seconds: float = 10) -> str:
        """Wait until a text that matches stands in an output; return it whole."""
        found = self.page.locator(f".jp-OutputArea-output >> text=/{pattern}/").first
        found.wait_for(timeout=seconds * 1000)
        return found.inner_text()

    def count(self, selector: str) -> int:
        """How many elements on the page match a selector."""
        return self.page.locator(selector).count()
