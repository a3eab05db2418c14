"""Chapter 4: what its exercises ask for and what its questions set out, once more.

As in `test_statements_notes`: a word is read out of the sentence and compared with
what a solution, a cell or a small computation does.
"""

import ast
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import Examples, load_images
from helpers.chapters.dropout_and_regularization import claims, exercises
from helpers.chapters.dropout_and_regularization.exercises import builds, fitting
from helpers.chapters.dropout_and_regularization.exercises import penalties as tasks
from tests.said import WORDS, lines_shown, said, shown
from tests.taught import holding, source_of, taught, text_of

own = taught("04", "sample", "fit", "error", "noisy_images", "with_dropout_at")


holds = holding("04")


# -- exercises -------------------------------------------------------------------------


def test_weights_are_pulled_toward_zero_and_stop_there():
    pulled = tasks.soft_threshold.solution(tensor([3.0, 0.5, -0.2]), 1.0).tolist()
    whither, stops, before, after = said(
        "04",
        "ex-soft-threshold",
        r"Pull every weight toward (\d) by `lam`, and let it stop at (\d), .*?: "
        r"\((.*?)\) becomes \((.*?)\) with `lam` = 1\.",
    )
    assert whither == stops == "0"
    assert [float(w.replace("−", "-")) for w in before.split(", ")] == [3.0, 0.5, -0.2]
    assert [abs(v) for v in pulled] == [float(w) for w in after.split(", ")]


def test_where_nothing_stops_early_the_best_of_all_is_kept():
    losses = [4.0, 2.0, 3.0]
    assert fitting.early_stopping.solution(losses, 5) == losses.index(min(losses))
    which, what = said(
        "04", "ex-early-stopping", r"the (\w+) one up to then\. If it never stops "
        r"early, that is the (\w+) of all\."
    )  # fmt: skip
    assert which == what == "best"


def test_the_step_of_the_exercise_is_given_the_gradient_of_the_loss_alone():
    still = torch.zeros(3)
    after = tasks.weight_decay_step.solution(tensor([2.0, -4.0, 3.0]), still, 1.0, 0.1)
    assert after.tolist() == pytest.approx([1.8, -3.6, 3.0]), "the penalty is added"
    of, on = said(
        "04",
        "ex-weight-decay-step",
        r"`grad` is the gradient of (.*?)\. Return all entries after one step of "
        r"descent on (.*?), without",
    )
    assert (of, on) == ("the loss alone", "loss plus penalty")
    last, factor = said(
        "04",
        "ex-weight-decay-step",
        r"The (\w+) entry of `w` is a bias, which the penalty leaves out: it is "
        r"\$(.*?)\$",
    )
    assert (last, factor) == ("last", r"\frac12")


def test_folds_of_the_build_come_in_order_and_the_larger_ones_first():
    X, y = torch.arange(10.0)[:, None], torch.arange(10.0)
    fitted, judged = [], []

    def fit(X, y):
        fitted.append({*y.tolist()})
        return lambda X: X[:, 0]

    def loss(predicted, targets):
        assert predicted.equal(targets), "first what is predicted"
        judged.append(targets.tolist())
        return tensor(float(len(judged)))

    losses = builds.cross_validate.solution(X, y, 4, fit, loss)
    assert sum(judged, []) == y.tolist()
    assert [len(fold) for fold in judged] == [3, 3, 2, 2]
    everything = {*y.tolist()}
    assert fitted == [everything - {*fold} for fold in judged]
    assert losses.tolist() == [1.0, 2.0, 3.0, 4.0]
    apart, first, others, what = said(
        "04",
        "ex-k-fold",
        r"in the order in which they come, into `k` folds whose sizes differ by at "
        r"most (\w+), the (\w+) ones first\. Leave each out once: `fit\(X, y\)` "
        r"returns a function `predict`, fitted to the (\w+) folds, and "
        r"`loss\(predict\(X\), y\)` "
        r"measures it on the fold\. Return the (.*?)\.",
    )
    assert (apart, first, others, what) == ("one", "larger", "other", "`k` losses")


def test_the_build_of_dropout_draws_anew_and_leaves_its_input():
    ones = torch.ones(200)
    layer = builds.Dropout.solution(0.5)
    assert not layer(ones).equal(layer(ones)) and ones.eq(1).all()
    ends = [builds.Dropout.solution(p)(ones).mean().item() for p in (0.0, 1.0)]
    assert ends == [1.0, 0.0]
    mask, stays, ends = said(
        "04",
        "ex-dropout",
        r"Every call draws a (\w+) mask, and the input (.*?)\. (\w+) ends? of the "
        r"range works?",
    )
    assert (mask, stays, ends) == ("new", "stays as it is", "Both")


def test_how_many_builds_there_are():
    count = sum(exercise.kind == "build" for exercise in exercises.EXERCISES)
    (told,) = said("04", "exercises", r"(\w+) builds, and")
    assert WORDS[count] == told.lower()
    for exercise in exercises.EXERCISES:
        told = text_of("04", f"ex-{exercise.name}")
        assert told.count("★") == exercise.stars, exercise.name
        assert told.count("☆") == 3 - exercise.stars
        assert ("A *build*." in told) == (exercise.kind == "build")
        assert exercise.title.lower() in told.lower()


# -- points and polynomials ------------------------------------------------------------


def test_the_rich_curve_bends_toward_the_points_and_runs_away_between():
    x, y = own.sample(20, seed=3)
    truth, order = torch.sin(3 * x), x.argsort()
    curve, residual = (
        torch.linalg.vander(points, N=13) @ own.fit(x, y, 12)
        for points in (torch.linspace(-1, 1, 400, dtype=torch.float64), x)
    )
    assert (residual - y).square().mean() < (truth - y).square().mean(), "to the noise"
    grid = torch.linspace(-1, 1, 400, dtype=torch.float64)
    far = (curve - torch.sin(3 * grid)).abs()
    beyond = (grid < x[order[0]]) | (grid > x[order[-1]])
    assert far[beyond].max() > 1 > 4 * (residual - truth).abs().mean()
    toward, where = said(
        "04",
        "three-errors-read",
        r"The curve bends toward the (\w+), and (.*?) the points it runs",
    )
    assert (toward, where) == ("noise", "between and beyond")


def test_what_a_constant_added_to_the_targets_moves():
    """Least squares with a column of ones: the bias takes the constant, no weight."""
    draw = torch.Generator().manual_seed(0)
    X, Y = (torch.randn(20, k, generator=draw).double() for k in (5, 1))
    with_one = F.pad(X, (0, 1), value=1.0)
    before, after = (torch.linalg.lstsq(with_one, y).solution for y in (Y, Y + 5))
    *weights, bias = (after - before).squeeze().tolist()
    assert max(map(abs, weights)) < 1e-12 and bias == pytest.approx(5)
    moved, alone = said(
        "04",
        "wide-regression-read",
        r"it moves the (\w+) by that constant and leaves the (\w+) alone",
    )
    assert (moved, alone) == ("bias", "weights")


def test_symbols_of_the_noise():
    """The mean of squared weights over many draws of noise is what the formula says."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    w, sigma = tensor([1.0, -1.0, 0.5], dtype=torch.float64), 2.0
    noise = sigma * torch.randn(40, 4000, generator=generator, dtype=torch.float64)
    fitted = torch.linalg.lstsq(X, (X @ w)[:, None] + noise).solution
    gram = torch.linalg.inv(X.T @ X)
    formula = w.square().sum() + sigma**2 * gram.diagonal().sum()
    mean = fitted.square().sum(0).mean()
    assert mean.item() == pytest.approx(formula.item(), rel=0.02)
    over, trace = said(
        "04",
        "noise-read",
        r"\$\\mathbb\{E\}\$: mean over the (\w+); tr: sum of the (\w+)\.\)",
    )
    assert (over, trace) == ("noise", "diagonal")


# -- choices ---------------------------------------------------------------------------


def test_p_is_chosen_on_validation_images():
    assert "noisy.val" in text_of("04", "sweep-p-code")
    assert "noisy.test" not in text_of("04", "sweep-p-code")
    (images,) = said(
        "04", "sweep-p-read", r"is a hyperparameter, to be chosen on (\w+) images"
    )
    assert images == "validation"
    (images,) = said(
        "04", "recall-questions", r"Choose on (\w+) examples, and report the test score"
    )
    assert images == "validation"


def test_the_other_places_of_dropout():
    p, first, second = said(
        "04",
        "where",
        r"two other places with \$p = ([\d.]+)\$, the (\w+) and the (\w+):",
    )
    places = re.findall(r'\("(\w+)", (\d)\)', text_of("04", "where-code"))
    assert [name for name, _ in places] == [first, second]
    for _, place in places:
        layers = own.with_dropout_at(int(place))
        (at,) = (k for k, m in enumerate(layers) if isinstance(m, nn.Dropout))
        assert at == int(place) and layers[at].p == float(p)


def test_a_part_is_no_homework():
    part, what = said(
        "04", "parts-read", r"must lie in (.*?), else the exam contains the (\w+)\."
    )
    assert (part, what) == ("one part", "homework")
    (like,) = said("04", "parts", r"\| \*\*training set\*\* \| (\w+) \|")
    assert like == what


def test_the_entropy_of_the_smoothed_target():
    formula, value = said(
        "04", "smoothing-read", r"entropy, \$(.*?) = (0\.\d+)\$\. That takes a lead"
    )
    terms = re.fullmatch(
        r"-([\d.]+) \\ln ([\d.]+) - (\d) \\cdot ([\d.]+) \\ln ([\d.]+)", formula
    )
    a, b, n, c, d = map(float, terms.groups())
    assert a == b and c == d and a + n * c == pytest.approx(1) and n == 9
    entropy = -a * math.log(a) - n * c * math.log(c)
    assert entropy == pytest.approx(float(value), abs=5e-5)


def test_over_confidence_is_being_surer_than_right():
    ends = [*claims.label_smoothing.questions["c"].ends]
    over = {"below": ends[0], "above": ends[-1]}
    (side,) = said(
        "04",
        "claim-smoothing-read",
        r"\*\*Over-confidence\*\* is confidence (\w+) the share of right answers\.",
    )
    assert over[side] == "surer than right"
    first, second = said(
        "04", "claim-smoothing", r"The last lines compare (\w+) with (\w+)\."
    )
    quantity = claims.label_smoothing.questions["c"].quantity
    assert quantity.startswith("Mean largest probability minus accuracy")
    assert (first, second) == ("confidence", "accuracy")


def test_what_an_ensemble_does():
    (wrong,) = lines_shown("04", "ensembles-code").values()
    assert np.argmax(list(wrong.values())) == 0
    holds("ensembles", "## The mean of many networks beats the average one")
    (where,) = said("04", "summary-more", r"a sense of place: chapter (\d)\.")
    assert "convolution" in source_of(f"0{where}", "title").lower()


# -- what a cell is given, and what it reported ----------------------------------------


def test_every_set_gets_the_same_sixty_steps():
    (steps,) = said("04", "sixty", r"Give each set the same (\d+) steps:")
    (pairs,) = re.findall(r"num_epochs in (\(.*\)):", source_of("04", "sixty-code"))
    batch = re.search(r'"batch_size": (\d+)', source_of("04", "gap"))[1]
    taken = {math.ceil(n / int(batch)) * k for n, k in ast.literal_eval(pairs)}
    assert taken == {int(steps)}


def test_random_features_know_nothing_of_the_test_images():
    """The cell is run on data that have no such part."""
    images = load_images("digits")
    data = SimpleNamespace(train=images.train, val=images.val)
    space = {"torch": torch, "F": F, "data": data}
    exec(source_of("04", "descent-code"), space)
    assert space["center"].equal(images.train.X.flatten(1).mean(0))
    assert all(0 <= v <= 1 for v in space["wrong_answers"](10, 0)[:3])


def test_the_gate_of_the_thinned_networks_is_that_of_the_two_that_are_told_of():
    """The cell is run with the stored table in place of the networks."""
    table, gated = {}, []
    for line in shown("04", "thinned-code").strip().splitlines()[1:]:
        name, p, *row = line.split()
        if name == "dropout":
            table[float(p)] = dict(zip((0.0, 0.25, 0.5), map(float, row), strict=False))
    space = {
        "nets": {p: p for p in table},
        "noisy": SimpleNamespace(val=None),
        "data": SimpleNamespace(name="digits"),
        "thinned": lambda p, off, part: table[p][off],
        "check_band": lambda value, bands, name: gated.append((value, bands[name])),
    }
    exec(source_of("04", "gate-thinned"), space)
    ((value, (low, high)),) = gated
    without, p, with_it = map(
        float,
        said(
            "04",
            "thinned-found",
            r"without dropout falls by ([\d.]+), with \$p = ([\d.]+)\$ by ([\d.]+):",
        ),
    )
    assert table[p][0.0] - table[p][0.5] == pytest.approx(with_it, abs=0.006)
    assert value == pytest.approx(without - with_it, abs=0.01)
    assert 0 < low < value < high


def test_remedies_are_what_their_names_say():
    (tried,) = (
        {key.value: ast.unparse(value) for key, value in zip(
            node.value.keys, node.value.values, strict=True)}
        for node in ast.parse(source_of("04", "remedies-code")).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "tried"
    )  # fmt: skip
    for name, options in tried.items():
        for number in re.findall(r"[\d.]+\d", name):
            assert re.search(rf"\b{re.escape(number)}\b", options), name
    together = ast.literal_eval(tried["decay and dropout"])
    assert together == ast.literal_eval(tried["weight decay 0.01"]) | ast.literal_eval(
        tried["dropout 0.5"]
    )
    more, fewer = (
        int(re.search(r"noisy_images\((\d+), 0\.4\)", code)[1])
        for code in (tried["twice the images"], text_of("04", "remedies-runs"))
    )
    assert more == 2 * fewer


REPORTED = re.compile(
    r"(?m)^A look: digits\. (.*?): ([−\d.]+) ± ([\d.]+) over (\d+) seeds, 95 % "
    r"interval ([−\d.]+) to ([−\d.]+): (.*)\. ?$"
)


@pytest.mark.parametrize("name", ["double", "symmetry", "smoothing"])
def test_a_stored_report_agrees_with_itself(name):
    """A mean stands in the middle of its interval; the answers are those it touches."""
    claim = {
        "double": claims.double_width,
        "symmetry": claims.dropout_symmetry,
        "smoothing": claims.label_smoothing,
    }[name]
    found = REPORTED.findall(shown("04", f"claim-{name}-test"))
    questions = claim.questions.values()
    assert [row[0] for row in found] == [q.quantity for q in questions]
    for (_, *told, meaning), question in zip(found, questions, strict=True):
        mean, sd, n, low, high = (float(v.replace("−", "-")) for v in told)
        assert mean == pytest.approx((low + high) / 2, abs=0.0011)
        assert high - low >= 2 * 1.9 * sd / n**0.5 - 0.002
        cuts = [-math.inf, *list(question.ends.values())[:-1], math.inf]
        touched = [
            answer
            for answer, start, end in zip(question.ends, cuts, cuts[1:], strict=False)
            if low < end and high >= start
        ]
        assert touched[0] in meaning and touched[-1] in meaning
        assert ("undecided" in meaning) == (len(touched) > 1)


def test_what_is_called_by_heart_are_the_wrong_labels_alone():
    """Forty percent of the labels, each of another class than the image has."""
    noisy, right = (own.noisy_images(2000, share) for share in (0.4, 0.0))
    code = source_of("04", "by-heart")
    (chosen,) = re.findall(r"(?m)^def labeled.*\n.*$", code)
    lines = re.findall(
        r"(?m)^(?:is_wrong|by_heart), .*$|^is_wrong = .*$|^by_heart.*$", code
    )
    space = {"noisy": noisy, "right": right.train.y, "Examples": Examples}
    exec("\n".join([chosen, *lines]), space)
    assert len(space["by_heart"]) == len(space["true_names"]) == 800
    assert torch.equal(space["true_names"].y, right.train.y[space["is_wrong"]])
    assert not (space["by_heart"].y == right.train.y[space["is_wrong"]]).any()
    holds("thinned", "and how many wrong training labels remembered?")
