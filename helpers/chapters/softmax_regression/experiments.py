"""The experiments behind the claims of chapter 2, softmax regression.

Each experiment is one function of the data, the number of training images, the number
of passes over them, and a seed. It returns what it measured for each configuration.
Everything random in it comes from the seed, and the configurations share the seed, so
that they differ in nothing but what is compared.
"""

from functools import partial

import torch
from sklearn.metrics import average_precision_score
from torch import nn
from torch.nn import functional as F

from helpers.data import Examples, ImageData
from helpers.models import SoftmaxRegression
from helpers.seeds import seeded
from helpers.training import accuracy, evaluate, train


def new_net(data, seed, num_outputs=None):
    """Softmax regression with torch's usual small start."""
    with seeded(seed):
        return SoftmaxRegression(
            data.train.X[0].numel(), num_outputs or len(data.classes)
        )


@torch.no_grad()
def logits_of(net, X):
    """Logits (n, K), on the device of X."""
    device = next(net.parameters()).device
    return net(X.to(device)).to(X.device)


def accuracy_on(net, examples):
    """Share of the examples that the network names correctly."""
    return accuracy(logits_of(net, examples.X), examples.y)


def at_rates(rates, make_net, images, **settings):
    """Train one network with each learning rate.

    Two losses have gradients of different size, so that one rate for both would favor
    one of them. Fair is to let each choose among the same rates.
    """
    nets = {lr: make_net() for lr in rates}
    for lr, net in nets.items():
        train(net, images, lr=lr, **settings)
    return nets


# -- 1: squared error from a confidently wrong start ---------------------------------


def squared_error(logits, y):
    """Half the squared distance between probabilities and one-hot labels."""
    one_hot = F.one_hot(y, logits.shape[1])
    return 0.5 * ((F.softmax(logits, 1) - one_hot) ** 2).sum(1).mean()


def confidently_wrong(net, seed):
    """Give a network weights so large that it is sure of nearly random answers."""
    with seeded(seed):
        nn.init.normal_(net.linear.weight, std=1.0)
    return net


def squared_error_experiment(data, n_train, num_epochs, seed):
    """Two losses from two starts, with one rate and with the best of five."""
    starts = {
        "small start": lambda: new_net(data, seed),
        "wrong start": lambda: confidently_wrong(new_net(data, seed), seed),
    }
    losses = {"cross-entropy": F.cross_entropy, "squared error": squared_error}
    images, results = data.train.take(n_train), {}
    for start, make_net in starts.items():
        for name, loss in losses.items():
            nets = at_rates((0.3, 1.0, 3.0, 10.0, 30.0), make_net, images, loss=loss,
                            num_epochs=num_epochs, seed=seed)  # fmt: skip
            best = max(nets.values(), key=lambda net: accuracy_on(net, data.val))
            # the validation images were used to choose, so test is what is reported
            for rate, net in (("rate 0.3", nets[0.3]), ("best rate", best)):
                right = accuracy_on(net, data.test)
                results[f"{name}, {start}, {rate}"] = {"test accuracy": right}
    return results


# -- 2: softmax applied twice --------------------------------------------------------


def twice(logits, y):
    """The usual mistake: cross_entropy takes these probabilities for logits."""
    return F.cross_entropy(F.softmax(logits, 1), y)


def softmax_twice_experiment(data, n_train, num_epochs, seed):
    """Softmax once, twice, and twice with a ten times larger learning rate."""
    results = {"guessing": {"validation accuracy": 1 / len(data.classes)}}
    for name, loss, lr in (
        ("once", F.cross_entropy, 0.1),
        ("twice", twice, 0.1),
        ("twice, ten times the rate", twice, 1.0),
    ):
        net = new_net(data, seed)
        run = train(net, data.train.take(n_train), num_epochs=num_epochs, lr=lr,
                    loss=loss, seed=seed)  # fmt: skip
        results[name] = {
            "validation accuracy": accuracy_on(net, data.val),
            "training loss": run.train_loss[-1],
        }
    return results


# -- 3: focal loss where one class is rare -------------------------------------------


def focal_loss(logits, y, gamma=2.0, alpha=(1.0, 1.0)):
    """Mean focal loss; logits (n, 2), y (n,), alpha one weight for each class."""
    log_p_t = F.log_softmax(logits, 1).gather(1, y[:, None]).squeeze(1)
    alpha_t = torch.tensor(alpha, device=y.device)[y]
    return (-alpha_t * (1 - log_p_t.exp()) ** gamma * log_p_t).mean()


LOSSES = {
    "cross-entropy": F.cross_entropy,
    "focal": focal_loss,
    "focal, alpha .75": partial(focal_loss, alpha=(0.25, 0.75)),
}


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


def focal_experiment(data, n_train, num_epochs, seed):
    """Make one class rare, a different one for each seed; compare losses on it."""
    rare = seed % len(data.classes)
    images = one_in_hundred(data.train.take(n_train), rare, seed)

    make_net, y, p = partial(new_net, data, seed, 2), (data.test.y == rare).long(), {}
    for name, loss in LOSSES.items():
        nets = at_rates((0.1, 0.5, 2.0), make_net, images, loss=loss,
                        num_epochs=num_epochs, seed=seed)  # fmt: skip
        # the rate that brings a loss down furthest; too few positives to spare for val
        net = min(nets.values(), key=lambda net: evaluate(net, images, loss).loss)
        p[name] = F.softmax(logits_of(net, data.test.X), 1)[:, 1]  # of the rare class
    results = {name: rare_measures(y, p[name]) for name in p}
    # Cross-entropy again, with the threshold at which it finds as many as focal loss.
    num_found = int((p["focal, alpha .75"] > 0.5).sum())
    threshold = p["cross-entropy"].sort(descending=True).values[num_found]
    results["cross-entropy, other threshold"] = rare_measures(
        y, p["cross-entropy"], threshold
    )
    return results


def clouds():
    """Two overlapping clouds in the plane, as a data set of two classes."""

    def draw(n, seed):
        y = torch.arange(n) % 2
        noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
        return Examples(noise + 2.0 * y[:, None], y)  # class 1 is moved by (2, 2)

    parts = (draw(12_000, 0), draw(10_000, 1), draw(10_000, 2))
    return ImageData("clouds", ("left", "right"), *parts)


# -- 4: a test set that was used to choose -------------------------------------------

CANDIDATES, PART, REPEATS = 100, 100, 20  # networks; images to choose on; choices


def right_answers(data, n_train, num_epochs, seed):
    """For candidates that guess, and trained ones: which test images are right.

    Each trained one saw 100 images of its own. Two bool tensors (candidates, n).
    """
    generator = torch.Generator().manual_seed(seed)
    shape, y_hat = (CANDIDATES, len(data.test)), []
    guesses = torch.randint(len(data.classes), shape, generator=generator)
    for k in range(CANDIDATES):
        own = torch.randperm(n_train, generator=generator)[:100]
        net = new_net(data, seed)
        images = Examples(data.train.X[own], data.train.y[own])
        train(net, images, num_epochs=num_epochs, seed=k)
        y_hat.append(logits_of(net, data.test.X).argmax(1))
    return guesses == data.test.y, torch.stack(y_hat) == data.test.y


def choose(right, choose_on, test, new):
    """Choose the candidate that scores best on some images; its two scores."""
    chosen = right[:, choose_on].float().mean(1).argmax()
    scores = right[chosen].float()
    return torch.stack([scores[test].mean(), scores[new].mean()])


def test_set_experiment(data, n_train, num_epochs, seed):
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
