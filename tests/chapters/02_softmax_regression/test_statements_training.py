"""Chapter 2, training and what is read from it: sentences made anew from numbers.

What a stored output, a setting or a short computation shows decides the word, and the
sentence with that word must stand in its cell.
"""

import ast
import itertools
import math
import re
from collections import OrderedDict
from types import SimpleNamespace

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from helpers import (
    Choice,
    IntSlider,
    LogSlider,
    SoftmaxRegression,
    load_images,
    seeded,
    train,
)
from helpers.chapters.softmax_regression import claims, explorers
from tests.said import said, shown
from tests.taught import holding, source_of, taught, text_of

holds = holding("02")
own = taught("02", "softmax", "cross_entropy")
TIMES = {"+": 1, "-": -1}


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# -- batches ---------------------------------------------------------------------------


def test_what_drop_last_leaves_out_comes_in_no_other_batch():
    sizes, seen = [], []
    loader = DataLoader(range(10), batch_size=4, drop_last=True)
    for _ in range(2):
        batches = list(loader)
        sizes.append([len(batch) for batch in batches])
        seen.append(torch.cat(batches).tolist())
    assert sizes == [[4, 4]] * 2 and seen == [list(range(8))] * 2
    holds(
        "loader-read",
        "`drop_last=True` leaves out a last batch that is smaller; its examples miss "
        "that epoch.",
    )


def test_images_in_memory_are_not_faster_by_a_loader():
    loader, ours = re.findall(r"([\d.]+) s", shown("02", "own-batches-code"))
    assert float(ours) < float(loader)
    holds(
        "shuffle-read",
        "`num_workers=k` loads batches in $k$ other processes, which pays when an "
        "example must be read from disk and decoded, and only costs time when it is "
        "in memory already.",
    )


# -- the model -------------------------------------------------------------------------


def test_a_line_between_two_points_of_the_loss_runs_above_it():
    X, y = random(20, 3), torch.arange(20) % 4
    between = []
    for seed in range(20):
        V, W = 3 * random(3, 4, seed=seed), 3 * random(3, 4, seed=100 + seed)
        at = [own.cross_entropy(X @ P, y) for P in (V, W, (V + W) / 2)]
        between.append(((at[0] + at[1]) / 2 - at[2]).item())
    side = "below" if min(between) >= 0 else "above"
    holds(
        "training",
        f"a straight line between two points of its graph never runs {side} the graph",
    )


def test_the_second_derivatives_are_a_variance():
    """The formula for each pair of logits, with its signs, against autograd."""
    o, y = random(4), torch.tensor([1])
    first, sign = said(
        "02",
        "training",
        r"by the logits are \$\\hat y_j\((-?)\[j=k\]([+-])\\hat y_k\)\$",
    )
    y_hat = own.softmax(o)
    one = -torch.eye(4).double() if first else torch.eye(4).double()
    formula = y_hat[:, None] * (one + TIMES[sign] * y_hat)
    hessian = torch.autograd.functional.hessian(
        lambda o: own.cross_entropy(o[None], y), o
    )
    assert torch.allclose(formula, hessian)
    v = random(4, seed=1)
    mean = (y_hat * v).sum()
    variance = (y_hat * (v - mean) ** 2).sum()
    assert torch.allclose((y_hat * v**2).sum() - mean**2, variance)
    assert torch.allclose(v @ hessian @ v, variance)
    holds("training", r"$\sum_k \hat y_k v_k^2 - (\sum_k \hat y_k v_k)^2$")


def test_the_shape_of_a_linear_layer_is_turned():
    d, K = 5, 3
    names = {d: "d", K: "K"}
    shape = ", ".join(names[n] for n in nn.Linear(d, K).weight.shape)
    holds("torch-model", rf"`weight` has the shape $({shape})$, the transpose of ours")
    holds("logits", r"weights $\mathbf{W}$ $(d, K)$")


def test_what_a_common_factor_does_to_the_borders():
    """Surer above 1; the loss is least at the factor that stands there."""
    X, y, W, b = explorers.border_path()
    steps, best = said(
        "02",
        "borders-read",
        r"after (\d+) steps, beyond a factor of about ([\d.]+), the few",
    )
    logits = X @ W[int(steps)] + b[int(steps)]
    factors = torch.logspace(-1, 1, 201)
    sure = [own.softmax(f * logits).max(1).values.mean() for f in (0.5, 1, 2)]
    assert sure[0] < sure[1] < sure[2]
    for f in (0.1, 10.0):
        assert torch.equal((f * logits).argmax(1), logits.argmax(1))
    prices = torch.stack([F.cross_entropy(f * logits, y) for f in factors])
    assert factors[prices.argmin()].item() == pytest.approx(float(best), rel=0.1)
    assert prices[100] > prices.min(), "from 1 on it first falls"
    holds(
        "borders-read",
        "A common factor of weights and biases moves no border and leaves the accuracy "
        "alone. Above 1 it makes the model surer, right or wrong. The loss first "
        "falls, because most points are right; after",
    )


def test_the_batches_of_every_epoch_are_drawn_from_one_generator():
    """Seeded once before the epochs, so that each has an order of its own."""
    for cell in ("train-scratch", "d2l-training-code"):
        before, inside = source_of("02", cell).rsplit("\nfor ", 1)
        assert "manual_seed" in before and "manual_seed" not in inside


# -- the four runs ---------------------------------------------------------------------


def numbers_of_the_runs():
    """Of each run its accuracy, first and last loss, and the largest, as stored."""
    pattern = (
        r"(\w): accuracy ([\d.]+), loss from ([\d.]+) to ([\d.]+), at most ([\d.]+)"
    )
    found = re.findall(pattern, shown("02", "four-runs"))
    return {name: [float(x.rstrip(".")) for x in rest] for name, *rest in found}


def test_how_each_of_the_four_runs_begins_and_goes_on():
    runs, level = numbers_of_the_runs(), math.log(10)
    for name in "ABC":
        assert abs(runs[name][1] - level) < 0.1
    assert runs["A"][3] > 10 * level and runs["B"][2] > 1.46
    assert runs["C"][2] < 1.46 and runs["D"][1] > 2 * level
    holds(
        "runs-read",
        r"A begins at $\ln 10$, shoots up within a few steps and then scatters: each "
        "step is too long.",
        "B comes down slowly, and could never get below 1.46: probabilities that are "
        "taken for logits differ by at most 1.",
        r"C comes down from $\ln 10$: this one is healthy.",
        r"D begins far above $\ln 10$, before any step was taken: its random weights "
        "make it sure of wrong answers.",
    )


# -- the baseline ----------------------------------------------------------------------


def panel():
    """The settings of the tuning panel and the ranges that its call gives."""
    call = ast.parse(source_of("02", "panel")).body[0].value
    kinds = {"Choice": Choice, "IntSlider": IntSlider, "LogSlider": LogSlider}
    return {
        word.arg: eval(ast.unparse(word.value), kinds.copy())
        for word in call.keywords
        if word.arg not in ("first_run", "datasets")
    }


def test_the_panel_can_be_set_to_what_its_questions_and_answers_name():
    knobs = panel()
    asked = {
        "lr": (
            0.1,
            0.2,
            *map(float, said("02", "panel-questions", r"rate (\d+) inst")),
        ),
        "batch_size": (
            *map(int, said("02", "panel-questions", r"epochs, (\d+) or (\d+)")),
            *map(int, said("02", "panel-answers", r"With batch size (\d+) and \d+ ep")),
        ),
        "num_epochs": tuple(
            map(int, said("02", "panel-answers", r"size \d+ and (\d+) epochs"))
        ),
        "weight_decay": (
            *map(float, said("02", "panel-questions", r"At ([\d.]+), do training")),
            *map(float, said("02", "panel-answers", r"a decay of ([\d.]+) keeps")),
        ),
    }
    for name, values in asked.items():
        for value in values:
            assert knobs[name].check(name, value) == pytest.approx(value, rel=0.05)


def test_the_panel_starts_with_the_settings_of_the_baseline():
    (settings,) = re.findall(r"settings = (\{.*?\})", source_of("02", "baseline"))
    knobs = panel()
    for name, value in ast.literal_eval(settings).items():
        assert knobs[name].start == value, name


def test_the_baseline_is_made_from_a_seed():
    """The net is made inside `with seeded`, so that it starts alike each time."""
    (block,) = (
        node
        for node in ast.parse(source_of("02", "baseline")).body
        if isinstance(node, ast.With)
    )
    assert ast.unparse(block.items[0].context_expr).startswith("seeded(")
    assert "net = SoftmaxRegression()" in ast.unparse(block)


def test_more_decay_raises_both_losses():
    data, found = load_images("digits"), {}
    for decay in (0.0, 0.1):
        with seeded(0):
            net = SoftmaxRegression()
        found[decay] = train(net, data.train.take(4_000), data.val, num_epochs=5,
                             lr=0.1, weight_decay=decay)  # fmt: skip
    rises = [
        getattr(found[0.1], name)[-1] > getattr(found[0.0], name)[-1]
        for name in ("train_loss", "val_loss")
    ]
    assert rises == [True, True]
    holds("panel-answers", "3. Both rise. The pull helps against overfitting")


def test_the_smaller_batch_takes_more_steps_and_is_noisier():
    sizes = list(map(int, said("02", "panel-questions", r"epochs, (\d+) or (\d+)")))
    steps = {size: 10 * math.ceil(12_000 / size) for size in sizes}
    holds(
        "panel-answers",
        f"2. Batch size {min(sizes)}. In ten epochs it takes {steps[16]:,} steps "
        f"instead of {steps[1024]}, each with the same learning rate.",
    )
    each = random(12_000)
    spread = {n: each[: 12_000 // n * n].view(-1, n).mean(1).std() for n in sizes}
    word = "less" if spread[max(sizes)] < spread[min(sizes)] else "more"
    holds(
        "panel-answers",
        f"a larger batch has {word} noise and can often bear a larger step",
    )


def test_the_bands_are_as_narrow_as_what_seeds_do():
    """Wide enough for other seeds, and too narrow for what is not this training."""
    (bands,) = re.findall(r"bands = (\{.*?\})", source_of("02", "gate-softmax"))
    for name, (low, high) in ast.literal_eval(bands).items():
        assert 0.02 <= high - low <= 0.05, name


# -- one training, and how sure it is --------------------------------------------------


def test_more_seeds_make_shorter_intervals_that_are_right_as_often():
    lengths, right = [], []
    for n in (5, 20):
        values = random(20_000, n)
        factor = float(stats.t.ppf(0.975, n - 1))
        reach = factor * values.std(1) / n**0.5
        lengths.append(reach.mean().item())
        right.append((values.mean(1).abs() <= reach).double().mean().item())
    assert lengths[1] < lengths[0] / 2 and right == pytest.approx([0.95] * 2, abs=0.01)
    holds(
        "interval-read",
        "in the long run one in twenty does. That is what 95 % means. More seeds make "
        "the bars shorter, not more often right.",
    )


def test_how_far_seeds_scatter():
    """The spread that is drawn is invented; those told are the stored ones."""
    show = SimpleNamespace(show_many_intervals=lambda means, reach, truth: None)
    space = {"torch": torch, "figures": show}
    exec(source_of("02", "interval-code"), space)
    assert space["accuracies"].std().item() == pytest.approx(0.01, rel=0.1)
    holds("interval", "The true mean is 0.67, the standard deviation an invented 0.01.")
    stored = claims.calibration.stored()["digits"].table
    runs = [stored[name]["accuracy"] for name in ("baseline", "ten times the rate")]
    told = said(
        "02",
        "interval-read",
        r"over (\w+), our baseline's standard deviation is ([\d.]+), at ten times its "
        r"rate ([\d.]+)\.",
    )
    assert told == ("ten", *(f"{run.sd:.3f}" for run in runs))
    assert {run.n for run in runs} == {10}


def test_the_bars_reach_as_far_as_the_sentence_says():
    """The mean, and Student's factor times the spread over the root of five."""
    drawn = []

    def show(means, reach, truth):
        drawn.append((means, reach, truth))

    space = {"torch": torch, "figures": SimpleNamespace(show_many_intervals=show)}
    exec(source_of("02", "interval-code"), space)
    ((means, reach, truth),) = drawn
    factor = float(stats.t.ppf(0.975, 4))
    expected = factor * space["accuracies"].std(1) / math.sqrt(5)
    assert torch.allclose(reach, expected.float(), rtol=2e-3)
    misses = int(((means - truth).abs() > reach).sum())
    words = "No One Two Three Four Five".split()
    holds("interval-read", rf"$m \pm {factor:.2f}\, s/\sqrt5$")
    holds("interval-read", f"{words[misses]} bars miss the truth here")


def bins_shown():
    """(confidence, share right, images) of each bin of the reliability diagram."""
    found = re.findall(r"([\d.]+): ([\d.]+) of (\d+)", shown("02", "reliability-code"))
    return [(float(sure), float(share), int(n)) for sure, share, n in found]


def test_dots_above_the_line_are_right_more_often_than_they_say():
    bins = [row for row in bins_shown() if row[2] >= 10]
    above = [share > sure for sure, share, _ in bins]
    assert all(above), "the dots of this network"
    names = {True: "under-confident", False: "over-confident"}
    holds(
        "reliability-read",
        f"Such a model is **{names[True]}**; with dots below the line it would be "
        f"**{names[False]}**.",
    )
    (share,) = (share for sure, share, _ in bins if round(sure, 2) == 0.65)
    holds(
        "reliability-read",
        "Here the dots lie above the line: of the answers given with about 65 %, "
        f"{100 * share:.0f} % are right.",
    )


def test_a_network_that_is_not_sure_enough_is_mended_by_a_temperature_below_one():
    (T,) = re.findall(r"T = ([\d.]+):", shown("02", "scaled"))
    confidence, accuracy = map(
        float,
        re.findall(
            r"mean confidence ([\d.]+), accuracy ([\d.]+)",
            shown("02", "reliability-code"),
        )[0],
    )
    assert confidence < accuracy
    side = "below" if float(T) < 1 else "above"
    holds(
        "scaled-read",
        f"The temperature with the lowest validation loss is {side} 1. It changes no "
        "answer, but makes the model surer",
    )


def test_how_much_of_the_way_the_temperature_goes():
    found = re.findall(
        r"right ([\d.]+), mean confidence ([\d.]+), loss ([\d.]+)",
        shown("02", "test-once-code"),
    )
    (right, before, loss), (same, after, lower) = [tuple(map(float, f)) for f in found]
    parts = {1 / 4: "a quarter", 1 / 3: "a third", 1 / 2: "half", 2 / 3: "two thirds"}
    share = (after - before) / (right - before)
    word = parts[min(parts, key=lambda part: abs(part - share))]
    assert right == same and lower < loss
    holds(
        "test-once-read",
        f"raises the mean confidence from {before:.3f} to {after:.3f}, about {word} of "
        f"the way to {right:.3f}. Any $T$ below 1 raises it. The evidence is the loss, "
        "which falls on new images, too.",
    )


def test_a_temperature_below_1_makes_every_answer_surer():
    o = torch.randn(200, 10, generator=torch.Generator().manual_seed(0))
    sure = [(o / T).softmax(1).max(1).values for T in (1.0, 0.9, 0.5, 0.1)]
    assert all((a < b).all() for a, b in itertools.pairwise(sure))


def test_a_better_rate_adds_two_points_and_no_leap():
    """The baseline's settings, at three rates, with three seeds each."""
    data, ends = load_images("digits"), {}
    for lr, seed in itertools.product((0.1, 0.3, 1.0), range(3)):
        with seeded(seed):
            net = SoftmaxRegression()
        settings = {"num_epochs": 10, "lr": lr, "batch_size": 256, "seed": seed}
        history = train(net, data.train, data.val, **settings)
        ends.setdefault(lr, []).append(history.val_accuracy[-1])
    # Measured: .673 .666 .669; .691 .695 .685; .593 .657 .661, where the curve jumps.
    assert ends[0.1] == pytest.approx([0.67] * 3, abs=0.012)
    assert ends[0.3] == pytest.approx([0.69] * 3, abs=0.012)
    assert all(fast < slow for fast, slow in zip(ends[1.0], ends[0.1], strict=True))
    holds("baseline-read", "A better rate adds two points, no leap:")
    holds(
        "panel-answers",
        "the baseline's rate of 0.1 ends at a validation accuracy of 0.67, a rate of "
        "0.3 at 0.69, and 1 lower, at 0.59 to 0.66.",
    )
    assert 'lr": 0.1' in text_of("02", "baseline")
    holds("test-once", "The settings were given, and $T$ was chosen on `val`.")


def test_the_spread_of_a_share_of_independent_images():
    a, n = 0.7, 50
    draws = torch.rand(20_000, n, generator=torch.Generator().manual_seed(0)) < a
    spread = draws.double().mean(1).std().item()
    (formula,) = said("02", "test-once-read", r"standard deviation of \$(\\sqrt.*?)\$")
    forms = {
        r"\sqrt{a(1-a)/n}": math.sqrt(a * (1 - a) / n),
        r"\sqrt{a(1-a)}/n": math.sqrt(a * (1 - a)) / n,
    }
    assert forms[formula] == pytest.approx(spread, rel=0.02)


def test_a_row_of_the_confusion_matrix_is_a_true_class():
    """Its sum is the number of validation images of that class."""
    counted = re.findall(r"(\d) (\d+) of (\d+)", shown("02", "confusion-code"))
    y_val = load_images("digits").val.y
    assert [int(n) for _, _, n in counted] == torch.bincount(y_val).tolist()
    assert "counts.index_put_((y_val, guess)" in text_of("02", "confusion-code")
    holds(
        "confusion-read",
        "A row is a true class, and its numbers say what the model called it; on the "
        "diagonal it is right.",
    )
    times = re.findall(r"1 called 8 (\d+) times", shown("02", "confusion-code"))
    holds("confusion-read", f"{times[0]} ones were called 8")


def test_the_worst_mistakes_are_the_surest():
    """The cell itself, on answers whose confidence is known."""
    drawn = []
    figures = SimpleNamespace(
        show_named=lambda X, titles, what, **look: drawn.append((X, titles))
    )
    confidence = torch.linspace(0.2, 0.9, 15)
    classes = [str(k) for k in range(15)]
    data = SimpleNamespace(
        val=SimpleNamespace(X=torch.zeros(15, 1, 1)), classes=classes
    )
    net = nn.Sequential(OrderedDict(linear=nn.Linear(1, 15)))
    space = {"confidence": confidence, "data": data, "figures": figures}
    y_val = torch.arange(15)
    # Every other one is right, so that the last wrong one is number 13.
    guess = torch.where(y_val % 2 == 0, y_val, (y_val + 1) % 15)
    space |= {"y_val": y_val, "guess": guess}
    space |= {"net": net, "torch": torch}
    exec(source_of("02", "mistakes-code"), space)
    ((X, titles),) = drawn
    # Three images, and three guesses with their probabilities: 0.2 + 0.05 k.
    assert titles == "13 11 9".split() + ["14: 0.85", "12: 0.75", "10: 0.65"]
    templates = net.linear.weight - net.linear.weight.mean(0)
    assert torch.equal(X[3:].flatten(), templates[[14, 12, 10]].flatten())
