"""Exercises of chapter 3 on whole networks: a container, and a state from a file."""

import copy
import tempfile
from pathlib import Path

import torch
from torch import nn

from helpers.exercises import exercise
from helpers.seeds import seeded


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


def network(widths, extra):
    """Linear layers, each followed by a module that ``extra`` makes."""
    layers = []
    with seeded(0):
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(n_in, n_out), extra()]
    return nn.Sequential(*layers)


def loaded(answer, net, saved, path):
    """Save another network, let the answer load it into ``net``, and look at both.

    Returns
    -------
    What was returned, and which of the parameters of ``net`` are those of the file.
    """
    net, saved = copy.deepcopy(net), copy.deepcopy(saved)
    torch.manual_seed(1)  # other weights than those of net
    for module in saved.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        torch.save(saved.state_dict(), file)
        value = answer(net, file)
    if value is ...:
        return ...
    if isinstance(value, nn.Module):
        value = "a network"
    state = saved.state_dict()
    taken = [
        name
        for name, own in net.state_dict().items()
        if name in state and torch.equal(own, state[name])
    ]
    return {"returned": value, "parameters from the file": taken}


@exercise(
    "Load what fits",
    stars=2,
    cases=[
        (network([2, 3, 4], nn.ReLU), network([2, 3, 5], nn.ReLU), "net.pt"),
        (network([4, 8], nn.Tanh), network([4, 8, 8, 2], nn.Tanh), "net.pt"),
        (network([3, 5, 2], nn.ReLU), network([3, 5, 2], nn.ReLU), "net.pt"),
        (network([6, 4, 4, 2], nn.ReLU), network([3, 4, 4], nn.ReLU), "net.pt"),
    ],
    call=loaded,
    hint="Which names and shapes has `net` itself, and which are in the file? What "
    "does `load_state_dict` do about names that are missing in what it is given?",
    then="This is how a network that was trained for one task starts another one "
    "(chapter 9): all but the last layer fits.",
    usual="""
        ` and v.shape == own[k].shape` =>
            A name that fits is not enough: `load_state_dict` raises where the shapes
            differ, also with `strict=False`. Compare the shapes, too.
        `k in own and ` =>
            The file holds names that `net` does not have: ask for the name before you
            look at its shape.
        `, strict=False` =>
            Some parameters of `net` are not in what you load. That raises an error,
            unless you say `strict=False`.
        net.load_state_dict(fits, strict=False) => net
            The names are right, but `net` keeps its own weights: nothing was loaded.
        if k not in fits => if k in fits
            These are the names that were loaded; those that were left out are asked
            for.
        for k in state if k not in fits => for k in own if k not in fits
            These are the parameters of `net` that got nothing. Asked for are the names
            in the file that were left out.
        return [k for k in state if k not in fits] => return net
            The network is changed in place. Return the names that were left out.
        torch.load(path) => path
            `path` is the name of the file; `torch.load` reads the dict from it.
    """,
)
def load_fitting(net, path):
    own, state = net.state_dict(), torch.load(path)
    fits = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    net.load_state_dict(fits, strict=False)
    return [k for k in state if k not in fits]
