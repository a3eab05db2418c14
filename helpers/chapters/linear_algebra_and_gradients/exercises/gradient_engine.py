"""The first build of chapter 1: numbers that know their gradients."""

import math

from helpers.exercises import exercise
from helpers.exercises.limits import TooLong


class Scalar:
    """A number that remembers how it was computed."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.parents = parents  # what it was computed from
        self.slopes = slopes  # its derivative with respect to each of them

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__  # a number on the left

    def __pow__(self, exponent):
        slope = exponent * self.data ** (exponent - 1)
        return Scalar(self.data**exponent, (self,), (slope,))

    def tanh(self):
        t = math.tanh(self.data)
        return Scalar(t, (self,), (1 - t**2,))

    def backward(self):
        order, seen = [], set()

        def visit(node):  # all that a node was computed from comes before it
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        gradients = dict.fromkeys(order, 0.0) | {self: 1.0}  # those of this call
        for node in reversed(order):  # complete before it is passed on
            node.grad += gradients[node]
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                gradients[parent] += slope * gradients[node]


def run(cls, program):
    """Run a program, go backward from its result, and return what is compared.

    Parameters
    ----------
    cls : the learner's class, which the program calls Scalar.
    program : statements with "; " between them; the last is an expression.

    Returns
    -------
    The result's ``data``, then the ``grad`` of each number that it begins with.
    """
    *statements, result = program.split("; ")
    space = {"Scalar": cls}
    exec("\n".join(statements), space)
    output = eval(result, space)
    if output is ... or output is None:
        return output
    unwritten = output.backward() is ...
    inputs = [s.split(" = ")[0] for s in statements if "= Scalar(" in s]
    return (output.data, *(... if unwritten else space[x].grad for x in inputs))


def as_often_written():
    """Return the engine that most write: inner nodes sum in .grad what they pass on."""

    class Scalar:
        def __init__(self, data, made_of=()):
            self.data, self.grad = data, 0.0
            self.made_of = made_of  # pairs of a node and the slope with respect to it

        def node(self, other):
            return other if isinstance(other, Scalar) else Scalar(other)

        def __add__(self, other):
            other = self.node(other)
            return Scalar(self.data + other.data, ((self, 1.0), (other, 1.0)))

        def __mul__(self, other):
            a, b = self, self.node(other)
            return Scalar(a.data * b.data, ((a, b.data), (b, a.data)))

        __radd__, __rmul__ = __add__, __mul__

        def __pow__(self, n):
            return Scalar(self.data**n, ((self, n * self.data ** (n - 1)),))

        def tanh(self):
            t = math.tanh(self.data)
            return Scalar(t, ((self, 1 - t**2),))

        def backward(self):
            self.grad = 1.0
            order, seen = [], set()

            def visit(node):
                if node not in seen:
                    seen.add(node)
                    for parent, _ in node.made_of:
                        visit(parent)
                    order.append(node)

            visit(self)
            for node in order[:-1]:  # inner ones begin anew, inputs go on
                node.grad = 0.0 if node.made_of else node.grad
            for node in reversed(order):
                for parent, slope in node.made_of:
                    parent.grad += slope * node.grad

    return Scalar


def at_once(node):
    """Pass on what a node has so far, each time that something arrives."""
    for parent, slope in node.made_of:
        parent.grad += slope * node.grad
        at_once(parent)


def along_paths(node, gradient=1.0):
    """Walk every path by itself: right, and without end in long programs."""
    for parent, slope in node.made_of:
        parent.grad += slope * gradient
        along_paths(parent, slope * gradient)


def limit_paths(node):
    """Stop at once, as the time limit does later, if too many paths lead back."""
    found = [node]
    for node in found:
        found += [parent for parent, _ in node.made_of]
        if len(found) > 20_000:
            raise TooLong


PROGRAMS = """
a = Scalar(2.0); b = Scalar(-3.0); a + b
a = Scalar(2.0); b = Scalar(-3.0); a * b
a = Scalar(3.0); a**2
a = Scalar(2.0); a**-1
a = Scalar(0.5); a.tanh()
a = Scalar(2.0); b = Scalar(-3.0); c = Scalar(10.0); a * b + c
a = Scalar(2.0); b = Scalar(4.0); a * b**-1
a = Scalar(0.5); b = Scalar(-1.0); (a * b).tanh() * b
a = Scalar(3.0); a + a
a = Scalar(3.0); a * a
a = Scalar(3.0); a + 1
a = Scalar(3.0); a * 2
a = Scalar(3.0); 1 + a
a = Scalar(3.0); 2 * a
a = Scalar(2.0); b = a * a; b * b
a = Scalar(2.0); b = a * a; b + a
a = Scalar(2.0); b = a * a; a + b
a = Scalar(2.0); b = a * a; c = b + a; b * c
a = Scalar(2.0); b = a * a; c = b + a; c * b
a = Scalar(2.0); b = Scalar(3.0); (a * b).backward(); a * a + b
a = Scalar(2.0); b = a * a; b.backward(); b * 3
"""
DOUBLED = "a = Scalar(1.0); b = a + a; " + "b = b + b; " * 39 + "b"
# Not above the class, so that in its methods Scalar is the class, not the exercise.
engine = exercise(
    "A gradient engine",
    name="engine",
    kind="build",
    stars=3,
    cases=[(program,) for program in (*PROGRAMS.strip().splitlines(), DOUBLED)],
    call=run,
    hint="Let each node keep the nodes it was computed from, and its derivative with "
    "respect to each. backward lists all nodes, each after those it was computed from, "
    "and goes through the list from the end: each adds derivative times own gradient "
    "to those.",
    then="This is what autograd does, with tensors in the place of numbers.",
    without=("autograd", "requires_grad", "requires_grad_"),
    seconds=2.0,
    of=as_often_written(),
    usual="""
        += => =
            A number that is used twice gets two contributions, and yours keeps the
            last: add to .grad with `+=`.
        order, seen = [], set() => limit_paths(self); return at_once(self)
            You pass a gradient on before it is complete. If a node is used twice, the
            first contribution is passed on twice. Sort the nodes, so that each is
            visited once, after all that use it.
        order, seen = [], set() => limit_paths(self); return along_paths(self)
            The gradients are right, but you walk every path by itself, and 40
            doublings have 2 to the power 40 of them. Visit each node once, after all
            that use it, with the sum of what arrived.
        visit(self) => limit_paths(self); visit(self)
        node not in seen => True
            A node stands in your list once for each way to it, and passes its gradient
            on as often. Keep a set of the nodes that are listed already.
        visit(self) => order.append(self)
        reversed(order) => order
        parent.grad += => order += {parent} - set(order); parent.grad +=
            A node is visited before all that use it have been: nearness to the result
            is no safe order, because a short way overtakes a long one. List each node
            after those it was computed from, and go from the end.
        reversed(order) => order
            The gradients stop one step below the result. Either only the nodes it is
            made of are visited, or all are, but in the wrong order: begin with the
            result.
        self.grad = 1.0 => pass
            All gradients are 0, since nothing starts them: the derivative of the
            result with respect to itself is 1.
        slope * node.grad => slope
            The chain rule has two factors. You use the derivative of each operation;
            multiply it by the gradient of what the operation made.
        seen.add(node) => seen.add(node); node.grad = float(node is self)
            backward sets the gradients to zero first. As in torch, those of two calls
            are to add up.
        node.grad = 0.0 if node.made_of else node.grad => pass
            Called a second time, an inner node passes on what it has from the first
            call once more. Only the inputs add up: set .grad of the nodes between to 0
            before you go backward.
        (a, b.data), (b, a.data) => (a, a.data), (b, b.data)
            In a * b the derivative with respect to a is b, and with respect to b it is
            a: each gets the other.
        (a, b.data), (b, a.data) => (a, 1.0), (b, 1.0)
            The slopes of a product are not 1: what a change of a does is multiplied by
            b.
        (self, 1.0), (other, 1.0) => (self, other.data), (other, self.data)
            The slopes of a sum are 1 and 1. You took those of a product.
        self.data ** (n - 1) => self.data**n
            The exponent goes down by one: the derivative of x**n is n * x**(n - 1).
        n * self.data ** (n - 1) => self.data ** (n - 1)
            The factor n is missing: the derivative of x**n is n * x**(n - 1).
        n * self.data ** (n - 1) => 2 * self.data
            This is the derivative of x**2. With another exponent it is n * x**(n - 1).
        1 - t**2 => 1 - self.data**2
            The slope of tanh is 1 - t**2, where t is its *value*, not its input.
        1 - t**2 => 1 - t
            The slope of tanh is 1 - t**2, with t its value: the square is missing.
        1 - t**2 => t * (1 - t)
            This is the derivative of the sigmoid; that of tanh is 1 - t**2.
        other if isinstance(other, Scalar) else Scalar(other) => other
        __radd__, __rmul__ = __add__, __mul__ =>
            A plain number has no .data: make a Scalar of it first, if it is none. And
            with the number at left, Python asks for `__radd__` and `__rmul__`.
        other if isinstance(other, Scalar) else Scalar(other) => other
            A plain number has no .data. At the beginning of an operation, make a
            Scalar of whatever is none.
        __radd__, __rmul__ = __add__, __mul__ =>
            With the number at left, Python asks it first, and then `__radd__` and
            `__rmul__` of your class: let them be `__add__` and `__mul__`.
    """,
)(Scalar)
