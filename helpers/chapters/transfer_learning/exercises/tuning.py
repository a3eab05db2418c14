"""What stands ready before a fine-tuning begins: network, rates and optimizer."""

import copy

import torch
from torch import nn

from helpers.exercises import exercise
from helpers.seeds import seeded


class Source(nn.Module):
    """A network learned elsewhere: `body`, four layers and more, and `classifier`."""

    def __init__(self, widths, num_outputs, seed):
        super().__init__()
        with seeded(seed):
            layers = [
                nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU())
                for a, b in zip(widths, widths[1:], strict=False)
            ]
            self.body = nn.Sequential(*layers)
            self.classifier = nn.Linear(widths[-1], num_outputs)
        self.eval()

    def forward(self, X):
        return self.classifier(self.body(X))


def alike(a, b):
    """Whether two modules have the same weights."""
    pairs = zip(a.parameters(), b.parameters(), strict=False)
    return len(list(a.parameters())) == len(list(b.parameters())) and all(
        torch.equal(*pair) for pair in pairs
    )


def prepared(answer, source, num_outputs, num_frozen, lr_body, lr_head):
    """Tell what a learner's function has made of a source.

    Raises
    ------
    TypeError : it does not give a network and an optimizer.
    """
    old = copy.deepcopy(source)
    made = answer(source, num_outputs, num_frozen, lr_body, lr_head)
    if made is ... or made is None:
        return made
    pair = made if isinstance(made, (tuple, list)) else (made,)
    if list(map(type, pair))[1:] != [torch.optim.SGD]:
        raise TypeError("a network and an SGD optimizer are asked for")
    net, optimizer = pair
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}

    def trained(module):
        """The rates that a module's parameters learn with; [] if it stays."""
        own = [p for p in module.parameters() if p.requires_grad]
        return sorted({rates[id(p)] for p in own if id(p) in rates})

    untouched = alike(source, old) and all(p.requires_grad for p in source.parameters())
    shares = {id(p) for p in source.parameters()} & {id(p) for p in net.parameters()}
    return {
        "source": "untouched" if untouched and not shares else "changed or shared",
        "body": "copied" if alike(net.body, old.body) else "other weights",
        "classifier": tuple(net.classifier.weight.shape),
        "classifier's rate": trained(net.classifier),
        "rates of the layers": [trained(layer) for layer in net.body],
        "layers in training mode": [
            k for k, layer in enumerate(net.body) if layer.training
        ],
    }


@exercise(
    "All that comes before the training",
    name="prepare",
    kind="build",
    stars=3,
    cases=[
        (Source((3, 5, 4, 6), 4, seed=0), 2, 1, 0.01, 0.1),
        (Source((2, 4, 3, 5, 7), 3, seed=1), 3, 3, 0.002, 0.05),
        (Source((4, 3, 6), 2, seed=2), 5, 0, 0.3, 0.4),
    ],
    call=prepared,
    hint="In this order: copy, new classifier, freeze, optimizer. A slice "
    "`net.body[:num_frozen]` holds the first layers and has the methods of a module. "
    'The old classifier knows its `in_features`. A group is a dict with "params" and '
    '"lr".',
    then="These are steps 1 to 4 of a fine-tuning. Step 5 is the training, step 6 the "
    "evaluation on validation data.",
    usual="""
        copy.deepcopy(source).train() => source.train()
            The source itself was changed. Make a copy first, with `copy.deepcopy`;
            `copy.copy` copies the outside only and shares the layers.
        net.classifier = nn.Linear(size, num_outputs) => pass
            The classifier has the classes of the source. Put a new linear layer in its
            place, with `num_outputs` outputs.
        frozen.eval() => frozen.eval(), net.body[-1][0].reset_parameters()
            The body has new weights. It is to begin with those of the source, by way
            of `copy.deepcopy`.
        frozen.requires_grad_(False) => pass
            No layer is frozen: the parameters of the first `num_frozen` layers need no
            gradient, `requires_grad_(False)`.
        frozen.eval() => pass
            The frozen layers are in training mode, so the running statistics of their
            normalizations still move. Set them to evaluation mode.
        frozen.requires_grad_(False) => pass
        frozen.eval() => pass
            Nothing is frozen. The first `num_frozen` layers need no gradient, and they
            are in evaluation mode.
        frozen = net.body[:num_frozen] => frozen = net.body
            The whole body is frozen. Only its first `num_frozen` layers are to be.
        net.body[:num_frozen] => net.body[num_frozen:]
            It is the other way round: the first `num_frozen` layers stay, and those
            behind them learn.
        net.body[:num_frozen] => net.body[: num_frozen + 1]
            One layer too many is frozen: a slice leaves out its end.
        frozen.eval() => net.eval()
            All layers are in evaluation mode. Those that learn are to be in training
            mode; a copy has the mode of the source.
        body.parameters(), "lr": lr_body => body.parameters(), "lr": lr_head
        classifier.parameters(), "lr": lr_head => classifier.parameters(), "lr": lr_body
            The two rates are exchanged: `lr_head` is that of the new classifier.
        "lr": lr_body => "lr": lr_head
            The body has the rate of the classifier. Its group needs an "lr" of its own,
            `lr_body`.
        "lr": lr_head => "lr": lr_body
            The classifier has the rate of the body. It is new and learns with
            `lr_head`.
        SGD([body, head]) => SGD([head])
            The optimizer has no parameters of the body. The layers that are not frozen
            learn as well, with `lr_body`.
        SGD([body, head]) => SGD([body])
            The optimizer does not hold the new classifier, perhaps because it was made
            before it and holds the old one. Make it last.
        net.body.parameters() => source.body.parameters()
        net.classifier.parameters() => source.classifier.parameters()
            The optimizer holds the parameters of the source. It is to train the copy.
        return net, torch.optim.SGD([body, head]) => return net
            Two things are asked for, the network and the optimizer.
    """,
)
def prepare(source, num_outputs, num_frozen, lr_body, lr_head):
    net = copy.deepcopy(source).train()
    size = net.classifier.in_features
    net.classifier = nn.Linear(size, num_outputs)
    frozen = net.body[:num_frozen]
    frozen.requires_grad_(False)
    frozen.eval()
    body = {"params": net.body.parameters(), "lr": lr_body}
    head = {"params": net.classifier.parameters(), "lr": lr_head}
    return net, torch.optim.SGD([body, head])
