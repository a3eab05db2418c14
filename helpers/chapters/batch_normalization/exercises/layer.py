"""Batch normalization of images as a module of one's own."""

import torch
from torch import nn

from helpers.exercises import exercise


def draw(*shape, seed):
    """Random images whose channels have means and spreads of their own."""
    X = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    scale = torch.linspace(0.3, 2, shape[1]).view(-1, 1, 1)
    return X * scale + 3 * scale - 2


def put(values, numbers):
    """Write these numbers into a tensor, whatever its shape."""
    values.data.view(-1)[:] = torch.tensor(numbers)


def used(cls, program):
    """Evaluate a program in which BatchNorm2d is the learner's class.

    Statements have "; " between them, and the last is an expression. X and Z are
    batches of 3 channels.
    """
    *statements, result = program.split("; ")
    space = {"BatchNorm2d": cls, "torch": torch, "put": put}
    space |= {"X": draw(4, 3, 2, 5, seed=0), "Z": draw(2, 3, 4, 2, seed=1)}
    exec("\n".join(statements), space)
    return eval(result, space)


@exercise(
    "Batch normalization as a module",
    name="batch-norm",
    kind="build",
    stars=3,
    cases=[
        ("bn = BatchNorm2d(3); bn(X)",),
        ("bn = BatchNorm2d(3); sorted(dict(bn.named_parameters()))",),
        (
            "bn = BatchNorm2d(3); names = {'gamma', 'beta', 'running_mean', "
            "'running_var'}; sorted(names & set(bn.state_dict()))",
        ),
        ("bn = BatchNorm2d(3); bn(X); bn.running_mean.view(-1)",),
        ("bn = BatchNorm2d(3); bn(X); bn.running_var.view(-1)",),
        ("bn = BatchNorm2d(3, momentum=0.3); bn(X); bn(Z); bn.running_mean.view(-1)",),
        ("bn = BatchNorm2d(3); bn.eval(); bn(X)",),
        ("bn = BatchNorm2d(3); bn(X); bn.eval(); bn(Z)",),
        ("bn = BatchNorm2d(3); bn.eval(); bn(X); bn.running_mean.view(-1)",),
        ("bn = BatchNorm2d(3, eps=0.5); bn(Z)",),
        ("bn = BatchNorm2d(3); bn(torch.ones(2, 3, 4, 4))",),
        (
            "bn = BatchNorm2d(3); put(bn.gamma, [1.0, 2.0, 3.0]); "
            "put(bn.beta, [4.0, 5.0, 6.0]); bn(X)",
        ),
        ("bn = BatchNorm2d(3); bn(X).pow(3).sum().backward(); bn.gamma.grad.view(-1)",),
        ("bn = BatchNorm2d(3); X.requires_grad_(); bn(X)[0].sum().backward(); X.grad",),
        ("bn = BatchNorm2d(3); bn(X.requires_grad_()); bn.running_mean.requires_grad",),
    ],
    call=used,
    hint="`nn.Parameter` for what is learned, `self.register_buffer(name, tensor)` for "
    "what is kept. Average over the axes (0, 2, 3); `v[:, None, None]` stands beside "
    "(n, c, h, w). Update the running statistics under `torch.no_grad()`.",
    then="nn.BatchNorm2d does the same, with the names weight and bias for gamma and "
    "beta; use that from now on.",
    without=("batch_norm", "BatchNorm", "BatchNorm1d", "BatchNorm3d", "_BatchNorm")
    + ("LazyBatchNorm2d", "native_batch_norm", "instance_norm"),
    usual=r"""
        nn.Parameter(torch.ones(num_features)) => torch.ones(num_features)
        nn.Parameter(torch.zeros(num_features)) => torch.zeros(num_features)
            Gamma and beta are plain tensors: `parameters()` does not list them, so no
            optimizer ever changes them. Make each an nn.Parameter.
        nn.Parameter(torch.ones(num_features)) => torch.ones(3, requires_grad=True)
        nn.Parameter(torch.zeros(num_features)) => torch.zeros(3, requires_grad=True)
            Gamma and beta get gradients, but `parameters()` does not list plain
            tensors, so no optimizer ever changes them. Make each an nn.Parameter.
        self.gamma = nn.Parameter( => self.register_buffer("gamma",
        self.beta = nn.Parameter( => self.register_buffer("beta",
            Gamma and beta are buffers: they are saved with the network, but no
            optimizer changes a buffer. Make each an nn.Parameter.
        self.register_buffer("running_mean", => self.running_mean = nn.Parameter(
        self.register_buffer("running_var", => self.running_var = nn.Parameter(
        self.running_mean += self => self.running_mean = self.running_mean + self
        self.running_var += self => self.running_var = self.running_var + self
            The running statistics are parameters: no plain tensor can take the place of
            one, and an optimizer would get them, too. They are state, which is not
            learned: make each a buffer, with `register_buffer`.
        self.register_buffer("running_mean", => self.running_mean = nn.Parameter(
        self.register_buffer("running_var", => self.running_var = nn.Parameter(
            The running statistics are parameters, so an optimizer would get them, too.
            They are state, which is not learned: make each a buffer, with
            `register_buffer`.
        self.register_buffer("running_mean", => self.running_mean = (
        self.register_buffer("running_var", => self.running_var = (
            The running statistics are plain attributes: `state_dict()` does not save
            them, and `.to(device)` leaves them behind. Make each a buffer, with
            `register_buffer`.
        X.var(axes, correction=0) => X.var(axes)
        correction=1 => correction=0
            The two variances are exchanged: the biased one, which divides by n,
            normalizes the batch; the unbiased one, which divides by n - 1, goes into
            the running variance.
        correction=0 => correction=1
            You normalize with the unbiased variance, which divides by n - 1. Within a
            batch the mean of the squared deviations is used: `correction=0`. Only the
            running variance gets the unbiased one.
        correction=1 => correction=0
            The running variance gets the biased variance, which divides by n. It is an
            estimate for all data, so it gets the unbiased one: n - 1.
        += self.momentum * (mean => += (1 - self.momentum) * (mean
        += self.momentum * (unbiased => += (1 - self.momentum) * (unbiased
            Momentum is turned round. In torch it is the weight of the new batch: with
            0.1 the running statistics keep nine tenths of what they were.
        unbiased = X.var(axes, correction=1) => unbiased = var * len(X) / (len(X) - 1)
            In m / (m - 1), m is the number of values behind the mean: images times
            pixels, not the images alone.
        = eps, momentum => = eps, 0.1
            The argument momentum is ignored: it is not always 0.1.
        self.running_mean += self.momentum => self.running_mean += 0
        self.running_var += self.momentum => self.running_var += 0
            The running statistics stay as they began. Each batch of training moves
            them a little, by momentum.
        `        else:\n            mean, var` => `        mean, var`
            In training you normalize by the running statistics. There the statistics
            of the batch itself are used, through which gradients flow.
        axes = ( => m, v = self.running_mean + 0, self.running_var + 0\n        axes = (
        `        else:\n            mean` => `        mean`
        = self.running_mean, self.running_var => = m, v
            In training you normalize by the running statistics. There the statistics
            of the batch itself are used, through which gradients flow.
        if self.training => if True
        `        else:` => `        if not self.training:`
            The running statistics are updated in evaluation as well: what is evaluated
            must not change the network. Update them only if `self.training`.
        if self.training => if True
            In evaluation it does what it does in training: ask `self.training`, and
            in evaluation use the running statistics and leave them as they are.
        self.running_mean, self.running_var => X.mean(axes), X.var(axes, correction=0)
            In evaluation you normalize by the batch, so the output of an example
            depends on its neighbors in the batch. Use the running statistics there.
        with torch.no_grad() => if True
            The running statistics carry a graph that grows with every batch, and no
            gradient is ever taken through it. Update them under `torch.no_grad()`, or
            from `mean.detach()`.
        mean = X.mean => mean = X.detach().mean
        ` var = X.var` => ` var = X.detach().var`
            No gradient flows through mean and variance. They depend on the input as
            well: leave them in the graph, and only the running statistics out of it.
        torch.sqrt(var + self.eps) => torch.sqrt(var) + self.eps
            You added eps to the standard deviation. It stands under the root, beside
            the variance.
        var + self.eps => var + 1e-5
            The argument eps is ignored: it is not always 0.00001.
        ` + self.eps` =>
            eps is missing: in a channel whose values are all the same you divide by 0.
        mean[:, None, None] => mean
        std[:, None, None] => std
            (c,) stands beside the last axis of (n, c, h, w), which is the width. With
            `[:, None, None]` it stands beside the channels.
        axes = (0, 2, 3) => axes = 0
            You averaged over the batch alone, which leaves (c, h, w). A channel has one
            mean over its pixels as well: average over the axes 0, 2 and 3.
        axes = (0, 2, 3) => axes = (2, 3)
            You averaged over the pixels of each example, which leaves (n, c). A channel
            has one mean for all examples: average over the axes 0, 2 and 3.
        X.mean(axes) => X.mean().expand(3)
        X.var(axes, correction=0) => X.var(correction=0).expand(3)
        X.var(axes, correction=1) => X.var().expand(3)
            All channels share one mean and one variance. Each has its own: average over
            the axes 0, 2 and 3.
        return self => return X_hat\n        self
            You return the normalized values. Gamma times them, plus beta, is asked for.
        ` + self.beta[:, None, None]` =>
            Beta is missing: it is added to gamma times the normalized values.
        return self.gamma => return self.beta
        + self.beta => + self.gamma
            Gamma and beta are exchanged: gamma multiplies and begins with 1, beta is
            added and begins with 0.
        "running_var", torch.ones => "running_var", torch.zeros
            The running variance begins with 0. It begins with 1, so that a layer that
            has seen nothing yet leaves its input as it is in evaluation.
    """,
)
class BatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, X):
        axes = (0, 2, 3)  # all but the channels
        if self.training:
            mean = X.mean(axes)
            var = X.var(axes, correction=0)
            with torch.no_grad():
                unbiased = X.var(axes, correction=1)
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (unbiased - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        std = torch.sqrt(var + self.eps)
        X_hat = (X - mean[:, None, None]) / std[:, None, None]
        return self.gamma[:, None, None] * X_hat + self.beta[:, None, None]
