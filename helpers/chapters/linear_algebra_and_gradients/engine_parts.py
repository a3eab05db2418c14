"""The parts of an engine of gradients, as they are often written.

`engine` puts them together, so that each usual mistake of the exercise is the right
class with one part exchanged.
"""

import math

from helpers.exercises.limits import TooLong

MOST_VISITS = 20_000  # of a mistake that would walk every path


def order_of(node):
    """Return all nodes, each after those that it was computed from."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(node)
    return order


def pass_on(node):
    """Add to the gradients of the parents as it should be."""
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad += slope * node.grad


def right(self):
    """Go backward as it should be."""
    self.grad = 1.0
    for node in reversed(order_of(self)):
        pass_on(node)


def assigned(self):
    """Overwrite where gradients add up."""
    self.grad = 1.0
    for node in reversed(order_of(self)):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad = slope * node.grad


def without_seed(self):
    """Leave the gradient of the result at 0."""
    for node in reversed(order_of(self)):
        pass_on(node)


def inputs_first(self):
    """Forget to reverse the order."""
    self.grad = 1.0
    for node in order_of(self):
        pass_on(node)


def local(self):
    """Leave out the factor that comes from behind."""
    for node in reversed(order_of(self)):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope


def zeroed(self):
    """Set gradients to zero first, so that those of two calls do not add up."""
    for node in order_of(self):
        node.grad = 0.0
    right(self)


def at_once(self):
    """Pass on what a node has so far, each time that something arrives."""
    self.grad = 1.0

    def descend(node):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad
            descend(parent)

    stop_when_walked(descend, self)


def along_paths(self):
    """Walk every path by itself: right, and without end in long programs."""

    def descend(node, gradient=1.0):
        node.grad += gradient
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            descend(parent, slope * gradient)

    stop_when_walked(descend, self)


def stop_when_walked(descend, node):
    """Stop, as the time limit would, what visits too many nodes."""
    paths, stack = 0, [node]
    while stack:
        paths += 1
        if paths > MOST_VISITS:
            raise TooLong
        stack += stack.pop().parents
    descend(node)


def repeated(self):
    """List a node again for each way that leads to it."""
    order = []

    def visit(node):
        for parent in node.parents:
            visit(parent)
        order.append(node)

    stop_when_walked(visit, self)
    self.grad = 1.0
    for node in reversed(order):
        pass_on(node)


def by_layers(self):
    """Visit breadth first, so that a short way overtakes a long one."""
    self.grad, queue = 1.0, [self]
    for node in queue:
        pass_on(node)
        queue += [p for p in dict.fromkeys(node.parents) if p not in queue]


def sum_slopes(a, b):  # noqa: D103
    return 1.0, 1.0


def product_slopes(a, b):  # noqa: D103
    return b, a


def power_slope(x, n):  # noqa: D103
    return n * x ** (n - 1)


def tanh_slope(x):  # noqa: D103
    return 1 - math.tanh(x) ** 2


def engine(
    add=sum_slopes,
    mul=product_slopes,
    power=power_slope,
    tanh=tanh_slope,
    back=right,
    wraps=True,
    reflects=True,
):
    """Return a class with one part exchanged."""

    class Scalar:
        def __init__(self, data, parents=(), slopes=()):
            self.data, self.grad = data, 0.0
            self.parents, self.slopes = parents, slopes

        def __add__(self, other):
            other = Scalar(other) if wraps and isinstance(other, int) else other
            slopes = add(self.data, other.data)
            return Scalar(self.data + other.data, (self, other), slopes)

        def __mul__(self, other):
            other = Scalar(other) if wraps and isinstance(other, int) else other
            slopes = mul(self.data, other.data)
            return Scalar(self.data * other.data, (self, other), slopes)

        def __pow__(self, n):
            return Scalar(self.data**n, (self,), (power(self.data, n),))

        def tanh(self):
            return Scalar(math.tanh(self.data), (self,), (tanh(self.data),))

        backward = back
        if reflects:
            __radd__, __rmul__ = __add__, __mul__

    return Scalar
