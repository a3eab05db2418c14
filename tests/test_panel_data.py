"""The data chooser: nothing switches silently, and a missing set can be fetched."""

import os
import threading
from pathlib import Path

import pytest

from helpers import IntSlider, LogSlider, SoftmaxRegression, TuningPanel, load_images
from helpers.data import DataError, real
from helpers.widgets.dataset_menu import arrived
from tests.test_real_data import server, toy, toy_set  # noqa: F401  (fixtures)
from tools.waiting import PATIENCE, wait_for

SHARED = Path(__file__).parents[2] / "shared/data"
SETS = ("digits", "fashion_mnist")


@pytest.fixture
def data():
    return load_images("digits", n_train=40, n_val=10, n_test=10)


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """A machine that has no real set."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(real, "data_folders", lambda: [tmp_path])
    monkeypatch.setattr("helpers.widgets.dataset_menu.data_folders", lambda: [tmp_path])
    return tmp_path


def make_panel(data, **more) -> TuningPanel:
    return TuningPanel(
        SoftmaxRegression,
        data,
        **{"datasets": SETS} | more,
        lr=LogSlider(0.01, 1, start=0.1),
        num_epochs=IntSlider(1, 9, start=1),
    )


def status(panel) -> str:
    return panel.lines.status.value


def shown(widget) -> bool:
    return widget.layout.display != "none"


def mirrored(monkeypatch, server, *hows):  # noqa: F811
    """Let `download` ask the local server."""
    mirrors = tuple(f"{server.url}/{how}" for how in hows)
    replaced = real.SETS["fashion_mnist"].__class__(
        **{**vars(toy_set()), "mirrors": mirrors}
    )
    monkeypatch.setitem(real.SETS, "fashion_mnist", replaced)


def test_a_panel_without_datasets_has_no_chooser(data):
    panel = make_panel(data, datasets=())
    assert "data" not in panel.settings and "data" not in panel.settings_text
    assert "data" not in panel.table.columns


def test_the_panels_own_set_is_always_a_choice(data):
    panel = make_panel(data, datasets=("fashion_mnist",))
    options = [label for label, _ in panel.controls["data"].options]
    assert options == ["digits", "fashion_mnist"]
    with pytest.raises(ValueError, match="data must be one of digits, fashion_mnist"):
        panel.set(data="cifar")


def test_a_missing_set_is_said_and_nothing_switches(data, empty):
    panel = make_panel(data)
    panel.run()
    panel.set(data="fashion_mnist")
    assert "fashion_mnist is not on this machine. Download fetches 31 MB" in status(
        panel
    )
    assert shown(panel.menu.button) and "course-error" in status(panel)
    panel.start()
    panel.step()
    assert "No training was started: fashion_mnist" in status(panel)
    with pytest.raises(DataError, match="is missing in"):
        panel.run()
    assert len(panel.runs) == 1
    panel.set(data="digits")
    assert not shown(panel.menu.button)
    assert panel.run().name == "run 2"
    assert [row["values"][2] for row in panel.table.rows] == ["digits"] * 2


def test_a_running_training_keeps_its_set(data, empty):
    panel = make_panel(data)
    panel.set(num_epochs=9)
    panel.start()
    panel.set(data="fashion_mnist")
    assert panel.wait(PATIENCE)
    assert panel.runs[0].data == "digits" and panel.runs[0].state == "finished"


def test_download_fetches_loads_and_says_so(data, empty, toy, server, monkeypatch):  # noqa: F811
    mirrored(monkeypatch, server, "held")
    server.free = 2
    panel = make_panel(data)
    panel.set(data="fashion_mnist")
    seen = []
    panel.menu.bar.observe(lambda c: seen.append(c["new"]), "value")
    panel.menu.button.click()
    thread = panel.menu.thread
    assert shown(panel.menu.bar) and not shown(panel.menu.button)
    assert "Downloading fashion_mnist" in status(panel)
    panel.menu.button.click()  # a second click starts no second download
    assert panel.menu.thread is thread
    wait_for(lambda: any(0 < value < 1 for value in seen))
    server.released.set()
    thread.join(PATIENCE)
    assert "trains on 40 images of fashion_mnist" in status(panel)
    assert not shown(panel.menu.bar) and not shown(panel.menu.button)
    assert len(server.asked) == 4
    assert arrived("fashion_mnist") == 1
    run = panel.run()
    assert run.data == "fashion_mnist" and run.num_examples == 40
    panel.set(data="digits")
    panel.run()
    rows = panel.table.rows
    assert [row["values"][2] for row in rows] == ["fashion_mnist", "digits"]
    assert 'load_images("fashion_mnist"' in panel.code("run-1")
    panel.load("run-1")
    assert panel.settings["data"] == "fashion_mnist"


def test_a_failed_download_is_a_sentence(data, empty, toy, server, monkeypatch):  # noqa: F811
    mirrored(monkeypatch, server, "404")
    panel = make_panel(data)
    panel.set(data="fashion_mnist")
    panel.menu.button.click()
    panel.menu.thread.join(PATIENCE)
    assert "was not downloaded: train-images-idx3-ubyte.gz could not be" in status(
        panel
    )
    assert "HTTP status 404" in status(panel)
    assert shown(panel.menu.button), "to try again"
    assert not [t for t in threading.enumerate() if t is panel.menu.thread]


def test_an_altered_file_is_said(data, empty, toy):  # noqa: F811
    folder = empty / "FashionMNIST/raw"
    folder.mkdir(parents=True)
    for file in real.SETS["fashion_mnist"].files:
        (folder / file.name).write_bytes(b"<html>")
    panel = make_panel(data)
    panel.set(data="fashion_mnist")
    assert "is an HTML page" in status(panel) and shown(panel.menu.button)


def test_a_set_that_is_too_small_is_said(empty, toy, monkeypatch, server):  # noqa: F811
    mirrored(monkeypatch, server, "ok")
    panel = make_panel(load_images("digits", n_train=200, n_val=10, n_test=10))
    panel.set(data="fashion_mnist")
    assert "cannot be used: n_train=200: allowed are 1 to 50" in status(panel)
    assert not shown(panel.menu.button)


def test_with_the_real_clothes(data, monkeypatch):
    if not (SHARED / "FashionMNIST").is_dir():
        pytest.skip("Fashion-MNIST is not on this machine")
    monkeypatch.setenv("COURSE_DATA", os.fspath(SHARED))
    panel = make_panel(load_images("digits", n_train=2000, n_val=500, n_test=100))
    on_digits = panel.run(num_epochs=3)
    run = panel.run(data="fashion_mnist", num_epochs=3)
    assert run.data == "fashion_mnist" and run.num_examples == 2000
    assert on_digits.final() != run.final() > 0.5
    space: dict = {}
    exec(panel.code(run.id), space)
    assert space["history"].step_loss == run.history.step_loss
