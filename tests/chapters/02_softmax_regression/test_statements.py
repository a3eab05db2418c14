"""Chapter 2: what its sentences say, computed first; then each must stand there."""

import heapq
import json
import re
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_digits
from torch.nn import functional as F

from helpers import load_images
from tests.taught import holding, notebook_path, source_of

holds = holding("02")


@cache
def digits():
    """The images of ``train`` and ``val``, flat, with their labels."""
    data = load_images("digits")
    return (
        data.train.X.flatten(1),
        data.train.y,
        data.val.X.flatten(1),
        data.val.y,
    )


def test_the_sigmoid_is_the_softmax_of_two_after_division_by_the_second():
    """Above and below by the second exponential, and by no other."""
    o = torch.tensor([0.7, -1.9], dtype=torch.float64)
    second = 1 / (o[0] - o[1]).exp().add(1)
    assert torch.softmax(o, 0)[1] == pytest.approx(second.item())
    above, below = o.exp()[1], o.exp().sum()
    assert (above / o[1].exp()).item() == pytest.approx(1)
    assert (below / o[1].exp()).item() == pytest.approx(1 + (o[0] - o[1]).exp().item())
    holds(
        "softmax-properties-read",
        r"divide above and below by $e^{o_2}$: $\hat y_2 = 1 / (1 + e^{-(o_2 - o_1)})$",
    )


def test_what_the_first_step_lacks_is_most_of_all_the_biases():
    """The share of right answers as it stands, with equal classes, and with biases."""
    X, y, X_val, y_val = digits()
    missing = F.one_hot(y, 10) - 0.1

    def right(weight, bias):
        step = X.T @ (weight[:, None] * missing)
        return ((X_val @ step + bias).argmax(1) == y_val).float().mean().item()

    even = 1 / torch.bincount(y)[y]  # then every class weighs the same
    means = torch.stack([X[y == k].mean(0) for k in range(10)])
    found = [
        right(torch.full((len(X),), 1 / len(X)), 0.0),
        right(even, 0.0),
        # With that weight the step is the averages minus their mean.
        right(even, -0.5 * (means**2).sum(1)),
    ]
    assert [f"{share:.0%}" for share in found] == ["42%", "47%", "58%"]
    holds(
        "first-step-read",
        "Yet only 42 % of its answers are right, for two reasons. A class with more "
        "images draws its average more strongly; with equal classes, 47 % are right. "
        "And the biases are missing; with those of the nearest average too, it is "
        "58 %.",
    )


def fit_scans(seed, n):
    """Train on some scans, on all at once, and return the share right of the others."""
    table = load_digits()
    X = torch.tensor(table.data / 16, dtype=torch.float32)
    y = torch.tensor(table.target)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(seed))
    own, new = order[:n], order[n:]
    W, b = torch.zeros(64, 10), torch.zeros(10)
    for _ in range(300):
        error = (torch.softmax(X[own] @ W + b, 1) - F.one_hot(y[own], 10)) / n
        W, b = W - 0.5 * X[own].T @ error, b - 0.5 * error.sum(0)
    return ((X[new] @ W + b).argmax(1) == y[new]).float().mean().item()


def test_the_same_model_does_far_better_on_the_scans():
    few, many = ([fit_scans(seed, n) for seed in range(10)] for n in (300, 1_400))
    assert round(np.mean(few), 2) == 0.93 and round(np.mean(many), 2) == 0.95
    assert np.std(few) < 0.01 and np.std(many) < 0.01
    holds(
        "baseline-read",
        "On the scans themselves, 8 × 8 pixels and in place, the same model gets about "
        "0.93 after training on 300 images and 0.95 after 1,400.",
    )


def alternative_text(cell_id):
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    (cell,) = (cell for cell in cells if cell["id"] == cell_id)
    (output,) = (o for o in cell["outputs"] if "image/png" in o.get("data", {}))
    return output["metadata"]["image/png"]["alt"]


def ends_of(said):
    """Where the curves of training and of validation begin and end."""
    found = re.findall(r"(?:training|validation) from ([\d.]+\d) to ([\d.]+\d)", said)
    assert len(found) == 2
    return [(float(first), float(last)) for first, last in found]


def test_the_thin_curve_lies_on_the_worse_side_at_first():
    """The mean over the first epoch is the worse one; at the end it is the better."""
    loss, accuracy = alternative_text("baseline").split(" Accuracy ")
    (first, last), (val_first, val_last) = ends_of(loss)
    assert first > val_first and val_last - 0.1 < last < val_last
    (first, last), (val_first, val_last) = ends_of(accuracy)
    assert first < val_first and val_last < last < val_last + 0.05
    holds(
        "baseline-read",
        "The loss still falls slowly, and the gap is small: the model hardly "
        "**overfits**",
        "<summary>Why does the thin curve begin on the worse side?</summary> It is a "
        "mean over the epoch, while the weights still change.",
    )


def test_the_difference_to_validation_is_within_twice_the_luck():
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    (luck,) = (cell["outputs"] for cell in cells if cell["id"] == "test-luck")
    by_parts = float("".join(luck[0]["text"]).split()[-1])
    (once,) = (cell["outputs"] for cell in cells if cell["id"] == "test-once-code")
    tested = float("".join(once[0]["text"]).split("right ")[1].split(",")[0])
    validated = ends_of(alternative_text("baseline").split(" Accuracy ")[1])[1][1]
    assert f"{2 * by_parts:.3f}" == "0.024" and tested - validated < 2 * by_parts
    assert f"{tested - validated:.3f}" == "0.018"
    holds(
        "test-luck-read",
        "more than twice the second number, here 0.024. The validation accuracy is "
        "only 0.018 lower, so the difference tells us nothing about the model.",
    )


def test_an_interval_is_explained_before_a_claim_is_judged_by_one():
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    order = [cell["id"] for cell in cells]
    first = min(i for i, c in enumerate(order) if c.startswith("claim-"))
    assert order.index("interval") < order.index("interval-read") < first
    assert order.index("claims-how") < order.index("claim-calibration-predict")
    tests = [
        i for i, cell in enumerate(cells) if ".predict()" in "".join(cell["source"])
    ]
    assert order[min(tests)] == "claim-calibration-predict"
    assert "interval" in source_of("02", "claim-calibration")


def test_squared_error_gets_away_at_a_rate_of_2_and_not_of_1():
    ends = {}
    for rate in (1.0, 2.0):
        z = 5.0
        for _ in range(100):
            s = 1 / (1 + np.exp(-z))
            z -= rate * s * s * (1 - s)
        ends[rate] = 1 / (1 + np.exp(-z))
    assert ends[1.0] > 0.97 and f"{ends[2.0]:.2f}" == "0.16"
    holds(
        "saturation-why",
        "Does a larger rate help?",
        "Yes: at rate 2 squared error gets away, too, and ends at 0.16.",
    )


def test_a_class_with_more_images_draws_its_average_more_strongly():
    """The first step, column by column: its share times its average, less the rest."""
    X, y, _, _ = digits()
    step = X.T @ (F.one_hot(y, 10) - 0.1) / len(X)
    drawn = step + 0.1 * X.mean(0)[:, None]
    for k in range(10):
        share = (y == k).float().mean()
        assert torch.allclose(drawn[:, k], share * X[y == k].mean(0), atol=1e-5)
    holds("first-step-read", "A class with more images draws its average more strongly")


def test_the_factors_of_an_interval_of_five_and_of_many():
    assert f"{stats.t.ppf(0.975, 5 - 1):.2f}" == "2.78"
    assert f"{stats.norm.ppf(0.975):.2f}" == "1.96"
    holds(
        "interval-read",
        "2.78 is Student's factor for five numbers. It exceeds the 1.96 for many "
        "numbers, since five give only a rough $s$.",
    )


def code_length(q):
    """Mean bits of the best code for one message: what Huffman's merges add up to."""
    heap, total = sorted(q), 0.0
    heapq.heapify(heap)
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        total += merged
        heapq.heappush(heap, merged)
    return total


def test_no_code_beats_the_entropy_and_long_ones_come_near():
    q = np.array([0.7, 0.2, 0.1])
    entropy = -(q * np.log2(q)).sum()
    lengths = []
    for many in (1, 2, 4, 8):
        together = q
        for _ in range(many - 1):
            together = np.outer(together, q).ravel()
        lengths.append(code_length(together) / many)
    assert all(length > entropy for length in lengths)
    assert lengths[0] - entropy > 0.1 and lengths[-1] - entropy < 0.02
    holds(
        "cross-entropy-code-read",
        "no code that can be decoded names the class in fewer nats on average, and one "
        r"that is made for $\mathbf{q}$ and names many classes together comes as near "
        "to it as you like",
    )


def test_one_network_is_looked_into_before_experiments_are_judged():
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    order = [cell["id"] for cell in cells]
    steps = ("confusion-code", "mistakes-code", "reliability", "reliability-code")
    steps += ("reliability-read", "scaled-read", "interval", "claim-calibration")
    assert [order.index(step) for step in steps] == sorted(map(order.index, steps))
    holds("claim-calibration", "the bins above look closer")
