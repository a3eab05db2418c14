"""Exercises of chapter 1 on slopes: of a graph, in a direction, and added up."""

from torch import tensor

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


@exercise(
    "Slopes on a graph",
    kind="predict",
    stars=2,
    call=lambda answer: one_by_one(answer, slopes_on_a_graph.solution(), float),
    hint="The values are p = -2, q = -3 and z = 9. Begin at z: what is the slope of a "
    "square? Then multiply along each way back, and count the ways to y.",
    then="A single walk back has found all of them. With a million inputs it would "
    "still be a single walk.",
    usual="""
        -6.0, 6.0, -18.0 => -3.0, 6.0, -18.0
            This is the value of q. The slope of q squared is 2q.
        -6.0, 6.0, -18.0 => 9.0, 6.0, -18.0
            This is the value of z. Asked is by how much z changes for each unit of q.
        -6.0, 6.0, -18.0 => 2.0, 6.0, -18.0
            2 is the factor: the slope of q squared is 2q, and q is -3.
        -6.0, 6.0, -18.0 => 6.0, 6.0, -18.0
            q is negative: -2 + -1 = -3. So is the slope of its square, 2q.
        6.0, -18.0 => -1.0, -18.0
            This is the slope of p alone, y. Multiply it by what stands behind it, the
            slope of z.
        6.0, -18.0 => -6.0, -18.0
            On the way from x to p the slope is y = -1: it flips the sign.
        6.0, -18.0 => -12.0, -18.0
            The slope of xy with respect to x is y; you took x.
        -18.0 => -12.0
            Two ways lead from z to y: through the product, which you have, and
            directly into the sum. Add them.
        -18.0 => -6.0
            Two ways lead from z to y: directly into the sum, which you have, and
            through the product. Add them.
        -18.0 => 3.0
            This is the slope of q. Multiply it by the slope of z with respect to q.
        -18.0 => 72.0
            The slopes of two ways are added, not multiplied.
    """,
)
def slopes_on_a_graph():  # of z = (xy + y)^2 with respect to q, x and y
    return -6.0, 6.0, -18.0


# The row that is steepest is another one by every usual mistake.
WAYS = tensor(
    [1.0, 4, 1, 1, -1, -1, -3, 4, -4, 4, -1, 4, -3, 2, -2, -1, 2, -1, -3, 1, 0]
)


@exercise(
    "The steepest way down",
    cases=[
        (tensor([4.0, 5.0]), tensor([[1.0, -1.0], [-3.0, 0.0], [0.0, -0.5]])),
        (tensor([1.0, -2.0]), tensor([[4.0, 4], [-0.2, 0.4], [-1.0, 0], [3.0, 0]])),
        (tensor([4.0, -2.0, 4.0]), WAYS.view(7, 3)),
    ],
    hint="The slope along u is the inner product of the gradient with a vector of "
    "length 1 in the direction of u. `D @ gradient` has the inner products with all "
    "rows of D; `D.norm(dim=1)` has their lengths.",
    then="Over all directions it is the one against the gradient itself that goes "
    "down most steeply.",
    usual="""
        / D.norm(dim=1) =>
            This favors long rows. A slope counts per unit of length, so make each row
            a unit vector.
        D.norm(dim=1) => D.norm(dim=1) ** 2
            You divide by the squares of the lengths; divide by the lengths.
        D.norm(dim=1) => D.abs().sum(1)
            Length is the Euclidean norm, not the sum of absolute values.
        argmin => argmax
            This is the steepest way up.
        slopes.argmin() => slopes.abs().argmin()
            This is the way along which the function changes least. A slope that goes
            down is negative: keep the sign.
        slopes.argmin() => slopes.abs().argmax()
            This is the steepest way, up or down. Keep the sign.
        slopes.argmin() => slopes.min()
            This is the slope itself. The number of its row is asked for.
        slopes.argmin() => D[slopes.argmin()]
            This is the direction itself. The number of its row is asked for.
    """,
)
def steepest_way_down(gradient, D):
    slopes = D @ gradient / D.norm(dim=1)
    return slopes.argmin()


@exercise(
    "Gradients add up",
    kind="predict",
    call=lambda answer: one_by_one(answer, gradients_add_up.solution(), float),
    hint="The slope of the square of w is 2w. What does backward do with a gradient "
    "that is there already? And after `zero_()`?",
    then="In a training loop nothing tells you that `zero_grad` is missing: the steps "
    "are merely wrong.",
    usual="""
        6.0, 12.0, 2.0 => 9.0, 12.0, 2.0
            This is the value. The slope of the square of w is 2w.
        6.0, 12.0, 2.0 => 3.0, 12.0, 2.0
            w is used twice in w * w. Both ways count, and each brings a 3.
        6.0, 12.0, 2.0 => 2.0, 12.0, 2.0
            2 is the factor: the slope of the square of w is 2w, and w is 3.
        12.0, 2.0 => 6.0, 2.0
            The second backward adds its slope to the one that is there already.
        12.0, 2.0 => 36.0, 2.0
            Gradients of two calls are added, not multiplied.
        12.0, 2.0 => 0.0, 2.0
            Nothing empties .grad by itself: the second slope is added to the first.
        12.0, 2.0 => 12.0, 14.0
            `zero_()` has set the gradient back: what came before is forgotten.
        12.0, 2.0 => 12.0, 0.0
            After `zero_()` there was another backward, which has added its slope.
        12.0, 2.0 => 12.0, 6.0
            This is the value of 2w. Its slope is the factor.
    """,
)
def gradients_add_up():
    return 6.0, 12.0, 2.0
