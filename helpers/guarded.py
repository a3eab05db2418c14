"""Calling a learner's function so that whatever it does ends in a sentence."""

import _thread
import contextlib
import copy
import inspect
import io
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LIMIT_SECONDS = 5.0


@dataclass(frozen=True)
class Outcome:
    """What a call did: its value, or what went wrong, and what it did besides.

    ``error`` is a sentence, ``error_type`` the exception's class name, ``changed``
    the name of an argument that was changed in place, ``printed`` its output.
    """

    value: object = None
    error: str | None = None
    error_type: str | None = None
    changed: str = ""
    printed: str = ""


class _TooLong(BaseException):
    """Raised into code that does not end; no ``except Exception`` catches it."""


def call_guarded(
    function: Callable, case: tuple, limit: float = LIMIT_SECONDS
) -> Outcome:
    """Call ``function(*case)`` on copies, with its output captured and a time limit.

    Parameters
    ----------
    limit : seconds. Code that runs longer is stopped in the frame where it is; a
        single call into compiled code cannot be stopped and is waited for.
    """
    arguments = copy.deepcopy(case)
    output = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(output),
            torch.random.fork_rng(devices=[]),
            _time_limit(limit),
        ):
            value = function(*arguments)
    except _TooLong:
        return Outcome(
            error=f"it did not end within {limit:g} seconds. Is there a loop whose "
            "condition never becomes false?",
            error_type="TooLong",
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Outcome(
            error=f"it raised {type(error).__name__}: {error}",
            error_type=type(error).__name__,
            printed=output.getvalue(),
        )
    return Outcome(
        value, changed=_changed(function, case, arguments), printed=output.getvalue()
    )


def _changed(function, before, after) -> str:
    names = [f"number {k + 1}" for k in range(len(before))]
    with contextlib.suppress(TypeError, ValueError):
        names = list(inspect.signature(function).parameters)
    for k, (a, b) in enumerate(zip(before, after, strict=True)):
        same = (
            torch.equal(a, b)
            if isinstance(a, Tensor) and a.shape == b.shape
            else a == b
        )
        if isinstance(same, Tensor) or not same:
            return names[k] if k < len(names) else f"number {k + 1}"
    return ""


@contextlib.contextmanager
def _time_limit(seconds: float):
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):

        def expire(*_):
            raise _TooLong

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return
    # Windows has no interval timer: interrupt the main thread instead.
    expired = threading.Event()

    def interrupt():
        expired.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if expired.is_set():
            raise _TooLong from None
        raise
    finally:
        timer.cancel()
