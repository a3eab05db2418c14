"""Chapter 4, from dropout to the lab: its sentences, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import ast
import math
import re

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import evaluate, train
from helpers.chapters.dropout_and_regularization import masks
from helpers.chapters.dropout_and_regularization.exercises import builds
from helpers.chapters.dropout_and_regularization.exercises import penalties as tasks
from tests.said import lines_shown, shown
from tests.taught import holding, source_of, taught, text_of

own = taught("04", "dropout", "mlp", "noisy_images", "thinned", "with_dropout_at")
SETTINGS = {"lr": 0.04, "momentum": 0.9, "batch_size": 64, "num_epochs": 30}


holds = holding("04")


# -- dropout ---------------------------------------------------------------------------


def test_the_formula_of_dropout():
    p, h = 0.25, torch.full((200_000,), 3.0)
    torch.manual_seed(0)
    out = own.dropout(h, p)
    assert (out == 0).float().mean() == pytest.approx(p, abs=0.01)
    assert out.max() == pytest.approx(3 / (1 - p)) and p * 0 + (1 - p) * 4 == 3
    assert own.dropout(torch.ones(200_000), p).var() == pytest.approx(
        p / (1 - p), abs=0.01
    )
    holds(
        "dropout",
        r"Multiply what is kept by $\frac{1}{1-p}$:",
        r"h' = \frac{m}{1-p}\, h, \qquad m = \begin{cases} 0 & \text{with probability }"
        r" p\\ 1 & \text{otherwise.}\end{cases}",
        "drop each hidden unit with probability $p$: set its output to 0",
    )
    holds(
        "dropout-symbols",
        r"$p \cdot 0 + (1-p)\cdot \frac{h}{1-p} = h$. Without the factor, the next laye"
        "r would get less in training than later in use.",
    )
    assert out.var() == pytest.approx(3**2 * p / (1 - p), rel=0.02)
    here = re.findall(r"variance ([\d.]+)", shown("04", "dropout-code"))
    assert [*map(float, here)] == pytest.approx([1**2 * 0.5 / (1 - 0.5)] * 2)
    holds("dropout-read", "mean 1, and variance $h^2 p/(1-p)$, here 1: this noise is ")
    assert "# p = 0.5: two of four are dropped" in text_of("04", "dropout-by-hand")


def test_dropped_inputs_are_a_penalty_in_least_squares():
    """A mean over masks: the plain error, and a ridge that knows each input's size."""
    n, p, generator = 100, 0.5, torch.Generator().manual_seed(0)
    size = torch.tensor([3.0, 1.0, 1.0, 0.3])
    X, w = size * torch.randn(n, 4, generator=generator), torch.ones(4)
    y = X.sum(1) + torch.randn(n, generator=generator)
    torch.manual_seed(0)
    dropped = own.dropout(X.expand(20_000, n, 4), p)
    mean = (dropped @ w - y).square().mean()
    penalties = p / (1 - p) * X.square().mean(0) * w**2
    plain = (X @ w - y).square().mean()
    assert mean.item() == pytest.approx((plain + penalties.sum()).item(), rel=0.01)
    assert penalties.argmax() == size.argmax() and penalties[0] > 50 * penalties[3]
    holds(
        "dropout-penalty-read",
        "The plain error is 1, and the masks add 14: a ridge penalty that charges most "
        "for the largest inputs.",
    )
    holds(
        "dropout-penalty-more",
        r"Over a data set $x_j^2$ becomes $\overline{x_j^2}$, the mean square of input",
    )


def test_dropout_in_place_and_by_an_index():
    h = torch.ones(100)
    nn.Dropout(0.5, inplace=True)(h)
    assert set(h.tolist()) == {0.0, 2.0}
    h = tensor([1.0, 2.0])
    h[tensor([True, False])] = 0  # it clears where the mask is true
    assert h.tolist() == [0, 2]
    holds(
        "dropout-read",
        "With `inplace=True` it overwrites its input.",
        "it clears where the mask is true, so it needs the *drop* mask; it changes `h` "
        "itself, which autograd may still need; and the factor is missing.",
        "writing to selected places is slower. In a whole dropout, though, drawing the "
        "mask costs more than the product.",
    )
    assert text_of("04", "dropout-index").startswith("drop = keep == 0 ")
    hidden = [m for m in own.mlp() if isinstance(m, nn.Linear)][0]
    units = hidden.out_features
    holds(
        "dropout-why", f"With {units} hidden units there are $2^{{{units}}}$ such **th"
    )


def test_what_was_to_be_seen_of_the_masks():
    plain = masks.H @ masks.V
    spreads = []
    for p in (0.2, 0.5, 0.8):
        outputs = masks.dropped(p, masks.NUM_MASKS)[1] @ masks.V
        spreads.append(outputs.std().item())
        error = (outputs.mean() - plain).abs()
        assert error < 3 * spreads[-1] / masks.NUM_MASKS**0.5
    assert spreads == sorted(spreads) and spreads[1] > plain / 4
    holds(
        "masks-read",
        "Single masks scatter widely, and more so with larger $p$: fewer units, each mu"
        "ltiplied by more.",
        "comes close to the output without dropout; the larger $p$, the more masks it t"
        "akes.",
    )
    assert tasks.values_of_a_unit.solution() == (0.0, 2 / (1 - 0.2), 2.0)
    holds(
        "ex-dropped-values",
        "A hidden unit has the output 2, and dropout has $p = 0.2$. Predict what the ne"
        "xt layer gets from it: in training when it is dropped, in training when it is "
        "kept, and in use.",
    )


def test_what_the_modes_do():
    layer, ones = nn.Dropout(0.5), torch.ones(100)
    assert layer.eval()(ones).equal(ones) and not layer.train()(ones).equal(ones)
    assert not F.dropout(ones).equal(ones)
    assert F.dropout(ones, 0.5, training=False).equal(ones)
    holds("eval", "`net.eval()` turns dropout off, `net.train()` on:")
    holds(
        "eval-read",
        "If `net.eval()` is forgotten, validation runs with part of the network only: t"
        "he score is too low, and a different one each time.",
        "`F.dropout` in a `forward` is always on, unless you write `F.dropout(h, p, "
        "training=self.training)`",
    )
    with pytest.raises(ValueError):
        builds.Dropout.solution(1.5)
    holds(
        "ex-dropout",
        "each entry is dropped with probability `p` and the others are divided by 1 − p"
        "; in evaluation mode nothing happens.",
        "a `p` outside of 0 to 1 raises a `ValueError` at once.",
    )


@pytest.fixture(scope="module")
def noisy():
    return own.noisy_images(2000, 0.4)


def test_the_score_without_eval_is_too_low(noisy):
    net = own.mlp(dropout=0.5)
    train(net, noisy.train, **SETTINGS | {"num_epochs": 5})
    right = evaluate(net, noisy.val).accuracy
    net.train()
    with torch.no_grad():
        scores = [
            (net(noisy.val.X).argmax(1) == noisy.val.y).float().mean().item()
            for _ in range(3)
        ]
    assert len(set(scores)) > 1 and max(scores) < right - 0.02


def test_which_p_and_where():
    lines = lines_shown("04", "sweep-p-code")
    on_train, on_val = ([*lines[k].values()] for k in ("training", "validation"))
    assert on_train == sorted(on_train, reverse=True)
    assert max(on_val) not in (on_val[0], on_val[-1]) and on_val[-1] < on_val[0]
    assert on_train[-1] < 0.6 - 0.1, "underfits: less than the right labels"
    level = re.findall(
        r"early stopping, no dropout (\d.\d+)", shown("04", "sweep-p-code")
    )
    stopped = float(*level)
    assert stopped == pytest.approx(max(on_val), abs=0.02)
    highest = re.findall(
        r"best validation accuracy ([\d.]+)", shown("04", "best-epoch")
    )
    assert stopped == float(*highest), "of the run without dropout"
    assert "max(history.val_accuracy) figures.show_rates(found, stopped)" in text_of(
        "04", "sweep-p-code"
    )
    assert max(lines["validation"], key=lines["validation"].get) == 0.5
    holds(
        "sweep-p-found",
        "The network fits its training labels less and less well. On new images it gets"
        " better up to 0.5; at 0.8 it underfits.",
    )
    holds(
        "sweep-p-read",
        "The dotted line, early stopping without dropout, is the best of 30 epochs: one"
        " run cannot rank the two.",
    )
    place = re.findall(r"(\w+) +validation ([\d.]+)", shown("04", "where-code"))
    by_place = {name: float(score) for name, score in place}
    assert sorted(by_place, key=by_place.get) == ["logits", "units", "pixels"]
    assert by_place["logits"] <= on_val[0] < by_place["units"]
    holds(
        "where-read",
        "dropping logits does not help at all: the loss then compares classes of which "
        "half have their score set to 0. Dropping half of the *pixels* scored highest; "
        "usually inputs are dropped more rarely (a fifth), if at all.",
    )
    places = re.findall(r'\("(\w+)", (\d)\)', text_of("04", "where-code"))
    kinds = {name: own.with_dropout_at(int(k)) for name, k in places}
    assert isinstance(kinds["pixels"][0], nn.Flatten)
    assert isinstance(kinds["pixels"][1], nn.Dropout)
    assert isinstance(kinds["logits"][-1], nn.Dropout)


def test_without_a_share_of_its_units(noisy):
    """Six seeds, means of what half of the units off cost on validation images:

    digits: dropout 0 0.205 (0.186 to 0.225), 0.2 0.157, 0.5 0.110 (0.102 to 0.120),
    0.8 0.089, decay 0.01 0.121, ten epochs 0.104; of the wrong labels they had learned
    0.92, 0.72, 0.30, 0.11, 0.19 and 0.16. Fashion-MNIST: 0.196 (0.175 to 0.219), 0.130,
    0.126 (0.110 to 0.167), 0.111, 0.131, 0.113; learned 0.33, 0.18, 0.07, 0.07, 0.06
    and 0.06. The band is the mean of (dropout 0) - (dropout 0.5), 0.094 and 0.071, and
    four standard deviations.
    """
    rows = {}
    for line in shown("04", "thinned-code").strip().splitlines()[1:]:
        name, p, *told = line.split()
        rows[f"{name} {p}"] = [float(share) for share in told]
    assert [*rows] == [f"dropout {p}" for p in (0.0, 0.2, 0.5, 0.8)] + ["decay 0.01"]
    cost = {name: row[0] - row[2] for name, row in rows.items()}
    told = {"dropout 0.0": 0.24, "dropout 0.5": 0.12, "decay 0.01": 0.12}
    assert {name: round(cost[name], 2) for name in told} == told
    by_heart = {name: row[4] for name, row in rows.items()}
    assert sorted(cost, key=cost.get)[-2:] == sorted(by_heart, key=by_heart.get)[-2:]
    assert min(by_heart, key=by_heart.get) == min(cost, key=cost.get)
    assert rows["dropout 0.0"][5] / rows["dropout 0.0"][4] == pytest.approx(
        0.5, abs=0.05
    )
    holds(
        "thinned-found",
        "With half of the units off, the accuracy without dropout falls by 0.24, with "
        "$p = 0.5$ by 0.12: this network depends less on each unit. But so does the "
        "one with weight decay, which was never thinned in training.",
    )
    holds(
        "thinned-read",
        "without dropout, half of the units remember only half of the learned wrong "
        "labels.",
        "half of the units off cost 0.20 without dropout, 0.11 with $p = 0.5$, 0.12 "
        "with weight decay, and 0.10 in a network that was stopped after 10 epochs; on "
        "Fashion-MNIST 0.20, 0.13, 0.13 and 0.11. So a network that learned less by "
        "heart loses less.",
    )
    net = own.mlp()
    train(net, noisy.train, **SETTINGS | {"num_epochs": 10})
    whole, half = (own.thinned(net, off, noisy.val) for off in (0.0, 0.5))
    assert whole == pytest.approx(evaluate(net, noisy.val).accuracy, abs=1e-6)
    assert 0.06 < whole - half < 0.14


# -- label smoothing -------------------------------------------------------------------


def test_smoothed_labels():
    K, epsilon = 10, 0.1
    smooth = (1 - epsilon) * F.one_hot(tensor([3]), K) + epsilon / K
    assert smooth.sum() == pytest.approx(1)
    assert sorted(set(smooth[0].tolist())) == pytest.approx([0.01, 0.91])
    logits = torch.zeros(1, K)
    losses = []
    for lead in (3.5, math.log(0.91 / 0.01), 5.5):
        logits[0, 3] = lead
        losses.append(F.cross_entropy(logits, tensor([3]), label_smoothing=epsilon))
    assert losses[1] < losses[0] and losses[1] < losses[2]
    assert losses[1] == pytest.approx(0.5003, abs=1e-4)
    holds(
        "smoothing",
        r"$$\mathbf y' = (1 - \varepsilon)\,\mathbf y + \frac{\varepsilon}{K} ,$$",
        "it rewards ever larger logits, for wrong labels too.",
    )
    holds(
        "smoothing-read",
        "It is lowest where the predicted probabilities *are* the target, at the targe",
        r"a lead of $\ln(0.91/0.01) = 4.5$ for the true logit, and more is punished. Do"
        " not compare losses with and without smoothing.",
        "every wrong class gets 0.01, and the entropy is 0.5003 for every image.",
    )
    holds("ex-smooth-labels", r"Return $(1-\varepsilon)\,\mathbf y + \varepsilon/K$ fo")
    sure = [float(c) for c in re.findall(r"confidence ([\d.]+)",
                                         shown("04", "confidence-code"))]  # fmt: skip
    right = [float(a) for a in re.findall(r"accuracy ([\d.]+)",
                                          shown("04", "confidence-code"))]  # fmt: skip
    assert sure[1] < sure[0] and sure[0] > right[0] and sure[1] < right[1]
    assert "label_smoothing=0.3" in text_of("04", "confidence-code")
    holds("confidence", r"over the validation images, with $\varepsilon = 0.3$:")
    holds(
        "confidence-read",
        "The smoothed network is less sure of its answers, here less sure than it shou"
        "ld be. Whether it is right more often is tested below.",
    )


# -- all remedies on one task ----------------------------------------------------------


def remedies_shown():
    """Remedy -> part -> the accuracies of three networks, and of their mean."""
    found = {}
    for row in shown("04", "remedies-code").split(". ")[1:]:
        name, told = row.rstrip(".").split(": ", 1)
        found[name] = {
            part: [float(x) for x in re.findall(r"\d\.\d+", text)]
            for part, text in zip(("own", "new"), told.split("; "), strict=True)
        }
    return found


def test_decay_and_dropout_together_do_no_better_than_dropout():
    """Nine seeds, means of the last epochs on new images: nothing .434, smoothing .470,

    decay .478, both .485, dropout .493, early stopping .493, twice the images .540.
    On Fashion-MNIST, three seeds: nothing .598, decay .630, twice the images .634,
    both .637, dropout .640, smoothing .648, early stopping .672.
    """
    found = remedies_shown()
    assert all(len(row[part]) == 4 for row in found.values() for part in row)
    mean = {name: sum(row["new"][:3]) / 3 for name, row in found.items()}
    assert min(mean, key=mean.get) == "nothing"
    assert max(mean, key=mean.get) == "twice the images"
    assert mean["decay and dropout"] < mean["dropout 0.5"] + 0.005
    assert max(found["decay and dropout"]["own"]) < 0.6
    assert min(found["dropout 0.5"]["own"]) > 0.6 == 1 - 0.4
    for name, row in found.items():
        assert row["new"][3] > mean[name], "the mean of the three"
    holds(
        "remedies",
        "500 images of 14 × 14 pixels, 40 % wrong labels, three networks each.",
        "Dotted: the share of right training labels, 0.6.",
    )
    holds(
        "remedies-read",
        "Every remedy helps on average, on the digits more images most, at "
        "untuned doses.",
        "Decay and dropout together are no better than dropout alone.",
    )
    holds(
        "remedies-more",
        "In every row the mean of the three networks beats their average score.",
        "Combined remedies need smaller doses: two that are right alone can underfit to"
        "gether.",
        "It chose its epoch on the very images that score it, so its row is a little fl"
        "attered. On Fashion-MNIST it is the best of all.",
    )
    runs = f"{text_of('04', 'remedies-runs')} {text_of('04', 'remedies-scores')}"
    assert "shrunk(noisy_images(500, 0.4).train), shrunk(noisy.val)" in runs
    assert '"early stopping": {"val": mock}' in text_of("04", "remedies-code")
    assert "for seed in range(3)" in runs and "images, num_epochs=lowest + 1" in runs


# -- the lab --------------------------------------------------------------------------


def test_answers_of_the_lab(noisy):
    """Questions 1 to 3, as the panel would train them; 4 and 5 take too long."""

    def run(data, **options):
        return train(own.mlp(), data.train, data.val, **SETTINGS | options)

    lines = lines_shown("04", "sweep-p-code")
    on_train, on_val = (lines[k] for k in ("training", "validation"))
    assert on_val[0.5] > on_val[0] + 0.05
    strong = run(noisy, weight_decay=0.1)
    assert strong.train_accuracy[-1] < 0.6 and on_train[0] > 0.85
    assert strong.val_accuracy[-1] < on_val[0.5]
    right = own.noisy_images(2000, 0.0)
    without, with_decay = (run(right, weight_decay=d) for d in (0.0, 0.01))
    assert with_decay.val_accuracy[-1] < without.val_accuracy[-1]
    _, best = re.findall(r"\{.*?\}", source_of("04", "gate-noisy"))
    low, high = ast.literal_eval(best)["digits"]
    kept = re.findall(r"best validation accuracy ([\d.]+)", shown("04", "best-epoch"))
    assert low < float(*kept) < high < max(without.val_accuracy)
    holds("gate-noisy", "# without the wrong labels one of the two would be above its")
    holds(
        "lab",
        "1. Dropout 0.5: how does the validation *accuracy* end? 2. Weight"
        " decay 0.1: over- or underfitting? 3. Right labels, 2,000",
    )
    holds(
        "panel-answers",
        "1. It no longer falls so far: the network is still learning when the baseline",
        "2. Underfitting: the training accuracy is far down as well.",
        "3. Hardly. Without wrong labels there is little to protect from, and a decay t"
        "hat helped before, 0.01, now costs accuracy.",
        "4. Yes, but later.",
    )
    panel = text_of("04", "panel")
    assert "weight_decay=Choice(0.0, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)," in panel
    assert "wrong_labels=Slider(0, 0.9, start=0.4)," in panel
    assert "n_train=Choice(500, 2000, 12_000, start=2000)," in panel
    assert "num_epochs=IntSlider(1, 60, start=30)," in panel


def test_the_exam_is_read_of_what_validation_chose():
    assert text_of("04", "test-once-code") == (
        "chosen = max(nets, key=lambda p: evaluate(nets[p], noisy.val).accuracy) "
        "chosen, evaluate(nets[chosen], noisy.test).accuracy"
    )
    holds(
        "test-once", "Of the four networks with different $p$, the one with the best "
    )
