"""How notebooks are saved and opened again: with the present pictures of widgets."""

import asyncio
import copy
import inspect
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbformat import v4
from traitlets.config import Configurable
from traitlets.config.loader import PyFileConfigLoader

from helpers.widgets import picture
from tests.test_tools import PICTURE, VIEW, saved_notebook
from tools import present, stored
from tools.waiting import PATIENCE, wait_for

SETTINGS = stored.ROOT / "tools/jupyter_config"


def settings_in(folder):
    """The server's settings in a folder, as a server reads them."""
    return PyFileConfigLoader("jupyter_server_config.py", str(folder)).load_config()


class Kernels:
    """The server's sessions and kernels: paths of notebooks, and one process."""

    def __init__(self):
        self.paths, self.pid, self.kernel = (), 1, None

    async def list_sessions(self):
        return [{"path": path, "kernel": {"id": "k"}} for path in self.paths]

    def get_kernel(self, _):
        process = SimpleNamespace(pid=self.pid)
        return self.kernel or SimpleNamespace(provisioner=process)


@pytest.fixture
def contents(monkeypatch, tmp_path):
    """The contents manager of `make lab`, and the sessions that it is told of."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    config = settings_in(SETTINGS)
    server = Configurable(config=config)
    server.session_manager = server.kernel_manager = Kernels()
    made = config.ServerApp.contents_manager_class(parent=server)
    made.root_dir = str(tmp_path)
    return made


def opened(contents, path):
    model = asyncio.run(contents.get(path))
    return [output["data"] for output in model["content"]["cells"][0]["outputs"]]


def save(contents, notebook, path="a.ipynb"):
    model = {"type": "notebook", "format": "json", "content": notebook}
    asyncio.run(contents.save(model, path))


def test_a_reloaded_page_gets_its_live_widgets(contents, tmp_path):
    contents.parent.session_manager.paths = ("a.ipynb",)
    save(contents, saved_notebook())
    contents.parent.session_manager.paths = ()
    on_disk = nbformat.read(tmp_path / "a.ipynb", as_version=4).cells[0].outputs
    assert on_disk[0].data == PICTURE
    # without a kernel the picture, with one the view besides
    assert opened(contents, "a.ipynb")[0] == PICTURE
    contents.parent.session_manager.paths = ("b.ipynb",)
    assert opened(contents, "a.ipynb")[0] == PICTURE
    contents.parent.session_manager.paths = ("a.ipynb",)
    assert opened(contents, "/a.ipynb")[0] == VIEW | PICTURE
    assert asyncio.run(contents.get("a.ipynb", content=False))["content"] is None
    asyncio.run(contents.rename("a.ipynb", "c.ipynb"))
    contents.parent.session_manager.paths = ("c.ipynb",)
    assert opened(contents, "c.ipynb")[0] == VIEW | PICTURE
    asyncio.run(contents.get(""))  # a folder


def test_a_view_is_not_given_to_a_kernel_that_was_restarted(contents):
    kernels = contents.parent.session_manager
    kernels.paths = ("a.ipynb",)
    notebook = saved_notebook()
    save(contents, copy.deepcopy(notebook))
    kernels.pid = 2
    assert opened(contents, "a.ipynb")[0] == PICTURE
    save(contents, notebook)  # by the page, which still has the old view
    assert opened(contents, "a.ipynb")[0] == PICTURE


def test_a_view_goes_only_to_its_own_picture(contents, tmp_path):
    contents.parent.session_manager.paths = ("a.ipynb",)
    notebook = saved_notebook()
    save(contents, notebook)
    other = saved_notebook()
    other.cells[0].id = notebook.cells[0].id
    other.cells[0].outputs[0].data = PICTURE | {"image/png": "AAAA"}
    nbformat.write(other, tmp_path / "a.ipynb")  # as by another program
    assert stored.WIDGET_VIEW not in opened(contents, "a.ipynb")[0]


def test_settings_go_with_the_modules_beside_them(monkeypatch, tmp_path):
    """The environment's own settings may be those of another clone, and come first."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    other = shutil.copytree(stored.ROOT / "tools", tmp_path / "tools")
    for folder in (other / "jupyter_config", SETTINGS):
        settings = settings_in(folder)
        made = settings.ServerApp.contents_manager_class
        asks = sys.modules[made.__module__].present_pictures
        files = map(
            inspect.getfile, (made, asks, settings.ContentsManager.pre_save_hook)
        )
        assert {Path(file).parents[0] for file in files} == {folder.parent}


# -- a kernel with a widget that was moved --------------------------------------------

WIDGET = """
from helpers import Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane

@explorer(width=400, height=300)
def line(slope=Slider(-2, 2, start=1.0)):
    pane = Pane("a line", (-3, 3), (-8, 8))
    pane.line([(x, slope * x) for x in (-3, 3)])
    return f"At x = 1 the line is at {slope}.", pane
"""


class LiveKernel:
    """A real kernel, and the event loop on which a server would talk to it."""

    def __init__(self):
        self.loop, self.manager = asyncio.new_event_loop(), AsyncKernelManager()
        self.wait(self.manager.start_kernel())
        self.client = self.manager.client()
        self.client.start_channels()
        self.wait(self.client.wait_for_ready(timeout=PATIENCE))
        self.run(WIDGET)

    def wait(self, coroutine):
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, PATIENCE))

    def run(self, code) -> list:
        """Run a cell; return what it shows."""
        shown = []

        def look(message):
            if message["msg_type"] in ("execute_result", "error"):
                shown.append(v4.output_from_msg(message))

        self.wait(self.client.execute_interactive(code, output_hook=look))
        return shown

    def close(self):
        self.client.stop_channels()
        self.wait(self.manager.shutdown_kernel(now=True))
        self.loop.close()


@pytest.fixture(scope="module")
def live():
    made = LiveKernel()
    yield made
    made.close()


@pytest.fixture
def page(live, contents, tmp_path):
    """A notebook on a page, with the line as it was shown; ``saved`` saves it."""
    cell = v4.new_code_cell("shown = line(); shown", execution_count=1)
    cell.outputs = live.run(cell.source)
    contents.parent.session_manager.paths = ("a.ipynb",)
    contents.parent.session_manager.kernel = live.manager
    live.manager.execution_state = "idle"  # as the server notes it down

    def saved():
        notebook = copy.deepcopy(v4.new_notebook(cells=[cell]))
        model = {"type": "notebook", "format": "json", "content": notebook}
        live.wait(contents.save(model, "a.ipynb"))
        (output,) = nbformat.read(tmp_path / "a.ipynb", as_version=4).cells[0].outputs
        assert stored.WIDGET_VIEW not in output.data
        return output

    return SimpleNamespace(cell=cell, saved=saved, contents=contents)


def at(slope):
    return f"At x = 1 the line is at {slope}."


def words(output):
    return output.metadata["image/png"]["alt"]


def test_the_present_picture_is_saved(live, page):
    opening = page.saved()
    assert words(opening) == at(1.0)
    assert opening.data["image/png"] == page.cell.outputs[0].data["image/png"]
    live.run("shown.set(slope=2)")
    now = page.saved()
    assert words(now) == at(2.0)
    assert now.data["text/plain"] == "line(slope 2)"
    assert now.data["image/png"] != opening.data["image/png"]
    # with which the page gets the view when it is loaded anew
    (output,) = live.wait(page.contents.get("a.ipynb"))["content"].cells[0].outputs
    assert output.data["image/png"] == now.data["image/png"]
    assert stored.WIDGET_VIEW in output.data


def test_a_busy_kernel_is_not_asked(live, page):
    """What was saved last stays, until the widget is shown anew."""
    live.run("shown.set(slope=-1)")
    wait_for(lambda: words(page.saved()) == at(-1.0))  # a busy machine answers late
    former = page.saved()
    live.run("shown.set(slope=2)")
    live.manager.execution_state = "busy"
    assert page.saved() == former
    assert page.saved() == former
    page.cell.outputs = live.run("shown")
    assert words(page.saved()) == at(2.0)


def test_a_kernel_that_does_not_answer_is_not_waited_for(live, page):
    live.run("shown.set(slope=-1)")
    wait_for(lambda: words(page.saved()) == at(-1.0))  # a busy machine answers late
    former = page.saved()
    live.run("shown.set(slope=2)")
    # Nobody has told the server yet that it is busy.
    live.client.execute("import time\nwhile True: time.sleep(0.1)", stop_on_error=False)
    try:
        assert page.saved() == former
    finally:
        live.wait(live.manager.interrupt_kernel())
    live.run("")
    assert words(page.saved()) == at(2.0)


def test_a_drawing_that_lasts_is_not_waited_for(live, page, monkeypatch):
    """The next time it is there."""
    live.run("shown.set(slope=-1)")
    wait_for(lambda: words(page.saved()) == at(-1.0))  # a busy machine answers late
    former = page.saved()
    live.run("shown.set(slope=2)")
    monkeypatch.setattr(sys.modules["present"], "DRAWN_WITHIN", 0)
    assert page.saved() == former
    monkeypatch.undo()
    wait_for(lambda: words(page.saved()) == at(2.0))  # a busy kernel answers late


def test_a_kernel_that_died_is_not_asked(contents, page, live, monkeypatch):
    """The server notes it down seconds later; its process tells at once."""
    live.run("shown.set(slope=2)")

    async def dead():
        return False

    monkeypatch.setattr(live.manager, "is_alive", dead)
    assert words(page.saved()) == at(1.0)


def test_the_request_runs_no_cell(live, page):
    live.run("ran = []; get_ipython().events.register('pre_run_cell', ran.append)")
    live.run("shown.set(slope=0)")
    assert words(page.saved()) == at(0.0)
    (ran,) = live.run("len(ran)")  # this cell and the one before
    assert ran.data["text/plain"] == "2"


def test_a_kernel_without_the_course_leaves_pictures_as_they_are(live, page):
    live.run("import sys; kept = sys.modules.pop('helpers.widgets.picture')")
    live.run("shown.set(slope=2)")
    assert words(page.saved()) == at(1.0)
    live.run("sys.modules['helpers.widgets.picture'] = kept")
    assert words(page.saved()) == at(2.0)


def test_server_and_kernel_speak_of_the_same():
    assert present.PRESENT == picture.PRESENT
