"""Chapter 4, its questions, notes and folds: a word of each, and what makes it true.

Here the word is read out of the sentence ("others", "new", "both") and compared with
what the cell, an exercise or a small computation does.
"""

import ast
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import MLP, Examples, seeded, train
from helpers.chapters.dropout_and_regularization import claims, masks, penalties
from helpers.data import load_images
from tests.said import WORDS, lines_shown, said, shown
from tests.taught import holding, source_of, taught, terms_of, text_of

own = taught("04", "sample", "fit", "error", "dropout", "confidence")


holds = holding("04")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def numbers(text):
    return [float(n) for n in re.findall(r"\d+\.\d+", text)]


# -- what comes before -----------------------------------------------------------------

TERMS = {  # the term that a word of the cell `needs` stands for, in its chapter
    "least squares": "least squares",
    "descent": "gradient descent",
    "cross-entropy": "cross-entropy",
    "the training loop": "data loader",
    "hidden layers": "hidden layer",
}


def test_what_is_needed_is_a_term_of_the_chapter_that_is_named():
    told = re.findall(r"chapter (\d) \(([^)]+)\)", text_of("04", "needs"))
    named = {what: int(n) for n, parts in told for what in parts.split(", ")}
    assert set(named) == set(TERMS) and set(named.values()) == {1, 2, 3}
    for what, term in TERMS.items():
        has = [k for k in (1, 2, 3) if term in (t for t, *_ in terms_of(f"0{k}"))]
        assert named[what] == has[0], f"{what} is a term of chapter {has[0]}"


def test_two_numbers_tell_under_from_overfitting():
    (count,) = said("04", "goals", r"overfitting by (\w+) numbers?;")
    rows = shown("04", "three-errors").strip().splitlines()
    assert {len(numbers(row)) for row in rows} == {WORDS.index(count)}
    (line, on_new), (_, _), (rich, on_new_rich) = map(numbers, rows)
    assert line > 0.1 and on_new < 2 * line, "one number is high, and so is the other"
    assert rich < 0.04 and on_new_rich > 20 * rich, "they lie far apart"


# -- fitting ---------------------------------------------------------------------------


def test_the_source_scatters_as_it_is_said_to():
    kind, size = said("04", "source", r"Gaussian noise of (\w+(?: \w+)?) ([\d.]+)\.")
    x, y = own.sample(200_000, seed=0)
    noise = y - torch.sin(3 * x)
    measured = {"standard deviation": noise.std(), "variance": noise.var()}
    assert measured[kind].item() == pytest.approx(float(size), rel=0.01)
    low, high = said("04", "source", r"\$x\$ uniform between −(\d) and (\d)")
    assert [-x.min(), x.max()] == pytest.approx([int(low), int(high)], abs=1e-3)
    holds("source", r"and $y = \sin 3x$ plus Gaussian noise")


def test_which_degree_is_best_on_which_points():
    rows = {}
    for row in shown("04", "three-errors").strip().splitlines():
        degree, *errors = re.findall(r"[\d.]+\d|\d+", row)
        rows[int(degree)] = [float(e) for e in errors]
    assert min(rows, key=lambda d: rows[d][0]) == 12, "on these points"
    assert min(rows, key=lambda d: rows[d][1]) == 3, "on new ones"
    degrees = said("04", "capacity", r"polynomials of degree (\d), (\d) and (\d+) to")
    assert [*map(int, degrees)] == [*rows]
    holds("capacity", "Which is best on these points, which on new ones?")


def test_what_is_summed_up_of_the_hundred_sets():
    sets, low, high, kind = said(
        "04",
        "sweep",
        r"Take (\d+) sets, fit all degrees from (\d+) to (\d+) to each, and look at the"
        r" (\w+)s:",
    )
    code = text_of("04", "sweep-code")
    assert f"for seed in range({sets})], range({low}, {int(high) + 1})" in code
    assert f"errors.{kind}(0)" in code
    x = tensor([1.0, 2.0, 90.0])
    assert x.mean() > 10 * x.median(), "one wild set would decide a mean"


def test_a_mean_of_a_hundred_scatters_by_a_hundredth_of_their_variance():
    lines = lines_shown("04", "bias-code")
    bias2, variance = lines["bias squared"], lines["variance"]
    (degree,) = said("04", "bias-more", r"From degree (\d) on a few wild fits decide")
    at = int(degree)
    assert at == max(bias2), "there the picture ends"
    part, again, of = said(
        "04",
        "bias-more",
        r"nearly all of its (\w+) at (\d) is the scatter of a mean of only a (\w+) fit",
    )
    assert (part, int(again), of) == ("bias", at, "hundred")
    assert 0.5 * bias2[at] < variance[at] / 100 < 2 * bias2[at]
    assert bias2[at] < 0.1 * variance[at], "so it is not the variance"


def test_parts_and_folds_by_their_words():
    """The cell of the folds is run; each fold's model is fitted to the other points."""
    x, y = own.sample(20, seed=3)
    seen = []

    def fit(x, y, degree):
        seen.append([{*x.tolist()}, None])
        return own.fit(x, y, degree)

    def error(w, x, y):
        seen[-1][1] = {*x.tolist()}
        return 1.0

    told = []
    space = {"torch": torch, "x": x, "y": y, "fit": fit, "error": error}
    exec(source_of("04", "kfold-code"), space | {"print": told.append})
    everything = {*x.tolist()}
    by, the_others, what = said(
        "04",
        "kfold",
        r"Each fold is validated on (\w+), by a model fitted to (.*?), and the \$k\$ "
        r"errors are (\w+)\.",
    )
    assert (by, the_others, what) == ("once", "the others", "averaged")
    for fitted, judged in seen:
        assert fitted == everything - judged
    one_degree = [judged for _, judged in seen[:5]]
    assert set().union(*one_degree) == everything and sum(map(len, one_degree)) == 20
    assert all(line.endswith(": 1.000") for line in told), "the mean of five ones"


def test_what_one_wants_and_what_one_can_compute():
    holds(
        "two-errors-more",
        "*Learning* wants a low generalization error, and uses the training error as a "
        "stand-in.",
        "squared error for regression, cross-entropy for classification",
    )
    holds(
        "summary",
        "The training error is what descent lowers; the generalization error is what "
        "we want.",
    )
    holds("two-errors", "Nobody can compute it. The *test error* estimates it")


# -- images ----------------------------------------------------------------------------


def test_more_steps_would_fit_what_sixty_steps_did_not():
    rows = [numbers(row) for row in shown("04", "sixty-code").strip().splitlines()]
    assert lines_shown("04", "gap")["training images"][3840] < 0.1 * rows[-1][0]
    holds("sixty-read", "But the model could fit these images, given more steps; it is")
    holds("gap-read", "A few images can be told apart by accidental details; the more")


def test_more_drawings_of_the_same_originals_help_as_well():
    """The gap goes on shrinking past 1,149 images, where no original is new."""
    lines = lines_shown("04", "gap")
    (n,) = said("04", "gap-read", r"\(From ([\d,]+) images on, the digits are new draw")
    after = [k for k in lines["validation images"] if k > int(n.replace(",", ""))]
    losses = [lines["validation images"][k] for k in sorted(after)]
    assert len(losses) == 2 and losses == sorted(losses, reverse=True)


def test_the_learning_was_over_long_before_the_optimizer_was():
    lowest, best = map(int, re.findall(r"epoch (\d+)", shown("04", "best-epoch")))
    assert lowest == 30 and best <= lowest / 2
    holds("best-epoch-read", "too many overfit: the training loss falls to the end")


def test_right_and_random_labels_take_their_time():
    """What images share is learned sooner: how many epochs until 90 % are named."""
    few, epochs = load_images("digits").train.take(500), {}
    random = torch.randint(10, (500,), generator=torch.Generator().manual_seed(0))
    options = {"num_epochs": 60, "lr": 0.04, "momentum": 0.9, "batch_size": 64}
    for name, y in {"true": few.y, "random": random}.items():
        with seeded(0):
            net = MLP((256,))
        found = train(net, Examples(few.X, y), **options).train_accuracy
        epochs[name] = next(k for k, right in enumerate(found) if right > 0.9)
    assert epochs["random"] > 1.3 * epochs["true"]
    sooner, later = said(
        "04", "memory-more", r"what (.*?) is learned sooner than (.*?)\."
    )
    assert (sooner, later) == ("many images share", "single images")
    holds("memory-more", "The random labels only take longer:")


# -- penalties and decay ---------------------------------------------------------------


def test_what_counts_as_regularization():
    """Each gives up some training error, and wins on new points or images."""
    told = numbers(shown("04", "best-epoch"))
    assert told[0] > told[1] + 0.05, "the best epoch is better on new images"
    rows = [line.split() for line in shown("04", "ridge-sweep").strip().splitlines()]
    columns = zip(*(map(float, row) for row in rows[2:]), strict=True)
    _, _, on_training, on_new, _ = columns
    lowest = on_new.index(min(on_new))
    assert on_training[lowest] > on_training[0] and on_new[lowest] < on_new[0]
    holds(
        "regularization",
        "## Regularization gives up training error to win on new data",
        "Early stopping qualifies, and so does noise that is added on purpose. So do "
        "**penalties**, which charge for extreme weights:",
    )
    holds("ridge-sweep-won", "a penalty can do what choosing a smaller model does")


def test_where_many_weights_fit_equally_well():
    """As many directions are free as weights have no example to hold them."""
    num_weights, free = 5, {}
    for name, n in (("fewer", 3), ("more", 8)):
        X, y = draw(n, num_weights), draw(n, seed=1)
        free[name] = num_weights - torch.linalg.matrix_rank(X).item()
    (which,) = said("04", "ridge-sweep-read", r"as with (\w+) examples than weights,")
    assert free[which] > 0 == free[{"fewer": "more", "more": "fewer"}[which]]
    X, y = draw(3, num_weights), draw(3, seed=1)
    w = torch.linalg.solve(X.T @ X + 1e-9 * torch.eye(num_weights), X.T @ y)
    torch.testing.assert_close(w, torch.linalg.pinv(X) @ y, atol=1e-5, rtol=1e-4)
    holds("ridge-sweep-read", "the shortest, with the smallest $")


def test_a_corner_is_hit_from_many_directions_and_the_disk_from_hardly_any():
    angles = torch.linspace(0, 6.28, 400).tolist()
    zeros = {"diamond": 0, "disk": 0}
    for angle in angles:
        optimum = 1.2 * torch.tensor([angle]).cos(), 1.2 * torch.tensor([angle]).sin()
        optimum = tuple(v.item() for v in optimum)
        for name, best in (("diamond", penalties.lasso), ("disk", penalties.ridge)):
            zeros[name] += min(map(abs, best(optimum, 0.5, 0.0))) < 1e-9
    assert zeros["diamond"] > 0.3 * len(angles) and zeros["disk"] <= 4
    (where,) = said(
        "04", "penalties-read", r"At a corner of the (\w+) one weight is ex"
    )
    assert zeros[where] == max(zeros.values())
    holds(
        "penalties-read",
        "and a corner is hit from a whole range of directions. The disk has no corners:"
        " there a 0 would be an accident.",
        "The solution lies where a contour first touches the set.",
    )


def test_the_regressions_have_the_sizes_they_are_said_to_have():
    features, matter, steps = said(
        "04",
        "zeros",
        r"with (\d+) features, of which (\d+) matter, and ([\d,]+) steps of descent",
    )
    code = text_of("04", "zeros-code")
    assert f"torch.randn(100, {features}, generator=generator)" in code
    assert f"Y = X[:, :{matter}].sum(1) + " in code
    assert f"for _ in range({steps.replace(',', '')}):" in code
    features, examples, weight = said(
        "04",
        "wide-regression",
        r"with (\d+) features and only (\d+) examples\? The true weights are all ([\d.]"
        r"+),",
    )
    space, first = {"torch": torch}, source_of("04", "wide-regression-code")
    exec(first[: first.index("few, fresh")], space)
    X, Y = (space[k].double() for k in ("X", "Y"))
    assert X.shape[1] == int(features) and f"Examples(X[:{examples}]," in first
    noise = (Y - float(weight) * X.sum(1, keepdim=True)).std().item()
    assert noise == pytest.approx(0.01, rel=0.1), "nothing of the features is left"


# -- dropout ---------------------------------------------------------------------------


def test_every_example_and_every_step_has_a_mask_of_its_own():
    torch.manual_seed(0)
    first, second = (own.dropout(torch.ones(8, 200), 0.5) for _ in range(2))
    assert len({tuple(row.tolist()) for row in first}) == 8, "for every example"
    assert not first.equal(second), "in every step"
    holds(
        "dropout",
        "In training, for every example and in every step, drop each hidden unit",
        "by a fresh random draw.",
    )
    holds("thinned", "hidden units *in use*, different ones for each image.")


def test_behind_a_non_linear_layer_the_mean_is_another():
    outputs = masks.dropped(0.5, masks.NUM_MASKS)[1] @ masks.V
    plain = masks.H @ masks.V
    linear = (3 * outputs - 1).mean() - (3 * plain - 1)
    assert abs(linear) < 0.1 * plain
    bent = F.relu(outputs - plain).mean() - F.relu(plain - plain)
    assert bent > 0.15 * plain
    (how,) = said(
        "04", "masks-read", r"Behind a further non-linear layer the two would (.*?)\."
    )
    assert how == "agree only roughly"


def test_where_every_input_matters_dropping_them_harms():
    """Three inputs of variance 1 that all matter: the weights of least squares halve.

    The penalty is p / (1 - p) for each, so that at p = 0.5 the true weights 1 become ½.
    """
    X, p = draw(4000, 3), 0.5
    y = X.sum(1) + 0.1 * draw(4000, seed=1)
    gram = X.T @ X + p / (1 - p) * torch.diag((X**2).sum(0))
    w = torch.linalg.solve(gram, X.T @ y)
    plain = torch.linalg.solve(X.T @ X, X.T @ y)
    errors = [((X @ v - y) ** 2).mean().item() for v in (w, plain)]
    assert errors[0] > 10 * errors[1]
    holds("where-read", "Where inputs are few and each matters, it harms.")


def test_half_is_the_custom_for_wide_layers():
    on_val = lines_shown("04", "sweep-p-code")["validation"]
    p, width = said("04", "sweep-p-read", r"; ([\d.]+) is usual for (\w+) hidden")
    assert max(on_val, key=on_val.get) == float(p) and width == "wide"


def test_confidence_is_the_mean_of_the_largest_probability():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    X = draw(50, 4).float()
    own.confidence.__globals__["noisy"] = SimpleNamespace(val=SimpleNamespace(X=X))
    P = F.softmax(net(X), 1)
    expected = {"mean of the largest": P.amax(1).mean(), "largest": P.max()}
    (what,) = said("04", "confidence", r"The (.*?) probability, over the validation im")
    assert own.confidence(net) == pytest.approx(expected[what].item(), abs=1e-6)


# -- many networks ---------------------------------------------------------------------


def test_only_start_and_order_differ_among_the_networks():
    count, units, starts = said(
        "04",
        "ensembles",
        r": (\w+) networks of (\d+) units, from (\w+) random starts, all on the same",
    )
    code = text_of("04", "ensembles-code")
    assert count == starts and f"for k in range({WORDS.index(count)})" in code
    assert f"MLP(({units},))" in code and "train(net, noisy.train," in code
    assert "with seeded(seed): net" in code and '"seed": seed}' in code
    holds("ensembles-read", "Only the accidents of start and order were averaged away.")
    (orders,) = said("04", "ensembles-more", r"a mean over (\d+) random orders of the")
    assert "torch.randperm(8, generator=chance.manual_seed(k))" in code
    assert f"for k in range({orders})]" in code
    holds("ensembles-more", "The price is $k$ trainings, and $k$ networks in use.")


def test_eight_units_do_not_fit_the_images_with_any_dose():
    for data in ("digits", "fashion_mnist"):
        table = claims.wide_and_regularized.stored()[data].table
        at = {name: row["test accuracy"].mean for name, row in table.items()}
        assert abs(at["8, best dose"] - at["8, no dose"]) < 0.01, "no dose helps"
        assert at["64, no dose"] > at["8, best dose"] + 0.03
    holds("claim-wide-read", "8 units, which cannot fit the images well enough, with a")


def test_decay_apart_from_the_gradient_was_found_better():
    """By the authors of AdamW, whose paper is called after it."""
    (which,) = said(
        "04", "adam-read", r"Loshchilov and Hutter found the (\w+) better\."
    )
    methods = re.search(
        r"L2 and weight decay are two different", text_of("04", "adam-read")
    )
    assert methods and {"first": "L2", "second": "decay"}[which] == "decay"
    holds("sources", "Loshchilov, F. Hutter (2019), *Decoupled weight decay regulariza")


def test_what_others_found_of_wide_networks_and_of_random_labels():
    """What others found, and no cell here: it stands beside the papers that did."""
    holds(
        "descent-more",
        "Networks trained by descent throughout show the peak as well, mostly "
        "with wrong labels.",
    )
    holds("memory-more", "Zhang and others (2017) found the same with large networks")
    holds(
        "sources",
        "*Deep double descent: where bigger models and more data hurt*",
        "I. Loshchilov, F. Hutter (2019), *Decoupled weight decay regularization*",
        "D. Arpit and others (2017), *A closer look at memorization in deep networks*",
    )


def test_half_of_128_units_give_or_take():
    mean, spread = said(
        "04",
        "claim-double-read",
        r"\$128 \\cdot 0\.5 = (\d+)\$ is a mean; the standard deviation is "
        r"\$\\sqrt\{128 \\cdot 0\.5 \\cdot 0\.5\} = ([\d.]+)\$",
    )
    n, p = 128, 0.5
    assert int(mean) == n * p and float(spread) == round((n * p * (1 - p)) ** 0.5, 1)
    (how,) = said("04", "claim-double-read", r"and 101,770 parameters: (.*?)\.")
    assert how == "not equivalent"
    holds("claim-double-read", "And the networks have $784")


# -- the lab ---------------------------------------------------------------------------


def test_the_lab_asks_for_what_the_panel_can_set():
    panel = text_of("04", "panel")
    sizes = re.search(r"n_train=Choice\((.*?), start=(\d+)\)", panel)
    n, share, question = said(
        "04", "lab", r"4\. ([\d,]+) images, (\d+) % wrong: will it (\w+)\?"
    )
    assert n.replace(",", "_") in sizes[1] and question == "memorize"
    start, wrong = said(
        "04", "lab", r"The baseline is the run from above: ([\d,]+) images, (\d+) % wr"
    )
    assert start.replace(",", "") == sizes[2] and wrong == share == "40"
    assert f"wrong_labels=Slider(0, 0.9, start={int(wrong) / 100:g})" in panel
    (dropout,) = said("04", "lab", r"1\. Dropout ([\d.]+):")
    reach = re.search(r"dropout=Slider\(([\d.]+), ([\d.]+), start=([\d.]+)\)", panel)
    low, high, first = map(float, reach.groups())
    assert low == first == 0 and float(dropout) < high
    holds(
        "lab",
        "3. Right labels, 2,000 images: do dropout and decay help?",
        "which setting is best in its *last* epoch? Confirm with 5 seeds.",
    )
    holds(
        "panel-answers",
        "First the right labels outvote the wrong ones, and the validation accuracy "
        "climbs far above that of the baseline; then it falls, and with 60 epochs it "
        "falls further.",
        "5. Several settings come close together.",
    )


def test_the_panel_starts_with_the_run_from_above():
    """Its first run is drawn beside what the sliders stand at."""
    settings = re.search(r"settings = (\{.*?\})", source_of("04", "gap"))[1]
    epochs = re.search(r'settings\["num_epochs"\] = mlp\(\), (\d+)',
                       source_of("04", "noisy-training"))[1]  # fmt: skip
    of_the_run = ast.literal_eval(settings) | {"num_epochs": int(epochs)}
    panel = text_of("04", "panel")
    for name, value in of_the_run.items():
        (start,) = re.findall(rf"\b{name}=\w+\([^)]*start=([\d._]+)\)", panel)
        assert float(start) == value, name
    assert "first_run=history," in panel


# -- comments in code ------------------------------------------------------------------


def test_a_comment_names_the_columns_in_their_order():
    x = tensor([2.0, 3.0])
    columns = torch.linalg.vander(x, N=3)
    (order,) = re.findall(r"# columns (.*)", source_of("04", "source-code"))
    named = {"1": x**0, "x": x, "x²": x**2}
    for column, name in zip(columns.T, order.split(", "), strict=False):
        assert column.equal(named[name])


def test_a_comment_names_the_images_of_the_probabilities():
    (images,) = re.findall(
        r"def probabilities\(seed\):  # of one network, on the (\w+) images",
        source_of("04", "ensembles-code"),
    )
    code = text_of("04", "ensembles-code")
    assert images == "validation" and "cpu()(noisy.val.X)" in code


def test_a_comment_says_what_the_function_without_a_mode_does():
    (does,) = re.findall(
        r"# the function has no mode, and (\w+)", source_of("04", "eval-code")
    )
    assert (F.dropout(torch.ones(200)) == 0).any() and does == "drops"


def test_a_comment_counts_the_dropped_units():
    code = source_of("04", "dropout-by-hand")
    mask = ast.literal_eval(re.search(r"keep = torch\.tensor\((.*?)\)", code)[1])
    count, of, what = re.search(r"# p = 0\.5: (\w+) of (\w+) are (\w+)", code).groups()
    assert (mask.count(0.0), len(mask)) == (WORDS.index(count), WORDS.index(of))
    assert what == "dropped"


# -- what a cell is given --------------------------------------------------------------


def test_memory_is_judged_by_images_that_took_no_part():
    """The cell is run with a training that only notes what it was given."""
    data, given = load_images("digits"), []

    def noted(net, images, val, **options):
        given.append((images, val))
        return SimpleNamespace(train_accuracy=[1.0], val_accuracy=[0.1])

    space = {"torch": torch, "data": data, "train": noted, "seeded": seeded}
    space |= {"MLP": MLP, "Examples": Examples}
    space["figures"] = SimpleNamespace(show_memory=lambda runs, chance: None)
    exec(source_of("04", "memory-code"), space)
    few = data.train.take(500)
    assert all(val is data.val for _, val in given)
    assert all(images.X.equal(few.X) for images, _ in given)
    (true, _), (random, _) = given
    assert true.y.equal(few.y)
    assert (random.y == few.y).float().mean() < 0.2, "nothing to do with the image"
    (n,) = said("04", "memory", r"Draw a label at random for each of (\d+) images\.")
    assert len(random.y) == int(n)


def test_the_gap_is_measured_on_validation_images():
    data, seen = load_images("digits"), []

    def noted(net, images):
        seen.append(images)
        return SimpleNamespace(loss=0.0)

    space = {"data": data, "MLP": MLP, "seeded": seeded, "evaluate": noted}
    space |= {"train": lambda *given, **options: None}
    space["figures"] = SimpleNamespace(show_sizes=lambda gaps: None)
    exec(source_of("04", "gap"), space)
    on_train, on_val = seen[::2], seen[1::2]
    assert all(images is data.val for images in on_val)
    assert [len(images) for images in on_train] == [256, 768, 1920, 3840]
    units, epochs = said(
        "04", "more-data", r"A network of (\d+) hidden units .*? for (\d+) epochs:"
    )
    code = text_of("04", "gap")
    assert f"MLP(({units},))" in code and f"num_epochs={epochs})" in code


def test_the_gate_of_the_gap_is_nearer_to_its_set_than_to_the_smaller_one():
    """Else a training with far too little data would pass it."""
    on_val = lines_shown("04", "gap")["validation images"]
    (bands,) = re.findall(r"\{.*?\}", source_of("04", "gate-gap"))
    low, high = ast.literal_eval(bands)["digits"]
    assert low < on_val[3840] < high < (on_val[3840] + on_val[768]) / 2
    (side,) = re.findall(
        r"# with 768 images in place of 3,840 the loss would be (\w+) its band",
        source_of("04", "gate-gap"),
    )
    assert (side == "above") == (on_val[768] > high)


def test_selecting_took_longer_than_the_product():
    """Times of the machine that stored them, which no run compares."""
    told = re.findall(r"(\w+) +([\d.]+) ms", shown("04", "dropout-speed"))
    product, index = (dict(told)[name] for name in ("product", "index"))
    assert float(product) < float(index)
    holds("dropout-read", "writing to selected places is slower.")
    holds("dropout-read", "A product of two tensors of floats is computed many numbers")
