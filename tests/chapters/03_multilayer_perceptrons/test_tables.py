"""The formulas in the tables of chapter 3 are those of torch."""

import json
import re

import pytest
import torch
from torch import nn

from tests.taught import notebook_path

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu}
INITS = {
    "Xavier": nn.init.xavier_normal_,
    "Kaiming": nn.init.kaiming_normal_,
    "nn.Linear": lambda weight: nn.Linear(*weight.T.shape).weight,
}
# LaTeX as it stands in the tables -> Python; the longer before the shorter
LATEX = (
    (r"e\^\{([^{}]*)\}", r"exp(\1)"),
    (r"e\^z", "exp(z)"),
    (r"\\tanh\^2 z", "tanh(z)**2"),
    (r"\\max\(z, 0\)", "relu(z)"),
    (r"\\sigma(\(z\))?", "sigmoid(z)"),
    (r"n_\\text\{(\w+)\}", r"n_\1"),
    (r"(?<=[\d)])\s*(?=[(n])", "*"),
)


def table(heading: str) -> list[list[str]]:
    """The rows of the notebook's table whose first line holds a heading."""
    cells = json.loads(notebook_path("03").read_text("utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    (text,) = [t for t in texts if re.search(rf"^\|.*{heading}", t, re.MULTILINE)]
    rows = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)[2:]
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def computed(latex: str, **values):
    """The value of a formula; of an equation, that of its right side."""
    code = latex.strip("$").split("=")[-1]
    for pattern, new in LATEX:
        code = re.sub(pattern, new, code)
    names = ("exp", "tanh", "relu", "sigmoid")
    known = {name: getattr(torch, name) for name in names}
    return eval(code, {"__builtins__": {}}, known | values)


@pytest.mark.parametrize("row", table("range"), ids=lambda row: row[0])
def test_activations(row):
    name, formula, ends, slope = row
    name = name.split()[0]  # what it is short for stands behind it
    z = torch.linspace(-30, 30, 602, dtype=torch.float64, requires_grad=True)  # not 0
    value = ACTIVATIONS[name](z)
    torch.testing.assert_close(computed(formula, z=z), value)
    low, high = ends.strip("$[]()").split(", ")
    assert value.min().item() == pytest.approx(float(low), abs=1e-6)
    if high == r"\infty":
        assert value.max() == z.max()
    else:
        assert value.max().item() == pytest.approx(float(high), abs=1e-6)
    (ours,) = torch.autograd.grad(value.sum(), z)
    if "at most" in slope:
        formula, most = slope.split(", at most ")
        torch.testing.assert_close(computed(formula, z=z), ours)
        most = {"¼": 0.25, "1": 1.0}[most]
        assert ours.max().item() == pytest.approx(most, abs=5e-3)
    else:
        steep, flat = re.findall(r"(\d) for \$z ([<>]) 0\$", slope)
        assert steep[1] == ">" and flat[1] == "<"
        assert (ours[z > 0] == int(steep[0])).all()
        assert (ours[z < 0] == int(flat[0])).all()


@pytest.mark.parametrize("row", table("variance of the weights"), ids=lambda r: r[0])
def test_variances_of_initial_weights(row):
    name, formula, _ = row
    (init,) = [f for key, f in INITS.items() if key in name]
    torch.manual_seed(0)
    weight = init(torch.empty(900, 400)).detach()
    expected = computed(formula, n_in=400, n_out=900)
    assert weight.var().item() == pytest.approx(expected, rel=0.02)
