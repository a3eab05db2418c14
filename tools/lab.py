"""A real JupyterLab in a headless Chromium, for the browser tests and the bench.

    with Lab(folder, chromium) as lab:
        page = lab.open("02.ipynb")
        page.run_all()

The server has the settings of `make lab` and none of the person's own. `Lab` collects
errors of the page's console and requests that try to leave this machine.
"""

import atexit
import contextlib
import copy
import functools
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import expect, sync_playwright

from tools.page import ANSWERS, Page
from tools.waiting import PATIENCE, wait_for

ROOT = Path(__file__).resolve().parents[1]
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
# The second comes where a kernel ends before JupyterLab's debugger had its answer.
HARMLESS = ("favicon", "Could not restore the debugger state: Canceled future")
expect.set_options(timeout=1000 * PATIENCE)


@functools.cache
def _playwright():
    """Playwright's own process; it allows one to a thread, so all browsers share it."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright


def launched(chromium: str):
    """Return a browser without a window; its path is given."""
    return _playwright().chromium.launch(
        executable_path=chromium, args=SWITCHES, headless=True
    )


class Lab:
    """One server and one browser.

    Parameters
    ----------
    folder : what the server shows; notebooks are opened by their path in it.
    chromium : path of the browser.
    theme : "Light" or "Dark".
    traced : whether its pages are recorded by Playwright; the bench has no use for it.
    """

    def __init__(
        self, folder: Path, chromium: str, theme: str = "Light", traced: bool = False
    ):
        self.folder, self.chromium, self.theme = folder, chromium, theme
        self.traced = traced
        self.pages: list[Page] = []  # that are open
        self.console_errors: list[str] = []
        self.outside: list[str] = []

    def __enter__(self) -> "Lab":
        self._home = tempfile.TemporaryDirectory(prefix="course-lab-")
        home = Path(self._home.name)
        themes = home / "settings/@jupyterlab/apputils-extension"
        themes.mkdir(parents=True)
        (themes / "themes.jupyterlab-settings").write_text(
            json.dumps({"theme": f"JupyterLab {self.theme}"})
        )
        self._environment = os.environ | {
            "JUPYTER_CONFIG_PATH": str(ROOT / "tools/jupyter_config"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_DATA_DIR": str(home / "data"),
        }
        # All cells in the page, as in JupyterLab's own setting for that: a cell that is
        # out of sight is otherwise not there to be asked.
        notebooks = home / "settings/@jupyterlab/notebook-extension"
        notebooks.mkdir(parents=True)
        (notebooks / "tracker.jupyterlab-settings").write_text(
            json.dumps({"windowingMode": "none"})
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        token = secrets.token_hex(8)
        self._log = (home / "lab.log").open("w")
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", f"--port={port}", "--expose-app-in-browser"),
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={self.folder}",
            ],
            stdout=self._log,
            stderr=self._log,
            env=self._environment,
        )
        self.url, self.token = f"http://127.0.0.1:{port}", token
        self._wait_for_server(home)
        self._browser = launched(self.chromium)
        return self

    def _wait_for_server(self, home: Path) -> None:
        address = f"{self.url}/api/status?token={self.token}"

        def answers() -> bool:
            if self._server.poll() is not None:
                said = (home / "lab.log").read_text()[-2000:]
                raise RuntimeError(f"JupyterLab did not start:\n{said}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=PATIENCE).close()
                return True

        try:
            wait_for(answers)
        except BaseException:
            self._server.kill()
            raise

    def __exit__(self, *_) -> None:
        self._browser.close()
        self._server.terminate()
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._log.close()
        self._home.cleanup()

    def trust(self, name: str) -> None:
        """Trust a notebook as a person does with Jupyter's own command."""
        subprocess.run(
            [sys.executable, "-m", "jupyter", "trust", self.folder / name],
            env=self._environment,
            check=True,
            capture_output=True,
        )

    def open(self, name: str, width: int = 1280, height: int = 1000) -> "Page":
        """Open a notebook on its own page and wait for its kernel."""
        context = self._browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(1000 * PATIENCE)
        if self.traced:
            # Copies of the document would cost seconds a click in a whole chapter, and
            # pictures of every frame a fifth of all; a failure leaves its own picture.
            context.tracing.start(screenshots=False, snapshots=False)
        context.add_init_script(ANSWERS)
        page = context.new_page()
        opened = Page(page, self.folder / name)
        self.pages.append(opened)
        context.on("close", lambda _: self.pages.remove(opened))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        page.on("request", self._request)
        page.goto(f"{self.url}/doc/tree/{name}?token={self.token}")
        opened.wait_until_ready()
        return opened

    def _console(self, message) -> None:
        if message.type == "error" and not any(h in message.text for h in HARMLESS):
            self.console_errors.append(message.text)

    def _request(self, request) -> None:
        own = (self.url, self.url.replace("http", "ws"), "data:", "blob:", "about:")
        if not request.url.startswith(own):
            self.outside.append(request.url)


def cut(
    source: Path, target: Path, *cell_ids: str, code: str = "", outputs: bool = False
) -> Path:
    """Write a notebook of some cells of another, by default without their outputs.

    ``code`` is put into a last cell of its own, if given.
    """
    notebook = nbformat.read(source, as_version=4)
    by_id = {cell["id"]: cell for cell in notebook.cells}
    notebook.cells = [copy.deepcopy(by_id[name]) for name in cell_ids]
    for cell in notebook.cells:
        if cell.cell_type == "code" and not outputs:
            cell.outputs, cell.execution_count = [], None
    if code:
        notebook.cells.append(nbformat.v4.new_code_cell(code, id="added"))
    nbformat.write(notebook, target)
    return target
