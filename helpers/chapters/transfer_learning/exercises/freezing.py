"""A body that is frozen, and a loop of fine-tuning with bugs in it."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.exercises.comparing import a_kind_of
from helpers.seeds import seeded


class Pretrained(nn.Module):
    """A small network of a body and a classifier, as after a training elsewhere.

    Input (n, c, 2, 2), output (n, K) logits. `mean` and `std` are numbers that the
    inputs of its own training were brought to 0 and 1 with.
    """

    def __init__(self, c, width, num_outputs, seed):
        super().__init__()
        self.mean, self.std = 0.4, 0.2
        with seeded(seed):
            layers = nn.Conv2d(c, width, 2), nn.BatchNorm2d(width), nn.ReLU()
            self.body = nn.Sequential(*layers, nn.Flatten())
            drop = nn.Dropout(0.0)  # its mode is looked at, and drops nothing
            self.classifier = nn.Sequential(drop, nn.Linear(width, num_outputs))
            nn.init.normal_(self.body[1].weight, 1.0, 0.3)
            self.body[1].running_mean.normal_()
            self.body[1].running_var.uniform_(0.5, 2)
        self.eval()

    def forward(self, X):
        return self.classifier(self.body(X))


def batch(n, c, num_outputs, seed=0):
    """Pictures (n, c, 2, 2) and labels (n,)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(num_outputs, (n,), generator=generator)
    return torch.rand(n, c, 2, 2, generator=generator), y


def state(module):
    """Parameters and running statistics of a module by their names, as copies."""
    kept = module.state_dict().items()
    return {name: v.clone() for name, v in kept if v.is_floating_point()}


def values(module):
    """All numbers of a module in one tensor."""
    return torch.cat([v.flatten() for v in state(module).values()])


def trained_after(answer, net, X, y):
    """Freeze a network in training mode, train it for three steps, and tell what moved.

    Raises
    ------
    TypeError : what comes back is no network.
    """
    new = answer(net.train())
    if new is ...:
        return new
    if not isinstance(new, nn.Module):
        raise TypeError(f"a network is asked for, not {a_kind_of(new)}")
    before = state(new)
    optimizer = torch.optim.SGD(new.parameters(), lr=0.5)
    for _ in range(3):
        loss = F.cross_entropy(new(X), y)
        optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()
        optimizer.step()
    alone = torch.allclose(new.body(X[:2]), new.body(X)[:2], atol=1e-6)
    return {
        "moved": [k for k, v in state(new).items() if not torch.equal(v, before[k])],
        "body looks at the batch": not alone,
        "classifier in training mode": new.classifier.training,
    }


@exercise(
    "Freezing all of a body",
    name="freeze",
    stars=2,
    cases=[
        (Pretrained(1, 3, 2, seed=0), *batch(4, 1, 2)),
        (Pretrained(3, 5, 4, seed=1), *batch(6, 3, 4)),
    ],
    call=trained_after,
    hint="Two things move a body: the optimizer its parameters, and each forward pass "
    "the running statistics of batch normalization. Gradients that are switched off "
    "stop the first. In which mode do the statistics stay?",
    then="A later `net.train()` would set the body to training mode again. The "
    "course's `train` leaves a part in the mode that it has.",
    usual="""
        net.body.eval() => pass
            The parameters are frozen, but in training mode each forward pass still
            moves the running statistics of batch normalization, and batches decide what
            the body puts out. Set the body to evaluation mode as well, and call no
            `train()` after it.
        net.body.requires_grad_(False) => pass
            In evaluation mode the statistics stay, but the parameters of the body still
            get gradients, and the optimizer changes them: `requires_grad_(False)`.
        net.body.requires_grad_(False) => net.body[0].requires_grad_(False)
            Only some of the body's parameters are frozen. Gamma and beta of batch
            normalization belong to it as well.
        net.body.requires_grad_(False) => pass
        net.body.eval() => pass
            Nothing is frozen. `torch.no_grad()` ends with the function, and
            `net.body.requires_grad = False` sets an attribute that nobody reads: the
            method is `requires_grad_`.
        net.body.eval() => net.eval()
            The whole network is in evaluation mode. The classifier is trained, so it
            stays in training mode, where its dropout works.
        net.body.requires_grad_(False) => pass
        net.body.eval() => net.eval()
            The whole network is in evaluation mode, which freezes no parameter. Those
            of the body need `requires_grad_(False)`, and the classifier stays in
            training mode.
        net.body.requires_grad_(False) => net.requires_grad_(False)
            The classifier is frozen as well, so nothing learns.
        net.body.requires_grad_(False) => net.requires_grad_(False)
        net.body.eval() => net.eval()
            All of the network is frozen, the classifier as well, so nothing learns.
        net.body.requires_grad_(False) => net.requires_grad_(False)
        net.body.eval() => pass
            The classifier is frozen as well, so nothing learns, and the running
            statistics of the body still move.
        net.body.requires_grad_(False) => net.classifier.requires_grad_(False)
        net.body.eval() => net.classifier.eval()
            It is the other way round: the classifier is to learn, and the body to stay.
        net.body.eval() => net.body[1].momentum = 0.0
            With momentum 0 the running statistics stay, but in training mode they are
            not used: each batch is normalized with its own. Use `eval()`.
    """,
)
def freeze(net):
    net.body.requires_grad_(False)
    net.body.eval()
    return net


def tuned(answer, net, X, y, lr):
    """Fine-tune a network and tell what its numbers are afterwards.

    Raises
    ------
    TypeError : what comes back is no network.
    """
    new = answer(net, X, y, lr)
    if new is ...:
        return new
    if not isinstance(new, nn.Module):
        raise TypeError(f"a network is asked for, not {a_kind_of(new)}")
    return values(new.body), values(new.classifier), new.classifier.training


@exercise(
    "Three bugs in a fine-tuning",
    name="tune-gently",
    kind="repair",
    stars=2,
    cases=[
        (Pretrained(1, 3, 2, seed=2), *batch(4, 1, 2), 0.1),
        (Pretrained(2, 4, 5, seed=3), *batch(7, 2, 5), 0.02),
    ],
    call=tuned,
    hint="What did the body see in its own training? Which of the two modes does the "
    "body have when the loop begins? Print the rates of the optimizer: "
    "`optimizer.param_groups`.",
    then="None of the three raises an error. They show only in what comes out, so each "
    "is worth a look before a long training.",
    usual=r"""
        * `    X = (X - net.mean) / net.std\n` =>
            The pictures are not preprocessed as those of the source were: take
            `net.mean` away and divide by `net.std`.
        * net.train()\n    net.body.eval() => net.body.eval()\n    net.train()
            `net.train()` comes after `net.body.eval()` and undoes it, so that each step
            moves the running statistics of the body. Exchange the lines.
        * body.parameters(), "lr": lr / 10} => body.parameters()}
            Body and classifier have the same rate. That of the body is to be lr / 10:
            give its group an "lr" of its own.
        X = (X - net.mean) / net.std => X = X / net.std - net.mean
            The mean is taken away first, then it is divided by the standard deviation.
        X = (X - net.mean) / net.std => X = (X - X.mean()) / X.std()
            The pictures have the mean 0 and the standard deviation 1 of their own. The
            body expects those of the source: `net.mean` and `net.std`.
        net.train()\n    net.body.eval() => net.eval()
            The classifier is in evaluation mode as well, where dropout does nothing.
            Only the body is to be in that mode.
        "lr": lr / 10} => "lr": lr * 10}
            The body has ten times the rate. It is to learn more slowly: lr / 10.
        [body, head], lr => [body, head], lr / 10
            The classifier has a tenth of the rate, too. Only the body is to be slower.
        [body, head], lr => [head], lr
            The body is not trained at all. It is to learn with the rate lr / 10.
        `        optimizer.zero_grad()\n` =>
            The gradients of the steps add up: `optimizer.zero_grad()` is missing.
    """,
)
def tune_gently(net, X, y, lr):
    X = (X - net.mean) / net.std
    net.train()
    net.body.eval()
    body = {"params": net.body.parameters(), "lr": lr / 10}
    head = {"params": net.classifier.parameters()}
    optimizer = torch.optim.SGD([body, head], lr)
    for _ in range(5):
        loss = F.cross_entropy(net(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net
