"""Claims of chapter 3: what is claimed, what was asked, and which answers count.

The experiments stand in experiments.py beside this file. Cuts are fixed here, before
any run: a difference counts from one percentage point on, where first weights are
compared from two on (they scatter most), among learning rates from half a decade on.
"""

from functools import partial

from helpers.chapters.multilayer_perceptrons.experiments import (
    DEPTHS,
    WIDTHS,
    activation_experiment,
    shape_experiment,
    start_experiment,
    window_experiment,
)
from helpers.experiments import Question
from helpers.widgets.claim import Claim, Size
from helpers.widgets.predict import cells


def difference(quantity, first, second, answers):
    """Ask whether two accuracies differ by a percentage point or more."""
    lower, higher = answers
    return Question(
        quantity,
        lambda table: table[first] - table[second],
        cuts=(-0.01, 0.01),
        answers=(lower, "no difference of a percentage point", higher),
    )


def uniform_minus_normal(*schemes):
    """What uniform first weights gain, as the mean over schemes of equal variance."""
    return lambda table: (
        sum(
            table[f"{scheme}, uniform"] - table[f"{scheme}, normal"]
            for scheme in schemes
        )
        / len(schemes)
    )


BY_SHAPE = (
    "normal is better",
    "no difference of two percentage points",
    "uniform is better",
)
BY_SIZE = (
    "the tenth is better",
    "no difference of two percentage points",
    "the tenth is worse",
)
UNIFORM_INIT = Claim(
    name="uniform-init",
    statement="Weights drawn from a uniform distribution are a better start than "
    "weights drawn from a normal one of the same variance.",
    experiment=start_experiment,
    question=Question(
        "Test accuracy, uniform minus normal, mean of Kaiming and Xavier",
        uniform_minus_normal("Kaiming", "Xavier"),
        cuts=(-0.02, 0.02),
        answers=BY_SHAPE,
    ),
    holds=("uniform is better",),
    also=(
        Question(
            "The same, Kaiming alone",
            uniform_minus_normal("Kaiming"),
            cuts=(-0.02, 0.02),
            answers=BY_SHAPE,
        ),
        Question(
            "Kaiming uniform minus the same weights divided by 10",
            lambda table: (
                table["Kaiming, uniform"] - table["Kaiming, uniform, a tenth"]
            ),
            cuts=(-0.02, 0.02),
            answers=BY_SIZE,
        ),
    ),
    live=Size(1_000, 8, 8),
    full=Size(12_000, 6, 10),
)


def lead_of_relu(when):
    """How far ReLU is ahead of the better of the two others, seed by seed."""
    return lambda table: (
        table[f"ReLU, {when}"]
        - table[f"tanh, {when}"].maximum(table[f"sigmoid, {when}"])
    )


RELU = ("ReLU is behind", "no difference of a percentage point", "ReLU is ahead")
RELU_BEST = Claim(
    name="relu-best",
    statement="Of sigmoid, tanh and ReLU in a network with three hidden layers, ReLU "
    "ends with the highest accuracy.",
    experiment=activation_experiment,
    question=Question(
        "Test accuracy, ReLU minus the better of tanh and sigmoid, all epochs",
        lead_of_relu("late"),
        cuts=(-0.01, 0.01),
        answers=RELU,
    ),
    holds=("ReLU is ahead",),
    also=(
        Question(
            "The same after a fifth of the epochs",
            lead_of_relu("early"),
            cuts=(-0.01, 0.01),
            answers=RELU,
        ),
        difference(
            "Tanh minus sigmoid, all epochs",
            *("tanh, late", "sigmoid, late", ("tanh is behind", "tanh is ahead")),
        ),
    ),
    live=Size(4_000, 5, 4),
    full=Size(12_000, 15, 6),
)


NARROWER = ("narrower is worse", "narrower is better")
WIDE_TO_NARROW = Claim(
    name="wide-to-narrow",
    statement="With as many parameters, two hidden layers that get narrower are better "
    "than two of equal width.",
    experiment=partial(shape_experiment, shapes=WIDTHS),
    question=difference(
        "Test accuracy, 64 and 16 units minus 60 and 60",
        *("64, 16: narrower", "60, 60: equally wide", NARROWER),
    ),
    holds=("narrower is better",),
    also=(
        difference(
            "Narrower minus wider, with as many parameters",
            *("64, 16: narrower", "48, 233: wider", NARROWER),
        ),
        difference(
            "Narrower minus the same layers turned round, which has 28 % of the "
            "parameters",
            "64, 16: narrower",
            "16, 64: the same turned round",
            NARROWER,
        ),
    ),
    live=Size(1_000, 10, 5),
    full=Size(12_000, 10, 10),
)


SECOND = ("with the second it is worse", "with the second it is better")
SECOND_LAYER = Claim(
    name="second-layer",
    statement="A second hidden layer as wide as the first makes the network more "
    "accurate.",
    experiment=partial(shape_experiment, shapes=DEPTHS),
    question=difference(
        "Test accuracy, hidden layers of 128 and 128 units minus one of 128",
        *("128, 128", "128", SECOND),
    ),
    holds=("with the second it is better",),
    also=(
        difference(
            "The same with as many parameters: 112 and 112 minus one of 128",
            *("112, 112", "128", SECOND),
        ),
        difference(
            "A narrow second layer: 64 and 16 minus one of 64",
            *("64, 16", "64", SECOND),
        ),
        difference(
            "One hidden layer of 64 minus none",
            *("64", "no hidden layer"),
            ("the hidden layer hurts", "the hidden layer helps"),
        ),
    ),
    live=Size(2_000, 5, 4),
    full=Size(12_000, 10, 6),
)


DECADES, BEST_RATE = "decades of usable rates", "log10 of the best rate"


def from_start(quantity, measure, cut, answers):
    """Compare the start from weights of standard deviation 1 with Xavier's."""
    return Question(
        quantity,
        lambda table: table["normal, sd 1", measure] - table["Xavier", measure],
        cuts=(-cut, cut),
        answers=answers,
    )


EXPLOSION_WINDOW = Claim(
    name="explosion-window",
    statement="Where first weights are so large that gradients explode, a smaller "
    "learning rate makes up for it.",
    experiment=window_experiment,
    question=from_start(
        "Test accuracy, weights of standard deviation 1 minus Xavier, best rates",
        *("test accuracy at it", 0.01),
        (
            "it ends less accurate",
            "no difference of a percentage point",
            "it ends more accurate",
        ),
    ),
    holds=("no difference of a percentage point", "it ends more accurate"),
    also=(
        from_start(
            "Logarithm to base 10 of the best rate, the same two",
            *(BEST_RATE, 0.5),
            (
                "the best rate is smaller",
                "no difference of half a decade",
                "the best rate is larger",
            ),
        ),
        from_start(
            "Decades of usable rates, the same two",
            *(DECADES, 0.5),
            (
                "narrower by half a decade or more",
                "no difference of half a decade",
                "wider by half a decade or more",
            ),
        ),
    ),
    live=Size(1_000, 5, 3),
    full=Size(12_000, 5, 8),
)


CLAIMS = (UNIFORM_INIT, RELU_BEST, WIDE_TO_NARROW, SECOND_LAYER, EXPLOSION_WINDOW)
predict, test = cells(CLAIMS)
