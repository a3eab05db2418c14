"""One notebook on the screen of the browser tests: run, drag, click, read."""

import contextlib
import json
from pathlib import Path

from playwright.sync_api import Error

from tools.waiting import wait_for

SLIDER = ".widget-inline-hbox:has(.widget-label:text-is('{}')) .noUi-target"
# JupyterLab's own model of the notebook knows every cell, also those that are out of
# sight and so not in the document.
NOTEBOOK = "const notebook = window.jupyterapp?.shell.currentWidget;"
READY = f"""() => {{ {NOTEBOOK}
  return notebook?.sessionContext?.isReady && notebook.content.model?.cells.length &&
    notebook.sessionContext.session?.kernel?.connectionStatus === 'connected' &&
    notebook.sessionContext.session.kernel.status === 'idle' }}"""
# Start a command without waiting for its end, which may be long in coming.
START = f"""([command, index]) => {{ {NOTEBOOK}
  if (index !== null) notebook.content.activeCellIndex = index;
  window.courseEnded = false;
  window.jupyterapp.commands.execute(command)
    .finally(() => {{ window.courseEnded = true; }}) }}"""
UNFINISHED = f"""() => {{ {NOTEBOOK}
  return [...notebook.content.model.cells]
    .filter(c => c.type === 'code' && c.sharedModel.source.trim() &&
      (c.executionState !== 'idle' || c.executionCount === null))
    .map(c => c.id) }}"""
GOES_ON = f"before => window.courseEnded || ({UNFINISHED})().length < before"
IDLE = f"""() => {{ {NOTEBOOK}
  return window.courseEnded !== false &&
    notebook.sessionContext.session?.kernel?.status === 'idle' }}"""
ERROR = f"""() => {{ {NOTEBOOK}
  return [...notebook.content.model.cells]
    .flatMap(c => c.type === 'code' ? c.outputs.toJSON() : [])
    .filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue) }}"""
# What was asked for is drawn in the next frame; in the one after it has been.
FRAME = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
# A dialog over the notebook takes every click. It is answered: yes to those that are
# harmless or asked for, no to all others, and those are errors of the page.
ANSWERS = """document.addEventListener('DOMContentLoaded', () => {
  const answer = (dialog) => {
    const fine = ['A connection to the Jupyter server', 'want to restart the kernel']
      .some(words => dialog.textContent.includes(words));
    if (!fine) console.error('JupyterLab opened a dialog: ' + dialog.textContent);
    const buttons = [...dialog.querySelectorAll('.jp-Dialog-footer button')];
    buttons.at(fine ? -1 : 0)?.click();
  };
  new MutationObserver(changes => changes.flatMap(change => [...change.addedNodes])
    .filter(node => node.classList?.contains('jp-Dialog')).forEach(answer)
  ).observe(document.body, { childList: true });
})"""
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
    """One notebook on the screen; ``page`` is Playwright's.

    Everything waits for what it needs, with the patience of `tools.waiting`.
    """

    def __init__(self, page, path: Path):
        self.page, self.path = page, path

    def close(self) -> None:
        """Close the page and end its kernel, which would live on without it."""
        alive = f"() => {{ {NOTEBOOK} return !!notebook?.sessionContext?.session }}"
        if self.page.evaluate(alive):
            with self.page.expect_request(lambda request: request.method == "DELETE"):
                self.page.evaluate(
                    f"() => {{ {NOTEBOOK} void notebook.sessionContext.shutdown() }}"
                )
        self.page.context.close()

    def trace(self, path: Path | None) -> None:
        """Keep what was recorded since the last call in a file, or forget it."""
        self.page.context.tracing.stop_chunk(path=path)
        self.page.context.tracing.start_chunk()

    def leave(self, stem: Path) -> list[Path]:
        """Leave a picture and a trace; return their paths."""
        left = [stem.with_suffix(".png"), stem.with_suffix(".zip")]
        with contextlib.suppress(Error):  # of a page that crashed there is none
            self.page.screenshot(path=left[0])
            self.trace(left[1])
        return [path for path in left if path.exists()]

    # -- running cells ------------------------------------------------------------

    def wait_until_ready(self) -> None:
        """Wait until the notebook is there, with a kernel that has nothing to do."""
        self.until(READY)

    def run_all(self) -> None:
        """Run all cells; return when each has its number and the kernel is idle.

        Raises
        ------
        AssertionError : a cell raised, or was not run.
        """
        self.start("notebook:run-all-cells")
        # The patience is for each cell: a whole chapter may take minutes.
        while left := self.page.evaluate(UNFINISHED):
            self.until(GOES_ON, len(left))
            if self.page.evaluate("() => window.courseEnded"):
                break
        self.wait_idle()
        left, errors = self.page.evaluate(UNFINISHED), self.page.evaluate(ERROR)
        assert not left, f"{self.path.name}: not run were {left}; errors: {errors}"

    def run_cell(self, index: int) -> None:
        """Run one cell again, counted from 0, and wait until it has run."""
        self.start("notebook:run-cell", index)
        self.wait_idle()

    def start(self, command: str, index: int | None = None) -> None:
        """Start a command of JupyterLab, on this cell if one is given."""
        self.page.evaluate(START, [command, index])

    def wait_idle(self) -> None:
        """Wait until the started command has ended and no cell runs."""
        self.until(IDLE)

    def restart_kernel(self) -> None:
        """Restart the kernel; return when the new one is ready."""
        self.start("notebook:restart-kernel")
        self.wait_idle()
        self.wait_until_ready()

    def save(self) -> dict:
        """Save, and return the notebook as it stands on the disk."""
        self.start("docmanager:save")
        self.until("() => window.courseEnded")
        return json.loads(self.path.read_text(encoding="utf8"))

    # -- looking ------------------------------------------------------------------

    def until(self, condition: str, arg=None) -> None:
        """Wait until a function of JavaScript, asked in every frame, says yes."""
        self.page.wait_for_function(condition, arg=arg)

    def frame(self) -> None:
        """Wait until what has been asked for is drawn: for two frames."""
        self.page.evaluate(FRAME)

    def text(self, pattern: str) -> str:
        """Wait until a text that matches stands in an output; return it whole."""
        found = self.page.locator(f".jp-OutputArea-output >> text=/{pattern}/").first
        found.wait_for()
        return found.inner_text()

    def count(self, selector: str) -> int:
        """How many elements on the page match a selector."""
        return self.page.locator(selector).count()

    def cut_off(self, selector: str) -> list[str]:
        """What is clipped inside a widget, or stands out of its output area."""
        self.frame()
        clipped = self.page.evaluate(CLIPPED, selector)
        return clipped + self.page.evaluate(BEYOND, selector)

    # -- using --------------------------------------------------------------------

    def width(self, pixels: int) -> None:
        """Make the window this wide."""
        self.page.set_viewport_size({"width": pixels, "height": 1000})
        self.frame()

    def button(self, text: str):
        """The visible button with exactly this text."""
        return self.page.locator(f"button:visible:text-is('{text}')").first

    def click(self, text: str) -> None:
        """Click the button with this text."""
        self.button(text).click()

    def drag(self, label: str, fraction: float) -> None:
        """Drag the slider with this label to a fraction of its width."""
        slider, mouse = self.page.locator(SLIDER.format(label)).first, self.page.mouse
        box = wait_for(lambda: self._grasped(slider))
        target = box["x"] + fraction * box["width"]
        mouse.move(target, box["y"] + box["height"] / 2, steps=8)
        mouse.up()

    def _grasped(self, slider) -> dict | None:
        """Press on a slider's handle; where it is, unless it had moved away by then."""
        slider.locator(".noUi-handle").hover()  # once it stands still
        box = slider.bounding_box()
        self.page.mouse.down()
        if slider.locator(".noUi-active").count() and slider.bounding_box() == box:
            return box
        self.page.mouse.up()
        return None

    def press(self, label: str, key: str, times: int = 1, which: int = 0) -> None:
        """Press a key on a slider with this label, by default the first."""
        slider = self.page.locator(SLIDER.format(label)).nth(which)
        slider.locator(".noUi-handle").focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def choose(self, label: str, option: str) -> None:
        """Choose from the drop-down with this label."""
        row = f".widget-inline-hbox:has(.widget-label:text-is('{label}')) select"
        self.page.locator(row).first.select_option(option)

    def stop(self) -> float:
        """Click Stop; milliseconds until the page says so, measured in the page."""
        return self.page.evaluate(CLICK_STOP)
