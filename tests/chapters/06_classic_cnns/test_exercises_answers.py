"""Exercises of chapter 6: other right answers, and what learners get wrong."""

from itertools import permutations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.classic_cnns import exercises
from helpers.chapters.classic_cnns.exercises import (
    alexnet,
    blocks,
    inception,
    kernels,
    pyramid,
    training,
)
from helpers.models import Inception


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- right answers of other kinds ----------------------------------------------------


def ridge_by_inverse(K, y, lam, K_new):
    A = K.clone()
    A.diagonal().add_(lam)
    return (K_new @ torch.linalg.inv(A) @ y[:, None]).squeeze(1)


def normalized_one_after_the_other(X, size, alpha, beta, k):
    Y = torch.empty_like(X)
    for i in range(X.shape[1]):
        near = X[:, max(0, i - size // 2) : i + size // 2 + 1]
        Y[:, i] = X[:, i] * (k + alpha * near.pow(2).sum(1)) ** -beta
    return Y


def normalized_by_pooling(X, size, alpha, beta, k):
    squares = F.pad(X[:, None] ** 2, (0, 0, 0, 0, size // 2, size // 2))
    means = F.avg_pool3d(squares, (size, 1, 1), stride=1)[:, 0]
    return X / (k + alpha * size * means).pow(beta)


class Block(nn.Module):
    """A VGG block in which functions stand for the layers without parameters."""

    def __init__(self, num_convs, c_in, c_out):
        super().__init__()
        sizes = [c_in] + num_convs * [c_out]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding="same")
            for a, b in zip(sizes[:-1], sizes[1:], strict=True)
        )

    def forward(self, X):
        for conv in self.convs:
            X = F.relu(conv(X))
        return F.max_pool2d(X, kernel_size=2, stride=2)


def vgg_of_blocks(blocks, c_in):
    sizes = [c_in, *(c_out for _, c_out in blocks)]
    made = (Block(n, a, b) for (n, b), a in zip(blocks, sizes, strict=False))
    return nn.Sequential(*made)


def vgg_of_lazy_layers(blocks, c_in):
    net = nn.Sequential()
    for num_convs, c_out in blocks:
        for _ in range(num_convs):
            net.append(nn.LazyConv2d(c_out, kernel_size=3, padding=1))
            net.append(nn.ReLU(inplace=True))
        net.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return net


def nin_by_einsum(X, K, b, W1, b1, W2, b2, padding):
    H = F.conv2d(X, K, b, padding=padding).clamp(min=0)
    for W, b_i in ((W1, b1), (W2, b2)):
        H = (torch.einsum("oc,nchw->nohw", W, H) + b_i.view(-1, 1, 1)).relu()
    return H


def nin_of_rows(X, K, b, W1, b1, W2, b2, padding):
    H = F.conv2d(X, K, b, padding=padding).relu()
    n, c, h, w = H.shape
    rows = H.permute(0, 2, 3, 1).reshape(-1, c)
    rows = ((rows @ W1.T + b1).relu() @ W2.T + b2).relu()
    return rows.reshape(n, h, w, c).permute(0, 3, 1, 2)


def nin_by_1x1(X, K, b, W1, b1, W2, b2, padding):
    H = F.relu(F.conv2d(X, K, b, padding=padding))
    H = F.relu(F.conv2d(H, W1[:, :, None, None], b1))
    return F.relu(F.conv2d(H, W2[:, :, None, None], b2))


def relu_at_the_end(X, K1, K2, K3, K4):
    padded = F.pad(X, (1, 1, 1, 1), value=float("-inf"))
    branches = (
        F.conv2d(X, K1),
        F.conv2d(F.conv2d(X, K2[0]).relu(), K2[1], padding="same"),
        F.conv2d(F.conv2d(X, K3[0]).relu(), K3[1], padding="same"),
        F.conv2d(F.max_pool2d(padded, 3, 1), K4),
    )
    return F.relu(torch.cat(branches, 1))


def pyramid_by_slices(X, levels):
    (h, w), parts = X.shape[2:], []
    for level in levels:
        rows, columns = (
            [(i * d // level, -(-(i + 1) * d // level)) for i in range(level)]
            for d in (h, w)
        )
        maps = [X[:, :, a:b, c:d].amax((2, 3)) for a, b in rows for c, d in columns]
        parts.append(torch.stack(maps, 2).flatten(1))
    return torch.hstack(parts)


RIGHT = [
    (kernels.kernel_ridge, ridge_by_inverse),
    (alexnet.local_response_norm, normalized_one_after_the_other),
    (alexnet.local_response_norm, normalized_by_pooling),
    (blocks.vgg, vgg_of_blocks),
    (blocks.vgg, vgg_of_lazy_layers),
    (blocks.nin_forward, nin_by_einsum),
    (blocks.nin_forward, nin_of_rows),
    (blocks.nin_forward, nin_by_1x1),
    (inception.inception_forward, relu_at_the_end),
    (
        inception.inception_widths,
        lambda *widths: sum(
            p.numel() for p in Inception(*widths).parameters() if p.ndim > 1
        ),
    ),
    (pyramid.pyramid_pooling, pyramid_by_slices),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "name", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


def test_1x1_convolutions_are_right_for_the_nin_block_and_it_says_why():
    feedback = blocks.nin_forward.check(nin_by_1x1)
    assert feedback.state == "solved"
    assert "F.conv2d with the kernel W1[:, :, None, None], it is right" in feedback.text


# -- wrong answers as a learner writes them --------------------------------------------


def nin_with(there, back):
    """The NiN block with other ways of the axes to rows of channels, and back."""

    def answer(X, K, b, W1, b1, W2, b2, padding):
        H = F.conv2d(X, K, b, padding=padding).relu()
        rows = ((there(H) @ W1.T + b1).relu() @ W2.T + b2).relu()
        return back(rows, H)

    return answer


@pytest.mark.parametrize(
    ("there", "back", "says"),
    [
        (
            lambda H: H.reshape(-1, H.shape[1]),
            lambda rows, H: rows.reshape(H.shape),
            "neither on the way there nor back",
        ),
        (
            lambda H: H.reshape(H.shape[1], -1).T,
            lambda rows, H: rows.T.reshape(H.shape),
            "mixes the examples",
        ),
        (
            lambda H: H.permute(0, 2, 3, 1).reshape(-1, H.shape[1]),
            lambda rows, H: rows.view(H.shape),
            "On the way back `reshape` cannot",
        ),
        (
            lambda H: H.reshape(len(H), *H.shape[2:], -1),
            lambda rows, H: rows.permute(0, 3, 1, 2),
            "values of one channel",
        ),
        (
            lambda H: H.permute(0, 2, 3, 1),
            lambda rows, H: rows.permute(0, 2, 3, 1),
            "the same way twice",
        ),
    ],
)
def test_wrong_ways_of_the_axes_have_sentences_of_their_own(there, back, says):
    feedback = blocks.nin_forward.check(nin_with(there, back))
    assert feedback.state == "wrong" and says in feedback.means, feedback


RELUS = {  # which is left out: where, as the sentence says
    0: "in the branch of one 1×1 convolution",
    1: "before the 3×3 one",
    2: "after the 3×3 convolution",
    3: "before the 5×5 one",
    4: "after the 5×5 convolution",
    5: "of the pooling's branch",
}


@pytest.mark.parametrize("left_out", RELUS)
def test_a_single_missing_relu_is_found(left_out):
    def answer(X, K1, K2, K3, K4):
        def layer(k, X, K):
            Y = F.conv2d(X, K, padding="same")
            return Y if k == left_out else Y.relu()

        pooled = F.max_pool2d(X, 3, 1, 1)
        first = layer(0, X, K1), layer(1, X, K2[0]), layer(3, X, K3[0])
        parts = first[0], layer(2, first[1], K2[1]), layer(4, first[2], K3[1])
        return torch.cat([*parts, layer(5, pooled, K4)], 1)

    feedback = inception.inception_forward.check(answer)
    assert feedback.means.startswith("One ReLU is missing, ")
    assert RELUS[left_out] in feedback.means


def vgg_as(act, pairs_turned=False):
    def answer(blocks, c_in):
        net = nn.Sequential()
        for pair in blocks:
            num_convs, c_out = pair[::-1] if pairs_turned else pair
            for _ in range(num_convs):
                net.extend([nn.Conv2d(c_in, c_out, 3, padding=1), act()])
                c_in = c_out
            net.append(nn.MaxPool2d(2))
        return net

    return answer


def test_another_activation_and_turned_pairs_are_named_in_a_vgg():
    assert "nn.Sigmoid after" in blocks.vgg.check(vgg_as(nn.Sigmoid)).means
    turned = blocks.vgg.check(vgg_as(nn.ReLU, pairs_turned=True))
    assert "The two numbers of a pair are exchanged" in turned.means
    assert blocks.vgg.check(vgg_as(nn.ReLU)).state == "solved"


def test_usual_miscounts_of_an_inception_block():
    def without_c_in(c_in, c1, c2, c3, c4):
        reduced = c1 + c2[0] + c3[0] + c4
        return reduced + 9 * c2[0] * c2[1] + 25 * c3[0] * c3[1]

    def work(*widths):
        return 28 * 28 * inception.inception_widths.solution(*widths)

    says = inception.inception_widths.check(without_c_in).means
    assert "c_in times its output channels" in says
    assert "These are the multiplications" in (
        inception.inception_widths.check(work).means
    )


# -- what is no network, and no assignment -------------------------------------------


class Raises(nn.Module):
    def parameters(self, recurse=True):
        raise RuntimeError("none")


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (lambda: [nn.ReLU()], "an nn.Sequential is asked for, not a list"),
        (lambda: nn.Sequential, "an nn.Sequential is asked for, not a type"),
        (lambda: 3, "an nn.Sequential is asked for, not an int"),
        (lambda: None, "Is the `return` missing?"),
        (nn.Sequential, "The values differ."),
        (lambda: nn.Linear(3, 3), "It raised RuntimeError"),
        (lambda: nn.LSTM(16, 2), "It raised"),
        (Raises, "It raised NotImplementedError"),
    ],
)
def test_whatever_is_returned_for_a_network_is_judged(returned, says):
    feedback = exercises.check(vgg=lambda blocks, c_in: returned())
    assert feedback.state == "wrong" and says in feedback.text, feedback


RIGHT_LETTERS = training.stuck_networks.solution()


@pytest.mark.parametrize(
    "given",
    [
        RIGHT_LETTERS,
        list(RIGHT_LETTERS),
        "".join(RIGHT_LETTERS),
        tuple(letter.lower() for letter in RIGHT_LETTERS),
    ],
)
def test_letters_may_be_given_in_any_form(given):
    assert exercises.check(stuck_networks=given).state == "solved"


@pytest.mark.parametrize(
    "given",
    [None, 3, "A", (), RIGHT_LETTERS[:3], (*RIGHT_LETTERS, "A"), {}, torch.zeros(4)],
)
def test_what_is_no_assignment_is_wrong(given):
    assert exercises.check(stuck_networks=given).state == "wrong"


def test_every_wrong_assignment_gets_a_sentence():
    for given in permutations(RIGHT_LETTERS):
        if given != RIGHT_LETTERS:
            assert exercises.check(stuck_networks=given).means, given
