"""Chapter 7: sentences without a number, each made anew from what it is about.

A direction, a name or an order in a sentence is computed, and the sentence that follows
from it must stand in the notebook: so it cannot be turned round unnoticed.
"""

import json
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP, BatchNorm, kaiming_init, load_images, seeded, train
from helpers.chapters.batch_normalization import explorers, figures
from helpers.chapters.batch_normalization.exercises.biases import no_bias
from tests.taught import holding, notebook_path, taught, text_of

holds = holding("07")


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# -- why -----------------------------------------------------------------------------


def test_one_epoch_with_the_layer_is_three_of_kaimings_weights():
    data, accuracy = load_images("digits"), {}
    some = data.train.take(4000)
    for name, option in (
        ("plain", {}),
        ("Kaiming", {"init": kaiming_init}),
        ("batch norm", {"norm": BatchNorm}),
    ):
        with seeded(0):
            net = MLP((64,) * 10, **option)
        history = train(net, some, data.val, num_epochs=3, lr=0.1, batch_size=64)
        accuracy[name] = history.train_accuracy
    assert accuracy["plain"][-1] < 0.15
    first, third = accuracy["Kaiming"][0], accuracy["Kaiming"][2]
    assert accuracy["batch norm"][0] - first > 0.15
    assert accuracy["batch norm"][0] == pytest.approx(third, abs=0.15)
    holds(
        "ten-read",
        "The plain network stays at chance. Kaiming's weights (chapter 3) get it to "
        "learn. The new layer gets about as far in the first epoch as they do in three",
    )


def test_the_steep_direction_is_that_of_the_large_numbers():
    rooms = torch.arange(1.0, 7)
    curvature = {
        "that of the rooms": rooms.square().mean(),
        "their direction": (15 + 20 * rooms).square().mean(),
    }
    steep = max(curvature, key=curvature.get)
    flat = min(curvature, key=curvature.get)
    holds("inputs-more", f"Square meters are large numbers, so {steep} is steep and "
          f"{flat} flat")  # fmt: skip


def test_the_half_that_serves_is_the_one_that_learns():
    holds(
        "inside-more", "freeze its upper half for good, and go on with the lower half"
    )
    holds(
        "inside-frozen-read",
        "The frozen half is no bystander: the gradient passes through it, so the lower "
        "half learns to serve it.",
    )


# -- the layer -----------------------------------------------------------------------


def test_gamma_is_the_spread_and_beta_the_mean():
    own, X = taught("07", "batch_norm"), random(50, 1)
    Y = own.batch_norm(X, torch.tensor([3.0]), torch.tensor([5.0]), eps=0)
    names = {3: r"$\gamma$", 5: r"$\beta$"}
    mean, std = (names[round(v.item())] for v in (Y.mean(), Y.std(correction=0)))
    holds("ours-read", f"out come the means {mean} and the standard deviations {std}.")
    words = {r"$\gamma$": "deviation", r"$\beta$": "mean"}
    assert [words[std], words[mean]] == ["deviation", "mean"]
    holds(
        "recall-questions",
        r"What do $\gamma$ and $\beta$ fix, and what not?</summary> Standard deviation "
        "and mean of each unit",
    )


def test_the_biased_variance_is_too_small():
    found = random(10_000, 4).var(1, correction=0).mean().item()
    assert found == pytest.approx(3 / 4, abs=0.02)
    size = "small" if found < 1 else "large"
    holds(
        "running-more",
        f"so their mean square is too {size} on average.",
    )
    holds(
        "terms",
        "| biased, unbiased variance | 有偏方差，无偏方差 | divided by m, by m - 1 |",
    )
    x = random(7)
    squares = (x - x.mean()).square().sum()
    torch.testing.assert_close(x.var(correction=0), squares / 7)
    torch.testing.assert_close(x.var(correction=1), squares / 6)


def test_a_running_average_keeps_nine_tenths():
    bn = nn.BatchNorm1d(1)
    bn.running_mean.fill_(1.0)
    bn(torch.tensor([[-1.0], [1.0]]))  # a new mean of 0
    words = {0.1: "a tenth", 0.9: "nine tenths"}
    kept = round(bn.running_mean.item(), 3)
    new, old = words[round(1 - kept, 3)], words[kept]
    holds(
        "terms", f"| running average | 滑动平均 | {new} of the new, {old} of the old |"
    )


def test_a_forward_pass_without_gradients_moves_the_averages():
    bn = nn.BatchNorm1d(3)
    with torch.no_grad():
        bn(random(8, 3) + 1)
    assert bn.running_mean.abs().min() > 0
    assert re.search(
        r"each forward pass in training mode moves the running averages, (under "
        r"`torch.no_grad\(\)` too|.*`torch.no_grad\(\)` does not help)",
        text_of("07", "mixed"),
    )


def test_the_averages_are_behind_weights_that_move():
    behind = []
    for speed in (0.0, 0.1, 1.0):
        bn, mean = nn.BatchNorm1d(1), 0.0
        for _ in range(200):
            mean += speed
            bn(mean + torch.tensor([[-1.0], [1.0]]))
        behind.append(mean - bn.running_mean.item())
    assert behind == pytest.approx([0, 0.9, 9], abs=0.01)  # nine steps behind
    holds(
        "stale-read",
        "The weights moved on while the averages, a tenth at a time, followed them",
        "since then the weights wait for their averages",
    )


def test_torchs_layers_take_the_shapes_that_are_named():
    nn.BatchNorm1d(3)(random(4, 3)), nn.BatchNorm1d(3)(random(4, 3, 7))
    nn.BatchNorm2d(3)(random(4, 3, 5, 6))
    with pytest.raises(RuntimeError):
        nn.BatchNorm1d(3)(random(4, 7, 3))
    holds(
        "channels-code-read",
        "`nn.BatchNorm1d` takes (n, c) or (n, c, length), `nn.BatchNorm2d` takes "
        "(n, c, h, w)",
    )


def test_decay_keeps_the_effective_rate_up():
    X, y = random(40, 5).double(), random(40, 3, seed=1).double()
    effective = []
    for decay in (0.0, 0.05):
        W = random(3, 5, seed=2).double().requires_grad_()
        for _ in range(200):
            out = F.batch_norm(X @ W.T, None, None, training=True)
            (slope,) = torch.autograd.grad((out - y).square().mean(), W)
            W = (W - 0.5 * (slope + decay * W)).detach().requires_grad_()
        effective.append(0.5 / W.square().sum().item())
    without, with_decay = effective
    kept_from = "falling" if with_decay > without else "rising"
    holds("scale-more", "it cannot make the function simpler, since the length")
    holds("scale-more", f"eeps the effective rate from {kept_from} instead.")


def test_a_bias_behind_group_norm_counts_and_before_the_batchs_mean_not():
    X, bias = random(6, 4, 3, 3), torch.tensor([0.0, 5.0, 0.0, 5.0]).view(4, 1, 1)
    group = nn.GroupNorm(2, 4)
    assert (group(X + bias) - group(X)).abs().max() > 0.1
    batch = nn.BatchNorm2d(4)
    assert (batch(X + bias) - batch(X)).abs().max() < 1e-4
    batch.eval()
    assert (batch(X + bias) - batch(X)).abs().max() > 0.1
    holds(
        "bias-more",
        "That holds where the batch's own mean is subtracted.",
    )
    assert "In front of a group normalization a bias shifts the channels of a" in (
        no_bias.then
    )


# -- the signal, and its neighbors ---------------------------------------------------


def test_the_gradient_grows_less_after_some_steps():
    """How much less is luck: rounding decides it. That it is far less is not."""
    changes = set()
    for of, later in (("weights", 1), ("activations", 20)):
        before, after = (
            explorers.signal.scene(
                activation="ReLU", depth=50, gradient_of=of, steps=steps
            ).says
            for steps in (0, later)
        )
        before, after = (
            float(re.findall(r"is ([\d,.]+) times", says)[-1].replace(",", ""))
            for says in (before, after)
        )
        assert before > 10_000, "the gradient explodes before any training"
        assert max(before / after, after / before) > 20
        changes.add("less" if after < before else "more")
    text = text_of("07", "signal-explorer-read")
    (said,) = re.findall(
        r"should have seen:\*(?: far| much)? (less|more|no|yes)\b", text
    )
    assert {"no": "less", "yes": "more"}.get(
        said, said
    ) == changes.pop() and not changes
    assert "why gradients explode" in text_of("07", "sources")


AMOUNTS = {6: "all", 3: "some", 1: "one"}


def test_each_normalization_is_said_to_average_over_its_channels():
    amount = {}
    for name in ("layer", "group", "instance"):
        shared = figures.shares_mean(name)
        assert shared.any(1).sum() == 1  # of one image
        amount[name] = AMOUNTS[shared.any(0).sum()]
    holds(
        "others-read",
        f"*Layer normalization* averages over {amount['layer']} channels of one image, "
        f"*group normalization* over {amount['group']}, *instance normalization* over "
        f"{amount['instance']}.",
    )
    for name, word in amount.items():
        channels = "channel" if word == "one" else "channels"
        assert re.search(
            rf"\| {name} normalization \| \S+ \| over {word} {channels} of one image",
            text_of("07", "terms"),
        )


CHINESE = {"batch": "批量", "layer": "层", "group": "组", "instance": "实例"}


def test_the_terms_have_names_of_their_own():
    rows = re.findall(r"\| ([^|]+) \| ([^|]*[一-鿿][^|]*) \|", text_of("07", "terms"))
    names = dict(rows)
    assert len(set(names.values())) == len(names) >= 15
    for name, word in CHINESE.items():
        assert names[f"{name} normalization"] == word + names["normalization"]
    assert "训练" in names["training and evaluation mode"].split("和")[0]


def test_years_of_papers_are_those_of_the_sources():
    """Wherever the chapter names a paper and its year."""
    from helpers.chapters.batch_normalization.claims import rates, training

    years = {}
    sources = re.findall(r"- ([^*]+) \((\d{4})\)", text_of("07", "sources"))
    for authors, year in sources:
        years.setdefault(authors.split(",")[0].split()[-1], set()).add(year)
    cells = json.loads(notebook_path("07").read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["id"] != "sources"]
    texts += [BatchNorm.__doc__, rates.Shifting.__doc__, training.group_norm.__doc__]
    found = set()
    for name, known in years.items():
        for text in texts:
            for said in re.findall(rf"{name}(?:, \w+| et al\.)? (\d{{4}})", text):
                assert said in known, f"{name} {said}"
                found.add(name)
    assert {"Ioffe", "Santurkar", "Wu"} <= found
