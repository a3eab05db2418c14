"""A tuning session by itself, as a search or a bench drives it, without a widget."""

import re
import threading

import pytest

from helpers import Choice, IntSlider, LogSlider, Slider, SoftmaxRegression
from helpers.tuning.session import Session
from helpers.tuning.view import View
from tests.easy import easy_data
from tools.waiting import PATIENCE, wait_for


def make_session(**more) -> Session:
    ranges = {
        "lr": LogSlider(0.01, 10, start=0.1),
        "num_epochs": IntSlider(1, 50, start=2),
    }
    return Session(lambda: SoftmaxRegression(16, 2), easy_data(), **(ranges | more))


def test_a_search_runs_settings_and_keeps_the_best():
    session = make_session(momentum=Slider(0, 0.99, start=0.0))
    runs = [session.run(lr=lr, momentum=0.9) for lr in (0.01, 0.1, 1.0)]
    assert session.runs == runs and session.state == "finished"
    best = max(runs, key=lambda run: run.final())
    session.load(best.id)
    assert session.settings["lr"] == best.settings["lr"]
    assert session.settings["momentum"] == 0.9
    session.remove(runs[0].id)
    assert session.runs == runs[1:] and session.csv().count("run 1,") == 0


def test_the_signal_tells_what_changed_in_order():
    session = make_session()
    told = []
    session.changed.append(lambda what: told.append((what, session.state)))
    session.set(lr=0.1)
    assert told == [], "nothing changed"
    session.set(lr=1.0)
    session.run()
    session.say("Look.")
    session.toggle("run-1")
    told = [entry for entry in told if entry[0] != "progress"]
    assert told == [
        ("settings", "ready"),
        *(("state", "starting"), ("state", "running")),
        # the run is kept before anybody reads that it has ended
        *(("runs", "running"), ("state", "finished")),
        *(("message", "finished"), ("runs", "finished")),
    ]
    assert session.message == ("Look.", False)


def test_in_the_background_its_thread_tells():
    session, threads = make_session(), {}
    session.changed.append(
        lambda _: threads.update({session.state: threading.get_ident()})
    )
    session.start()
    assert session.wait()
    here = threading.get_ident()
    assert threads["starting"] == here and threads["finished"] != here
    assert session.progress.share == 1.0 and "epoch 2 of 2" in session.progress.text


def test_an_error_is_a_state_and_a_message():
    def broken():
        raise RuntimeError("no network")

    session = make_session()
    failing = Session(broken, easy_data(), num_epochs=IntSlider(1, 9))
    with pytest.raises(RuntimeError, match="no network"):
        failing.run()
    assert failing.state == "failed" and failing.runs == []
    assert failing.message == ("Run 1 failed: RuntimeError: no network", True)
    assert session.run().state == "finished", "another session is not touched"


def test_a_view_is_told_of_every_seed():
    told = []

    class Told(View):
        def prepare(self, data):
            told.append(("prepare", data.name))

        def begin(self, run, net):
            told.append(("begin", len(run.histories)))

        def show(self, runs, summary):
            told.append(("show", len(runs)))

    make_session(view=Told()).run(seeds=2, num_epochs=1)
    assert told == [
        *(("prepare", "easy"), ("show", 0), ("prepare", "easy")),
        *(("begin", 0), ("begin", 1), ("show", 1)),
    ]


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_line_of_progress_adds_up(seeds):
    """Examples a second times the time that is said to be left are those to come."""
    session = make_session(num_epochs=IntSlider(1, 10**9, start=10**6))
    session.set(seeds=seeds)
    session.step()
    try:
        wait_for(lambda: session.state == "paused")
        text, share = session.progress.text, session.progress.share
        total = seeds * 10**6 * len(session.source.first.train)
        rate, minutes, seconds = re.search(
            r"([\d,.]+) examples/s · (?:(\d+) min )?(\d[\d.]*) s left", text
        ).groups()
        left = 60 * int(minutes or 0) + float(seconds)
        to_come = (1 - share) * total
        rate, last = float(rate.replace(",", "")), session.trial.recorder.last
        assert rate * last.seconds == pytest.approx(last.examples, rel=0.01), text
        assert rate * left == pytest.approx(to_come, rel=0.02), text
    finally:
        session.stop()
        assert session.wait(PATIENCE)


def step_of(session: Session) -> int:
    last = session.trial.recorder.last
    return last.step if last else 0


def test_a_rate_that_is_moved_is_noted_with_its_step():
    """Of 256 examples in batches of 64 an epoch has four steps."""
    session = make_session(batch_size=Choice(64, 128))
    try:
        for step in range(1, 7):
            session.step()
            wait_for(lambda n=step: step_of(session) == n)
            wait_for(lambda: session.state == "paused")
        session.set(lr=1.0)
        (moved,) = session.trial.run.lr_changes
        assert moved == (6, 1.0)
    finally:
        session.stop()
        assert session.wait(PATIENCE)
    (run,) = session.runs
    code = session.code(run.id)
    assert "1 after step 6." in code and "stopped after step 6 of its" in code
