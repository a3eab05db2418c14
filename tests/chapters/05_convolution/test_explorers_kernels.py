"""Explorers of kernels in chapter 5: what they say and draw is what torch computes."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.convolution import explorers
from helpers.chapters.convolution.grids import STRONGEST, gray_photograph
from helpers.chapters.convolution.kernels import FULL, KERNELS, SIZE, SIZES, kernel_of
from helpers.chapters.convolution.sliding_window import IMAGE, MATRIX, correlate
from helpers.data.photographs import PHOTOGRAPHS, load_photograph

WEIGHTS = [name for row in MATRIX for name in row]
ODD = dict(zip(WEIGHTS, (2, -1, 0, 5, -3, 1, -5, 4, 3), strict=True))


def plain(text):
    """Return a text with the minus signs that Python reads."""
    return text.replace("−", "-")


def corr(image, kernel, **options):
    """Return what torch makes of an image (h, w) and a kernel (k, l)."""
    image, kernel = (torch.tensor(a).double()[None, None] for a in (image, kernel))
    return F.conv2d(image, kernel, **options)[0, 0].numpy()


def asymmetric(*shape):
    generator = torch.Generator().manual_seed(4)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# -- sliding_window -----------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (1, 1), (7, 6)])
def test_correlate_is_the_convolution_of_torch(shape):
    image, kernel = asymmetric(7, 9).numpy(), asymmetric(*shape).numpy()
    assert correlate(image, kernel) == pytest.approx(corr(image, kernel))


@pytest.mark.parametrize("row, column", [(1, 1), (2, 5), (5, 1), (3, 4), (5, 5)])
def test_the_sum_is_written_out_and_is_the_value_of_the_output(row, column):
    scene = explorers.sliding_window.scene(**ODD, row=row, column=column)
    kernel = np.reshape(list(ODD.values()), (3, 3))
    output = corr(IMAGE, kernel)
    place, terms, total = re.fullmatch(
        r"Row (\d, column \d): (.*) = (-?\d+)\.", plain(scene.says)
    ).groups()
    assert place == f"{row}, column {column}"
    factors = [
        re.fullmatch(r"(\d)·\(?(-?\d)\)?", t).groups() for t in terms.split(" + ")
    ]
    assert [int(w) for _, w in factors] == list(ODD.values())
    assert sum(int(x) * int(w) for x, w in factors) == int(total)
    assert int(total) == output[row - 1, column - 1]
    assert scene["products"].title == f"products, sum {total}".replace("-", "−")
    for (i, j), (x, w) in zip(
        itertools.product(range(3), repeat=2), factors, strict=True
    ):
        assert int(x) == IMAGE[row - 1 + i, column - 1 + j]
        product = plain(scene[f"product {i} {j}"]["text"])
        assert int(product) == int(x) * int(w)
        assert scene[f"product {i} {j}"]["xy"].tolist() == [[j, i]]


@pytest.mark.parametrize("row, column", [(1, 1), (2, 5), (4, 2), (5, 5)])
def test_the_output_is_filled_up_to_the_window(row, column):
    scene = explorers.sliding_window.scene(**ODD, row=row, column=column)
    output = corr(IMAGE, np.reshape(list(ODD.values()), (3, 3)))
    shown = 0
    for (i, j), value in np.ndenumerate(output):
        text, cell = scene[f"value {i} {j}"]["text"], scene[f"cell {i} {j}"]
        assert cell["xy"].mean(0)[0] == pytest.approx(j, abs=0.2)
        if (i, j) > (row - 1, column - 1):
            assert text == "" and cell["alpha"] == 0
            continue
        shown += 1
        assert int(plain(text)) == value
        assert cell["alpha"] == pytest.approx(
            STRONGEST * abs(value) / np.abs(output).max()
        )
        assert (cell["color"] == "#D55E00") == (value < 0)
    assert shown == 5 * (row - 1) + column


def test_the_window_lies_over_the_pixels_that_it_multiplies():
    scene = explorers.sliding_window.scene(row=2, column=5)
    x, y = scene["window"]["xy"].T
    assert (x.min(), x.max(), y.min(), y.max()) == (3.5, 6.5, 0.5, 3.5)
    assert scene["handle"]["xy"].tolist() == [[5, 2]]
    assert (scene["handle"]["x"], scene["handle"]["y"]) == ("column", "row")
    assert scene["here"]["xy"].mean(0) == pytest.approx((4, 1), abs=0.2)
    for (i, j), value in np.ndenumerate(IMAGE):
        assert scene[f"pixel {i} {j}"]["text"] == str(value)
        assert scene["cells"]["values"][i, j] == pytest.approx(STRONGEST * value / 9)


def test_a_preset_sets_the_nine_weights():
    shown = explorers.sliding_window()
    assert shown.preset.value == "vertical edges"
    shown.preset.value = "identity"
    assert [shown.values[name] for name in WEIGHTS] == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    inner = [
        [shown.scene[f"pixel {i} {j}"]["text"] for j in range(1, 6)]
        for i in range(1, 6)
    ]
    shown.set(row=5, column=5)
    output = [
        [shown.scene[f"value {i} {j}"]["text"] for j in range(5)] for i in range(5)
    ]
    assert output == inner and shown.preset.value == "identity"
    shown.set(w33=2)
    assert shown.preset.value == "own"
    shown.set(w33=0)
    assert shown.preset.value == "identity"


def test_the_start_answers_none_of_the_questions():
    """What is asked before an explorer is not what it shows first."""
    scene = explorers.sliding_window.scene()
    shown = [scene[f"value {i} {j}"]["text"] for i in range(5) for j in range(5)]
    assert [text for text in shown if text] == ["9"]
    says = explorers.output_size.scene().says
    assert "2 × 2" not in says and "13 are lost" not in says
    assert "nothing changes" in explorers.pooled_dot.scene().says
    seen = explorers.receptive_field.scene()["growth"]["xy"][-1, 1]
    assert seen < 17


# -- kernels_on_a_photograph --------------------------------------------------------


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("name", KERNELS)
def test_the_result_is_the_convolution_of_the_photograph(name, k, strength):
    scene = explorers.kernels_on_a_photograph.scene(
        kernel=name, kernel_size=k, strength=strength, photograph="portrait"
    )
    gray, weights = gray_photograph("portrait", SIZE), kernel_of(name, strength, k)
    expected = corr(gray, weights)
    shown = scene["photograph image"]["values"]
    assert shown == pytest.approx(np.repeat(gray[..., None], 3, 2))
    assert weights.shape == (k, k) and scene["kernel"].title == f"kernel, {k} × {k}"
    for (i, j), weight in np.ndenumerate(weights):
        text = plain(scene[f"weight {i} {j}"]["text"])
        assert float(text) == pytest.approx(weight, abs=6e-4 if k == 3 else 5.1e-3)
    low, high = (
        float(v)
        for v in re.search(r"from (\S+) to (-?[\d.]*\d)", plain(scene.says)).groups()
    )
    assert (low, high) == pytest.approx(
        (expected.min(), expected.max()), rel=6e-3, abs=1e-6
    )
    side = SIZE - k + 1
    assert scene["result"].title == f"result, {side} × {side}"
    if f"{FULL} and beyond" in scene.says:
        signed = scene["positive"]["values"] - scene["negative"]["values"]
        assert signed == pytest.approx((expected / FULL).clip(-1, 1), abs=1e-6)
        assert not (scene["positive"]["values"] * scene["negative"]["values"]).any()
    else:
        result = scene["result image"]["values"]
        assert result[..., 0] == pytest.approx(expected.clip(0, 1), abs=1e-6)
    total = float(re.search(r"sum to ([\d.]+):", scene.says)[1])
    assert total == pytest.approx(weights.sum(), abs=6e-4)


CLASSIC = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": np.full((3, 3), 1 / 9),
    "Gaussian": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "vertical edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
}
PRESERVING = ("identity", "blur", "Gaussian", "sharpen", "emboss")


@pytest.mark.parametrize("name", KERNELS)
def test_three_by_three_are_the_classic_kernels(name):
    assert kernel_of(name, 1) == pytest.approx(np.array(CLASSIC[name]))


@pytest.mark.parametrize("k", SIZES)
def test_strength_goes_from_the_image_or_nothing_to_twice_the_usual_change(k):
    for name in KERNELS:
        none, usual, twice = (kernel_of(name, strength, k) for strength in (0, 1, 2))
        kept = np.zeros((k, k))
        kept[k // 2, k // 2] = name in PRESERVING and name != "identity"
        assert (none == kept).all(), name
        assert twice - usual == pytest.approx(usual - none)
    assert kernel_of("sharpen", 2)[1].tolist() == [-2, 9, -2]


@pytest.mark.parametrize("k", SIZES)
def test_a_larger_kernel_does_the_same_from_farther_away(k):
    """Each on an impulse, an edge or a slope, where its answer is known."""
    ramp = np.add.outer(np.zeros(9), np.arange(9.0))
    for name in KERNELS:
        kernel = kernel_of(name, 1, k)
        assert kernel.sum() == pytest.approx(float(name in PRESERVING)), name
        if name not in ("identity", "Laplacian", "sharpen"):
            assert np.abs(kernel[:, [0, -1]]).sum() > 0, "the rim has no weight"
    vertical, horizontal = (
        kernel_of(f"{w} edges", 1, k) for w in ("vertical", "horizontal")
    )
    assert vertical.T == pytest.approx(horizontal)
    assert vertical[:, ::-1] == pytest.approx(-vertical)
    assert vertical[vertical > 0].sum() == pytest.approx(4)
    assert (correlate(ramp, vertical) > 0).all()
    far = np.zeros((9, 9))
    far[4, 4] = 1
    answers = correlate(far, kernel_of("Laplacian", 1, k))
    middle = len(answers) // 2
    assert answers[middle, middle] == -4
    beside = far.copy()
    beside[4, 4], beside[4, 4 + k // 2] = 0, 1
    assert correlate(beside, kernel_of("Laplacian", 1, k))[middle, middle] == 1
    gaussian = kernel_of("Gaussian", 1, k)
    assert gaussian[k // 2, k // 2] == gaussian.max() > kernel_of("blur", 1, k).max()


@pytest.mark.parametrize(
    "k, said", [(3, "beside it"), (5, "2 pixels"), (7, "3 pixels")]
)
def test_how_far_the_four_neighbors_are_is_said(k, said):
    for name in ("sharpen", "Laplacian"):
        scene = explorers.kernels_on_a_photograph.scene(kernel=name, kernel_size=k)
        assert f"the four that lie {said}" in scene.says
        (row,) = np.nonzero(kernel_of(name, 1, k)[:, k // 2])
        assert np.diff(row).tolist() == [k // 2] * 2


def test_kernels_do_what_is_said():
    """On an image that is bright at the right and below, and on an even one."""
    image = np.add.outer(2.0 * np.arange(6), np.arange(7))
    assert (correlate(image, kernel_of("vertical edges", 1)) == 8).all()
    assert (correlate(image, kernel_of("horizontal edges", 1)) == 16).all()
    assert correlate(image, kernel_of("Laplacian", 1)) == pytest.approx(0)
    spot = np.zeros((5, 5))
    spot[2, 2] = 1
    assert correlate(spot, kernel_of("Laplacian", 1))[1, 1] < 0
    assert correlate(spot, kernel_of("sharpen", 1))[1, 1] == 5
    assert correlate(spot, kernel_of("blur", 1)) == pytest.approx(
        np.full((3, 3), 1 / 9)
    )
    corner = np.zeros((4, 4))
    corner[2:, 2:] = 1  # bright at the lower right
    assert correlate(corner, kernel_of("emboss", 1))[0, 0] > 0
    for name in KERNELS:
        even = correlate(np.full((4, 4), 0.5), kernel_of(name, 1))
        total = 1 if name in PRESERVING else 0
        assert even == pytest.approx(0.5 * total)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_gray_is_the_luma_of_the_photograph(name):
    R, G, B = load_photograph(name, 20)
    gray = gray_photograph(name, 20)
    assert gray == pytest.approx((0.299 * R + 0.587 * G + 0.114 * B).numpy(), abs=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        gray[0, 0] = 1
