"""Claims of chapter 4: what is claimed, what was asked, and which answers count.

The experiments stand in experiments.py and experiments_linear.py beside this file. Cuts
are fixed here, before any run: accuracies differ from one percentage point on, norms of
weights from five percent on.
"""

from helpers.chapters.dropout_and_regularization.experiments import (
    double_width_experiment,
    dropout_symmetry_experiment,
    label_smoothing_experiment,
)
from helpers.chapters.dropout_and_regularization.experiments_linear import (
    l1_zeros_experiment,
    lines,
    mask_speed_experiment,
    noise_weights_experiment,
)
from helpers.experiments import Question
from helpers.widgets.claim import Claim, Size
from helpers.widgets.predict import cells


def norm_ratio(quantity, kind, measure):
    """Ask what a kind of noise does to the length of the weight vector."""
    return Question(
        quantity,
        lambda table: table[kind, measure] / table["no noise", measure],
        cuts=(0.95, 1.05),
        answers=("the weights are smaller", "within 5 %", "the weights are larger"),
    )


NOISE_WEIGHTS = Claim(
    name="noise-weights",
    statement="Noise in the labels makes the learned weights larger.",
    experiment=noise_weights_experiment,
    question=norm_ratio(
        "Norm of the least-squares weights, noisy labels over clean ones",
        *("label noise", "least squares"),
    ),
    holds=("the weights are larger",),
    also=(
        norm_ratio(
            "The same, noise in the inputs instead",
            *("input noise", "least squares"),
        ),
        norm_ratio(
            "The same, 30 % of the labels with the other sign instead",
            *("flipped labels", "least squares"),
        ),
        norm_ratio(
            "Norm of a network's weights, noisy labels over clean ones",
            *("label noise", "network"),
        ),
        norm_ratio(
            "The same, noise in the inputs instead, for the network",
            *("input noise", "network"),
        ),
    ),
    live=Size(100, 40, 8),
    full=Size(100, 200, 20),
    sets={"lines": lines},
)


def time_ratio(quantity, slow, fast):
    """Ask how much faster one way of applying a mask is than another."""
    measure = "milliseconds"
    return Question(
        quantity,
        lambda table: table[slow, measure] / table[fast, measure],
        cuts=(1.0, 2.0),
        answers=("not faster", "faster, but less than twice", "at least twice as fast"),
    )


MASK_SPEED = Claim(
    name="mask-speed",
    statement="Multiplying by the mask is at least twice as fast as x[mask] = 0.",
    experiment=mask_speed_experiment,
    question=time_ratio(
        "Time of x[mask] = 0 over time of the product", "x[mask] = 0", "multiply"
    ),
    holds=("at least twice as fast",),
    also=(
        time_ratio(
            "The same with a mask of True and False in the product",
            *("x[mask] = 0", "multiply, bool mask"),
        ),
        time_ratio(
            "Time of masked_fill over time of the product", "masked_fill", "multiply"
        ),
        time_ratio("Time of torch.where over time of the product", "where", "multiply"),
    ),
    live=Size(500, 30, 5),
    full=Size(2_000, 60, 10),
)


def accuracy_gain(quantity, first, second, answers):
    """Ask whether a configuration gains or loses a percentage point on another."""
    lower, higher = answers
    return Question(
        quantity,
        lambda table: table[first, "test accuracy"] - table[second, "test accuracy"],
        cuts=(-0.01, 0.01),
        answers=(lower, "no difference of a percentage point", higher),
    )


GAIN = ("it loses", "it gains")
DOUBLE_WIDTH = Claim(
    name="double-width",
    statement="128 hidden units with dropout 0.5 are more accurate than 64 without.",
    experiment=double_width_experiment,
    question=accuracy_gain(
        "Test accuracy, 128 with dropout minus 64", "128, dropout", "64", GAIN
    ),
    holds=("it gains",),
    also=(
        accuracy_gain(
            "The same with 30 % wrong labels",
            *("128, dropout, wrong labels", "64, wrong labels", GAIN),
        ),
        accuracy_gain(
            "The same with a fifth of the images",
            "128, dropout, a fifth of the images",
            *("64, a fifth of the images", GAIN),
        ),
        accuracy_gain("Test accuracy, 128 without dropout minus 64", "128", "64", GAIN),
    ),
    live=Size(500, 40, 3),
    full=Size(2_000, 40, 6),
)


def zero_share(quantity, configuration, measure="share exactly zero"):
    """Ask which share of the weights a way of regularizing brings to zero."""
    return Question(
        quantity,
        lambda table: table[configuration, measure],
        cuts=(0.02, 0.2),
        answers=("none, or hardly any", "some", "a fifth or more"),
    )


L1_ZEROS = Claim(
    name="l1-zeros",
    statement="Gradient descent on loss plus λ times the sum of absolute weights makes "
    "weights exactly zero.",
    experiment=l1_zeros_experiment,
    question=zero_share(
        "Share of weights that are exactly zero, L1 in the loss", "L1 in the loss"
    ),
    holds=("some", "a fifth or more"),
    also=(
        zero_share("The same, L1 by soft threshold", "L1 by soft threshold"),
        zero_share("The same, L2 in the loss", "L2 in the loss"),
        zero_share(
            "Share of weights below 0.01, L1 in the loss",
            *("L1 in the loss", "share below 0.01"),
        ),
    ),
    live=Size(100, 1_000, 5),
    full=Size(100, 10_000, 20),
    sets={"lines": lines},
)


AS_GOOD = ("constant weights end lower", "constant weights end higher")
DROPOUT_SYMMETRY = Claim(
    name="dropout-symmetry",
    statement="With dropout, a network of two hidden layers whose weights all start "
    "equal learns as well as one with random first weights.",
    experiment=dropout_symmetry_experiment,
    question=accuracy_gain(
        "Test accuracy, constant minus random first weights, two layers, dropout",
        "constant, two layers, dropout",
        *("random, two layers, dropout", AS_GOOD),
    ),
    holds=("no difference of a percentage point", AS_GOOD[1]),
    also=(
        accuracy_gain(
            "The same with one hidden layer",
            *("constant, one layer, dropout", "random, one layer, dropout", AS_GOOD),
        ),
        accuracy_gain(
            "The same with one hidden layer, without dropout",
            *("constant, one layer", "random, one layer", AS_GOOD),
        ),
        Question(
            "How far units differ, constant first weights, one layer, dropout",
            lambda table: table["constant, one layer, dropout", "difference of units"],
            cuts=(0.01,),
            answers=("all units are the same", "the units have parted"),
        ),
        Question(
            "The same without dropout",
            lambda table: table["constant, one layer", "difference of units"],
            cuts=(0.01,),
            answers=("all units are the same", "the units have parted"),
        ),
    ),
    live=Size(500, 20, 3),
    full=Size(1_000, 50, 6),
)


def overconfidence(quantity, configuration):
    """Ask whether a network is surer of its answers than they are right."""
    return Question(
        quantity,
        lambda table: (
            table[configuration, "confidence"] - table[configuration, "test accuracy"]
        ),
        cuts=(-0.01, 0.01),
        answers=("less sure than right", "as sure as right", "surer than right"),
    )


LABEL_SMOOTHING = Claim(
    name="label-smoothing",
    statement="Label smoothing of 0.1 makes a network more accurate on new images.",
    experiment=label_smoothing_experiment,
    question=accuracy_gain(
        "Test accuracy, smoothing 0.1 minus none",
        *("smoothing 0.1, right labels", "smoothing 0.0, right labels", GAIN),
    ),
    holds=("it gains",),
    also=(
        accuracy_gain(
            "The same with 30 % wrong labels",
            *("smoothing 0.1, wrong labels", "smoothing 0.0, wrong labels", GAIN),
        ),
        overconfidence(
            "Mean largest probability minus accuracy, no smoothing",
            "smoothing 0.0, right labels",
        ),
        overconfidence("The same, smoothing 0.1", "smoothing 0.1, right labels"),
    ),
    live=Size(500, 30, 5),
    full=Size(2_000, 40, 8),
)


CLAIMS = (
    NOISE_WEIGHTS,
    MASK_SPEED,
    DOUBLE_WIDTH,
    L1_ZEROS,
    DROPOUT_SYMMETRY,
    LABEL_SMOOTHING,
)
predict, test = cells(CLAIMS)
