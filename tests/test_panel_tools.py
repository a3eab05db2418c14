"""Settings as text, and runs as CSV and as plain code that repeats them."""

import csv
import io
import json

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch.nn import functional as F

from helpers import (
    MLP,
    Choice,
    ImageData,
    IntSlider,
    LeNet,
    LogSlider,
    Slider,
    SoftmaxRegression,
    TuningPanel,
    load_images,
    seeded,
    train,
)
from tools.waiting import PATIENCE


@pytest.fixture(scope="module")
def data() -> ImageData:
    return load_images("digits", n_train=600, n_val=200, n_test=200)


def make_panel(data, build=SoftmaxRegression, **more) -> TuningPanel:
    ranges = {
        "lr": LogSlider(0.001, 10, start=0.1),
        "batch_size": Choice(64, 256, start=256),
        "num_epochs": IntSlider(1, 20, start=2),
    }
    return TuningPanel(build, data, **(ranges | more))


def status(panel) -> str:
    return panel.lines.status.value


# -- settings as text ---------------------------------------------------------------


def test_the_line_follows_the_controls(data):
    panel = make_panel(data)
    assert panel.settings_text == "lr=0.1 batch_size=256 num_epochs=2 seed=0"
    field = panel.more.settings
    assert field.value == panel.settings_text
    panel.controls["lr"].value = 0.03
    panel.set(seeds=3, seed=4)
    assert field.value == "lr=0.03 batch_size=256 num_epochs=2 seed=4..6"
    panel.reset()
    assert field.value == "lr=0.1 batch_size=256 num_epochs=2 seed=0"


RICH = {
    "momentum": Slider(0, 0.99, start=1 / 3),
    "optimizer": Choice({"SGD": torch.optim.SGD, "Adam W": torch.optim.AdamW}),
    "num_hiddens": Choice((256,), (64, 64)),
    "nesterov": Choice(True, False),
}


def test_a_line_pasted_back_gives_the_same_settings(data):
    panel = make_panel(data, **RICH)
    panel.set(lr=0.1234567890123, seeds=2, optimizer="Adam W", num_hiddens=(64, 64))
    text, settings = panel.settings_text, panel.settings
    assert "optimizer='Adam W'" in text and "num_hiddens='(64, 64)'" in text
    panel.reset()
    assert panel.settings != settings
    panel.paste(text)
    assert panel.settings == settings and panel.settings_text == text


def test_a_part_of_a_line_sets_that_part(data):
    panel = make_panel(data)
    panel.set(seeds=3)
    panel.paste("num_epochs=7 lr=1e-2")
    assert panel.settings_text == "lr=0.01 batch_size=256 num_epochs=7 seed=0..2"
    panel.paste("seed=5")
    assert panel.settings["seeds"] == 1


BAD = [
    ("", "the settings are empty; expected for example lr=0.1 seed=0"),
    ("lr", "'lr' is not a setting; expected name=value, without spaces around the"),
    ("lr = 1", "'lr' is not a setting"),
    ("lr=fast", "learning rate must be a number, got 'fast'"),
    ("lr=nan", "learning rate must be a finite number, got nan"),
    ("lr=99", "learning rate must lie in 0.001 to 10, got 99"),
    ("lr=1 lr=2", "lr stands in the settings twice"),
    ("lr='1", "a quotation mark in the settings has no partner"),
    ("width=3", "the panel has no 'width'; it has lr, batch_size, num_epochs, seed"),
    ("batch_size=17", "batch size must be one of 64, 256, got '17'"),
    ("num_epochs=2.5", "epochs must be a whole number, got '2.5'"),
    ("seed=3..1", "seed=3..1 must begin with the smaller number"),
    ("seed=0..9", "seeds must lie in 1 to 5, got 10"),
    ("seed=1..", "seed must be a whole number, got '1..'"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_line_gets_one_sentence_and_changes_nothing(data, text, message):
    panel = make_panel(data)
    panel.set(lr=0.5)
    before = panel.settings
    bad = f"num_epochs=9 {text}" if text and "epochs" not in text else text
    with pytest.raises(ValueError) as caught:
        panel.paste(bad)
    assert message in str(caught.value) and ". " not in str(caught.value)
    assert panel.settings == before
    panel.more.settings.value = " "  # as the front end does after Enter
    panel.more.settings.value = bad
    assert "Nothing was changed: " in status(panel) and "course-error" in status(panel)
    assert panel.settings == before


def test_pasting_into_the_field_sets_the_controls(data):
    panel = make_panel(data)
    panel.more.settings.value = "  seed=2..3   lr=0.500 "
    assert panel.settings["lr"] == 0.5 and panel.settings["seeds"] == 2
    assert panel.more.settings.value == panel.settings_text
    assert "pasted" in status(panel)


def test_a_slider_moved_by_hand_means_the_number_beside_it(data):
    panel = make_panel(data, momentum=Slider(0, 0.99, start=0.0))
    slider = panel.controls["lr"]
    slider.set_state({"value": 10**-1.05})  # what the browser sends
    panel.controls["momentum"].set_state({"value": 0.29700000000000004})
    assert panel.settings["lr"] == 0.0891 and panel.settings["momentum"] == 0.297
    assert panel.settings_text.startswith("lr=0.0891 ")
    slider.set_state({"value": 9.9999999999})
    assert panel.settings["lr"] == 10.0
    panel.set(lr=10**-1.05)  # said by a program, it is taken at its word
    assert panel.settings["lr"] == 10**-1.05


# -- CSV ----------------------------------------------------------------------------


def rows_of(panel) -> list[dict]:
    return list(csv.DictReader(io.StringIO(panel.csv())))


def test_csv_has_a_row_for_every_run_seed_and_epoch(data):
    with seeded(0):
        net = SoftmaxRegression()
    history = train(net, data.train, data.val, num_epochs=1)
    panel = make_panel(data, first_run=history, optimizer=RICH["optimizer"])
    run = panel.run(seeds=2, seed=3, num_epochs=3, optimizer="Adam W")
    rows = rows_of(panel)
    assert [(r["run"], r["seed"], r["epoch"]) for r in rows] == [
        ("baseline", "0", "1"),
        *(("run 1", s, e) for s in "34" for e in "123"),
    ]
    last, second = rows[-1], run.histories[1]
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        assert float(last[name]) == getattr(second, name)[-1]  # in full precision
    assert last["optimizer"] == "AdamW" and last["data"] == "digits"
    assert float(last["epoch_lr"]) == 0.1 and last["state"] == "finished"
    seconds = [float(r["seconds"]) for r in rows[1:4]]
    assert seconds == sorted(seconds) and seconds[-1] <= run.histories[0].seconds
    assert rows[0]["seconds"] == "" and rows[0]["optimizer"] == ""


def test_csv_without_a_run(data):
    assert rows_of(make_panel(data)) == []


# -- plain code ---------------------------------------------------------------------


def repeat(panel, run):
    """Execute the code of a run in a fresh namespace; return its histories."""
    space: dict = {}
    exec(panel.code(run.id), space)
    return space["histories"] if len(run.seeds) > 1 else [space["history"]]


@pytest.mark.parametrize(
    ("build", "ranges", "settings"),
    [
        (SoftmaxRegression, {}, {"lr": 0.0891, "seed": 3}),
        (SoftmaxRegression, {}, {"seed": 1, "seeds": 3}),
        (MLP, {k: RICH[k] for k in ("num_hiddens",)}, {"num_hiddens": (64, 64)}),
        (MLP, {"optimizer": RICH["optimizer"]}, {"optimizer": "Adam W", "lr": 0.001}),
        (LeNet, {"loss": None}, {"num_epochs": 1}),
    ],
)
def test_the_code_repeats_the_run_bit_for_bit(data, build, ranges, settings):
    loss = {"loss": F.multi_margin_loss} if ranges.pop("loss", 1) is None else {}
    panel = make_panel(data, build, **ranges, **loss)
    run = panel.run(**settings)
    again = repeat(panel, run)
    assert len(again) == len(run.histories)
    for a, b in zip(again, run.histories, strict=True):
        assert a.step_loss == b.step_loss and a.val_loss == b.val_loss
        assert a.train_accuracy == b.train_accuracy
        assert a.val_accuracy == b.val_accuracy


def test_the_code_is_short_and_plain(data):
    panel = make_panel(data)
    panel.run(lr=0.5)
    assert (
        panel.code("run-1")
        == """\
from helpers import SoftmaxRegression, load_images, seeded, train

data = load_images("digits", n_train=600, n_val=200, n_test=200)
with seeded(0):
    net = SoftmaxRegression()
history = train(
    net,
    data.train,
    data.val,
    lr=0.5,
    batch_size=256,
    num_epochs=2,
    seed=0,
)
print(history)
"""
    )


def test_the_code_says_what_it_cannot_repeat(data):
    with seeded(0):
        net = SoftmaxRegression()
    panel = make_panel(data, first_run=train(net, data.train, num_epochs=1))
    assert "# baseline was trained in a cell" in panel.code("baseline")
    other = ImageData("mine", data.classes, data.train, data.val, data.test)
    panel = make_panel(other)
    panel.run(num_epochs=1)
    assert "# data: the 'mine' data of the notebook" in panel.code("run-1")
    altered = ImageData("digits", data.classes, data.val, data.val, data.test)
    panel = make_panel(altered)
    panel.run(num_epochs=1)
    assert "# data: the 'digits' data" in panel.code("run-1")


def test_a_rate_moved_by_hand_is_said_in_the_code(data):
    panel = make_panel(data)
    panel.set(num_epochs=20)
    panel.step()
    panel.controls["lr"].value = 0.5
    panel.start()
    assert panel.wait(PATIENCE)
    code = panel.code("run-1")
    assert "# The learning rate was moved by hand" in code
    assert "0.5 after step 1. " in code or "0.5 after step 0. " in code
    assert rows_of(panel)[0]["lr"] == "0.1" and rows_of(panel)[0]["epoch_lr"] == "0.5"


NOTEBOOK = [
    """
import torch
from torch import nn
from torch.nn import functional as F
from helpers import Choice, LogSlider, TuningPanel, IntSlider, load_images
data = load_images("digits", n_train=600, n_val=200, n_test=200)
same = []
X = torch.zeros(3)  # not the X of the functions below
def check(panel, **settings):
    run = panel.run(**settings)
    space = {}
    exec(panel.code(run.id), space)
    assert "as in the notebook" not in panel.code(run.id)
    same.append(space["history"].step_loss == run.history.step_loss
                and space["history"].val_loss == run.history.val_loss)
ranges = {"lr": LogSlider(0.01, 1, start=0.1), "num_epochs": IntSlider(1, 9, start=1)}
""",
    """
WIDTH = 32

class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, d)

    def forward(self, X):
        return X + F.relu(self.linear(X))

class SoftmaxRegression(nn.Module):  # the name of another one in helpers
    def __init__(self, depth=1):
        super().__init__()
        blocks = [Block(WIDTH) for _ in range(depth)]
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, WIDTH), *blocks,
                                 nn.Linear(WIDTH, 10))

    def forward(self, X):
        return self.net(X)

check(TuningPanel(SoftmaxRegression, data, depth=IntSlider(1, 3), **ranges), depth=2)
""",
    """
def smoothed(y_hat, y):
    return F.cross_entropy(y_hat, y, label_smoothing=0.1)

def by_hand(sigma=0.1):
    W = (torch.randn(784, 10) * sigma).requires_grad_()
    b = torch.zeros(10, requires_grad=True)
    return (lambda X: X.flatten(1) @ W + b), [W, b]

check(TuningPanel(by_hand, data, loss=smoothed, sigma=LogSlider(0.01, 1), **ranges))
""",
    """
check(TuningPanel(lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), data,
                  schedule=Choice({
                      "none": None,
                      "cosine": lambda o: torch.optim.lr_scheduler.LinearLR(o)}),
                  **ranges), schedule="cosine")
""",
    "import json\nprint(json.dumps(same))",
]


def test_what_a_notebook_defines_is_included_in_the_code(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in NOTEBOOK]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=tmp_path)
    assert json.loads(notebook.cells[-1].outputs[-1].text) == [True] * 3


# -- the folded row -----------------------------------------------------------------


def test_the_row_is_folded_and_shows_code_and_csv(data):
    panel = make_panel(data)
    more = panel.more
    assert more.layout.display == "none" and more.toggle.description == "More"
    assert more.code.disabled and more.csv.disabled
    more.toggle.click()
    assert more.layout.display != "none" and more.toggle.description == "Less"
    panel.run()
    panel.run(lr=1.0)
    assert more.run.options == (("run 1", "run-1"), ("run 2", "run-2"))
    more.code.click()
    assert more.text.text == panel.code("run-2") and "Ctrl+C" in more.text.hint
    more.run.value = "run-1"
    more.code.click()
    assert more.text.text == panel.code("run-1")
    more.csv.click()
    assert more.text.text == panel.csv()
    more.csv.click()
    assert more.text.text == "", "the same once more hides it"
    panel.remove("run-2")
    assert more.run.options == (("run 1", "run-1"),)
