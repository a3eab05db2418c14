"""What the prose says of torch's signatures and defaults is what torch has."""

import ast
import inspect
import json
import re

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils import data

from tests.test_stored_notebooks import PATHS

PLACES = {"torch": torch, "nn": nn, "F": functional}
ELSEWHERE = (nn, data)  # whose names stand in the prose without a prefix


def named(name: str):
    """The thing of torch that a name means in a notebook; None if there is none."""
    first, *rest = name.split(".")
    places = [PLACES[first]] if first in PLACES and rest else ELSEWHERE
    names = rest if first in PLACES and rest else [first, *rest]
    for thing in places:
        for part in names:
            thing = getattr(thing, part, None)
        if thing is not None:
            return thing
    return None


def signatures_in(text: str) -> list[str]:
    """Pieces of code that are signatures: they name the parameters as torch does.

    A call has other names in these places, as in ``torch.load(path)``.
    """
    found = []
    for code in re.findall(r"`([\w.]+\([^`]+\))`", text):
        try:
            call = ast.parse(code.replace(", ...)", ")"), mode="eval").body
        except SyntaxError:
            continue
        if signature := parameters_of(ast.unparse(call.func)):
            given = [ast.unparse(a) for a in call.args]
            given += [keyword.arg for keyword in call.keywords]
            if call.keywords and given[0] == next(iter(signature)):
                found.append(code)
    return found


def parameters_of(name: str) -> dict[str, object]:
    """The defaults of the parameters of a thing of torch; {} if there is none."""
    thing = named(name)
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):  # written in C, or nothing of that name
        return {}
    return {p.name: p.default for p in parameters if p.name != "self"}


def wrong_signature(code: str) -> str:
    """Say in which parameter a signature is not torch's; "" if in none."""
    call = ast.parse(code.replace(", ...)", ")"), mode="eval").body
    has = parameters_of(ast.unparse(call.func))
    said = dict.fromkeys(map(ast.unparse, call.args), inspect.Parameter.empty)
    said |= {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    wrong = [name for name, value in said.items() if has.get(name, ...) != value]
    return ", ".join(wrong)


def wrong_defaults(text: str, name: str) -> list[str]:
    """Arguments in a table with a column of defaults that torch gives another one."""
    wrong, has = [], parameters_of(name)
    for row in re.findall(r"^\|(.+)\|$", text, re.MULTILINE):
        names, default, *_ = (cell.strip() for cell in row.split("|"))
        if names.startswith("`"):
            value = ast.literal_eval(default.strip("`"))
            wrong += [n for n in re.findall(r"\w+", names) if has.get(n, ...) != value]
    return wrong


def prose_of(path) -> list[tuple[str, str]]:
    """The text of each cell, with the thing of torch that its section is about."""
    found, about = [], ""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            if heading := re.match(r"##+ (.*)", text):
                about = next(iter(re.findall(r"`([\w.]+)`", heading[1])), "")
            found.append((text, about))
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_signatures_are_those_of_torch(path):
    for text, _ in prose_of(path):
        for code in signatures_in(text):
            assert not wrong_signature(code), code


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_tables_of_defaults_are_torchs(path):
    for text, about in prose_of(path):
        if re.search(r"^\|[^|]+\| default \|", text, re.MULTILINE):
            assert parameters_of(about), "its section names nothing of torch"
            assert wrong_defaults(text, about) == []


def test_what_is_no_default_of_torch_is_seen():
    right = "nn.Dropout(p=0.5, inplace=False)"
    assert signatures_in(f"`{right}` does, and `F.dropout(h, p=0.1)`.") == [right]
    assert wrong_signature(right) == ""
    assert wrong_signature("nn.Dropout(p=0.1, inplace=False)") == "p"
    assert wrong_signature("nn.Linear(in_features, outputs, bias=True)") == "outputs"
    table = "| argument | default |\n|---|---|\n| `reduction` | `'sum'` |"
    assert wrong_defaults(table, "nn.CrossEntropyLoss") == ["reduction"]
    assert wrong_defaults(table.replace("sum", "mean"), "nn.CrossEntropyLoss") == []
