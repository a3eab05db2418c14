"""What a cell shows and what is stored: how they are compared, and that all cells are.

Every code cell is compared when the notebooks run, holds an assert, or defines what a
later cell uses; one that cannot be compared says why.
"""

import ast
import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.test_stored_notebooks import PATHS, code_cells
from tools.live_outputs import (
    NUMBER,
    REASONS,
    TOLERANCE,
    differences,
    on_other_images,
    pictures_of,
    pytest_runtest_call,
    texts_of,
    told_apart,
)

WIDEST = 0.3  # tolerance, as a share; beyond it nothing would be compared


def written(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(**data):
    kinds = {"text": "text/plain", "png": "image/png"}
    data = {kinds[name]: value for name, value in data.items()}
    return {"output_type": "execute_result", "data": data, "metadata": {}}


def cell(*outputs, **metadata):
    return {"metadata": metadata, "outputs": list(outputs)}


# -- texts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stored, shown",
    [
        ("loss 0.716", "loss 0.717"),  # the last digit
        ("loss 71.62", "loss 71.0"),  # less than one percent
        ("(tensor(5.), 12,000)", "(tensor(5.),   12,000)"),
        ("largest 3e-07", "largest 1e-08"),  # both are rounding
        ("it is −0.01", "it is 0.00"),
        ("2.", "2.0001"),
        ("1.5e+08", "1.51e+08"),
    ],
)
def test_other_machines_agree(stored, shown):
    assert told_apart(stored, shown) == ""


@pytest.mark.parametrize(
    "stored, shown",
    [
        ("loss 0.716", "loss 0.730"),
        ("[70, 15, 15]", "[70, 15, 16]"),  # whole numbers are exact
        ("203530", "203531"),
        ("it is −2.00", "it is 2.00"),
        ("sigmoid 0.25", "tanh 0.25"),
        ("1.5e+08", "1.5e+07"),
        ("3e-04", "1e-08"),
        ("0.5 0.7", "0.7 0.5"),
        ("tensor([1., 2.])", "tensor([1., 2., 2.])"),
        ("7", "7.2"),
        ("tensor([2.])", "tensor([3.])"),
        ("1.0", "0.9"),
        ("0.031", "0.033"),
    ],
)
def test_damage_is_told(stored, shown):
    assert told_apart(stored, shown)
    assert told_apart(shown, stored)


def test_a_magnitude_may_be_half_or_twice_as_large():
    for stored, shown, agree in (
        ("3.4e-04", "6.7e-04", True),
        ("3.4e-04", "1.8e-04", True),
        ("3.4e-04", "6.7e-03", False),
        ("6.7e-03", "3.4e-04", False),
        ("1.5e-07", "9.0e-07", True),  # rounding
    ):
        found = told_apart(stored, shown, 0.06)
        assert (not found) == agree, (stored, shown)


def test_what_was_trained_may_differ_by_more():
    assert told_apart("0.50", "0.54") and not told_apart("0.50", "0.54", 0.06)
    assert told_apart("0.50", "0.60", 0.06) and told_apart("2.30", "2.50", 0.06)
    assert not told_apart("epoch 11", "epoch 13", 0.06)
    assert told_apart("epoch 11", "epoch 14", 0.06)


def test_streams_come_in_any_number_of_pieces():
    whole = cell(written("one\ntwo\n"))
    assert differences(whole, [written("one\n"), written("two\n")]) == []
    assert differences(whole, [written("one\n")])
    assert differences(whole, [])


LOOK = (
    "Statement.\nA look: digits. Accuracy, a minus b: 0.035 ± 0.012 over 4 seeds,"
    " 95 % interval 0.017 to 0.053: a is better.\nFull size: digits. 0.011"
)


def test_a_live_run_of_a_claim_lies_near_the_stored_interval():
    def of(old, new):
        return differences(
            cell(result(text=LOOK)), [result(text=LOOK.replace(old, new))]
        )

    assert of("0.035", "0.060") == [] and of("a is better", "undecided") == []
    for old, new in (
        ("0.035", "0.135"),
        ("0.035", "−0.035"),
        ("4 seeds", "3 seeds"),
        ("a minus b", "b minus a"),
        ("0.011", "0.021"),
        ("Statement", "Another"),
    ):
        assert of(old, new), new


# -- pictures -----------------------------------------------------------------------


def test_a_cell_can_leave_out_its_picture_and_keep_its_text():
    def shown(change, text):
        return result(png=picture(change)["data"]["image/png"], text=text)

    stored = cell(shown(lambda pixels: pixels, "loss 0.5"), picture="processor")
    assert differences(stored, [shown(without_a_line, "loss 0.5")]) == []
    assert differences(stored, [shown(without_a_line, "loss 0.6")])
    del stored["metadata"]["picture"]
    assert differences(stored, [shown(without_a_line, "loss 0.5")])


def picture(change=lambda pixels: pixels):
    pixels = np.full((200, 300, 3), 255, np.uint8)
    pixels[20:30, 20:280] = 0, 114, 178
    pixels[100:104, 40:200] = 213, 94, 0
    pixels[40:180, 30:32] = 0
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(change(pixels))).save(file, "png")
    return result(png=base64.b64encode(file.getvalue()).decode(), text="<Figure>")


def nudged(pixels):
    pixels = pixels.copy()
    pixels[100:102, 200] = 213, 94, 0  # a line ends half a pixel later
    pixels[0, :] = 250
    return pixels


def without_a_line(pixels):
    pixels = pixels.copy()
    pixels[100:104] = 255
    return pixels


def test_pictures_are_compared():
    assert differences(cell(picture()), [picture()]) == []
    assert differences(cell(picture()), [result(text="<Figure>")])
    for change in (
        lambda pixels: pixels[::-1],
        lambda pixels: pixels[:, ::-1],
        lambda pixels: pixels[..., ::-1],
        lambda pixels: 255 - pixels,
        lambda pixels: np.roll(pixels, 12, 0),
        without_a_line,
    ):
        assert "another picture" in differences(cell(picture()), [picture(change)])[0]


def test_a_pixel_more_is_no_other_picture():
    assert differences(cell(picture()), [picture(nudged)]) == []


def test_the_words_of_a_picture_are_compared():
    said = [picture(), picture()]
    for output, words in zip(said, ("up to 0.90", "up to 0.80"), strict=True):
        output["metadata"] = {"image/png": {"alt": words}}
    assert differences(cell(said[0]), [said[1]])


def test_a_cell_can_be_left_out_and_other_images_are():
    assert differences(cell(written("1"), not_compared="times"), [written("2")]) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_IMAGES", "fashion_mnist")
        assert on_other_images()
        patch.setenv("COURSE_IMAGES", "digits")
        assert not on_other_images()


class IPyNbCell:
    """A cell as nbval leaves it after a run."""

    name = "total, In [3]"

    def __init__(self, stored, shown):
        self.cell, self.test_outputs = cell(written(stored)), [written(shown)]


def test_nbval_says_what_is_different():
    for shown, says in (("1", None), ("2", r"total, In \[3\]: stored is 1, shown 2")):
        after = pytest_runtest_call(IPyNbCell("1", shown))
        next(after)
        with pytest.raises(AssertionError if says else StopIteration, match=says):
            after.send(None)


# -- all notebooks ------------------------------------------------------------------


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def cells(request):
    notebook = nbformat.reads(request.param.read_text("utf-8"), as_version=4)
    return [cell for _, cell in code_cells(notebook)]


def asserts(tree):
    """Whether code holds an assert, or the check of a band."""
    called = {getattr(n.func, "id", "") for n in ast.walk(tree) if type(n) is ast.Call}
    return any(type(n) is ast.Assert for n in ast.walk(tree)) or "check_band" in called


def defined(tree):
    """Names that a cell gives a value, a function or a class."""
    stored = {n.id for n in ast.walk(tree) if type(n) is ast.Name and _is_store(n)}
    kinds = (ast.FunctionDef, ast.ClassDef)
    return stored | {n.name for n in tree.body if isinstance(n, kinds)}


def used(tree):
    return {n.id for n in ast.walk(tree) if type(n) is ast.Name and not _is_store(n)}


def _is_store(node):
    return isinstance(node.ctx, ast.Store)


def test_every_code_cell_is_compared_or_asserts_or_says_why_not(cells):
    trees = [ast.parse(cell.source) for cell in cells]
    shows = [bool(texts_of(c.outputs) or pictures_of(c.outputs)) for c in cells]
    holds = [
        "not_compared" not in cell.metadata and (show or asserts(tree))
        for cell, tree, show in zip(cells, trees, shows, strict=True)
    ]
    for k, cell in enumerate(cells):
        if holds[k] or cell.metadata.get("not_compared") in REASONS:
            continue
        imports = all(isinstance(n, ast.Import | ast.ImportFrom) for n in trees[k].body)
        later = [
            tree
            for tree, held in zip(trees[k + 1 :], holds[k + 1 :], strict=True)
            if held
        ]
        assert imports or any(defined(trees[k]) & used(tree) for tree in later), (
            f"{cell.id} shows nothing, and no later cell that is compared uses it: "
            f"add an assert, or `not_compared` with one of {', '.join(REASONS)}"
        )


def test_what_is_left_out_is_little_and_says_why(cells):
    left_out = [cell for cell in cells if "not_compared" in cell.metadata]
    for cell in left_out:
        assert cell.metadata["not_compared"] in REASONS, cell.id
        assert cell.outputs, f"{cell.id} shows nothing: it needs no reason"
    assert len(left_out) <= 4 and len(left_out) <= len(cells) / 5
    for cell in cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            assert "not_compared" in cell.metadata, f"{cell.id} says no reason"
        assert TOLERANCE <= cell.metadata.get("tolerance", TOLERANCE) <= WIDEST, cell.id


def test_a_picture_that_is_left_out_is_compared_by_the_numbers_in_its_text(cells):
    for cell in cells:
        if "picture" in cell.metadata:
            assert cell.metadata["picture"] in REASONS, cell.id
            numbers = [NUMBER.findall(text) for text in texts_of(cell.outputs)]
            assert pictures_of(cell.outputs) and sum(map(len, numbers)) >= 4, cell.id
