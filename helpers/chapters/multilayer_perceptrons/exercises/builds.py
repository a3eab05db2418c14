"""Backpropagation to repair, and the builds: a batch of it, and a container."""

import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers.exercises import exercise


def draw(n, d, h, K, seed):
    """A random case: X (n, d), y (n,), W1 (h, d), b1 (h,), W2 (K, h), b2 (K,)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(n, d), (h, d), (h,), (K, h), (K,)]
    X, *weights = (torch.randn(s, generator=generator) for s in shapes)
    return X, torch.randint(K, (n,), generator=generator), *weights


@exercise(
    "Three bugs on the way back",
    name="three-bugs",
    kind="repair",
    stars=2,
    cases=[
        (
            [tensor([1.0, 2.0]), tensor([0.5, -0.5]), tensor([0.2, 0.6])],
            tensor([1.0, 0.0]),
            [tensor([[1.0, 0.0], [2.0, -1.0]]), tensor([[0.5, 1.0], [-1.0, 0.0]])],
        ),
        (
            [tensor([0.3, -1.0]), tensor([0.9, 0.1])],
            tensor([0.0, 0.5]),
            [tensor([[2.0, 1.0], [0.0, 1.0]])],
        ),
        (
            [
                tensor([1.0, 0.0, -1.0]),
                tensor([0.2, 0.4, -0.8]),
                tensor([-0.1, 0.7, 0.3]),
                tensor([0.5, 0.0, -0.6]),
            ],
            tensor([0.0, 1.0, 0.0]),
            [
                tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.5], [-1.0, 0.0, 1.0]]),
                tensor([[0.5, 0.0, 1.0], [1.0, -1.0, 0.0], [2.0, 0.0, 0.5]]),
                tensor([[0.0, 1.0, 1.0], [0.5, 0.0, 2.0], [1.0, -0.5, 0.0]]),
            ],
        ),
    ],
    hint="Say aloud for each line: what stands left of a weight, what right of it? "
    "Which way does an error signal pass it? Through which slopes does it come?",
    then="None of the three raises an error where layers are square: compare a few "
    "derivatives with autograd whenever you write a backward pass.",
    usual="""
        * (a - target) * (1 - a**2) => a - target
            The output has an activation, too: its error signal contains that slope.
        * torch.outer(delta, a) => torch.outer(a, delta)
            A weight is (units at the right, units at the left), and so its derivative:
            the error signal comes first.
        * W.T @ delta => W @ delta
            Backward, a unit collects what it is responsible for in all units of the
            next layer: that is the transposed matrix.
        gradients[::-1] => gradients
            The gradients come last layer first; the first layer's is asked for first.
        (W.T @ delta) * (1 - a**2) => (W.T @ delta) * a * (1 - a)
            That is the slope of the sigmoid; here it is tanh.
    """,
)
def tanh_gradients(activations, target, weights):
    # [x, a1, ..., aL], (k,), [W1, ..., WL] -> [dW1, ..., dWL], without biases
    a = activations[-1]
    delta = (a - target) * (1 - a**2)
    gradients = []
    for W, a in zip(reversed(weights), reversed(activations[:-1]), strict=True):
        gradients.append(torch.outer(delta, a))
        delta = (W.T @ delta) * (1 - a**2)
    return gradients[::-1]


@exercise(
    "Forward and backward of a batch",
    kind="build",
    stars=3,
    cases=[
        (
            tensor([[1.0, 2.0]]),
            tensor([1]),
            tensor([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0]]),
            tensor([0.0, 0.5, 0.0]),
            tensor([[0.5, 1.0, -0.5], [-0.5, 1.0, 0.5]]),
            tensor([0.0, 0.5]),
        ),
        draw(4, 3, 5, 3, seed=0),
        draw(7, 2, 4, 6, seed=1),
    ],
    hint="What is the error signal of the logits, if the loss is a mean over n rows? "
    "How does it get through W2, and then through the ReLU? For each layer: what came "
    "into it, and over which axis do the examples add up?",
    then="Add `W -= lr * dW` for each, and you have a network that learns without "
    "autograd.",
    without=("autograd", "backward", "requires_grad", "requires_grad_", "grad")
    + ("jacrev", "jacfwd", "vjp", "jvp"),
    usual="""
        ` / n` =>
            These are the gradients of the sum; the loss is the mean over the n
            examples. Divide the error signal of the logits by n.
        ` / n` =>
        .mean() => .sum()
            You took the sum over the examples; the mean is asked for, in the loss and
            so in all gradients.
        ` * (Z > 0)` =>
            The error signal passes the ReLU as if it were not there: where its input
            was negative, its slope is 0.
        (Z > 0) => H
            You multiplied by the ReLU's value; the chain rule wants its slope, 1 or 0.
        logsumexp(logits, 1 => logsumexp(logits, 0
            The softmax runs over the examples of the batch; each row is one
            distribution.
        ` - F.one_hot(y, K)` =>
            The label is missing: the error signal of the logits is prediction minus
            one-hot label.
        delta1.sum(0) => delta1.mean(0)
        delta2.sum(0) => delta2.mean(0)
            The division by n is in the error signal already: a bias gets the sum of it
            over the examples.
        delta1.sum(0) => delta1
        delta2.sum(0) => delta2
            All examples share one bias, so their error signals are added up.
        delta2.T @ H => delta2.T @ Z
            The second layer's input is what left the ReLU, not what went into it.
        `delta1.T @ X, delta1.sum(0), ` =>
        delta2.sum(0) => delta2.sum(0), delta1.T @ X, delta1.sum(0)
            The values are right, but in another order: first the loss, then W1, b1, W2,
            b2.
    """,
)
def mlp_backward(X, y, W1, b1, W2, b2):
    n, K = len(X), len(W2)
    Z = X @ W1.T + b1  # (n, h)
    H = Z.clamp(min=0)
    logits = H @ W2.T + b2  # (n, K)
    log_y_hat = logits - torch.logsumexp(logits, 1, keepdim=True)
    loss = -log_y_hat.gather(1, y[:, None]).mean()

    delta2 = (log_y_hat.exp() - F.one_hot(y, K)) / n  # error signal of the logits
    delta1 = (delta2 @ W2) * (Z > 0)  # through the weights, then through the ReLU
    return loss, delta1.T @ X, delta1.sum(0), delta2.T @ H, delta2.sum(0)


def used(cls, program):
    """Evaluate a program in which Sequential is the learner's class.

    a, b, c and d are layers of 2 -> 3 -> 3 -> 2 -> 2 numbers, X (4, 2) and H (4, 3).
    """
    space = {"Sequential": cls, "nn": nn}
    space |= {"a": nn.Linear(2, 3), "b": nn.Tanh(), "c": nn.Linear(3, 2)}
    space |= {"d": nn.Linear(2, 2), "X": torch.randn(4, 2), "H": torch.randn(4, 3)}
    return eval(program, space)


@exercise(
    "A Sequential of your own",
    kind="build",
    stars=3,
    cases=[
        ("Sequential(a, b, c)(X)",),
        ("Sequential(d, d, b)(X)",),
        ("Sequential(a, b, c, d).__len__()",),
        ("[name for name, _ in Sequential(a, b, c).named_parameters()]",),
        ("nn.Sequential(a, c).load_state_dict(Sequential(a, c).state_dict())",),
        ("Sequential(a, b, c)[1] is b, Sequential(a, b, c)[-1] is c",),
        ("Sequential(a, b, c, d)[2:](H)",),
        ("type(Sequential(a, b, c)[1:]) is Sequential",),
        ("issubclass(Sequential, nn.Sequential)",),
    ],
    call=used,
    hint="In which dict does nn.Module look for its layers, and which names does "
    "nn.Sequential give them there? What must a slice be, so that it can be called?",
    then="This is nearly all that nn.Sequential is.",
    usual="""
        self._modules[str(k)] = layer => self.layers = list(layers)
        in self._modules.values() => in self.layers
        len(self._modules) => len(self.layers)
        list(self._modules.values()) => self.layers
            The layers stand in a plain list, where nn.Module does not look: it finds no
            parameters. Put them into `self._modules`.
        self._modules[str(k)] = layer => self.layers = nn.ModuleList(layers)
        in self._modules.values() => in self.layers
        len(self._modules) => len(self.layers)
        list(self._modules.values()) => list(self.layers)
            All works but the names: an nn.ModuleList in between makes them
            `layers.0.weight`. Put the layers into `self._modules` directly.
        str(k) => f"layer{k}"
            All works but the names: nn.Sequential uses "0", "1", ... as keys.
        X = layer(X) => result = layer(X)
        return X => return result
            Every layer gets the first input. The output of one is the input of the
            next: `X = layer(X)`.
        in self._modules.values() => in self.children()
            `children()` names a layer that stands twice only once. Go through
            `self._modules.values()`.
        type(self)(*layers[i]) => nn.Sequential(*layers[i])
            A slice is to be a Sequential of your own class, not torch's.
        nn.Module => nn.Sequential
            You inherit everything from nn.Sequential; build it from nn.Module.
        in self._modules.values() => in reversed(self._modules.values())
            The layers are applied in reverse.
        X = layer(X) => return layer(X)
            Only the first layer is applied: the `return` stands inside the loop.
        type(self)(*layers[i]) => layers[i]
            A slice gives a plain list, which cannot be called: make a Sequential of it.
        list(self._modules.values()) => self._modules
        type(self)(*layers[i]) if isinstance(i, slice) else layers[i] => layers[str(i)]
            The keys are "0", "1", ...: neither -1 nor a slice is one of them. Make a
            list of the layers first, and index that.
        super().__init__() => self.layers = nn.ModuleList(layers)
            The first line of `__init__` must be `super().__init__()`: it makes the dict
            in which modules are kept.
    """,
)
class Sequential(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        for k, layer in enumerate(layers):
            self._modules[str(k)] = layer

    def forward(self, X):
        for layer in self._modules.values():
            X = layer(X)
        return X

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, i):
        layers = list(self._modules.values())
        return type(self)(*layers[i]) if isinstance(i, slice) else layers[i]
