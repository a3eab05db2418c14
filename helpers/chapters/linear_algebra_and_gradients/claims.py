"""Claims of chapter 1: what is claimed, what was asked, and which answers count.

The experiments stand in experiments.py and experiments_descent.py. Cuts are fixed
here, before any run: a difference of accuracies counts from one percentage point on, a
distance from a thousandth of the way, an excess loss from a factor of 1.26 (0.1 as a
power of ten).
"""

from helpers.chapters.linear_algebra_and_gradients.experiments import (
    far_positives_experiment,
    one_vs_rest_experiment,
    points,
    three_in_a_row,
)
from helpers.chapters.linear_algebra_and_gradients.experiments_descent import (
    near_the_limit_experiment,
    noise_floor_experiment,
    regression,
)
from helpers.experiments import Question
from helpers.widgets.claim import Claim, Size
from helpers.widgets.predict import cells


def compared(quantity, first, second, worse, better):
    """Ask whether the first is worse or better by a percentage point."""
    return Question(
        quantity,
        lambda table: table[first] - table[second],
        cuts=(-0.01, 0.01),
        answers=(worse, "no difference of a percentage point", better),
    )


SIDES = ("linear regression is worse", "linear regression is better")
FAR_POSITIVES = Claim(
    name="far-positives",
    statement="Linear regression makes a good binary classifier.",
    experiment=far_positives_experiment,
    question=compared(
        "Accuracy, linear minus logistic regression, trained with far positives",
        "linear regression, near and far",
        "logistic regression, near and far",
        *SIDES,
    ),
    holds=("no difference of a percentage point", "linear regression is better"),
    also=(
        compared(
            "The same, trained without far positives",
            "linear regression, near",
            "logistic regression, near",
            *SIDES,
        ),
    ),
    live=Size(1_000, 50, 5),
    full=Size(1_000, 50, 10),
    sets={"points": points},
)


TOGETHER = ("put together they are worse", "put together they are better")
ONE_VS_REST = Claim(
    name="one-vs-rest",
    statement="Binary classifiers, one for each class, put together classify as well "
    "as softmax regression.",
    experiment=one_vs_rest_experiment,
    # The statement is about any binary classifier, so the weaker kind decides.
    question=compared(
        "Accuracy, least squares one against the rest minus softmax regression",
        "least squares, one against the rest",
        "softmax regression",
        *TOGETHER,
    ),
    holds=("no difference of a percentage point", TOGETHER[1]),
    also=(
        compared(
            "Accuracy, logistic one against the rest minus softmax regression",
            "logistic, one against the rest",
            "softmax regression",
            *TOGETHER,
        ),
    ),
    live=Size(2_000, 50, 5),
    full=Size(12_000, 100, 10),
    sets={"three-in-a-row": three_in_a_row},
)


def distance(quantity, configuration):
    """Ask whether descent ends at the solution, to a thousandth of the way to it."""
    return Question(
        quantity,
        lambda table: table[configuration, "distance, %"],
        cuts=(0.1,),
        answers=("it ends there", "it stays away from it"),
    )


EXCESS = "excess, % of the least loss"


def falls(quantity, again):
    """Ask how the excess loss falls with a tenth of the rate: in proportion or not."""
    return Question(
        quantity,
        lambda table: (
            table[f"batch 16, rate 0.1{again}", EXCESS]
            / table[f"batch 16, rate 0.01{again}", EXCESS]
        ),
        cuts=(5.0, 20.0),
        answers=(
            "it falls less than in proportion",
            "it falls about in proportion",
            "it falls more than in proportion",
        ),
    )


NOISE_FLOOR = Claim(
    name="noise-floor",
    statement="With a constant learning rate, minibatch gradient descent ends at the "
    "least-squares solution.",
    experiment=noise_floor_experiment,
    question=distance(
        "Distance left in percent of that at the start, batches of 16, rate 0.1",
        "batch 16, rate 0.1",
    ),
    holds=("it ends there",),
    also=(
        distance("The same with all examples in a batch", "all examples, rate 0.1"),
        distance("The same with targets free of noise", "batch 16, rate 0.1, no noise"),
        Question(
            "Distance left by a rate that falls to 0, as a share of the first",
            lambda table: (
                table["batch 16, rate falling to 0", "distance, %"]
                / table["batch 16, rate 0.1", "distance, %"]
            ),
            cuts=(0.25,),
            answers=("less than a quarter is left", "more than a quarter is left"),
        ),
        falls("Excess loss at rate 0.1 over that at 0.01", ""),
        falls("The same where each batch is drawn from all examples", ", drawn again"),
    ),
    live=Size(1_000, 60, 3),
    full=Size(2_000, 100, 5),
    sets={"regression": regression},
)


def faster(quantity, share, measure):
    """Ask whether 0.99 of the limit leaves less excess loss than a smaller rate."""
    return Question(
        quantity,
        lambda table: (
            table["0.99 of the limit", measure]
            - table[f"{share} of the limit", measure]
        ),
        cuts=(-0.1, 0.1),
        answers=(
            "the rate near the limit is faster",
            "no difference by a factor of 1.26",
            "the smaller rate is faster",
        ),
    )


FIRST, LATER = "excess, power of ten", "ten times the steps"
NEAR_THE_LIMIT = Claim(
    name="near-the-limit",
    statement="Of all learning rates at which gradient descent is stable, the largest "
    "is the fastest.",
    experiment=near_the_limit_experiment,
    question=faster(
        "Powers of ten of excess loss, 0.99 minus 0.9 of the limit", "0.9", FIRST
    ),
    holds=("the rate near the limit is faster",),
    also=(
        faster("The same against half the limit", "0.5", FIRST),
        faster("The same against 0.9 of it, ten times the steps", "0.9", LATER),
        faster("The same against half of it, ten times the steps", "0.5", LATER),
    ),
    live=Size(1_000, 100, 3),
    full=Size(2_000, 100, 10),
    sets={"regression": regression},
)


CLAIMS = (FAR_POSITIVES, ONE_VS_REST, NOISE_FLOOR, NEAR_THE_LIMIT)
predict, test = cells(CLAIMS)
