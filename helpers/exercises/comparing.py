"""What is wrong with a value, as a clause; and values as a learner reads them."""

import inspect
import math
import reprlib
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

# Wide enough for another order of float32 operations; every case is chosen so that
# usual mistakes differ by more.
TOLERANCE = 1e-4  # relative, and absolute near 0
MOST_SHOWN = 24  # entries of a tensor


def fault(
    value: object, right: object, numbers: bool = True, names: Sequence[str] = ()
) -> str:
    """Say how a value differs from the right one.

    Parameters
    ----------
    value : what a learner's code returned, anything.
    right : a tensor, a number, a text, a truth value, or a tuple or list of these.
    numbers : whether the numbers count, or only their types and shapes.
    names : of the parts, if it is a tuple or list.

    Returns
    -------
    A clause that goes on after "For x = 3,"; "" if the value will do. Numbers may
    differ by rounding, and a tensor of another floating-point type will do.
    """
    if value is None:
        return "it returned None. Is the `return` missing?"
    if unfinished := _unfinished(value):
        return unfinished
    if isinstance(right, (tuple, list)):
        return _sequence(value, right, numbers, names)
    if isinstance(right, Tensor):
        return _tensor(value, right, numbers)
    if isinstance(right, Real) and not isinstance(right, bool):
        return _number(value, right, numbers)
    if type(value) is not type(right):
        return f"it returned {a_kind_of(value)}, expected {a_kind_of(right)}."
    return "" if value == right else "the values differ."


def equal(a: object, b: object) -> bool:
    """Whether two values are alike, as far as ``fault`` can tell."""
    if a is None or b is None:
        return a is b
    return not fault(a, b)


def _unfinished(value) -> str:
    if value is ...:
        return "it still returns `...` here."
    if inspect.isgenerator(value):
        return (
            "it returned a generator, which has computed nothing yet. Use `return`, "
            "not `yield`, and torch.stack or a list for what a comprehension makes."
        )
    if inspect.iscoroutine(value):
        value.close()
        return "it returned a coroutine. Leave out `async`."
    if inspect.isroutine(value):
        return "it returned a function. Are the parentheses of a call missing?"
    if inspect.isclass(value):
        return f"it returned the class {value.__name__}, not a value."
    return ""


def _sequence(value, right, numbers: bool, names: Sequence[str]) -> str:
    if not isinstance(value, (tuple, list)):
        return f"it returned {a_kind_of(value)}, expected {len(right)} values."
    if len(value) != len(right):
        return f"it returned {len(value)} values, expected {len(right)}."
    for k, (part, wanted) in enumerate(zip(value, right, strict=True)):
        if found := fault(part, wanted, numbers):
            name = f" (`{names[k]}`)" if len(names) == len(right) else ""
            return f"look at value {k + 1} of {len(right)}{name}: {found}"
    return ""


def _number(value, right, numbers: bool) -> str:
    if isinstance(value, Tensor) and value.ndim == 0 and not value.is_meta:
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        return f"it returned {a_kind_of(value)}, expected a number."
    if not numbers:
        return ""
    if math.isnan(value) and not math.isnan(right):
        return NAN
    if isinstance(right, Integral):
        return "" if value == right else "the values differ."
    if math.isnan(right):
        return "" if math.isnan(value) else "the values differ."
    close = math.isclose(value, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return "" if close else "the values differ."


NAN = (
    "it holds nan, “not a number”: that comes from inf/inf, inf − inf, 0/0 or a "
    "function outside of its domain, as the logarithm of a negative number."
)
INF = "it holds inf or -inf: an overflow, a division by 0 or the logarithm of 0."


def _tensor(value, right: Tensor, numbers: bool) -> str:
    number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if number and right.ndim == 0:
        return _number(value, right.item(), numbers)
    if isinstance(value, np.ndarray):
        return "it returned a NumPy array, expected a tensor: torch.from_numpy."
    if not isinstance(value, Tensor):
        return f"it returned {a_kind_of(value)}, expected a tensor."
    if value.device != right.device:
        return (
            f"its tensor is on {value.device}, expected {right.device}, where the "
            "arguments are."
        )
    if value.shape != right.shape:
        return _shapes(tuple(value.shape), tuple(right.shape))
    if value.is_complex() or value.dtype == torch.bool != right.dtype:
        return f"its tensor holds {value.dtype}, expected numbers as {right.dtype}."
    if right.is_floating_point() and not value.is_floating_point():
        return (
            f"its tensor holds whole numbers ({value.dtype}), expected floating-point "
            f"numbers ({right.dtype})."
        )
    if not numbers:
        return ""
    a = value.detach().to_dense() if value.layout != torch.strided else value.detach()
    a, b = a.double(), right.detach().double()
    # Whole numbers are counted, not computed: they are right or wrong.
    rounding = TOLERANCE if right.is_floating_point() else 0.0
    off = ~torch.isclose(a, b, rtol=rounding, atol=rounding, equal_nan=True)
    if not off.any():
        return ""
    if (a.isnan() & ~b.isnan()).any():
        return NAN
    if (a.isinf() & ~b.isinf()).any():
        return INF
    if a.numel() > MOST_SHOWN:
        at = tuple(off.nonzero()[0].tolist())
        return (
            f"the values differ in {int(off.sum())} of {a.numel()} places, first at "
            f"{list(at)}: {_digits(a[at].item())}, expected {_digits(b[at].item())}."
        )
    return "the values differ."


def _shapes(shape: tuple, right: tuple) -> str:
    text = f"it returned shape {shape}, expected shape {right}"
    if shape == right[::-1]:
        return f"{text}: the axes are exchanged."
    if [k for k in shape if k != 1] == [k for k in right if k != 1]:
        more = "too many" if len(shape) > len(right) else "missing"
        if len(shape) != len(right):
            return f"{text}: an axis of length 1 is {more}."
    return text + "."


def a_kind_of(value) -> str:
    """Return what a value is, in words: "a tensor of shape (2, 3)"."""
    names = {"str": "text", "bool": "a truth value", "float": "a number"}
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    name = type(value).__name__
    return names.get(name, f"a{'n' * (name[0] in 'aeiouAEIOU')} {name}")


# -- values to read -----------------------------------------------------------------

_SHORT = reprlib.Repr()
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 8
_SHORT.maxstring = _SHORT.maxother = 120


def show(value: object) -> str:
    """Return a value in a few words or numbers; never raises, whatever it is."""
    if isinstance(value, Tensor):
        return _show_tensor(value)
    if isinstance(value, (tuple, list)) and len(value) <= 8:
        return "(" + ", ".join(map(show, value)) + ")"
    if isinstance(value, float):
        return _digits(value)
    plain = (int, str, bool, dict, set, tuple, list, np.generic, type(None))
    if isinstance(value, plain):
        return _SHORT.repr(value)
    if value is ...:
        return "..."
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    return a_kind_of(value)


def _show_tensor(value: Tensor) -> str:
    if value.is_meta:
        return "a tensor without values"
    if value.numel() > MOST_SHOWN or value.layout != torch.strided:
        return f"a tensor of shape {tuple(value.shape)}"
    if value.is_complex():
        return str(value.detach().cpu().tolist())

    def rows(part):
        if isinstance(part, list):
            return "[" + ", ".join(map(rows, part)) + "]"
        return _digits(part) if isinstance(part, float) else str(part)

    return rows(value.detach().cpu().tolist())


def _digits(number: float) -> str:
    small = 0 < abs(number) < 0.01
    return f"{number:.2e}" if small else str(round(number, 4) + 0.0)  # -0.0 is 0.0
