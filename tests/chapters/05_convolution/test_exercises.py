"""The solutions of chapter 5 agree with torch, and their cases tell mistakes apart."""

import re

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers.chapters.convolution.exercises import (
    builds,
    channels,
    kernels,
    repairs,
    sizes,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def by_loops(X, K, b, stride, padding):
    """Convolve one window after the other, in float64."""
    X = F.pad(X.double(), [padding] * 4)
    k_h, k_w = K.shape[2:]
    rows = range(0, X.shape[2] - k_h + 1, stride)
    columns = range(0, X.shape[3] - k_w + 1, stride)
    Y = torch.zeros(len(X), len(K), len(rows), len(columns), dtype=torch.float64)
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            window = X[:, None, :, top : top + k_h, left : left + k_w]
            Y[:, :, i, j] = (window * K.double()).sum((2, 3, 4)) + b
    return Y


# -- the solutions ------------------------------------------------------------------


def test_true_convolution_is_that_of_mathematics():
    """Kernels convolve as the coefficients of polynomials multiply."""
    X, K = tensor([[0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]]), tensor([[4.0, 5.0, 6.0]])
    product = tensor([[4.0, 13.0, 28.0, 27.0, 18.0]])  # (1 + 2x + 3x^2)(4 + 5x + 6x^2)
    assert kernels.true_convolution.solution(X, K).equal(product)


def test_true_convolution_of_the_syllabus():
    X, K = kernels.true_convolution.cases[0]
    found = kernels.true_convolution.solution(X, K)
    assert found.tolist() == [[5, 11], [23, 29]]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("k", range(1, 10))
def test_padding_is_that_of_torch(k):
    left, right = kernels.padding_for_same.solution(k)
    X, K = torch.arange(1.0, 13).view(1, 1, 12), torch.arange(1.0, k + 1).view(1, 1, k)
    ours = F.conv1d(F.pad(X, (left, right)), K)
    assert ours.equal(F.conv1d(X, K, padding="same")) and ours.shape == X.shape


@pytest.mark.parametrize("case", channels.conv_1x1.cases)
def test_conv_1x1_is_that_of_torch(case):
    X, W, b = case
    ours = channels.conv_1x1.solution(X, W, b)
    torch.testing.assert_close(ours, F.conv2d(X, W[:, :, None, None], b))


@pytest.mark.parametrize("case", channels.max_pool2d.cases)
def test_max_pooling_is_that_of_torch(case):
    ours = channels.max_pool2d.solution(*case)
    assert ours.equal(F.max_pool2d(*case))


@pytest.mark.parametrize("case", builds.conv2d.cases)
def test_conv2d_is_that_of_torch(case):
    X, K, b, stride, padding = case
    ours = builds.conv2d.solution(*case)
    torch.testing.assert_close(ours, F.conv2d(X, K, b, stride, padding))


def test_sizes_and_parameters_by_hand_are_those_of_torch():
    settings = [(11, 4, 2), (3, 3, 0), (5, 1, 2)]  # kernel, stride, padding
    layers = [nn.Conv2d(1, 1, *each) for each in settings]
    images = [torch.zeros(1, size, size) for size in (224, 7, 28)]
    found = [layer(X).shape[-1] for layer, X in zip(layers, images, strict=True)]
    assert tuple(found) == sizes.sizes_by_hand.solution()
    counted = nn.Conv2d(3, 10, 5), nn.Conv2d(25, 50, 3)
    found = [sum(p.numel() for p in layer.parameters()) for layer in counted]
    assert tuple(found) == sizes.count_parameters.solution()


def size_and_field(layers, size):
    """Build the stack, and follow the gradient of one output in the middle."""
    stack = nn.Sequential()
    for kernel, stride, padding in layers:
        stack.append(nn.Conv1d(1, 1, kernel, stride, padding))
        nn.init.ones_(stack[-1].weight)
    X = torch.zeros(1, size, requires_grad=True)
    out = stack(X).flatten()
    out[len(out) // 2].backward()
    (seen,) = X.grad.flatten().nonzero(as_tuple=True)
    return len(out), int(seen[-1] - seen[0]) + 1


def test_sizes_and_fields_are_those_of_torch():
    layers = [(3, 2, 1), (2, 2, 0), (4, 1, 2), (1, 3, 0), (3, 1, 1)]
    found = builds.sizes_and_fields.solution(layers, 200)
    assert found == [size_and_field(layers[: k + 1], 200) for k in range(len(layers))]


@pytest.mark.parametrize("case", builds.sizes_and_fields.cases, ids=str)
def test_the_list_ends_where_torch_refuses_too(case):
    layers, size = case
    X, found = torch.zeros(1, size), builds.sizes_and_fields.solution(*case)
    for kernel, stride, padding in layers[: len(found)]:
        X = nn.Conv1d(1, 1, kernel, stride, padding)(X)
    if found:
        assert X.shape[-1] == found[-1][0]
    if len(found) < len(layers):
        with pytest.raises(RuntimeError):
            nn.Conv1d(1, 1, *layers[len(found)])(X)


def test_the_syllabus_stack():
    fields = [
        field
        for _, field in builds.sizes_and_fields.solution(
            *builds.sizes_and_fields.cases[1]
        )
    ]
    assert fields == [3, 4, 8, 10]


def test_the_repaired_forward_pass_is_that_of_modules():
    images, K, W = repairs.class_scores.cases[2]
    first = nn.Conv2d(3, 2, 3, padding=1, bias=False)
    last = nn.Conv2d(2, 5, 1, bias=False)
    first.weight.data, last.weight.data = K, W[:, :, None, None]
    net = nn.Sequential(first, nn.ReLU(), last, nn.AdaptiveMaxPool2d(1), nn.Flatten())
    torch.testing.assert_close(
        repairs.class_scores.solution(images, K, W), net(images.movedim(3, 1))
    )


def test_no_bug_of_the_stub_raises_or_changes_a_shape_that_fits():
    for case in repairs.class_scores.cases:
        assert repairs.class_scores.broken(*case).ndim == 2


# -- cases ---------------------------------------------------------------------------


def test_no_case_has_a_kernel_that_hides_a_flip():
    for X, K in kernels.true_convolution.cases:
        assert not K.equal(K.flip(0, 1)) and X.shape[0] != 0
    for _, K, *_ in builds.conv2d.cases:
        assert not K.equal(K.flip(2, 3))
    shapes = [(X.shape[2:], K.shape[2:]) for X, K, *_ in builds.conv2d.cases]
    assert sum(h != w and k_h != k_w for (h, w), (k_h, k_w) in shapes) >= 4


# -- what is forbidden, and what is told afterwards ---------------------------------


@pytest.mark.parametrize(
    "asked", [channels.conv_1x1, builds.conv2d], ids=lambda x: x.name
)
def test_no_layer_of_torch_that_convolves_is_allowed(asked):
    for n in (1, 2, 3):
        assert {f"conv{n}d", f"Conv{n}d"} <= set(asked.without)


def test_the_fields_of_seven_layers():
    told = re.search(
        r"seven 3×3 layers see (\d+) pixels with stride 1, and (\d+) if each of them",
        builds.sizes_and_fields.then,
    ).groups()
    for stride, field in zip((1, 2), told, strict=True):
        found = builds.sizes_and_fields.solution([(3, stride, 1)] * 7, 999)
        assert found[-1][1] == int(field)
