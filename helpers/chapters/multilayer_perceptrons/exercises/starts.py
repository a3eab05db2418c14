"""Exercises of chapter 3 on how a network starts: its first loss, its weights."""

import copy
import math

from torch import nn

from helpers.chapters.multilayer_perceptrons.exercises.networks import network
from helpers.exercises import exercise


@exercise(
    "The first loss",
    kind="predict",
    hint="What does a classifier pay in chapter 2 that knows nothing? How many "
    "classes are there here?",
    then="If your network starts far from it, look at its initial weights before you "
    "look at anything else.",
    usual="""
        math.log(26) => math.log(10)
            That is for ten classes; there are as many as letters.
        math.log(26) => math.log2(26)
            That is in bits. Cross-entropy takes the natural logarithm.
        math.log(26) => 1 / 26
            That is the probability of each class; the loss is minus its logarithm.
        math.log(26) => -math.log(26)
            A probability is below 1, so minus its logarithm is positive.
        math.log(26) => 0.0
            Logits of 0 are equal scores, not a certain answer.
        math.log(26) => 25 / 26
            That is the share of wrong answers. The loss is minus the logarithm of the
            probability given to the truth.
    """,
)
def first_loss():
    return math.log(26)


def initialized(answer, net):
    """Let the answer initialize a network, and measure what it did.

    The standard deviation of the weights of each linear layer is a multiple of
    Kaiming's, to one decimal; that of the last layer, of 1 over its inputs.
    """
    net = copy.deepcopy(net)
    *hidden, last = linear = [m for m in net if isinstance(m, nn.Linear)]
    for m in linear:
        nn.init.uniform_(m.bias, 0.5, 1)
    others = [m for m in net if not isinstance(m, nn.Linear)]
    before = [p.clone() for m in others for p in m.parameters()]
    if answer(net) is ...:
        return ...
    sizes = [
        round((m.weight.std() * math.sqrt(m.in_features / 2)).item(), 1) for m in hidden
    ]
    after = [p for m in others for p in m.parameters()]
    changed = any(not a.equal(b) for a, b in zip(before, after, strict=True))
    return {
        "hidden weights' size over Kaiming's": sizes,
        "a hidden weight beyond three of Kaiming's": any(
            (m.weight.abs() > 3 * math.sqrt(2 / m.in_features)).any() for m in hidden
        ),
        "last weights' size over 1/n_in": round(
            (last.weight.std() * last.in_features).item(), 1
        ),
        "largest bias": round(max(m.bias.abs().max().item() for m in linear), 1),
        "other layers changed": changed,
    }


def classifier(widths, extra):
    """Linear layers, each but the last followed by a module that ``extra`` makes."""
    return network(widths, extra)[:-1]


@exercise(
    "Initialize a network",
    stars=2,
    cases=[
        (classifier([256, 512, 64], nn.ReLU),),
        (classifier([512, 256, 256, 40], nn.ReLU),),
        (classifier([256, 256, 128], lambda: nn.BatchNorm1d(256)),),
    ],
    call=initialized,
    hint="How do you find all layers of a network that are linear, and which of them "
    "is the last? From which number of a layer can its n_in be read?",
    then="With weights this small the logits begin near 0, and the first loss near ln "
    "K, as in the exercise before.",
    usual="""
        nn.init.zeros_(module.bias) => pass
            The biases keep what they were: set them to 0 as well.
        kaiming_normal_ => kaiming_uniform_
            The size is right, but these numbers are uniform; normal ones are asked for.
        kaiming_normal_ => xavier_normal_
            This is Xavier's variance in the hidden layers; for ReLU Kaiming's is asked
            for.
        nn.init.normal_(last.weight, std=1 / last.in_features) => pass
            The last layer has Kaiming's weights, too: give it smaller ones, with a
            standard deviation of 1 over the number of its inputs.
        std=1 / last.in_features => std=last.in_features**-0.5
            In the last layer 1/n_in is the standard deviation, not the variance.
        1 / last.in_features => 1 / last.out_features
            n_in counts the inputs of the last layer, not its outputs.
        linear[-1] => linear[0]
            The small weights belong to the last layer; you gave them to the first.
        if isinstance(m, nn.Linear) => if hasattr(m, "weight")
        kaiming_normal_(module.weight => normal_(module.weight, std=math.sqrt(2 / 256)
            Other layers have weights, too: those of a normalization begin with 1 and
            are to stay so. Ask for `nn.Linear`.
        [m for m in net.modules() if isinstance(m, nn.Linear)] => list(net)
            Not every layer has a weight: leave out those that are not linear.
    """,
)
def init_weights(net):
    linear = [m for m in net.modules() if isinstance(m, nn.Linear)]
    for module in linear:
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
    last = linear[-1]
    nn.init.normal_(last.weight, std=1 / last.in_features)
