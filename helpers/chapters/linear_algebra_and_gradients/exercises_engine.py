"""The second build of chapter 1: numbers that know their gradients."""

import math

from helpers.chapters.linear_algebra_and_gradients import engine_parts as parts
from helpers.chapters.linear_algebra_and_gradients import solutions
from helpers.exercises import Exercise, Mistake


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


ENGINE = Exercise(
    name="engine",
    chapter="01",
    title="A gradient engine",
    build=True,
    cases=[
        ("a = Scalar(2.0); b = Scalar(-3.0); a + b",),
        ("a = Scalar(2.0); b = Scalar(-3.0); a * b",),
        ("a = Scalar(3.0); a**2",),
        ("a = Scalar(2.0); a**-1",),
        ("a = Scalar(0.5); a.tanh()",),
        ("a = Scalar(2.0); b = Scalar(-3.0); c = Scalar(10.0); a * b + c",),
        ("a = Scalar(2.0); b = Scalar(4.0); a * b**-1",),
        ("a = Scalar(0.5); b = Scalar(-1.0); (a * b).tanh() * b",),
        ("a = Scalar(3.0); a + a",),
        ("a = Scalar(3.0); a * a",),
        ("a = Scalar(3.0); a + 1",),
        ("a = Scalar(3.0); a * 2",),
        ("a = Scalar(3.0); 1 + a",),
        ("a = Scalar(3.0); 2 * a",),
        ("a = Scalar(2.0); b = a * a; b * b",),
        ("a = Scalar(2.0); b = a * a; b + a",),
        ("a = Scalar(2.0); b = a * a; a + b",),
        ("a = Scalar(2.0); b = a * a; c = b + a; b * c",),
        ("a = Scalar(2.0); b = a * a; c = b + a; c * b",),
        ("a = Scalar(2.0); b = Scalar(3.0); (a * b).backward(); a * a + b",),
        ("a = Scalar(1.0); b = a + a; " + "b = b + b; " * 39 + "b",),
    ],
    solution=solutions.Scalar,
    call=run,
    mistakes=[
        Mistake(
            parts.engine(back=parts.assigned),
            "A number that is used twice gets two contributions, and yours keeps the "
            "last: add to .grad with `+=`.",
        ),
        Mistake(
            parts.engine(back=parts.at_once),
            "You pass a gradient on before it is complete. If a node is used twice, "
            "the first contribution is passed on twice. Sort the nodes, so that each "
            "is visited once, after all that use it.",
        ),
        Mistake(
            parts.engine(back=parts.along_paths),
            "The gradients are right, but you walk every path by itself, and 40 "
            "doublings have 2 to the power 40 of them. Visit each node once, after all "
            "that use it, with the sum of what arrived.",
        ),
        Mistake(
            parts.engine(back=parts.repeated),
            "A node stands in your list once for each way to it, and passes its "
            "gradient on as often. Keep a set of the nodes that are listed already.",
        ),
        Mistake(
            parts.engine(back=parts.by_layers),
            "A node is visited before all that use it have been: nearness to the "
            "result is no safe order, because a short way overtakes a long one. List "
            "each node after those it was computed from, and go from the end.",
        ),
        Mistake(
            parts.engine(back=parts.inputs_first),
            "The gradients stop one step below the result. Either only the nodes it is "
            "made of are visited, or all are, but in the wrong order: begin with the "
            "result.",
        ),
        Mistake(
            parts.engine(back=parts.without_seed),
            "All gradients are 0, since nothing starts them: the derivative of the "
            "result with respect to itself is 1.",
        ),
        Mistake(
            parts.engine(back=parts.local),
            "The chain rule has two factors. You use the derivative of each operation; "
            "multiply it by the gradient of what the operation made.",
        ),
        Mistake(
            parts.engine(back=parts.zeroed),
            "backward sets the gradients to zero first. As in torch, those of two "
            "calls are to add up.",
        ),
        Mistake(
            parts.engine(mul=lambda a, b: (a, b)),
            "In a * b the derivative with respect to a is b, and with respect to b it "
            "is a: each gets the other.",
        ),
        Mistake(
            parts.engine(mul=parts.sum_slopes),
            "The slopes of a product are not 1: what a change of a does is multiplied "
            "by b.",
        ),
        Mistake(
            parts.engine(add=parts.product_slopes),
            "The slopes of a sum are 1 and 1. You took those of a product.",
        ),
        Mistake(
            parts.engine(power=lambda x, n: n * x**n),
            "The exponent goes down by one: the derivative of x**n is n * x**(n - 1).",
        ),
        Mistake(
            parts.engine(power=lambda x, n: x ** (n - 1)),
            "The factor n is missing: the derivative of x**n is n * x**(n - 1).",
        ),
        Mistake(
            parts.engine(power=lambda x, n: 2 * x),
            "This is the derivative of x**2. With another exponent it is "
            "n * x**(n - 1).",
        ),
        Mistake(
            parts.engine(tanh=lambda x: 1 - x**2),
            "The slope of tanh is 1 - t**2, where t is its *value*, not its input.",
        ),
        Mistake(
            parts.engine(tanh=lambda x: 1 - math.tanh(x)),
            "The slope of tanh is 1 - t**2, with t its value: the square is missing.",
        ),
        Mistake(
            parts.engine(tanh=lambda x: math.tanh(x) * (1 - math.tanh(x))),
            "This is the derivative of the sigmoid; that of tanh is 1 - t**2.",
        ),
        Mistake(
            parts.engine(wraps=False, reflects=False),
            "A plain number has no .data: make a Scalar of it first, if it is none. "
            "And with the number at left, Python asks for `__radd__` and `__rmul__`.",
        ),
        Mistake(
            parts.engine(wraps=False),
            "A plain number has no .data. At the beginning of an operation, make a "
            "Scalar of whatever is none.",
        ),
        Mistake(
            parts.engine(reflects=False),
            "With the number at left, Python asks it first, and then `__radd__` and "
            "`__rmul__` of your class: let them be `__add__` and `__mul__`.",
        ),
    ],
    hint="Let each node keep the nodes it was computed from, and its derivative with "
    "respect to each. backward lists all nodes, each after those it was computed from, "
    "and goes through the list from the end: each adds derivative times own gradient "
    "to those.",
    then="This is what autograd does, with tensors in the place of numbers.",
    without=("autograd", "requires_grad", "requires_grad_"),
    seconds=2.0,
)
