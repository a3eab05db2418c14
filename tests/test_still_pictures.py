"""Still pictures of widgets: always the present one, drawn no oftener than needed."""

import threading

import pytest
import torch

from helpers import SketchPad, SoftmaxRegression, TuningPanel, load_images
from helpers.tuning.gate import GATE
from helpers.tuning.ranges import IntSlider, LogSlider, Slider
from helpers.widgets import picture
from helpers.widgets.explorer import explorer
from helpers.widgets.picture import Present
from helpers.widgets.scene import Pane
from tests.easy import easy_data
from tools.waiting import PATIENCE


@explorer(width=400, height=300)
def line(slope=Slider(-2, 2, start=1.0)):
    pane = Pane("a line", (-3, 3), (-8, 8))
    pane.line([(x, slope * x) for x in (-3, 3)])
    return "It is a line.", pane


def pad():
    """Whatever is drawn, its network says the same."""
    return SketchPad(lambda X: torch.zeros(1, 10), load_images("digits"))


def panel():
    made = TuningPanel(
        lambda: SoftmaxRegression(16, 2),
        easy_data(),
        lr=LogSlider(0.01, 10, start=0.1),
        num_epochs=IntSlider(1, 3, start=1),
    )
    made.run()
    return made


CHANGES = {
    "a control": (line, lambda w: w.set(slope=-1)),
    "a first stroke": (pad, lambda w: w.draw([(0.3, 0.2), (0.7, 0.8)])),
    "a run more": (panel, lambda w: w.run(lr=1)),
    "a hidden run": (panel, lambda w: w.toggle(w.runs[0].id)),
    "a control of a panel": (panel, lambda w: w.set(num_epochs=3)),
}


@pytest.mark.parametrize("make, change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_drawn_anew_and_nothing_else(make, change):
    """Also where the picture's words are the same, as of the line and the pad."""
    widget = make()
    before = widget.still()
    assert widget.still() is before
    change(widget)
    data, metadata = widget.still()
    assert data["image/png"] != before[0]["image/png"]
    assert metadata["image/png"]["alt"] == widget.described()
    assert widget.still()[0] is data


def test_showing_a_widget_draws_it_anew():
    """What the picture shows may hang on a network that was trained since."""
    widget = line()
    before = widget.still()
    widget._repr_mimebundle_()
    assert widget.still() is not before


@pytest.fixture
def shown():
    widgets = [line(), line()]
    for widget in widgets:
        widget._repr_mimebundle_()
        widget.set(slope=-1)
    return widgets


def test_present_pictures_are_found_by_name(shown):
    names = [widget.model_id for widget in shown]
    unseen = line()
    found = Present([*names, unseen.model_id, "unknown", None])
    assert found.pictures == {widget.model_id: widget.still() for widget in shown}
    assert found._repr_mimebundle_() == {picture.PRESENT: found.pictures}


def test_a_picture_that_fails_takes_none_with_it(shown, monkeypatch):
    first, second = shown
    monkeypatch.setattr(first, "picture", lambda: 1 / 0)
    found = Present([first.model_id, second.model_id]).pictures
    assert list(found) == [second.model_id]


def test_a_training_rests_while_pictures_are_drawn(shown, monkeypatch):
    order = []

    def step():
        with GATE.step():
            order.append("step")

    training = threading.Thread(target=step)

    def draws(drawn=shown[0].picture):
        training.start()
        figure = drawn()
        order.append("drawn")
        return figure

    monkeypatch.setattr(shown[0], "picture", draws)
    assert Present([shown[0].model_id]).pictures
    training.join(PATIENCE)
    assert order == ["drawn", "step"]


def test_what_would_last_too_long_is_left_for_the_next_time(shown, monkeypatch):
    clock = [0.0]

    def slow(drawn=shown[0].picture):
        clock[0] += 2
        return drawn()

    monkeypatch.setattr(picture.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(shown[0], "picture", slow)
    names = [widget.model_id for widget in shown]
    assert list(Present(names).pictures) == names[:1]
    assert list(Present(names).pictures) == names  # the first is drawn by now
