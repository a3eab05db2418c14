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
    then="If your network starts far from it, look at its first weights before you "
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
    """Apply the answer to a network, and measure what it did.

    The standard deviation of the weights of each linear layer is a multiple of
    Kaiming's, to one decimal.
    """
    net = copy.deepcopy(net)
    linear = [m for m in net if isinstance(m, nn.Linear)]
    for m in linear:
        nn.init.uniform_(m.bias, 0.5, 1)
    others = [m for m in net if not isinstance(m, nn.Linear)]
    before = [p.clone() for m in others for p in m.parameters()]
    returned = []
    net.apply(lambda module: returned.append(answer(module)))
    if all(value is ... for value in returned):
        return ...
    sizes = [
        round((m.weight.std() * math.sqrt(m.in_features / 2)).item(), 1) for m in linear
    ]
    after = [p for m in others for p in m.parameters()]
    changed = any(not a.equal(b) for a, b in zip(before, after, strict=True))
    return {
        "weights' size over Kaiming's": sizes,
        "a weight beyond three of Kaiming's": any(
            (m.weight.abs() > 3 * math.sqrt(2 / m.in_features)).any() for m in linear
        ),
        "largest bias": round(max(m.bias.abs().max().item() for m in linear), 1),
        "other layers changed": changed,
    }


@exercise(
    "Initialize a network",
    stars=2,
    cases=[
        (network([256, 512], nn.ReLU),),
        (network([512, 256, 256], nn.ReLU),),
        (network([256, 256], lambda: nn.BatchNorm1d(256)),),
    ],
    call=initialized,
    hint="`apply` comes with every module, also with the whole network: what must be "
    "asked of it first? And which functions of `nn.init` fill a tensor in place?",
    then="Use it as `net.apply(init_weights)`.",
    usual="""
        nn.init.zeros_(module.bias) => pass
            The biases keep what they were: set them to 0 as well.
        kaiming_normal_ => kaiming_uniform_
            The size is right, but these numbers are uniform; normal ones are asked for.
        kaiming_normal_ => xavier_normal_
            This is Xavier's variance; for ReLU Kaiming's is asked for.
        kaiming_normal_(module.weight => kaiming_uniform_(module.weight, a=math.sqrt(5)
            With a=sqrt(5) this is torch's own default, a sixth of Kaiming's variance.
            Leave `a` out.
        isinstance(module, nn.Linear) => True
            `apply` comes with every module, also with a ReLU and with the whole
            network, which have no weight: ask first what it is.
        isinstance(module, nn.Linear) => hasattr(module, "weight")
        kaiming_normal_(module.weight => normal_(module.weight, std=math.sqrt(2 / 256)
            Other layers have weights, too: those of a normalization begin with 1 and
            are to stay so. Ask for `nn.Linear`.
        nn.init.kaiming_normal_(module.weight) => module.weight = torch.randn(256, 256)
            A parameter cannot be replaced by a plain tensor. Change it in place: the
            functions of nn.init whose names end in an underscore do that.
        if isinstance(module, nn.Linear) => for module in module
            `apply` goes through the layers for you, and calls your function with one at
            a time.
    """,
)
def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
