"""What a learner's code runs under: a time limit, and a state of its own."""

import _thread
import builtins
import contextlib
import ctypes
import os
import random
import signal
import sys
import threading
from types import FrameType

import numpy as np
import torch

AGAIN_SECONDS = 0.1  # until code that catches everything is stopped once more


class TooLong(BaseException):
    """Raised into code that does not end; no ``except Exception`` catches it."""


class Asks(BaseException):
    """Raised in place of ``input``, which would wait for somebody."""


@contextlib.contextmanager
def nobody_to_ask():
    """Make ``input`` raise ``Asks`` at once."""

    def ask(*_, **__):
        raise Asks

    before, builtins.input = builtins.input, ask
    try:
        yield
    finally:
        builtins.input = before


def _folder() -> str:
    with contextlib.suppress(OSError):  # it may have been removed
        return os.getcwd()
    return "/"


def _use_device(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)


# What an answer may set, each with what reads it and what sets it.
_SETTINGS = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _use_device),
    (torch.get_num_threads, torch.set_num_threads),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (_folder, os.chdir),
)


@contextlib.contextmanager
def own_state():
    """Random numbers of its own, the same each time; what it sets is set back.

    Tensors are made on the CPU, where those of the cases are.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    settings = [read() for read, _ in _SETTINGS]
    plotting = sys.modules.get("matplotlib")
    style = dict.copy(plotting.rcParams) if plotting else {}
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)
    torch.set_default_device(None)
    try:
        with torch.enable_grad():
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        for (read, put), before in zip(_SETTINGS, settings, strict=True):
            if read() != before:
                put(before)
        if plotting and dict.copy(plotting.rcParams) != style:
            dict.update(plotting.rcParams, style)


def time_limit(seconds: float, within: FrameType):
    """Limit the time of a ``with`` block, by raising ``TooLong`` into it.

    Parameters
    ----------
    seconds : how long the block may take.
    within : the frame of the block. Frames that it has called, directly or not, hold
        the learner's code.
    """
    main = threading.current_thread() is threading.main_thread()
    alarm = main and hasattr(signal, "setitimer")
    return _Alarm(seconds, within) if alarm else _from_outside(seconds)


class _Alarm:
    """The limit by an interval timer.

    It raises where the learner's code runs and nowhere else: raised on the way into the
    block or out of it, it would leave the timer on, and end the kernel some time later.
    """

    def __init__(self, seconds: float, within: FrameType):
        self._seconds, self._within = seconds, within
        self._armed, self._fired = False, 0

    def __enter__(self) -> None:
        self._tracing = sys.gettrace()
        self._handler = signal.signal(signal.SIGALRM, self._expire)
        self._armed = True
        self._timer = signal.setitimer(signal.ITIMER_REAL, self._seconds, AGAIN_SECONDS)

    def __exit__(self, *_) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, *self._timer)
        signal.signal(signal.SIGALRM, self._handler)
        sys.settrace(self._tracing)

    def _expire(self, _, frame: FrameType | None) -> None:
        if not self._armed or not self._is_learners(frame):
            return  # the next alarm comes soon
        self._fired += 1
        if self._fired > 1:
            # What was raised first was caught. From now on every line raises, so the
            # next one, in the handler, which does not catch what it raises itself. Only
            # one line can: a `finally` on the way may have it, so each time one frame
            # more on the inside is left in peace.
            frames = []
            while frame is not self._within:
                frames.append(frame)
                frame = frame.f_back
            spared = (self._fired - 2) % len(frames)
            sys.settrace(lambda *_: None)
            for k, below in enumerate(frames):
                below.f_trace = _raise_at_line if k >= spared else None
        raise TooLong

    def _is_learners(self, frame: FrameType | None) -> bool:
        """Whether the frame is below one that the block has called."""
        called = None
        while frame is not None and frame is not self._within:
            called, frame = frame, frame.f_back
        own = (_Alarm.__enter__.__code__, _Alarm.__exit__.__code__)
        return bool(frame and called) and called.f_code not in own


def _raise_at_line(frame, event, _):
    if event == "line":
        raise TooLong
    return _raise_at_line


@contextlib.contextmanager
def _from_outside(seconds: float):
    """Where there is no interval timer (Windows), or not in the main thread."""
    done, expired = threading.Event(), threading.Event()
    thread = threading.current_thread()

    def watch():
        ended = done.wait(seconds)
        while not ended:
            expired.set()
            if thread is threading.main_thread():
                _thread.interrupt_main()
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident), ctypes.py_object(TooLong)
                )
            ended = done.wait(AGAIN_SECONDS)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:
        if expired.is_set():
            raise TooLong from None
        raise
    finally:
        done.set()
