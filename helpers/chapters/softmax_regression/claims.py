"""Claims of chapter 2, softmax regression: each an experiment and its question.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed; it returns what it measured for each configuration.
Everything random comes from the seed, which the configurations share. Cuts were fixed
before any run: a difference counts from one percentage point on.
"""

from functools import partial

import torch
from sklearn.metrics import average_precision_score
from torch import nn
from torch.nn import functional as F

from helpers.claims import SAME, difference, level
from helpers.claims.fair import accuracy_on, best_rate, fresh, logits_of, right_on
from helpers.data import Examples, ImageData
from helpers.models import SoftmaxRegression
from helpers.seeds import seeded
from helpers.training import evaluate, train
from helpers.widgets.predict import claim


def at_rates(make_net, images, **settings):
    """Return a function that trains one network with each of some learning rates."""

    def train_at(rates):
        nets = {lr: make_net() for lr in rates}
        for lr, net in nets.items():
            train(net, images, lr=lr, **settings)
        return nets

    return train_at


# -- squared error from a confidently wrong start ------------------------------------


def squared_distance(logits, y):
    """Half the squared distance between probabilities and one-hot labels."""
    one_hot = F.one_hot(y, logits.shape[1])
    return 0.5 * ((F.softmax(logits, 1) - one_hot) ** 2).sum(1).mean()


def confidently_wrong(net, seed):
    """Give a network weights so large that it is sure of nearly random answers."""
    with seeded(seed):
        nn.init.normal_(net.linear.weight, std=1.0)
    return net


IN_ACCURACY = "difference in test accuracy"
NEW_EACH_SEED = ("initial weights", "order")
ENDS = {
    "squared error ends higher": -0.01,
    SAME: 0.01,
    "cross-entropy ends higher": None,
}
ahead = partial(difference, answers=ENDS, axis=IN_ACCURACY)


@claim(
    "From a confidently wrong start, cross-entropy ends more accurate than squared "
    "error, each with its best learning rate.",
    ahead(
        "cross-entropy, wrong start, best rate",
        "squared error, wrong start, best rate",
    ),
    true="cross-entropy ends higher",
    also=[
        ahead(
            "cross-entropy, wrong start, rate 0.3",
            "squared error, wrong start, rate 0.3",
        ),
        ahead(
            "cross-entropy, small start, best rate",
            "squared error, small start, best rate",
        ),
    ],
    live=None,  # a few steps on few images end otherwise
    full=(12_000, 10, 10),
    anew=NEW_EACH_SEED,
)
def squared_error(data, n_train, num_epochs, seed):
    """Two losses from two starts, with one rate and with the best of a grid."""
    images, results = data.train.take(n_train), {}
    new_net = partial(fresh, SoftmaxRegression, data, seed)
    starts = {
        "small start": new_net,
        "wrong start": lambda: confidently_wrong(new_net(), seed),
    }
    losses = {"cross-entropy": F.cross_entropy, "squared error": squared_distance}
    for start, make_net in starts.items():
        for name, loss in losses.items():
            # their gradients differ in size, so one rate for both would favor one
            train_at = at_rates(make_net, images, loss=loss, num_epochs=num_epochs,
                                seed=seed)  # fmt: skip
            best, nets = best_rate(
                train_at,
                (0.3, 1.0, 3.0, 10.0, 30.0),
                lambda net: accuracy_on(net, data.val),
            )
            for rate, net in (("rate 0.3", nets[0.3]), ("best rate", nets[best])):
                right = right_on(net, data.test)
                results[f"{name}, {start}, {rate}"] = {"test accuracy": right}
    return results


# -- softmax applied twice -----------------------------------------------------------


def twice(logits, y):
    """The usual mistake: cross_entropy takes these probabilities for logits."""
    return F.cross_entropy(F.softmax(logits, 1), y)


@claim(
    "With softmax applied twice, the network does not learn.",
    level(
        "Gain over guessing with softmax twice, as a share of the gain with one",
        lambda t: (t["twice"] - t["guessing"]) / (t["once"] - t["guessing"]),
        {"it does not learn": 0.05, "it learns, but less": 0.98, "no difference": None},
        "share of the gain in test accuracy",
    ),
    true="it does not learn",
    also=[
        difference(
            "twice, ten times the rate",
            "once",
            {
                "the larger rate does not make up for it": -0.01,
                SAME: 0.01,
                "it is better than once": None,
            },
            "Twice at ten times the rate minus once",
            IN_ACCURACY,
        )
    ],
    live=(12_000, 5, 5),
    full=(12_000, 10, 10),
    anew=NEW_EACH_SEED,
)
def softmax_twice(data, n_train, num_epochs, seed):
    """Softmax once, twice, and twice with a ten times larger learning rate."""
    results = {"guessing": {"test accuracy": 1 / len(data.classes)}}
    for name, loss, lr in (
        ("once", F.cross_entropy, 0.1),
        ("twice", twice, 0.1),
        ("twice, ten times the rate", twice, 1.0),
    ):
        net = fresh(SoftmaxRegression, data, seed)
        run = train(net, data.train.take(n_train), num_epochs=num_epochs, lr=lr,
                    loss=loss, seed=seed)  # fmt: skip
        results[name] = {
            "test accuracy": right_on(net, data.test),
            "training loss": run.train_loss[-1],
        }
    return results


# -- focal loss where one class is rare ----------------------------------------------


def focal(logits, y, gamma=2.0, alpha=(1.0, 1.0)):
    """Mean focal loss; logits (n, 2), y (n,), alpha one weight for each class."""
    log_p_t = F.log_softmax(logits, 1).gather(1, y[:, None]).squeeze(1)
    alpha_t = torch.tensor(alpha, device=y.device)[y]
    return (-alpha_t * (1 - log_p_t.exp()) ** gamma * log_p_t).mean()


LOSSES = {
    "cross-entropy": F.cross_entropy,
    "focal": focal,
    "focal, alpha .75": partial(focal, alpha=(0.25, 0.75)),
}
BETTER = {"focal loss is worse": -0.01, SAME: 0.01, "focal loss is better": None}
with_focal = partial(difference, answers=BETTER, axis="difference of the two values")


def one_in_hundred(examples, rare, seed):
    """Label 1 for one class, 0 for the others; keep one of it for 99 others."""
    others, found = (examples.y != rare).nonzero(), (examples.y == rare).nonzero()
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))
    index = torch.cat([others, found[order[: len(others) // 99]]]).squeeze(1)
    return Examples(examples.X[index], (examples.y[index] == rare).long())


def rare_measures(y, p, threshold=0.5):
    """Measures as if class 1 were one in a hundred; y (n,) 0 or 1, p (n,)."""
    # For measuring no image is left out; the rare ones count less instead.
    weight = torch.where(y == 1, (y == 0).sum() / 99 / y.sum(), 1.0)
    found = p > threshold
    hits = weight[found & (y == 1)].sum()
    return {
        "average precision": average_precision_score(y, p, sample_weight=weight),
        "recall": hits / weight[y == 1].sum(),
        "precision": hits / weight[found].sum().clamp(min=1e-9),
    }


def clouds():
    """Two overlapping clouds in the plane, as a data set of two classes."""

    def draw(n, seed):
        y = torch.arange(n) % 2
        noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
        return Examples(noise + 2.0 * y[:, None], y)  # class 1 is moved by (2, 2)

    parts = (draw(12_000, 0), draw(10_000, 1), draw(10_000, 2))
    return ImageData("clouds", ("left", "right"), *parts)


@claim(
    "Where one example in 100 is positive, focal loss ranks positives above negatives "
    "better than cross-entropy.",
    with_focal(
        "focal",
        "cross-entropy",
        quantity="Average precision, focal minus cross-entropy",
    ),
    true="focal loss is better",
    also=[
        with_focal(("focal, alpha .75", "recall"), ("cross-entropy", "recall")),
        with_focal(("focal, alpha .75", "precision"), ("cross-entropy", "precision")),
        with_focal(
            ("focal, alpha .75", "precision"),
            ("cross-entropy, other threshold", "precision"),
            quantity="Precision, with the threshold of cross-entropy moved to as many "
            "finds",
        ),
    ],
    live=(12_000, 5, 5),
    full=(12_000, 8, 10),
    sets={"clouds": clouds},
    anew=("the rare class", "its training images", "initial weights", "order"),
    apart=True,
)
def focal_loss(data, n_train, num_epochs, seed):
    """Make one class rare, a different one for each seed; compare losses on it."""
    rare = seed % len(data.classes)
    images = one_in_hundred(data.train.take(n_train), rare, seed)
    make_net = partial(fresh, SoftmaxRegression, data, seed, num_outputs=2)
    y, p = (data.test.y == rare).long(), {}
    for name, loss in LOSSES.items():
        train_at = at_rates(make_net, images, loss=loss, num_epochs=num_epochs,
                            seed=seed)  # fmt: skip
        # the rate that brings a loss down furthest; too few positives to spare for val
        best, nets = best_rate(
            train_at,
            (0.1, 0.5, 2.0),
            lambda net, loss=loss: -evaluate(net, images, loss).loss,
        )
        p[name] = F.softmax(logits_of(nets[best], data.test.X), 1)[:, 1]
    results = {name: rare_measures(y, p[name]) for name in p}
    # Cross-entropy again, with the threshold at which it finds as many as focal loss.
    num_found = int((p["focal, alpha .75"] > 0.5).sum())
    threshold = p["cross-entropy"].sort(descending=True).values[num_found]
    results["cross-entropy, other threshold"] = rare_measures(
        y, p["cross-entropy"], threshold
    )
    return results


# -- a test set that was used to choose ----------------------------------------------

CANDIDATES, PART, REPEATS = 100, 100, 20  # networks; images to choose on; choices


def right_answers(data, n_train, num_epochs, seed):
    """For candidates that guess, and trained ones: which test images are right.

    Each trained one took a step in every epoch, on the same 100 images of its own.

    Returns
    -------
    Two bool tensors (candidates, n).
    """
    generator = torch.Generator().manual_seed(seed)
    shape, y_hat = (CANDIDATES, len(data.test)), []
    guesses = torch.randint(len(data.classes), shape, generator=generator)
    for k in range(CANDIDATES):
        own = torch.randperm(n_train, generator=generator)[:100]
        net = fresh(SoftmaxRegression, data, seed)
        images = Examples(data.train.X[own], data.train.y[own])
        train(net, images, num_epochs=num_epochs, seed=k)
        y_hat.append(logits_of(net, data.test.X).argmax(1))
    return guesses == data.test.y, torch.stack(y_hat) == data.test.y


def choose(right, choose_on, test, new):
    """Choose the candidate that scores best on some images; its two scores."""
    chosen = right[:, choose_on].float().mean(1).argmax()
    scores = right[chosen].float()
    return torch.stack([scores[test].mean(), scores[new].mean()])


def inflation(quantity, configuration):
    """Ask how much the test score promises too much."""
    return difference(
        (configuration, "test score"),
        (configuration, "score on new images"),
        {
            "it is too low": -0.01,
            "it is right to a percentage point": 0.01,
            "it is too high": None,
        },
        quantity,
        "test score minus score on new images",
    )


@claim(
    "Of 100 networks that took five steps each, the one with the best score on 100 "
    "test images is as good as that score says.",
    inflation(
        "Test score minus score on new images, best of 100 trained networks",
        "trained, best of 100 on test",
    ),
    true="it is right to a percentage point",
    also=[
        inflation("The same for 100 that only guess", "guessing, best of 100 on test"),
        inflation("The same, chosen on other images", "trained, best of 100 on val"),
    ],
    live=(4_000, 5, 3),
    full=(12_000, 5, 6),
    anew=("training images", "initial weights"),
    apart=True,
)
def test_set(data, n_train, num_epochs, seed):
    """Choose among 1, 10 and 100 candidates on 100 test images; score on new ones."""
    guessing, trained = right_answers(data, n_train, num_epochs, seed)
    generator, results = torch.Generator().manual_seed(seed), {}
    sizes = (PART, PART, len(data.test) - 2 * PART)
    parts = [torch.randperm(len(data.test), generator=generator).split(sizes)
             for _ in range(REPEATS)]  # fmt: skip
    for kind, right in (("guessing", guessing), ("trained", trained)):
        for m in (1, 10, CANDIDATES):
            scores = sum(choose(right[:m], test, test, new) for test, _, new in parts)
            results[f"{kind}, best of {m} on test"] = scores / REPEATS
    scores = sum(choose(trained, val, test, new) for test, val, new in parts)
    results[f"trained, best of {CANDIDATES} on val"] = scores / REPEATS
    return {
        name: {"test score": test, "score on new images": new}
        for name, (test, new) in results.items()
    }


# -- confidence ----------------------------------------------------------------------


def sure(net, examples):
    """Whether each answer is right, and the probability it was given: (n,) each."""
    confidence, guess = F.softmax(logits_of(net, examples.X), 1).max(1)
    right = (guess == examples.y).double()
    return {"accuracy": right, "mean confidence": confidence.double()}


def surer(quantity, configuration):
    """Ask how much the mean confidence is above the accuracy."""
    return difference(
        (configuration, "mean confidence"),
        (configuration, "accuracy"),
        {
            "less sure than it should be": -0.02,
            "as sure as it should be, within two points": 0.02,
            "surer than it should be": None,
        },
        quantity,
        "mean confidence minus accuracy",
    )


@claim(
    "After 100 epochs on 500 images, the classifier is right as often as its "
    "probabilities say.",
    surer("Mean confidence minus accuracy, 500 images for 100 epochs", "few images"),
    true="as sure as it should be, within two points",
    also=[
        surer("The same, at ten times the learning rate", "ten times the rate"),
        surer("The same, the baseline's settings", "baseline"),
    ],
    live=(12_000, 10, 3),
    full=(12_000, 10, 10),
    anew=NEW_EACH_SEED,
)
def calibration(data, n_train, num_epochs, seed):
    """Train softmax regression in three ways; how sure it is, and how often right."""
    results = {}
    for name, images, settings in (
        ("baseline", n_train, {"num_epochs": num_epochs, "lr": 0.1}),
        ("ten times the rate", n_train, {"num_epochs": num_epochs, "lr": 1.0}),
        ("few images", 500, {"num_epochs": 100, "lr": 0.1, "batch_size": 16}),
    ):
        net = fresh(SoftmaxRegression, data, seed)
        train(net, data.train.take(images), seed=seed, **settings)
        results[name] = sure(net, data.test)
    return results
