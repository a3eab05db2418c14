"""The time limit: whenever the alarm comes, it stops the learner's code or nothing."""

import signal
import sys
import threading

import pytest

from helpers.exercises.limits import TooLong, time_limit
from tools.waiting import PATIENCE, Patience

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="there is no interval timer"
)


def answer():
    total = 0
    for k in range(3):
        total += k
    return total


def block(function, seconds=PATIENCE):
    with time_limit(seconds, within=sys._getframe()):
        return function()


def with_alarm_at(k):
    """Run the block; the alarm comes before its k-th opcode.

    Returns
    -------
    The frame's function at that moment ("" if there are not so many opcodes), and what
    the block returned, or TooLong.
    """
    seen, there = 0, ""

    def trace(frame, event, _):
        nonlocal seen, there
        frame.f_trace_opcodes = True
        if event == "opcode":
            seen += 1
            if seen == k:
                there = frame.f_code.co_name
                handler = signal.getsignal(signal.SIGALRM)
                if callable(handler):  # as Python calls it between two opcodes
                    handler(signal.SIGALRM, frame)
        return trace

    before = signal.getsignal(signal.SIGALRM)
    sys.settrace(trace)
    try:
        came = block(answer)
    except TooLong:
        came = TooLong
    finally:
        sys.settrace(None)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0), (k, there)
    assert signal.getsignal(signal.SIGALRM) is before, (k, there)
    return there, came


def test_an_alarm_at_every_opcode():
    found = set()
    for k in range(1, 10_000):
        there, came = with_alarm_at(k)
        if not there:
            break
        assert came == (TooLong if there == "answer" else 3), (k, there)
        found.add(there)
    assert found >= {"block", "__enter__", "__exit__", "answer"}


def waits_and_catches_everything():
    patience = Patience()
    while patience:
        try:
            threading.Event().wait(PATIENCE)
        except:  # noqa: E722
            pass


def catches_on_one_line():
    patience = Patience()
    while patience:
        try:
            while patience: pass  # fmt: skip  # noqa: E701
        except BaseException: continue  # fmt: skip  # noqa: E701


@pytest.mark.parametrize("endless", [waits_and_catches_everything, catches_on_one_line])
def test_what_catches_everything_is_stopped(endless):
    before = signal.getsignal(signal.SIGALRM), sys.gettrace()
    with pytest.raises(TooLong):
        block(endless, 0.1)
    assert (signal.getsignal(signal.SIGALRM), sys.gettrace()) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
