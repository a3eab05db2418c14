"""Numbers in the prose are those that the cells show, and equations come out."""

import nbformat
import pytest

from tests.test_stored_notebooks import PATHS
from tools import prose_numbers as numbers


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_number_is_from_somewhere(path):
    notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
    assert numbers.unexplained(notebook.cells) == []


def cells(prose, shown="", **metadata):
    output = {"output_type": "stream", "name": "stdout", "text": shown}
    return [
        {"cell_type": "code", "source": "f(x)", "outputs": [output], "id": "code"},
        {"cell_type": "markdown", "source": prose, "metadata": metadata, "id": "prose"},
    ]


@pytest.mark.parametrize(
    "prose, shown",
    [
        ("It is 0.71, of 203,530 numbers.", "0.7076 203530"),
        ("It is 86 %.", "0.8619"),
        ("It grows to $1.9 \\cdot 10^{8}$.", "1.9e+08 1.92"),
        ("$1 + 4 + 9 + 16 = 30$, and $\\sqrt{30} = 5.4772$.", ""),
        ("$784 \\cdot 256 + 256 + 256 \\cdot 10 + 10 = 203{,}530$", ""),
        ("$\\frac12 (0.70764 - 1)^2 = 0.04274$", ""),
        ("$\\ln 10 = 2.30$", ""),
        ("In 1986 they took `lr=0.125`, see [this](page-200.html).", ""),
    ],
)
def test_what_is_shown_or_comes_out_is_right(prose, shown):
    assert numbers.unexplained(cells(prose, shown)) == []


@pytest.mark.parametrize(
    "prose, shown",
    [
        ("It is 0.72.", "0.7076"),
        ("It is 87 %.", "0.8619"),
        ("It has 203,531 numbers.", "203530"),
        ("$\\sqrt{41} = 5.4772$", "5.4772 41"),
        ("$784 \\cdot 256 + 256 + 256 \\cdot 10 = 203{,}530$", "203530"),
        ("$\\ln 9 = 2.30$", "2.30"),
        ("$-0.29236 \\cdot 0.70764 \\cdot 0.29236 = -0.06059$", "0.06059"),
    ],
)
def test_what_is_wrong_is_told(prose, shown):
    assert numbers.unexplained(cells(prose, shown))


def test_a_cell_says_where_its_number_is_from():
    text = "It keeps a 22,000th."
    assert numbers.unexplained(cells(text)) == ["prose: where is 22,000 from?"]
    right = {"22,000": "1 / 4.54e-5"}
    assert numbers.unexplained(cells(text, numbers=right)) == []
    for wrong in ({"22,000": "1 / 4.54e-4"}, right | {"23": "23"}):
        assert numbers.unexplained(cells(text, numbers=wrong))
    named = {"22,000": "from a book"}
    assert numbers.unexplained(cells(text, numbers=named)) == []


def test_arithmetic_only():
    assert numbers.value_of("round(sqrt(2) * -3 ** 2)") == -13
    for text in ("__import__('os')", "x + 1", "1 +", "10 ** 10 ** 10", "1 / 0"):
        with pytest.raises(ValueError):
            numbers.value_of(text)
