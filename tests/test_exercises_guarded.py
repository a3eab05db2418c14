"""The checker outlasts an answer: it ends it, and leaves everything as it was."""

import asyncio
import os
import random
import select
import signal
import sys
import threading

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from tests.asked import COUNT, DOUBLE, NUMBER, PAIR
from tools.waiting import PATIENCE, Patience


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep/progress.json"))


# -- code that does not end ---------------------------------------------------------


def for_ever(x):
    patience = Patience()  # so that a broken limit is a red test
    while patience:
        try:
            x = x + 1
        except Exception:
            continue


def catches_everything(x):
    patience = Patience()
    while patience:
        try:
            select.select([], [], [], PATIENCE)
        except:  # noqa: E722
            pass


def prints_for_ever(x):
    patience = Patience()
    while patience:
        print(x)


def in_another_function(x):
    list(iter(lambda: catches_everything(x), None))


ENDLESS = [for_ever, catches_everything, prints_for_ever, in_another_function]


@pytest.mark.parametrize("answer", ENDLESS)
def test_code_that_never_ends_is_stopped_once(answer):
    before = signal.getsignal(signal.SIGALRM), sys.gettrace()
    tried = []

    def counted(x):
        tried.append(x)
        return answer(x)

    feedback = DOUBLE.check(counted)
    assert "It was stopped after 0.5 seconds" in feedback.text
    assert len(tried) == 1, "the second case need not be tried"
    assert (signal.getsignal(signal.SIGALRM), sys.gettrace()) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("answer", [for_ever, prints_for_ever])
def test_it_is_stopped_without_an_interval_timer(answer, monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    assert "It was stopped after 0.5 seconds" in DOUBLE.check(answer).text


@pytest.mark.parametrize("answer", [for_ever, prints_for_ever])
def test_it_is_stopped_in_another_thread(answer):
    found = []
    thread = threading.Thread(target=lambda: found.append(DOUBLE.check(answer)))
    thread.start()
    thread.join(PATIENCE)
    assert "It was stopped after 0.5 seconds" in found[0].text


def test_the_limit_is_for_all_cases_together(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def slow(x):
        now[0] += 0.3
        while now[0] > 0.5:
            pass
        return 2 * x

    assert "It was stopped after 0.2 seconds" in DOUBLE.check(slow).text


def test_an_interrupt_is_a_sentence():
    calls = []

    def interrupted(x):
        calls.append(x)
        signal.raise_signal(signal.SIGINT)
        return 2 * x

    assert "It was interrupted before it ended." in DOUBLE.check(interrupted).text
    assert len(calls) == 1, "whoever interrupts wants no further case"


# -- what a check leaves as it was --------------------------------------------------


def test_learner_code_does_not_move_the_state_of_the_notebook():
    def moves(x):
        random.random()
        np.random.rand()
        torch.manual_seed(5)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        return 2 * x

    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    answer = input
    assert DOUBLE.check(moves).state == "solved"
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert (before[2] == np.random.get_state()[1]).all()
    assert torch.is_grad_enabled() and torch.get_default_dtype() is torch.float32
    assert input is answer


SETS = {
    "folder": (os.getcwd, lambda tmp: os.chdir(tmp)),
    "recursion": (sys.getrecursionlimit, lambda _: sys.setrecursionlimit(555)),
    "threads": (torch.get_num_threads, lambda _: torch.set_num_threads(7)),
    "device": (torch.get_default_device, lambda _: torch.set_default_device("meta")),
    "style": (lambda: plt.rcParams["lines.linewidth"], lambda _: plt.rc("lines", lw=9)),
}


@pytest.mark.parametrize("name", SETS)
def test_what_an_answer_sets_is_set_back(name, tmp_path):
    read, put = SETS[name]
    before, seen = read(), []

    def sets(x):
        result = 2 * x
        put(tmp_path)
        seen.append(read())
        return result

    assert DOUBLE.check(sets).state == "solved"
    assert seen[0] != before == read()


def test_where_the_notebook_makes_tensors_elsewhere():
    torch.set_default_device("meta")
    try:
        feedback = DOUBLE.check(lambda x: x + torch.ones(len(x)))
        assert "expected: [2.0, 4.0]" in feedback.text
        assert torch.get_default_device().type == "meta"
    finally:
        torch.set_default_device(None)


class Evil:
    """An object that raises at whatever it is asked."""

    def fails(self, *_):
        raise RuntimeError("evil")

    __len__ = __eq__ = __iter__ = __bool__ = __float__ = __index__ = __repr__ = fails
    __hash__ = None
    __class__ = property(fails)


def inside_itself():
    found = []
    found.append(found)
    return found


UNLIKELY = {
    "evil": Evil,
    "5,000 digits": lambda: 10**5000,
    "inside itself": inside_itself,
    "quantized": lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8),
    "sparse": lambda: torch.ones(2).to_sparse(),
    "nested": lambda: [[[[[1]]]]] * 3,
}


@pytest.mark.parametrize("asked", [DOUBLE, NUMBER, COUNT, PAIR], ids=lambda e: e.name)
@pytest.mark.parametrize("name", UNLIKELY)
def test_nothing_that_is_returned_makes_a_check_raise(name, asked):
    value = UNLIKELY[name]()
    feedback = asked.check(lambda x: value)
    assert feedback.state == "wrong" and feedback.text and feedback._repr_html_()


def test_a_function_with_an_evil_signature():
    def double(x):
        return 2 * x

    double.__signature__ = Evil()
    assert DOUBLE.check(double).state in ("wrong", "solved")


def test_under_a_running_event_loop_as_in_a_notebook():
    async def cell():
        return DOUBLE.check(for_ever)

    assert "It was stopped" in asyncio.run(cell()).text
