"""Several runs of one small network at once, as one computation on stacked weights."""

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.data import Examples, minibatches
from helpers.devices import default_device, place
from helpers.training.arguments import (
    as_examples,
    check_gradients,
    check_labels,
    check_rate,
    check_whole,
)
from helpers.training.fit import DEFAULTS

Named = dict[str, Tensor]  # name of a parameter or a buffer -> (k, ...), one per run
_RANDOM = (
    "{} draws at random, as dropout does, and would not draw what a run alone draws: "
    "train such networks one after the other"
)
POINTWISE = (
    nn.Identity, nn.ReLU, nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU,
)  # fmt: skip


def train_side_by_side(
    nets: Sequence[nn.Module],
    examples: Examples,
    lrs: float | Sequence[float],
    num_epochs: int = DEFAULTS["num_epochs"],
    batch_size: int = DEFAULTS["batch_size"],
    seed: int = DEFAULTS["seed"],
    momentum: float = 0.0,
) -> tuple[Tensor, list[nn.Module]]:
    """Train k networks of one architecture by SGD at once, each at its own rate.

    Every run sees the batches of `fit` with this seed, so that run i equals, up to
    rounding, ``train(nets[i], examples, lr=lrs[i], ...)``. A run that diverges leaves
    the others as they are.

    Each step is one pass through operations on tensors whose first axis has length k,
    instead of k passes. That pays where an operation takes longer to start than to
    compute. With one thread, 8 runs took 1.1 times as long as one `train` on points (16
    + 16 hidden units, batches of 32) and 2.0 times on 14 x 14 pixels (32 hidden units,
    batches of 64), but 7.7 times for an MLP of 256 on 28 x 28 pixels and 8.9 times for
    LeNet, which is no gain.

    Parameters
    ----------
    nets : k modules that differ in nothing but the values of their weights, on which
        they are trained in place. A `Sequential` of linear layers, normalizations and
        non-linearities goes through batched matrices, another module through
        `torch.func.vmap`, which takes longer to start.
    examples : with class labels; the loss is the cross-entropy.
    lrs : one learning rate, or k of them, at least 0.
    num_epochs, batch_size, seed : as in `fit`.
    momentum : of SGD, at least 0.

    Returns
    -------
    losses : (k, number of steps), of each batch before the update
    nets : the same modules, with their new weights and running statistics

    Raises
    ------
    ValueError : a setting outside its range; networks that differ in their layers or
        shapes, or one given twice; dropout, whose masks would not be those of a run
        alone.
    TypeError : examples of a regression, or no examples.

    Taught in chapter 7.
    """
    check_gradients()
    examples = as_examples("examples", examples)
    if examples.y.is_floating_point():
        raise TypeError("examples must have class labels: the loss is cross_entropy")
    num_epochs = check_whole("num_epochs", num_epochs, 1)
    batch_size = check_whole("batch_size", batch_size, 1)
    seed = check_whole("seed", seed, 0)
    if not momentum >= 0:
        raise ValueError(f"momentum must be at least 0, got {momentum}")
    nets = list(nets)
    _check_alike(nets)
    rates = list(lrs) if hasattr(lrs, "__len__") else [lrs] * len(nets)
    if len(rates) != len(nets):
        raise ValueError(f"{len(rates)} rates for {len(nets)} networks")
    for lr in rates:
        check_rate(lr)
    device = default_device()
    for net in nets:
        place(net, device)
        if not net.training:
            net.train()
    examples = examples.to(device)
    runs = _Runs(nets, examples.X.ndim)
    return runs.train(examples, rates, num_epochs, batch_size, seed, momentum), nets


class _Runs:
    """The weights of k networks in tensors (k, ...), and their common forward pass.

    ``trained`` holds the parameters by name, ``fixed`` everything else: buffers, and
    parameters that need no gradient.
    """

    def __init__(self, nets: list[nn.Module], ndim: int):
        self.nets, self.k, self.base = nets, len(nets), copy.deepcopy(nets[0])
        self.trained, self.fixed = {}, {}
        for name, value in _tensors(nets[0]).items():
            stacked = torch.stack([_tensors(net)[name].detach() for net in nets])
            if value.requires_grad:
                self.trained[name] = stacked.requires_grad_()
            else:
                self.fixed[name] = stacked
        if not self.trained:
            raise ValueError("the networks have no parameters to train")
        layers = list(nets[0].children())
        plain = type(nets[0]).forward is nn.Sequential.forward
        flat = ndim == 2 or isinstance(layers[0], nn.Flatten) if layers else False
        dense = plain and flat and all(_form(layer) for layer in layers)
        self.forward = self._batched if dense else self._mapped

    def train(self, examples, rates, num_epochs, batch_size, seed, momentum) -> Tensor:
        """Run all steps, write the weights back and return the losses, (k, steps)."""
        weights = list(self.trained.values())
        lr = torch.tensor(rates, dtype=weights[0].dtype, device=weights[0].device)
        lrs = [lr.view(-1, *[1] * (w.ndim - 1)) for w in weights]
        velocities = [torch.zeros_like(w) for w in weights]
        order = torch.Generator().manual_seed(seed)
        self.targets, losses = examples.y, []
        with torch.enable_grad():
            for _ in range(num_epochs):
                for X, y in minibatches(examples, batch_size, order):
                    loss = self._losses(X, y)
                    grads = torch.autograd.grad(loss.sum(), weights)
                    with torch.no_grad():
                        for w, g, v, lr in zip(
                            weights, grads, velocities, lrs, strict=True
                        ):
                            g = v.mul_(momentum).add_(g) if momentum else g
                            w.addcmul_(lr, g, value=-1)
                    losses.append(loss.detach())
        self._write_back()
        return torch.stack(losses, 1)

    def _losses(self, X: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch in every run, (k,)."""
        y_hat = self.forward(X)  # (k, n, K)
        if self.targets is not None:  # the first batch
            check_labels(y_hat[0], self.targets)
            self.targets = None
        each = F.cross_entropy(y_hat.flatten(0, 1), y.repeat(self.k), reduction="none")
        return each.unflatten(0, (self.k, -1)).mean(1)

    def _batched(self, X: Tensor) -> Tensor:
        """Outputs (k, n, K) of a batch (n, ...), layer by layer by batched matrices."""
        H, every = X.expand(self.k, *X.shape), self.fixed | self.trained
        for name, layer in self.base.named_children():
            own = {
                n: every.get(f"{name}.{n}")
                for n in (*layer._parameters, *layer._buffers)
            }
            H = _form(layer)(layer, own, H)
        return H

    def _mapped(self, X: Tensor) -> Tensor:
        """Outputs (k, n, K) of a batch (n, ...), for any module."""

        def one(own: Named) -> Tensor:
            return functional_call(self.base, own, (X,))

        try:
            return vmap(one)(self.fixed | self.trained)
        except RuntimeError as error:
            if "random" in str(error):
                raise ValueError(_RANDOM.format(type(self.base).__name__)) from error
            raise

    def _write_back(self) -> None:
        with torch.no_grad():
            for i, net in enumerate(self.nets):
                for name, value in _tensors(net).items():
                    value.copy_((self.fixed | self.trained)[name][i])


def _tensors(net: nn.Module) -> Named:
    """Parameters and buffers by name."""
    return dict(net.named_parameters()) | dict(net.named_buffers())


# -- layers of k networks -------------------------------------------------------------


def _form(layer: nn.Module) -> Callable[[nn.Module, Named, Tensor], Tensor] | None:
    """The function (layer, its tensors (k, ...), H (k, n, ...)) -> H, or None."""
    if type(layer) in POINTWISE:
        return lambda layer, own, H: layer(H)
    if isinstance(layer, _BatchNorm):
        return _batch_norm
    return {nn.Flatten: _flatten, nn.Linear: _linear, nn.GroupNorm: _group_norm}.get(
        type(layer)
    )


def _flatten(layer: nn.Flatten, own: Named, H: Tensor) -> Tensor:
    return H.flatten(2)


def _linear(layer: nn.Linear, own: Named, H: Tensor) -> Tensor:
    W, b = own["weight"].mT, own["bias"]
    return torch.bmm(H, W) if b is None else torch.baddbmm(b[:, None], H, W)


def _batch_norm(layer: _BatchNorm, own: Named, H: Tensor) -> Tensor:
    """Normalize k c channels, those of all networks beside each other."""
    k, n, c = H.shape
    mean, var = own["running_mean"], own["running_var"]
    factor = layer.momentum
    if mean is not None and layer.training:
        own["num_batches_tracked"].add_(1)
        if factor is None:  # the mean over all batches so far
            factor = 1 / own["num_batches_tracked"][0].item()
    flat = {n: None if v is None else v.reshape(k * c) for n, v in own.items()
            if n != "num_batches_tracked"}  # fmt: skip
    # running statistics are views into (k, c), so that the update reaches them
    out = F.batch_norm(
        H.transpose(0, 1).reshape(n, k * c),
        flat["running_mean"],
        flat["running_var"],
        flat["weight"],
        flat["bias"],
        layer.training or mean is None or var is None,
        factor or 0.0,
        layer.eps,
    )
    return out.view(n, k, c).transpose(0, 1)


def _group_norm(layer: nn.GroupNorm, own: Named, H: Tensor) -> Tensor:
    out = F.group_norm(H.flatten(0, 1), layer.num_groups, eps=layer.eps).view_as(H)
    if own["weight"] is None:
        return out
    return out * own["weight"][:, None] + own["bias"][:, None]


def _check_alike(nets: list[nn.Module]) -> None:
    """Raise ValueError unless these are different modules of one architecture."""
    if not nets:
        raise ValueError("nets is empty: there is nothing to train")
    if len({id(net) for net in nets}) < len(nets):
        raise ValueError("a network is given twice: copy it, for example by deepcopy")
    for module in nets[0].modules():
        if isinstance(module, _DropoutNd) and module.p > 0:
            raise ValueError(_RANDOM.format(module))
    for a, b in pairwise(nets):
        shapes = [
            {n: v.shape for n, v in net.state_dict().items()} | {"": repr(net)}
            for net in (a, b)
        ]
        if shapes[0] != shapes[1]:
            raise ValueError("the networks differ in their layers or shapes")
