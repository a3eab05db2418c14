"""The second build of chapter 3: a container of layers."""

import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import solutions
from helpers.exercises import Exercise, Mistake


def used(cls, program):
    """Evaluate a program in which Sequential is the learner's class.

    a, b, c and d are layers of 2 -> 3 -> 3 -> 2 -> 2 numbers, X (4, 2) and H (4, 3).
    """
    space = {"Sequential": cls, "nn": nn}
    space |= {"a": nn.Linear(2, 3), "b": nn.Tanh(), "c": nn.Linear(3, 2)}
    space |= {"d": nn.Linear(2, 2), "X": torch.randn(4, 2), "H": torch.randn(4, 3)}
    return eval(program, space)


def container(
    keep=lambda self, layers: self._modules.update(
        {str(k): layer for k, layer in enumerate(layers)}
    ),
    stored=lambda self: list(self._modules.values()),
    run=None,
    part=None,
):
    """Return a class with one part exchanged."""

    class Sequential(nn.Module):
        def __init__(self, *layers):
            super().__init__()
            keep(self, layers)

        def forward(self, X):
            if run is not None:
                return run(stored(self), X)
            for layer in stored(self):
                X = layer(X)
            return X

        def __len__(self):
            return len(stored(self))

        def __getitem__(self, i):
            layers = stored(self)
            if part is not None:
                return part(layers, i)
            return Sequential(*layers[i]) if isinstance(i, slice) else layers[i]

    return Sequential


def in_a_list(self, layers):
    """Keep the layers where nn.Module does not look."""
    self.layers = list(layers)


def in_a_module_list(self, layers):
    """Keep the layers registered, under longer names."""
    self.layers = nn.ModuleList(layers)


def with_words(self, layers):
    """Register the layers under names of one's own."""
    for k, layer in enumerate(layers):
        self.add_module(f"layer{k}", layer)


def each_on_the_input(layers, X):
    """Give every layer the first input."""
    for layer in layers:
        result = layer(X)
    return result


def backward_through(layers, X):
    """Apply the layers in reverse."""
    for layer in reversed(layers):
        X = layer(X)
    return X


def first_only(layers, X):
    """Return inside the loop."""
    for layer in layers:
        return layer(X)


class WithoutSuper(nn.Module):
    """Forget the constructor of nn.Module."""

    def __init__(self, *layers):
        self.layers = nn.ModuleList(layers)


SEQUENTIAL = Exercise(
    name="sequential",
    chapter="03",
    title="A Sequential of your own",
    build=True,
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
    solution=solutions.Sequential,
    call=used,
    mistakes=[
        Mistake(
            container(in_a_list, lambda self: self.layers),
            "The layers stand in a plain list, where nn.Module does not look: it finds "
            "no parameters. Put them into `self._modules`.",
        ),
        Mistake(
            container(in_a_module_list, lambda self: list(self.layers)),
            "All works but the names: an nn.ModuleList in between makes them "
            "`layers.0.weight`. Put the layers into `self._modules` directly.",
        ),
        Mistake(
            container(with_words),
            'All works but the names: nn.Sequential uses "0", "1", ... as keys.',
        ),
        Mistake(
            container(run=each_on_the_input),
            "Every layer gets the first input. The output of one is the input of the "
            "next: `X = layer(X)`.",
        ),
        Mistake(
            container(stored=lambda self: list(self.children())),
            "`children()` names a layer that stands twice only once. Go through "
            "`self._modules.values()`.",
        ),
        Mistake(
            container(
                part=lambda layers, i: (
                    nn.Sequential(*layers)[i] if isinstance(i, slice) else layers[i]
                )
            ),
            "A slice is to be a Sequential of your own class, not torch's.",
        ),
        Mistake(
            type("Sequential", (nn.Sequential,), {}),
            "You inherit everything from nn.Sequential; build it from nn.Module.",
        ),
        Mistake(
            container(run=backward_through),
            "The layers are applied in reverse.",
        ),
        Mistake(
            container(run=first_only),
            "Only the first layer is applied: the `return` stands inside the loop.",
        ),
        Mistake(
            container(part=lambda layers, i: layers[i]),
            "A slice gives a plain list, which cannot be called: make a Sequential of "
            "it.",
        ),
        Mistake(
            container(part=lambda layers, i: dict(zip("012345", layers))[str(i)]),  # noqa: B905
            'The keys are "0", "1", ...: neither -1 nor a slice is one of them. Make a '
            "list of the layers first, and index that.",
        ),
        Mistake(
            WithoutSuper,
            "The first line of `__init__` must be `super().__init__()`: it makes the "
            "dict in which modules are kept.",
        ),
    ],
    hint="nn.Module keeps its layers in the dict `self._modules`; what is put in there "
    "under a name is found by parameters() and state_dict(). forward goes through its "
    "values in order.",
    then="This is nearly all that nn.Sequential is.",
)
