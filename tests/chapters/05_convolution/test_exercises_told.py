"""Exercises of chapter 5: a sentence is the one for the mistake that it is said of.

Each wrong answer is computed anew by the rule whose mistake its sentence names.
"""

import math
import re

import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.convolution.exercises import builds, channels, sizes

SIZES = {  # what is said of an answer -> the rule that gives it
    "You rounded up": lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1,
    "These are the moves": lambda n, k, s, p: (n + 2 * p - k) // s,
    "Padding is added on both sides": lambda n, k, s, p: (n + p - k) // s + 1,
    "You left the padding out": lambda n, k, s, p: (n - k) // s + 1,
    "You left the stride out": lambda n, k, s, p: n + 2 * p - k + 1,
    "are mixed up": lambda n, k, s, p: (k + 2 * p - k) // s + 1,
}
LAYERS = [(224, 11, 4, 2), (7, 3, 3, 0), (28, 5, 1, 2)]  # n, k, s, p

COUNTS = {
    "These are the weights; each": lambda k, c, o: k * k * c * o,
    "gave every slice of a kernel a bias": lambda k, c, o: (k * k + 1) * c * o,
    "One bias for the whole layer": lambda k, c, o: k * k * c * o + 1,
    "not to the input channels": lambda k, c, o: k * k * c * o + c,
    "one kernel with its bias": lambda k, c, o: k * k * c + 1,
    "These are the weights of one kernel": lambda k, c, o: k * k * c,
    "5 × 5 × 3 weights, not 5 × 5": lambda k, c, o: (k * k + 1) * o,
    "5 × 5 × 3 and not 5 × 5": lambda k, c, o: k * k * o,
    "25 weights for each input channel, not 5": lambda k, c, o: (k * c + 1) * o,
    "You added where you must multiply": lambda k, c, o: k * k * c + o,
}
KERNELS = [(5, 3, 10), (3, 25, 50)]  # k, c_in, c_out


@pytest.mark.parametrize(
    "asked, rules, cases",
    [(sizes.sizes_by_hand, SIZES, LAYERS), (sizes.count_parameters, COUNTS, KERNELS)],
    ids=["sizes", "parameters"],
)
def test_a_wrong_number_is_told_what_it_lacks(asked, rules, cases):
    told = {}
    for mistake in asked.mistakes:
        answer = mistake.wrong()
        for said in rules:
            if said in mistake.says:
                told.setdefault(said, []).append(tuple(answer))
    assert told == {said: [tuple(rule(*case) for case in cases)]
                    for said, rule in rules.items()}  # fmt: skip


def test_what_is_said_to_be_right_is_right_and_the_rest_is_not():
    right = sizes.count_parameters.solution()
    for k, word in enumerate(("first", "second")):
        (mistake,) = (m for m in sizes.count_parameters.mistakes
                      if f"The {word} is right." in m.says)  # fmt: skip
        same = [a == b for a, b in zip(mistake.wrong(), right, strict=True)]
        assert same == [n == k for n in range(2)]
    for k, case in enumerate(("first", "second", "last")):
        for mistake in sizes.sizes_by_hand.mistakes:
            if mistake.says.startswith(f"In the {case} case"):
                pairs = zip(
                    mistake.wrong(), sizes.sizes_by_hand.solution(), strict=True
                )
                assert [n for n, (a, b) in enumerate(pairs) if a != b] == [k]


def test_how_the_windows_lie_in_what_unfold_returns():
    line, numbers = re.search(
        r"one (\w+) per window, with (.*?) numbers", builds.conv2d.hint
    ).groups()
    found = F.unfold(torch.zeros(2, 3, 6, 7), (2, 4))
    _, rows, columns = found.shape
    assert {"row": rows, "column": columns}[line] == 5 * 4
    assert eval(numbers, {"c_in": 3, "k_h": 2, "k_w": 4}) == (
        rows if line == "column" else columns
    )


def test_where_the_gradient_of_a_maximum_goes():
    (where,) = re.findall(
        r"Its gradient goes to (.*?) of each window", channels.max_pool2d.then
    )
    X = torch.tensor([[[[1.0, 4, 2, 3], [0, 2, 7, 1]]]], requires_grad=True)
    channels.max_pool2d.solution(X, 2, 2).sum().backward()
    reached = X.detach()[X.grad > 0].tolist()
    assert (where == "the largest value") == (reached == [4, 7])
