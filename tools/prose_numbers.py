"""Numbers in the prose, and where each is from.

A number counts if it has a point, or is a percentage, or a whole number from 20. It is
from a cell if code or output of the same section holds it, perhaps with more digits; or
it stands in an equation that comes out, as in ``$1 + 4 + 9 + 16 = 30$``. For another
the cell says where it is from, in its metadata:
``"numbers": {"22,000": "1 / 4.54e-5"}`` is computed and must give it, and
``"numbers": {"0.953": "from Glorot and Bengio"}`` names a source.
"""

import ast
import math
import operator
import re

from tools.live_outputs import texts_of

LARGE = 20  # smaller whole numbers mostly count what stands in the text itself
_TEXT = re.compile(r"`[^`]*`|<[^>]*>|\]\([^)]*\)")  # code, HTML, addresses
_NUMBER = re.compile(
    r"(?<![\w.^_{])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w]*\d)(\s?(?:%|\\%))?"
)
_OUTPUT = re.compile(
    r"(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?"
)
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_FRACTIONS = {"½": "(1/2)", "⅓": "(1/3)", "¼": "(1/4)", "⅔": "(2/3)", "¾": "(3/4)"}


def plain(text: str) -> str:
    """Return prose without code, HTML and addresses, with plain numbers in formulas."""
    text = _TEXT.sub(" ", text)
    return text.replace("{,}", ",").replace("\\,", " ").replace("−", "-")


def numbers_of(text: str) -> list[str]:
    """Return the numbers of a text that a reader has to believe, as they are written.

    Years are left out, and small whole numbers.
    """
    found = []
    for whole, decimals, percent in _NUMBER.findall(plain(text)):
        large = int(whole.replace(",", "")) >= LARGE and not _YEAR.fullmatch(whole)
        if decimals or percent or large:
            found.append(whole + decimals + ("%" if percent else ""))
    return found


def values_of(cells: list[dict]) -> list[float]:
    """Return all numbers in the code, outputs and alternative texts of some cells."""
    texts = [text for cell in cells for text in texts_of(cell["outputs"])]
    texts += ["".join(cell["source"]) for cell in cells]
    return [
        float(number.replace(",", "").replace("_", ""))
        for text in texts
        for number in _OUTPUT.findall(text)
    ]


def is_from(number: str, values: list[float]) -> bool:
    """Whether a number is one of these values, rounded; a percentage, their share."""
    percent = number.endswith("%")
    return any(
        _rounds(value, number) or (percent and _rounds(100 * value, number))
        for value in values
    )


def _rounds(value: float, number: str) -> bool:
    """Whether a value, rounded to the digits of a number, is that number."""
    text = number.rstrip("%").replace(",", "")
    decimals = len(text.partition(".")[2])
    half = 0.5 * 10.0**-decimals
    return abs(abs(value) - float(text)) <= half * (1 + 1e-6)


# -- equations ----------------------------------------------------------------------

_LATEX = (
    (r"\\(?:left|right|big|Big|,|;|!|quad|displaystyle)", " "),
    (r"\\tfrac|\\dfrac", r"\\frac"),
    (r"\\frac\s*(\d)\s*(\d)", r"((\1)/(\2))"),
    (r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))"),
    (r"\\sqrt\s*(\d)", r"sqrt(\1)"),
    (r"\\sqrt\s*\{([^{}]*)\}", r"sqrt(\1)"),
    (r"\\ln\s*(\d[\d.]*)", r"log(\1)"),
    (r"\\ln\s*\(", r"log("),
    (r"(?<=[\d)])\s+(?=log|sqrt)", "*"),
    (r"\\(?:cdot|times)", "*"),
    (r"\)\s*(?=[\d(])", ")*"),
    (r"(?<=\d)\s*\((?!\))", "*("),
    (r"\^\{([^{}]*)\}", r"**(\1)"),
    (r"\^", "**"),
    (r"(?<=\d),(?=\d{3})", ""),
    (r"\{|\}", " "),
)
_EQUATION = re.compile(r"(?<![<>])=|\\approx")
_POWER_OF_TEN = re.compile(r"10\*\*\(?-?\d+\)?")
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS = {"sqrt": math.sqrt, "log": math.log, "exp": math.exp, "round": round}


def value_of(expression: str) -> float:
    """Compute simple arithmetic, such as ``sqrt(30)`` or ``1 / 4.54e-5``.

    Raises
    ------
    ValueError : it is something else.
    """
    try:
        return float(_computed(ast.parse(expression.strip(), mode="eval").body))
    except (SyntaxError, ArithmeticError, TypeError, MemoryError) as error:
        raise ValueError(f"cannot compute {expression!r}") from error


def _computed(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _computed(node.left), _computed(node.right)
        if isinstance(node.op, ast.Pow) and abs(right) > 1000:
            raise ValueError("too large a power")
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_computed(node.operand))
    if isinstance(node, ast.Name) and node.id in ("pi", "e"):
        return getattr(math, node.id)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](*map(_computed, node.args))
    raise ValueError(f"no arithmetic: {ast.dump(node)[:60]}")


def equations_of(text: str) -> list[tuple[str, str]]:
    """Return the sides of all equations between numbers in the formulas of a text."""
    found = []
    for formula in re.findall(r"\$\$?([^$]+)\$", plain(text)):
        for piece in re.split(r"[&\n]|\\\\|\\qquad|\\quad|(?<=\d),\s", formula):
            sides = [_readable(side) for side in _EQUATION.split(piece)]
            for left, right in zip(sides, sides[1:], strict=False):
                if left and right and left != right:
                    found.append((left, right))
    return found


def _readable(side: str) -> str:
    """Return one side of an equation as Python arithmetic; "" if it holds letters."""
    for sign, value in _FRACTIONS.items():
        side = side.replace(sign, value)
    for pattern, new in _LATEX:
        side = re.sub(pattern, new, side)
    side = side.strip(" .;,")
    try:
        value_of(side)
    except ValueError:
        return ""
    return side


def comes_out(left: str, right: str) -> bool:
    """Whether two sides are equal, as far as the digits that are written go."""
    a, b = value_of(left), value_of(right)
    if _POWER_OF_TEN.fullmatch(right) and a * b > 0:
        return abs(math.log10(a / b)) <= 0.5  # only the size is said
    fine = _spread(left) + _spread(right) + 1e-9 * max(abs(a), abs(b))
    return abs(a - b) <= fine


def _spread(side: str) -> float:
    """How far a side may be off, if each number with a point is a rounded one."""
    total = 0.0
    for found in re.finditer(r"\d+\.(\d+)", side):
        moved = repr(float(found[0]) + 0.51 * 10.0 ** -len(found[1]))
        other = side[: found.start()] + moved + side[found.end() :]
        total += abs(value_of(other) - value_of(side))
    return total


# -- notebooks ----------------------------------------------------------------------


def sections(cells: list[dict]) -> list[list[dict]]:
    """Return a notebook's cells, cut where a heading begins a section."""
    cut = [[]]
    for cell in cells:
        if cell["cell_type"] == "markdown" and cell["source"].startswith("## "):
            cut.append([])
        cut[-1].append(cell)
    return cut


def unexplained(cells: list[dict]) -> list[str]:
    """Say which numbers in the prose are from nowhere, and which equations are wrong.

    Parameters
    ----------
    cells : of a notebook in nbformat 4, sources as one text each.
    """
    wrong = []
    for section in sections(cells):
        code = [cell for cell in section if cell["cell_type"] == "code"]
        values = values_of(code)
        for cell in section:
            if cell["cell_type"] != "markdown" or "### Sources" in cell["source"]:
                continue
            wrong += [f"{cell['id']}: {what}" for what in _wrong(cell, values)]
    return wrong


def _wrong(cell: dict, values: list[float]) -> list[str]:
    text, given = cell["source"], cell["metadata"].get("numbers", {})
    equations = equations_of(text)
    wrong = [f"{a} = {b} is wrong" for a, b in equations if not comes_out(a, b)]
    sides = [side for pair in equations for side in pair]
    inside = [value_of(side) for side in sides]
    inside += [float(n) for side in sides for n in _OUTPUT.findall(side)]
    written = numbers_of(text)
    for number in written:
        if number in given or is_from(number, values) or is_from(number, inside):
            continue
        wrong.append(f"where is {number} from?")
    for number, origin in given.items():
        if number not in written:
            wrong.append(f"its metadata explains {number}, which it does not hold")
        elif not origin.startswith("from "):
            value = value_of(origin)
            if not _rounds(value, number) and not _rounded_freely(value, number):
                wrong.append(f"{number} is said to be {origin}, which is {value:.6g}")
    return wrong


def _rounded_freely(value: float, number: str) -> bool:
    """Whether a whole number is a value rounded to fewer digits, as 22,000 is."""
    text = number.rstrip("%").replace(",", "")
    zeros = 0 if "." in text else len(text) - len(text.rstrip("0"))
    return zeros > 0 and abs(abs(value) - float(text)) <= 0.5 * 10**zeros
