"""Chapter 2, names, colors, shapes and causes: each is looked up or computed.

Which class an image is called, which color lowers a score, what a comment says of a
shape: the test finds it out, and reads what the notebook says of it.
"""

import inspect
import math
import re
from functools import cache
from types import SimpleNamespace

import pytest
import torch
from sklearn.datasets import load_digits
from torch import tensor
from torch.nn import functional as F

from helpers import evaluate, load_images, minibatches, seeded, train
from helpers.chapters.softmax_regression import claims, explorers
from helpers.chapters.softmax_regression.exercises import (
    probabilities,
    runs,
    training,
)
from helpers.figures import show_images
from helpers.models import SoftmaxRegression
from tests.said import said, shown
from tests.taught import holding, source_of, taught, text_of

holds = holding("02")
own = taught("02", "softmax")


@cache
def digits():
    return load_images("digits")


def shown_by(cell: str, **space) -> dict:
    """The names that a cell leaves behind, and what it draws: images and titles."""
    drawn = []
    space |= {"torch": torch, "F": F, "data": digits()}
    space["figures"] = SimpleNamespace(
        show_named=lambda images, titles, *_, **__: drawn.append((images, titles))
    )
    exec(source_of("02", cell), space)
    return space | {"drawn": drawn}


# -- images and their names ------------------------------------------------------------


def test_the_first_images_are_called_what_they_are():
    """Each picture is looked for among the training images, and so is its class."""
    ((images, titles),) = shown_by("first-images")["drawn"]
    part = digits().train
    for image, title in zip(images, titles, strict=True):
        (found,) = (part.X == image).flatten(1).all(1).nonzero()
        assert digits().classes[part.y[found]] == title
    assert f"{len(titles)} images: {'; '.join(titles)}." in shown("02", "first-images")


def nearest_average(X, y, X_new, y_new) -> float:
    means = torch.stack([X[y == k].mean(0) for k in range(10)])
    return (torch.cdist(X_new, means).argmin(1) == y_new).float().mean().item()


def test_the_drawings_are_harder_than_the_scans():
    """The same ten averages and the same ruler name more of the scanned originals."""
    table = load_digits()
    X, y = tensor(table.data).float(), tensor(table.target)
    scans = nearest_average(X[:1_400], y[:1_400], X[1_400:], y[1_400:])
    (ours,) = re.findall(r"average: ([\d.]+)", shown("02", "nearest"))
    word = "harder" if float(ours) < scans - 0.1 else "easier"
    (which,) = said("02", "parts", r"on purpose (\w+) than the usual digits")
    assert which == word


def test_the_color_that_earned_a_wrong_guess_its_score():
    """What a score gains by ink is where the weight is above 0, and its color."""
    picture = show_images(tensor([[[1.0, -1.0]]]), ["a"], palette=True)
    (drawn,) = picture.axes[0].images
    above, below = (drawn.cmap(drawn.norm(w)) for w in (1.0, -1.0))
    names = {"blue": above[2] > above[0], "orange": below[0] > below[2]}
    assert all(names.values())
    (color,) = said("02", "mistakes-read", r"ink on (\w+) earned the guess its score")
    assert color == "blue"


def test_the_color_of_the_borders():
    lines = explorers.decision_borders().scene["borders"]
    (color,) = said("02", "borders-read", r"a straight line, drawn in (\w+)\.")
    assert {"white": "#ffffff", "black": "#000000"}[color] == lines["color"]


# -- formulas, probabilities and shapes ------------------------------------------------


def test_the_factor_that_is_taken_out_of_the_sum():
    """Both exponents are read, and tried on numbers; what is left is LSE."""
    o = torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64)
    values = {"o_j": o, "m": o.max()}
    whole, out, first, second = said(
        "02",
        "cross-entropy-code-read",
        r"\$e\^\{(\w+)\}=e\^(\w) e\^\{(\w+)-(\w+)\}\$, so the whole sum has the factor",
    )
    left = (values[first] - values[second]).exp()
    assert torch.allclose(values[out].exp() * left, values[whole].exp())
    assert torch.allclose(values["m"] + left.sum().log(), o.logsumexp(0))
    holds(
        "cross-entropy-code-read",
        "the whole sum has the factor $e^m$, and its logarithm is $m$",
    )


def test_the_way_to_the_logarithm_of_a_sum_that_does_not_overflow():
    """What stands between the largest logit and the logarithm, tried on numbers."""
    (between,) = said(
        "02",
        "cross-entropy-logits",
        r"\\mathrm\{LSE\}\(\\mathbf o\)=m(.*?)\\ln\\sum_j e\^\{o_j-m\}\.",
    )
    o = tensor([3.0, 1.0, 2.0])
    m, rest = o.max(), (o - o.max()).exp().sum().log()
    found = {"+": m + rest, "-": m - rest}[between]
    assert torch.isclose(found, o.logsumexp(0))


def test_the_shapes_beside_the_gradient_of_the_weights():
    """Letters and numbers of the comment, against the product that stands before it."""
    letters, numbers = re.search(
        r"x\.T @ error # (\(.*?\) @ \(.*?\)) = (\(.*?\) @ \(.*?\)), as W",
        text_of("02", "gradient-weights-code"),
    ).groups()
    x, W = torch.ones(1, 2), torch.ones(2, 3)
    error = x @ W
    assert numbers == f"{tuple(x.T.shape)} @ {tuple(error.shape)}"
    assert (x.T @ error).shape == W.shape
    sizes = {"n": "1", "d": "2", "K": "3"}
    assert re.sub(r"[ndK]", lambda letter: sizes[letter[0]], letters) == numbers


def test_what_the_ratio_of_two_probabilities_depends_on():
    """Only with the same difference of scores does the ratio stay what it was."""
    o = tensor([1.0, 2.0])

    def ratio(o):
        p = own.softmax(o)
        return (p[1] / p[0]).item()

    kept = {"difference": ratio(o + 3), "ratio": ratio(3 * o)}
    (what,) = [name for name in kept if kept[name] == pytest.approx(ratio(o))]
    (says,) = said(
        "02", "softmax-read", r"depend on the (\w+) of the scores alone, only"
    )
    assert says == what


def test_what_probabilities_never_are_and_what_their_sum_is():
    p = own.softmax(6 * torch.randn(50, 3, generator=torch.Generator().manual_seed(0)))
    assert p.min() >= 0 and p.max() > 0.99
    never, total = said("02", "softmax", r"they are never (.*?) and sum to (\w+)\.")
    assert never == "negative"
    assert torch.allclose(p.sum(1), torch.full((50,), float(total)))


def test_why_scores_of_the_last_fit_are_no_probabilities():
    """Of an image's ten scores some are below 0, and hardly one is above 1."""
    part, count = digits().train, 3_000
    A = F.pad(part.X[:count].flatten(1), (0, 1), value=1.0).double()
    targets = F.one_hot(part.y[:count], 10).double()
    scores = A @ torch.linalg.solve(A.T @ A + torch.eye(A.shape[1]), A.T @ targets)
    assert (scores < 0).double().mean() > 0.2 and (scores > 1).double().mean() < 0.02
    holds(
        "regress-one-hot-read",
        "But many of these scores are negative, and a probability never is.",
    )


def test_subtracting_the_maximum_keeps_no_small_probability():
    """The logarithm is lost either way; one that starts from the logits is not."""
    o = tensor([0.0, -200.0])
    assert own.softmax(o).log()[1] == -torch.inf
    assert F.log_softmax(o, 0)[1] == -200
    text = text_of("02", "underflow-first")
    assert re.search(r"does not help|no help", text) and "subtract" in text
    assert text.startswith("Small probabilities bring trouble")


# -- the first step --------------------------------------------------------------------


def test_with_equal_classes_all_weigh_the_same():
    """What the labels of a class bring in, class by class."""
    part = digits().train
    X, y = part.X.flatten(1), part.y
    means = torch.stack([X[y == k].mean(0) for k in range(10)])
    y_val = digits().val.y
    X_val = digits().val.X.flatten(1)
    left = shown_by(
        "first-step", X_train=X, y_train=y, means=means, X_val=X_val, y_val=y_val
    )
    weights = tensor([left["even"][y == k, k].sum() for k in range(10)])
    torch.testing.assert_close(weights, torch.full((10,), 0.9))
    for name, step in left["steps"].items():
        right = ((X_val @ step).argmax(1) == y_val).float().mean()
        assert f"{name} {right:.2f}" in shown("02", "first-step")
    plain, equal = (
        100 * float(s)
        for s in re.findall(r"(?:is|classes) (0\.\d\d)", shown("02", "first-step"))
    )
    holds("first-step-read", f"only {plain:.0f} % of its answers are right")
    assert f"equal classes, {equal:.0f} %" in text_of("02", "first-step-read")


# -- training --------------------------------------------------------------------------


def test_the_loop_can_be_run_again():
    """Run twice, it says the same twice: both parameters start from 0 each time."""
    few = SimpleNamespace(train=digits().train.take(600), val=digits().val.take(200))
    W, b = (torch.zeros(*n, requires_grad=True) for n in ((784, 10), (10,)))
    space = {"torch": torch, "data": few, "W": W, "b": b, "batches": minibatches}
    space |= vars(taught("02", "cross_entropy", "accuracy"))
    space["model"] = lambda X: X.flatten(1) @ W + b
    ends = []
    for _ in range(2):
        exec(source_of("02", "train-scratch"), space)
        ends.append([p.detach().clone() for p in (W, b)])
    for first, second in zip(*ends, strict=True):
        assert first.any() and torch.equal(first, second)
    assert "the same start, should you run this cell again" in source_of(
        "02", "train-scratch"
    )


def test_a_bad_start_takes_longer():
    """As many steps from large random weights leave more loss than from 0."""
    X, y, *_ = explorers.border_path()
    lost = {}
    for name, size in (("0", 0.0), ("bad", 30.0)):
        generator = torch.Generator().manual_seed(0)
        W = size * torch.randn(2, 3, generator=generator)
        for _ in range(100):
            W = W - 0.3 * X.T @ (own.softmax(X @ W) - F.one_hot(y, 3)) / len(X)
        lost[name] = F.cross_entropy(X @ W, y).item()
    assert lost["bad"] > 2 * lost["0"]
    assert said("02", "training", r"bad start (?:it )?may take very (\w+)\.") == (
        "long",
    )


def test_how_many_of_its_own_images_a_long_training_names():
    with seeded(0):
        net = SoftmaxRegression()
    train(net, digits().train, num_epochs=100, lr=0.1, batch_size=256)
    share = round(100 * evaluate(net, digits().train).accuracy)
    holds(
        "baseline-read",
        "on our drawings, even after a hundred epochs, it names only "
        f"{share} % of its own training images correctly.",
    )


def test_how_many_images_the_hollow_dot_stands_for():
    """As many as the words under the picture count in the one bin that is marked."""
    alt = shown("02", "reliability-code")
    assert re.findall(r"of (\d+) \(hollow\)", alt) == ["1"]
    holds("reliability-read", "The hollow dot stands for a single image")


def test_what_a_ten_class_loss_that_stays_high_was_given():
    """Certain answers, as logits and as probabilities taken for logits."""
    certain = 50 * F.one_hot(torch.arange(10), 10).float()
    given = {"logits": certain, "probabilities": certain.softmax(1)}
    stays = [n for n in given if F.cross_entropy(given[n], torch.arange(10)) > 1.46]
    got, wanted = said(
        "02", "recall-questions", r"`F\.cross_entropy` gets (\w+) instead of (\w+)\."
    )
    assert [got] == stays and wanted == "logits"


# -- claims ----------------------------------------------------------------------------


def test_equal_means_prove_no_calibration():
    """Half of the answers too sure and half not sure enough: the means agree."""
    sure, right = tensor([0.9, 0.5]), tensor([0.8, 0.6])
    assert torch.isclose(sure.mean(), right.mean()) and min(abs(sure - right)) > 0.09
    holds(
        "claim-calibration-read",
        "Had they agreed, the claim would still be open: too much confidence in some "
        "answers can make up for too little in others.",
    )


def test_which_networks_got_a_temperature():
    """The one that was too unsure got it; the claim's others are too sure."""
    sure, right = re.findall(r"0\.\d{3}", shown("02", "reliability-code"))[:2]
    assert float(sure) < float(right)
    for run in claims.calibration.stored().values():
        assert min(run.found[letter].mean for letter in "ab") > 0
    assert "/ T" in text_of("02", "scaled")
    assert "temperature" not in inspect.getsource(claims.calibration.experiment)
    ours, others = said(
        "02",
        "claim-calibration-read",
        r"For our ([\w-]+) network the temperature fitted on `val` mended part of it; "
        r"for the ([\w-]+) ones none was tried\.",
    )
    assert (ours, others) == ("under-confident", "over-confident")


def test_how_near_two_losses_end_from_a_small_start():
    """In each set the mean difference is below a percentage point."""
    (letter,) = (
        letter
        for letter, question in claims.squared_error.questions.items()
        if "small start" in question.quantity
    )
    ends = [run.found[letter].mean for run in claims.squared_error.stored().values()]
    assert max(map(abs, ends)) < 0.01
    words = "two end within a percentage point of each other"
    holds("claim-squared-read", words)
    holds("saturation-why", words)


# -- what exercises tell ---------------------------------------------------------------


def test_what_becomes_of_two_softmaxes_at_the_usual_rate():
    for run in claims.softmax_twice.stored().values():
        usual, higher = (
            next(iter(run.table[name].values())).mean
            for name in ("twice", "twice, ten times the rate")
        )
        assert usual < higher - 0.05
    assert "at 0.1 it would have been much slower." in runs.run_with_two_softmaxes.then


def says_of(exercise, words: str) -> str:
    """What an exercise says of the one mistake whose feedback has these words."""
    (says,) = (m.says for m in exercise.mistakes if words in m.says)
    return says


def test_what_a_logarithm_to_another_base_counts():
    p = tensor([0.5, 0.25])
    units = {"bits": -p.log2(), "nats": -p.log()}
    (unit,) = [name for name in units if units[name].tolist() == [1.0, 2.0]]
    says = says_of(probabilities.temperature_for, "A logarithm to base 2")
    counts, base = re.search(
        r"base 2 counts in (\w+); the exponential of softmax has base (\w+),", says
    ).groups()
    assert counts == unit
    ratio = own.softmax(tensor([1.0, 0.0]))
    assert ratio[0] / ratio[1] == pytest.approx(math.e, rel=1e-6) and base == "e"


def test_what_the_temperature_does_to_the_logits():
    gap, p = tensor([2.0]), tensor([0.8])
    T = probabilities.temperature_for.solution(gap, p)
    ways = {"divides": gap / T, "multiplies": gap * T}
    (way,) = [w for w in ways if torch.allclose(ways[w], (p / (1 - p)).log())]
    says = says_of(probabilities.temperature_for, "and p enters through")
    assert f"The temperature {way} the logits" in says
    assert "the logarithm of p / (1 - p), which is gap / T." in says


def test_which_draw_takes_some_examples_twice():
    """With indices drawn one by one, or with a permutation."""
    generator = torch.Generator().manual_seed(0)
    counts = {
        "with": torch.randint(100, (100,), generator=generator).bincount(),
        "without": torch.randperm(100, generator=generator).bincount(),
    }
    twice = [
        name for name, n in counts.items() if n.max() > 1 and len(n.nonzero()) < 100
    ]
    says = says_of(training.fit_softmax, "some examples come twice")
    assert [says.split()[1]] == twice, says
