"""Answers to the exercises of chapter 5: right ones pass, usual mistakes are known."""

import math

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers.chapters.convolution import exercises
from helpers.chapters.convolution.exercises import builds, channels, kernels, repairs


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


# -- right answers of other kinds ----------------------------------------------------


def flipped_by_indices(X, K):
    (h, w), (k_h, k_w) = X.shape, K.shape
    return tensor(
        [
            [
                sum(
                    K[a, b] * X[i + k_h - 1 - a, j + k_w - 1 - b]
                    for a in range(k_h)
                    for b in range(k_w)
                )
                for j in range(w - k_w + 1)
            ]
            for i in range(h - k_h + 1)
        ]
    )


def by_broadcasting(X, W, b):
    return (X[:, None] * W[:, :, None, None]).sum(2) + b.view(-1, 1, 1)


def by_a_module(X, W, b):
    layer = nn.Linear(W.shape[1], W.shape[0])
    layer.weight.data, layer.bias.data = W, b
    return layer(X.movedim(1, -1)).movedim(-1, 1)


def one_pixel_after_the_other(X, W, b):
    n, _, h, w = X.shape
    Y = torch.empty(n, len(W), h, w, dtype=torch.float64)
    for k in range(n):
        for i in range(h):
            for j in range(w):
                Y[k, :, i, j] = W.double() @ X[k, :, i, j].double() + b
    return Y


def pooled_by_unfold(X, size, stride):
    return X.unfold(2, size, stride).unfold(3, size, stride).amax((-1, -2))


def pooled_by_columns(X, size, stride):
    n, c, h, w = X.shape
    windows = F.unfold(X, size, stride=stride).view(n, c, size * size, -1)
    return windows.max(dim=2).values.view(n, c, (h - size) // stride + 1, -1)


def pooled_from_minus_inf(X, size, stride):
    rows, columns = ((d - size) // stride + 1 for d in X.shape[2:])
    Y = torch.full((*X.shape[:2], rows, columns), -math.inf)
    for a in range(size):
        for b in range(size):
            part = X[:, :, a::stride, b::stride][:, :, :rows, :columns]
            Y = torch.maximum(Y, part)
    return Y


def convolved_by_einsum(X, K, b, stride, padding):
    X = F.pad(X, (padding, padding, padding, padding))
    windows = X.unfold(2, K.shape[2], stride).unfold(3, K.shape[3], stride)
    return torch.einsum("ncijab,ocab->noij", windows, K) + b.reshape(1, -1, 1, 1)


def channels_last(X, K, b, stride, padding):
    """Right numbers in another order of memory."""
    Y = by_loops(X, K, b, stride, padding)
    return Y.contiguous(memory_format=torch.channels_last)


def with_ceilings_and_lists(layers, size):
    out, field, strides = [], 1, []
    for kernel, stride, padding in layers:
        size = math.ceil((size + 2 * padding - kernel + 1) / stride)
        if size <= 0:
            return out
        field = field + (kernel - 1) * math.prod(strides)
        strides.append(stride)
        out.append([size, field])
    return out


def scores_otherwise(images, K, W):
    H = F.conv2d(images.movedim(-1, 1), K, padding="same").clamp(min=0)
    return torch.einsum("kc,nchw->nkhw", W, H).amax((2, 3))


RIGHT = [
    (kernels.true_convolution, flipped_by_indices),
    (
        kernels.true_convolution,
        lambda X, K: F.conv2d(
            X[None, None].double(), K.rot90(2)[None, None].double()
        ).squeeze((0, 1)),
    ),
    (
        kernels.true_convolution,
        lambda X, K: F.conv_transpose2d(X[None, None], K[None, None])[
            0, 0, len(K) - 1 : len(X), K.shape[1] - 1 : X.shape[1]
        ],
    ),
    (kernels.padding_for_same, lambda k: [(k - 1) // 2, k // 2]),
    (kernels.padding_for_same, lambda k: divmod(k - 1, 2)[:1] + (k // 2,)),
    (channels.conv_1x1, by_broadcasting),
    (channels.conv_1x1, by_a_module),
    (channels.conv_1x1, one_pixel_after_the_other),
    (channels.max_pool2d, pooled_by_unfold),
    (channels.max_pool2d, pooled_by_columns),
    (channels.max_pool2d, pooled_from_minus_inf),
    (channels.max_pool2d, lambda X, s, t: pooled_by_unfold(X.double(), s, t)),
    (builds.conv2d, by_loops),
    (builds.conv2d, convolved_by_einsum),
    (builds.conv2d, channels_last),
    (builds.sizes_and_fields, with_ceilings_and_lists),
    (repairs.class_scores, scores_otherwise),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "name", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


PREWITT = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
EDGES = {
    "as a list": [[0, 0, 0], [-1, 0, 1], [0, 0, 0]],
    "Sobel, a quarter": tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4,
    "thirds in float64": tensor(PREWITT).double() / 3,
    "Scharr, a sixteenth": tensor([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]) / 16,
    "the middle row": tensor([[0, 0, 0], [-1, 0, 1], [0, 0, 0]]),
    "one row against two": tensor([[-1, 0, 1], [-1, 0, 1], [1, 0, -1]]),
    "without symmetry": tensor([[-2, 1, 1], [0.5, -0.5, 0], [0.5, -0.5, 0]]),
    "rounded tenths": [[-0.7, 0.3, 0.4], [-0.2, -0.1, 0.3], [-0.1, -0.2, 0.3]],
}


@pytest.mark.parametrize("kernel", EDGES.values(), ids=EDGES)
def test_every_kernel_that_finds_vertical_edges_passes(kernel):
    feedback = exercises.check(vertical_edges=lambda: kernel)
    assert feedback.state == "solved", feedback


NO_EDGES = {
    "a tenth too much": tensor([[-1, 0, 1.1], [-1, 0, 1], [-1, 0, 1]]),
    "one corner": tensor([[-1, 0, 0], [0, 0, 0], [0, 0, 1]]),
    "two rows against each other": tensor([[-1, 0, 1], [0, 0, 0], [1, 0, -1]]),
    "a row of ones": tensor([[-1, 0, 1], [-2, 0, 2], [1, 1, 1]]),
    "minus Prewitt": -tensor(PREWITT) / 3,
    "Prewitt, three times too large": tensor(PREWITT),
    "half of it": tensor(PREWITT) / 6,
    "neighbors at the left": tensor([[-1, 1, 0]] * 3) / 3,
    "neighbors at the right": tensor([[0, -1, 1]] * 3) / 3,
    "two places, two answers": tensor([[-0.3, 0.1, 0.2]] * 3),
    "5x5": torch.zeros(5, 5),
    "text": "Sobel",
}


@pytest.mark.parametrize("kernel", NO_EDGES.values(), ids=NO_EDGES)
def test_other_kernels_do_not(kernel):
    feedback = exercises.check(vertical_edges=lambda: kernel)
    assert feedback.state == "wrong", feedback


def test_a_forgotten_return_and_a_stub_are_known_in_a_kernel_too():
    assert "Is the `return` missing?" in str(
        exercises.check(vertical_edges=lambda: None)
    )
    assert exercises.check(vertical_edges=lambda: ...).state == "open"


# -- what is said, in other words ---------------------------------------------------


def loops(position="i * stride", last="h_out", window="", bias="b[o]", size="2 *"):
    """A convolution in loops, as many write it, in which parts may be exchanged."""
    code = f"""
def answer(X, K, b, stride, padding):
    n, c_in, h, w = X.shape
    c_out, _, k_h, k_w = K.shape
    X = F.pad(X, (padding, padding, padding, padding))
    h_out = (h + {size} padding - k_h) // stride + 1
    w_out = (w + {size} padding - k_w) // stride + 1
    Y = torch.zeros(n, c_out, h_out, w_out)
    for o in range(c_out):
        for i in range(h_out):
            for j in range(w_out):
                p, q = {position}, {position.replace("i", "j", 1)}
                part = X[:, :, p : p + k_h, q : q + k_w]
                Y[:, o, i, j] = (part * K[o]{window}).sum((1, 2, 3)) + {bias}
    return Y
"""
    space = {"torch": torch, "F": F}
    exec(code, space)
    return space["answer"]


def test_loops_are_a_right_answer():
    assert exercises.check(conv2d=loops()).state == "solved"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"bias": "0"}, "The bias is missing"),
        ({"bias": "c_in * b[o]"}, "for every input channel"),
        ({"bias": "b.sum()"}, "a bias of its own"),
        ({"window": ".flip(1, 2)"}, "You flipped the kernel"),
        ({"window": " / c_in"}, "this is their mean"),
        ({"position": "i"}, "begins in row i * stride and column j * stride"),
    ],
)
def test_a_mistake_is_known_in_loops_too(changed, says):
    feedback = exercises.check(conv2d=loops(**changed))
    assert says in feedback.means, feedback


def test_a_mistake_in_loops_is_found():
    assert exercises.check(conv2d=loops(size="1 *")).state == "wrong"


@pytest.mark.parametrize(("axis", "word"), [(0, "rows"), (1, "columns")])
def test_a_flip_of_one_axis_is_told_by_its_name(axis, word):
    feedback = exercises.check(
        true_convolution=lambda X, K: kernels.true_convolution.solution(X, K.flip(axis))
    )
    assert feedback.state == "wrong"
    other = {"rows": "columns", "columns": "rows"}[word]
    # the solution flips both, so that the other axis is left flipped alone
    assert f"You flipped the {other} alone" in str(feedback)
