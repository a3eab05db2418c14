"""What a source gives besides its body: rows of its classifier, and labels."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.exercises.comparing import a_kind_of
from helpers.seeds import seeded


def draw(d, old_names, new_names, seed):
    """A random case: the source's last layer, and the names of both sets' classes."""
    with seeded(seed):
        return (
            nn.Linear(d, len(old_names.split())),
            old_names.split(),
            new_names.split(),
        )


def rows_of(answer, old, old_names, new_names):
    """Return weight and bias of the new layer; the old one stays as it is.

    Raises
    ------
    TypeError : the answer is no linear layer.
    ValueError : the old layer has changed.
    """
    before = old.weight.clone(), old.bias.clone()
    new = answer(old, old_names, new_names)
    if new is ... or new is None:
        return new
    if not isinstance(new, nn.Linear):
        raise TypeError(f"a linear layer is asked for, not {a_kind_of(new)}")
    if not all(map(torch.equal, before, (old.weight, old.bias))):
        raise ValueError("the old layer was changed")
    return new.weight, new.bias


@exercise(
    "Rows of a classifier, used again",
    name="reuse-rows",
    stars=2,
    cases=[
        draw(2, "cat dog owl", "dog fox", seed=0),
        draw(3, "cat dog owl bee", "owl cat fox", seed=1),
        draw(4, "bus van", "car van tram bus bike", seed=2),
    ],
    call=rows_of,
    hint="Row k of `weight` and entry k of `bias` belong to class k. "
    "`old_names.index(name)` is the place of a name in the list. Assign inside of "
    "`torch.no_grad()`.",
    then="The network knows these classes before it has seen one target picture. The "
    "other rows begin anew.",
    usual="""
        new.bias[k] = old.bias[j] => pass
            The biases are missing: entry k of `bias` belongs to row k.
        new.weight[k] = old.weight[j] => pass
            The weights are missing: only the biases were copied.
        j = old_names.index(name) => j = min(k, len(old_names) - 1)
            Row k of the old layer became row k of the new one. The same name can stand
            at another place: `old_names.index(name)`.
        nn.init.zeros_(new.weight) => pass
        nn.init.zeros_(new.bias) => pass
            The classes that are new have random numbers. Their weights and biases are
            to be 0.
        nn.init.zeros_(new.bias) => pass
            The biases of the classes that are new are random. They are to be 0.
        nn.init.zeros_(new.weight) => pass
            The weights of the classes that are new are random. They are to be 0.
        with torch.no_grad(): => if new_names:
            Autograd does not let you write into a parameter: assign inside of
            `with torch.no_grad():`.
        if name in old_names => if True
            A name that the source does not have has no place in its list. Ask with
            `if name in old_names` first.
        new = nn.Linear(old.in_features, len(new_names)) => new = old
            The old layer was taken for the new one. Make a new layer, with a row for
            each of the new names.
        return new => return old
            This is the old layer itself. Make a new one, with a row for each of the new
            names.
        nn.Linear(old.in_features, len(new_names)) => nn.Linear(*old.weight.T.shape)
            The new layer has as many rows as the old one. It needs one for each of the
            new names.
        new.weight[k] = old.weight[j] => new.weight[j] = old.weight[k]
            Old and new are exchanged: row k of the new layer comes from row j of the
            old one.
    """,
)
def reuse_rows(old, old_names, new_names):
    new = nn.Linear(old.in_features, len(new_names))
    with torch.no_grad():
        nn.init.zeros_(new.weight)
        nn.init.zeros_(new.bias)
        for k, name in enumerate(new_names):
            if name in old_names:
                j = old_names.index(name)
                new.weight[k] = old.weight[j]
                new.bias[k] = old.bias[j]
    return new


def targets(n, d, num_outputs, margin, seed):
    """A random case: a source network, target examples (n, d), and a margin."""
    with seeded(seed):
        net = nn.Linear(d, num_outputs)
        nn.init.normal_(net.weight)
        return net, torch.randn(n, d), margin


@exercise(
    "Pseudo-labels",
    name="pseudo-label",
    stars=2,
    cases=[
        targets(6, 2, 3, 0.25, seed=0),
        targets(9, 3, 4, 0.3, seed=1),
        targets(12, 4, 2, 0.6, seed=2),
        targets(4, 3, 5, 0.999, seed=3),
    ],
    hint="`p.topk(2, 1)` gives two tensors (n, 2): the two largest values of each row, "
    "the larger one first, and where they stand. A tensor of truth values takes rows "
    "out of another: `X[sure]`.",
    then="The margin decides between few labels and wrong ones: a network that is "
    "sure can still be wrong.",
    usual="""
        F.softmax(net(X), 1) => net(X)
            The margin is held against logits. Make probabilities of them first.
        F.softmax(net(X), 1) => F.softmax(net(X), 0)
            The softmax runs over axis 0, the examples. The classes are axis 1.
        p[:, 0] - p[:, 1] > margin => p[:, 0] > margin
            You hold the largest probability itself against the margin. Subtract the
            second largest first.
        p[:, 0] - p[:, 1] > margin => p[:, 0] - p[:, 1] < margin
            You kept those of which the network is least sure.
        p[:, 0] - p[:, 1] > margin => p[:, 0] > 0
            All examples are kept. Only those with a larger difference are to be.
        p[:, 1] > margin => F.softmax(net(X), 1).min(1).values > margin
            You subtracted the smallest probability of all. Subtract the second
            largest.
        y[sure, 0] => y[:, 0]
            The labels are those of all examples. Keep the same as of X.
        X[sure] => X
            All examples are kept, but not all labels. Take the same rows of X.
        y[sure, 0] => y[sure]
            These are two classes for each example. Its label is the first of them.
        y[sure, 0] => y[sure, 1]
            This is the second most probable class. The label is the most probable one.
        y[sure, 0] => p[sure, 0]
            These are the probabilities. The label is the place where the largest one
            stands.
        y[sure, 0] => F.softmax(net(X), 1)[sure]
            These are the probabilities of all classes. The label is the place of the
            largest one.
        y[sure, 0] => sure.nonzero()[:, 0]
            These are the numbers of the examples that are kept. The label is the
            predicted class.
    """,
)
def pseudo_label(net, X, margin):  # network, (n, d), number -> (m, d), (m,)
    with torch.no_grad():
        p, y = F.softmax(net(X), 1).topk(2, 1)
    sure = p[:, 0] - p[:, 1] > margin
    return X[sure], y[sure, 0]
