"""Claims of chapter 2: what is claimed, what was asked, and which answers count.

The experiments stand in experiments.py beside this file. Cuts are fixed here, before
any run: a difference counts from one percentage point on.
"""

from helpers.chapters.softmax_regression.experiments import (
    clouds,
    focal_experiment,
    softmax_twice_experiment,
    squared_error_experiment,
    test_set_experiment,
)
from helpers.experiments import Question
from helpers.widgets.claim import Claim, Size
from helpers.widgets.predict import cells


def difference(quantity, first, second, measure, answers):
    """Ask whether two configurations differ by a percentage point or more."""
    lower, higher = answers
    return Question(
        quantity,
        lambda table: table[first, measure] - table[second, measure],
        cuts=(-0.01, 0.01),
        answers=(lower, "no difference of a percentage point", higher),
    )


ENDS_HIGHER = ("squared error ends higher", "cross-entropy ends higher")
SQUARED_ERROR = Claim(
    name="squared-error",
    statement="From a confidently wrong start, cross-entropy ends more accurate than "
    "squared error, each with its best learning rate.",
    experiment=squared_error_experiment,
    question=difference(
        "Cross-entropy minus squared error, wrong start, best rates",
        "cross-entropy, wrong start, best rate",
        "squared error, wrong start, best rate",
        *("test accuracy", ENDS_HIGHER),
    ),
    holds=("cross-entropy ends higher",),
    also=(
        difference(
            "The same, both with rate 0.3",
            "cross-entropy, wrong start, rate 0.3",
            "squared error, wrong start, rate 0.3",
            *("test accuracy", ENDS_HIGHER),
        ),
        difference(
            "The same from the small start, best rates",
            "cross-entropy, small start, best rate",
            "squared error, small start, best rate",
            *("test accuracy", ENDS_HIGHER),
        ),
    ),
    live=Size(4_000, 5, 4),
    full=Size(12_000, 10, 5),
)


def share_left(table):
    """Of what softmax once gains over guessing, the share that two softmaxes gain."""
    guessing = table["guessing"]
    return (table["twice"] - guessing) / (table["once"] - guessing)


SOFTMAX_TWICE = Claim(
    name="softmax-twice",
    statement="With softmax applied twice, the network does not learn.",
    experiment=softmax_twice_experiment,
    question=Question(
        "Gain over guessing with softmax twice, as a share of the gain with one",
        share_left,
        cuts=(0.05, 0.98),
        answers=("it does not learn", "it learns, but less", "no difference"),
    ),
    holds=("it does not learn",),
    also=(
        difference(
            "Twice at ten times the rate minus once",
            *("twice, ten times the rate", "once", "validation accuracy"),
            ("the larger rate does not make up for it", "it is better than once"),
        ),
    ),
    live=Size(12_000, 5, 5),
    full=Size(12_000, 10, 10),
)


BETTER = ("focal loss is worse", "focal loss is better")
FOCAL_LOSS = Claim(
    name="focal-loss",
    statement="Where one example in 100 is positive, focal loss ranks positives above "
    "negatives better than cross-entropy.",
    experiment=focal_experiment,
    question=difference(
        "Average precision, focal minus cross-entropy",
        *("focal", "cross-entropy", "average precision", BETTER),
    ),
    holds=("focal loss is better",),
    also=(
        difference(
            "Recall, focal with alpha .75 minus cross-entropy",
            *("focal, alpha .75", "cross-entropy", "recall", BETTER),
        ),
        difference(
            "Precision, the same two",
            *("focal, alpha .75", "cross-entropy", "precision", BETTER),
        ),
        difference(
            "Precision, the same, cross-entropy moved to a threshold of as many finds",
            *("focal, alpha .75", "cross-entropy, other threshold"),
            *("precision", BETTER),
        ),
    ),
    live=Size(12_000, 5, 5),
    full=Size(12_000, 8, 10),
    sets={"clouds": clouds},
)


def inflation(quantity, configuration):
    """Ask how much the test score promises too much."""
    return Question(
        quantity,
        lambda table: (
            table[configuration] - table[configuration, "score on new images"]
        ),
        cuts=(-0.01, 0.01),
        answers=(
            "it is too low",
            "it is right to a percentage point",
            "it is too high",
        ),
    )


TEST_SET = Claim(
    name="test-set",
    statement="The best of 100 test scores tells how good the chosen network is.",
    experiment=test_set_experiment,
    question=inflation(
        "Test score minus score on new images, best of 100 trained networks",
        "trained, best of 100 on test",
    ),
    holds=("it is right to a percentage point",),
    also=(
        inflation("The same for 100 that only guess", "guessing, best of 100 on test"),
        inflation("The same, chosen on other images", "trained, best of 100 on val"),
    ),
    live=Size(4_000, 5, 3),
    full=Size(12_000, 5, 6),
)


CLAIMS = (SQUARED_ERROR, SOFTMAX_TWICE, FOCAL_LOSS, TEST_SET)
predict, test = cells(CLAIMS)
