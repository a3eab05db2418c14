"""Calling a learner's function so that whatever it does ends in a sentence."""

import contextlib
import copy
import dis
import functools
import inspect
import linecache
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from helpers.exercises.limits import Asks, TooLong, nobody_to_ask, own_state, time_limit
from helpers.printed import Printed

LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Outcome:
    """What a call did: its value, or what went wrong, and what it did besides.

    ``error`` is a sentence, ``error_type`` the exception's class name and
    ``error_words`` its message without numbers (none where the learner raised it, in
    words of their own), ``changed`` the name of an argument
    that was changed in place, ``printed`` the beginning of its output. ``endless``
    says that it had to be stopped, so that another call would only take as long.
    """

    value: object = None
    error: str | None = None
    error_type: str | None = None
    error_words: tuple[str, ...] = ()
    changed: str = ""
    printed: str = ""
    endless: bool = False


def call_guarded(
    function: Callable,
    case: tuple,
    limit: float = 5.0,
    call: Callable | None = None,
    like: Callable | None = None,
) -> Outcome:
    """Call ``function(*case)`` on copies, with its output captured and a time limit.

    Parameters
    ----------
    case : the arguments; they are copied, so the call cannot change them.
    limit : seconds. Code that runs longer is stopped in the frame where it is; a
        single call into compiled code is waited for.
    call : how the function is used, by default ``function(*case)``; it is called
        with the function and the arguments.
    like : the right function. Where even this one does not take the case's arguments,
        they are those of ``call`` alone.
    """
    arguments = copy.deepcopy(case)
    own = not (call and like and _misfit(like, arguments))
    if own and (misfit := _misfit(function, arguments)):
        return Outcome(error=misfit, error_type="arguments")
    output = Printed()
    value, error = None, None
    try:
        with (
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(Printed()),  # warnings are not its prints
            nobody_to_ask(),
            own_state(),
            time_limit(limit, within=sys._getframe()),
        ):
            value = call(function, *arguments) if call else function(*arguments)
    except BaseException as raised:  # exit() too, which is no Exception
        error = raised
    if error is not None:
        return Outcome(
            error=_sentence(error, function, limit),
            error_type=type(error).__name__,
            error_words=_words(error, function),
            printed=output.text,
            endless=isinstance(error, (TooLong, KeyboardInterrupt)),
        )
    changed = _changed(function, case, arguments)
    return Outcome(value, changed=changed, printed=output.text)


# -- what went wrong, in words ------------------------------------------------------


def _misfit(function, arguments) -> str:
    """How the function's parameters do not fit the arguments; "" if they do."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins do not tell
        return ""
    try:
        signature.bind(*arguments)
    except TypeError:
        names = ", ".join(signature.parameters) or "none"
        return (
            f"it is called with {len(arguments)} "
            f"argument{'s' * (len(arguments) != 1)}; yours takes: {names}."
        )
    return ""


def _sentence(error: BaseException, function, limit: float) -> str:
    if isinstance(error, TooLong):
        return (
            f"it was stopped after {limit:.1f} seconds. Is there a loop whose "
            "condition never becomes false?"
        )
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted before it ended."
    where = _where(error, function)
    if isinstance(error, Asks):
        return f"it asks for input(); all it needs is in its arguments{where}."
    if isinstance(error, RecursionError):
        return (
            f"it calls itself without end (RecursionError){where}. Did you mean "
            "another function of the same name, as F.name?"
        )
    if isinstance(error, SystemExit):
        return f"it ends the program (SystemExit){where}; return a value instead."
    text = _message(error)
    if "bitwise_xor" in text or "for ^" in text:
        return f"`^` is no power{where}: in Python a power is written `**`."
    if len(text) > LONGEST_MESSAGE:
        text = text[:LONGEST_MESSAGE] + " ..."
    text = f": {text.rstrip('.')}" if text else ""
    return f"it raised {type(error).__name__}{text}{where}."


def _message(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:  # a learner's own exception class may fail at this
        return ""


def _words(error: BaseException, function) -> tuple[str, ...]:
    """Return the words of its message; none if the function's own `raise` made it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None and trace.tb_frame.f_code.co_filename == _file_of(function):
        operation = trace.tb_frame.f_code.co_code[trace.tb_lasti]
        if operation == dis.opmap["RAISE_VARARGS"]:
            return ()
    return tuple(sorted(re.findall(r"[A-Za-z]+", _message(error))))


def _where(error: BaseException, function) -> str:
    """Return the learner's own line, as " (line 3: `return x / n`)"; "" if unknown."""
    own = _file_of(function)
    found = ""
    trace = error.__traceback__
    while trace is not None:
        name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if name == own or "ipykernel_" in name or name.startswith("<ipython-input"):
            source = linecache.getline(name, line).strip()
            found = f" (line {line}: `{source}`)" if source else f" (line {line})"
        trace = trace.tb_next
    return found


def code_of(function) -> list:
    """Return the code objects of a function, or of a class's methods."""
    while isinstance(function, functools.partial):
        function = function.func
    members = vars(function).values() if inspect.isclass(function) else [function]
    members = [getattr(m, "__func__", m) for m in members]
    found = [inspect.unwrap(m) for m in members if callable(m)]
    return [m.__code__ for m in found if hasattr(m, "__code__")]


def _file_of(function) -> str:
    codes = code_of(function)
    return codes[0].co_filename if codes else ""


# -- what it did besides ------------------------------------------------------------


def _changed(function, before: tuple, after: tuple) -> str:
    """Return the name of the first argument that is not what it was, else ""."""
    names = []
    with contextlib.suppress(TypeError, ValueError):
        names = list(inspect.signature(function).parameters)
    for k, (a, b) in enumerate(zip(before, after, strict=True)):
        if not _same(a, b):
            return names[k] if k < len(names) else f"number {k + 1}"
    return ""


def _same(a, b) -> bool:
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    # Of other objects only their class's own idea of equality is known.
    own = type(a).__eq__ is not object.__eq__
    return bool(np.all(a == b)) if own else True
