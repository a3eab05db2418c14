"""An exception at any call of anything that a session calls: nothing hangs after it."""

import threading

import pytest
import torch
from torch.nn import functional as F

from helpers import Examples, ImageData, IntSlider, SoftmaxRegression
from helpers.tuning import trial
from helpers.tuning.session import Session
from helpers.tuning.view import View
from tests.easy import easy_data
from tools.waiting import PATIENCE

CALLED = ("build", "loss", "data", "prepare", "begin", "push", "settle", "show", "told")


class Planned(Exception):
    """The exception that a test raises."""


class Fault:
    """Raises at the k-th call of what has this name, once, from when it is armed."""

    def __init__(self, name: str, k: int):
        self.name, self.left, self.raised, self.armed = name, k, False, False

    def at(self, name: str) -> None:
        if name == self.name and self.armed:
            self.left -= 1
            if self.left == 0:
                self.raised = True
                raise Planned(name)


class FaultyView(View):
    """A view whose every call may fail."""

    def __init__(self, fault: Fault):
        for name in ("prepare", "begin", "push", "settle", "show"):
            setattr(self, name, lambda *_, name=name: fault.at(name))


def faulty(fault: Fault, **more) -> Session:
    def build():
        fault.at("build")
        return SoftmaxRegression(16, 2)

    def data(seed):
        fault.at("data")
        return easy_data()

    def loss(y_hat, y):
        fault.at("loss")
        return F.cross_entropy(y_hat, y)

    epochs = IntSlider(1, 50, start=2)
    session = Session(
        build, data, loss=loss, view=FaultyView(fault), num_epochs=epochs, **more
    )
    session.changed.append(lambda _: fault.at("told"))
    return session


def is_over(session: Session) -> None:
    assert not session.active
    assert session.state in ("failed", "finished", "stopped", "ready")
    assert session.state == "failed" or "failed" not in session.message.text
    assert not [
        t for t in threading.enumerate() if t.name == "training" and t.is_alive()
    ]


@pytest.fixture(autouse=True)
def each_record_is_shown(monkeypatch):
    monkeypatch.setattr(trial, "PUSH_SECONDS", 0.0)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.mark.parametrize("k", [1, 2, 3, 7])
@pytest.mark.parametrize("name", CALLED)
def test_the_error_is_kept_and_the_next_run_works(name, k):
    fault = Fault(name, k)
    session = faulty(fault)
    session.set(seeds=3)
    fault.armed, error = True, None
    try:
        session.start()
        session.wait(PATIENCE)
    except Planned as planned:
        error = planned
    assert (error is not None) == fault.raised, "it is told to whoever waits"
    if session.trial is not None and session.trial.worker.thread is not None:
        session.trial.worker.thread.join(PATIENCE)
    is_over(session)
    assert (session.state == "failed") == fault.raised

    fault.armed = False
    session.start()
    assert session.wait(PATIENCE) and session.state == "finished"
    assert session.runs[-1].state == "finished"
    assert len({id(run) for run in session.runs}) == len(session.runs), "kept once"


@pytest.mark.parametrize("name", ["settle", "told", "push", "show"])
def test_stop_ends_a_training_whose_pause_fails(name):
    fault = Fault(name, 1)
    session = faulty(fault)
    fault.armed = True
    try:
        session.step()
        session.stop()
        session.wait(PATIENCE)
    except Planned:
        pass
    if session.trial is not None:  # it was begun
        session.trial.worker.thread.join(PATIENCE)
    is_over(session)


def test_an_error_without_words():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    def build():
        raise Silent

    session = Session(build, easy_data())
    session.start()
    with pytest.raises(Silent):
        session.wait(PATIENCE)
    session.trial.worker.thread.join(PATIENCE)
    assert session.state == "failed"
    assert session.message.text == "Run 1 failed: Silent: it has no words"


def test_a_stop_iteration_is_an_error_and_no_end():
    session = faulty(Fault("", 0))
    session.view.push = lambda history: next(iter(()))
    session.start()
    with pytest.raises(StopIteration):
        session.wait(PATIENCE)
    session.trial.worker.thread.join(PATIENCE)
    assert session.state == session.runs[-1].state == "failed"


def test_data_whose_size_depends_on_the_seed():
    def data(seed):
        X = torch.rand(256 + 256 * seed, 1, 4, 4)
        examples = Examples(X, (X.flatten(1)[:, 0] > 0.5).long())
        return ImageData("growing", ("dark", "light"), examples, examples, examples)

    session = Session(
        lambda: SoftmaxRegression(16, 2), data, num_epochs=IntSlider(1, 9, start=2)
    )
    session.set(seeds=3)
    run = session.run()
    assert run.state == session.state == "finished"
    assert run.history.num_epochs == 2 and run.history.step_loss == ()
    assert session.runs.summary().startswith("Learning curves. run 1: ")
