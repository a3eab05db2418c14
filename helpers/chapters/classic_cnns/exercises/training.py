"""Training that goes wrong: four networks by their curves, and a step with bugs."""

from functools import lru_cache, partial

import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.exercises import exercise
from helpers.figures import COLORS, drawn
from helpers.models import VGG, NiN, kaiming_init
from helpers.seeds import seeded
from helpers.training import History, train

# Digits of 14 x 14 pixels: small, so that all four networks are trained in seconds.
SIDE = 14

small_vgg = partial(VGG, ((1, 8), (1, 16)), image_size=SIDE)

# How each network is made, its initialization (None is torch's own), and its rate.
NETWORKS = {
    "A": (partial(small_vgg, dropout=0.8), kaiming_init, 0.2),
    "B": (partial(NiN, 8), None, 0.2),
    "C": (small_vgg, kaiming_init, 0.2),
    "D": (small_vgg, kaiming_init, 3.0),
}


@lru_cache
def digits() -> tuple[Examples, Examples]:
    """Return 1,500 small digits to learn from, and 500 others."""
    data = load_images("digits")
    learned, asked = data.train.take(1_500), data.val.take(500)
    return tuple(
        Examples(F.avg_pool2d(part.X, 28 // SIDE), part.y) for part in (learned, asked)
    )


def trained(make, init, lr) -> History:
    """Train a network by gradient descent for 8 epochs."""
    with seeded(1):
        net = make()
        if init:
            net.apply(init)
    return train(net, *digits(), num_epochs=8, lr=lr, batch_size=32, device="cpu")


@lru_cache
def histories() -> dict[str, History]:
    """Train the four networks."""
    return {name: trained(*how) for name, how in NETWORKS.items()}


@drawn
def four_networks() -> Figure:
    """Draw the loss of each step, below the last training and validation accuracy."""
    figure = Figure(figsize=(6.6, 2.0))
    axes = figure.subplots(1, len(NETWORKS), sharey=True)
    for ax, (name, history) in zip(axes, histories().items(), strict=True):
        learned, asked = history.train_accuracy[-1], history.val_accuracy[-1]
        ax.plot(history.step_loss, color=COLORS[0], linewidth=0.9, label="loss")
        ax.axhline(2.3026, color="#888888", linestyle=":", linewidth=1)
        ax.set(title=f"{name}: {learned:.2f}, {asked:.2f}", xlabel="step", ylim=(0, 5))
    axes[0].set_ylabel("loss of the batch")
    return figure


def letters(answer):
    """Return the letters that are given, up to the first that is wrong.

    So whoever mixes up two networks is told about the first of them.
    """
    given = answer()
    if given is ... or given is None:
        return given
    given = [str(letter).strip().upper() for letter in given]
    right = stuck_networks.solution()
    for k, (letter, wanted) in enumerate(zip(given, right, strict=False)):
        if letter != wanted:
            return tuple(given[: k + 1])
    return tuple(given)


@exercise(
    "Stuck networks",
    kind="diagnose",
    stars=2,
    shows=four_networks,
    call=letters,
    hint="Does the loss ever leave ln 10? Does it jump? Dropout is on in training and "
    "off in evaluation: what does that do to the two accuracies?",
    then="Dropout and rate are all in which the two other VGGs differ from the healthy "
    "one. For the NiN a larger rate does not help, but batch normalization (chapter 7) "
    "does.",
    usual="""
        "B", "A", "D", "C" => "A", "B", "D", "C"
            This loss does come down, if slowly. One that cannot leave its start stays
            where it began.
        "B", "A", "D", "C" => "D", "A", "B", "C"
            This loss jumps in the first steps: something threw the network out of its
            start. One that cannot leave it is flat from the first step on.
        "B", "A", "D", "C" => "C", "A", "D", "B"
            The first letter is that of a network that learns.
        "B", "A", "D", "C" => "B", "C", "D", "A"
            Your second network does as well in training as in evaluation. With too much
            dropout it does worse in training, where dropout is on.
        "B", "A", "D", "C" => "B", "D", "A", "C"
            Your second network is at chance in evaluation as well, where dropout is
            off. With too much dropout it does better there than in training.
        "B", "A", "D", "C" => "B", "A", "C", "D"
            The last two are exchanged: steps that are too long lead away from where the
            loss is low.
    """,
)
def stuck_networks():  # a bad start, too much dropout, too high a rate, healthy
    return "B", "A", "D", "C"


def draw(n, d, num_hiddens, num_classes, lr, seed):
    """A random case: X, y, the weights of the layers and of both heads, the rate."""
    h, k = num_hiddens, num_classes
    generator = torch.Generator().manual_seed(seed)
    X, *weights = (
        torch.randn(*shape, generator=generator)
        for shape in ((n, d), (d, h), (h, h), (h, k), (h, k))
    )
    return X, torch.randint(k, (n,), generator=generator), *weights, lr


@exercise(
    "Three bugs in a step with an auxiliary head",
    name="auxiliary-loss",
    kind="repair",
    stars=2,
    cases=[
        draw(3, 2, 2, 2, 0.5, seed=0),
        draw(5, 3, 4, 3, 1.0, seed=1),
        draw(8, 4, 3, 5, 2.0, seed=2),
    ],
    hint="Ask three questions. Which of the two losses is only to help? Which weights "
    "is the auxiliary loss to reach? Which head answers once the network is trained?",
    then="Each bug leaves a network that trains. Without its gradient into the lower "
    "layers, an auxiliary head only learns to read what they happen to give.",
    usual=r"""
        * main + 0.3 * auxiliary => 0.3 * main + auxiliary
            The weight 0.3 stands at the wrong loss: the main one counts fully, and the
            auxiliary one helps.
        * F.cross_entropy(H @ A, y) => F.cross_entropy(H.detach() @ A, y)
            `detach` cuts the gradient: the auxiliary loss trains its own head and never
            reaches W1, which it was made for.
        * scores = torch.sigmoid(H @ W2) @ W3 => scores = H @ A
            In evaluation the auxiliary head is left out: the scores are those of the
            last layer.
        main + 0.3 * auxiliary => 0.3 * auxiliary
            The auxiliary loss has replaced the main one, so W2 and W3 have no gradient.
            It is added to the main one.
        main + 0.3 * auxiliary => main + auxiliary
            Both losses count equally. The auxiliary one is weighted by 0.3.
        main + 0.3 * auxiliary => 0.7 * main + 0.3 * auxiliary
            This is a weighted mean. The main loss counts fully, and 0.3 of the
            auxiliary one is added.
        main + 0.3 * auxiliary => 0.3 * (main + auxiliary)
            The weight 0.3 belongs to the auxiliary loss alone.
        scores = torch => scores = H @ A + torch
            You added the scores of both heads. In evaluation the last layer answers
            alone.
        scores = torch.sigmoid(H @ W2) @ W3 => scores = H @ W3
            The second layer, W2, is left out.
    """,
)
def auxiliary_loss(X, y, W1, W2, W3, A, lr):  # (n, d), (n,), weights, number
    weights = [W.clone().requires_grad_() for W in (W1, W2, W3, A)]
    W1, W2, W3, A = weights
    H = torch.sigmoid(X @ W1)
    main = F.cross_entropy(torch.sigmoid(H @ W2) @ W3, y)
    auxiliary = F.cross_entropy(H @ A, y)  # a head of the first layer
    loss = main + 0.3 * auxiliary
    loss.backward()
    with torch.no_grad():
        for W in weights:
            W -= lr * W.grad
        # What the network answers after the step, in evaluation.
        H = torch.sigmoid(X @ W1)
        scores = torch.sigmoid(H @ W2) @ W3
    return loss.detach(), W1.detach(), scores
