"""Chapter 7: the words on what the claims found are made anew from their stored runs.

Each sentence is built from ``data/claims.csv``: its numbers in their order, and the
words that say which is larger. So a number at the wrong place, or a sign the wrong way
round, is noticed, though each number by itself is in the table.
"""

import json

import pytest

from helpers.chapters.batch_normalization import claims
from tests.taught import holding, notebook_path

SETS = "digits", "fashion_mnist"


def table(claim) -> tuple:
    """The function (data, configuration, measure) -> mean, and the intervals found."""
    runs = claim.stored()

    def mean(data, configuration, measure="test accuracy"):
        return runs[data].table[configuration][measure].mean

    def points(data, letter):  # both ends, in percentage points
        return tuple(100 * end for end in runs[data].found[letter].interval)

    return mean, points


holds = holding("07")


def of_both(values, form: str) -> tuple[str, ...]:
    return tuple(format(value, form) for value in values)


def which(ends, below: str, above: str) -> str:
    """The word for an interval that lies on one side of 0."""
    low, high = ends
    assert low * high > 0, "the interval holds 0"
    return above if low > 0 else below


def sizes_of(ends) -> str:
    return "{:.1f} to {:.1f}".format(*sorted(map(abs, ends)))


def loss_and_gain(ends, unit: str = "") -> str:
    low, high = ends
    assert low < 0 < high
    return f"a loss of {-low:.1f}{unit}", f"a gain of {high:.1f}"


def test_larger_rates():
    mean, points = table(claims.larger_rates)
    (digits, clothes), cell = SETS, "claim-larger-rates-read"

    def times(data, letter):  # the mean, and the ends of its interval
        ends = (2 ** (end / 100) for end in points(data, letter))
        low, high = (f"{end:.1f}" if end < 10 else f"{end:.0f}" for end in ends)
        found = claims.larger_rates.stored()[data].found[letter]
        return f"{2**found.mean:.0f}", f"{low} to {high}"

    (a, a_ends), (b, b_ends) = (times(data, "a") for data in SETS)
    (c, c_ends), (d, d_ends) = (times(data, "b") for data in SETS)
    holds(
        cell,
        f"about {a} times as large with batch normalization in the deep MLP on the "
        f"digits (the 95 % interval runs from {a_ends} times) and {b} times on the "
        f"clothes ({b_ends}), in LeNet {c} times ({c_ends}) and {d} times ({d_ends}).",
    )

    def width(data, net):
        widths = (
            2 ** mean(data, f"{net}, {kind}", "width in powers of two")
            for kind in ("Kaiming", "batch norm")
        )
        return (f"{w:.0f}" if w > 10 else f"{w:.2g}" for w in widths)

    holds(
        cell,
        "in LeNet it grows from a factor of {} to one of {} on the digits and from {} "
        "to {} on the clothes, in the MLP from {} to {} on the clothes; in the MLP on "
        "the digits it grows from {} to {},".format(
            *width(digits, "LeNet"),
            *width(clothes, "LeNet"),
            *width(clothes, "MLP"),
            *width(digits, "MLP"),
        ),  # fmt: skip
    )
    best = {
        (data, net): "{:.2f} instead of {:.2f}".format(
            mean(data, f"{net}, batch norm"), mean(data, f"{net}, Kaiming")
        )
        for data in SETS
        for net in ("MLP", "LeNet")
    }
    holds(
        cell,
        f"{best[digits, 'MLP']} in the MLP and {best[digits, 'LeNet']} in LeNet on the "
        f"digits, {best[clothes, 'MLP']} and {best[clothes, 'LeNet']} on the clothes.",
        "stays at chance at every rate that was tried ({:.2f} on the digits, {:.2f} on "
        "the clothes)".format(*(mean(data, "MLP, torch's default") for data in SETS)),
    )
    largest = {
        key: 2 ** mean(key[0], f"{key[1]}, batch norm", "largest rate, power of two")
        for key in best
    }
    holds(
        cell,
        f"is about {largest[digits, 'MLP']:.1f} in the MLP, "
        f"{largest[digits, 'LeNet']:.1f} in LeNet on the digits and "
        f"{largest[clothes, 'LeNet']:.1f} on the clothes.",
    )
    assert largest[clothes, "MLP"] == pytest.approx(largest[digits, "MLP"], rel=0.05)


def test_bias_before():
    mean, _ = table(claims.bias_before)
    cell = "claim-bias-before-read"

    def fall(norm):
        return (
            f"{100 * (mean(d, f'{norm}, bias') - mean(d, f'{norm}, bias raised')):.0f}"
            for d in SETS
        )

    same = (
        f"{mean(d, f'batch norm, {kind}'):.3f}"
        for d in SETS
        for kind in ("bias", "no bias")
    )
    holds(
        cell,
        "({} and {} on the digits, {} and {} on the clothes)".format(*same),
        "the accuracy falls by {} points on the digits and {} on the clothes;".format(
            *fall("batch norm")
        ),
        "raising every other one costs {} and {} points.".format(*fall("group norm")),
        "about a fifth to a quarter of that of the weights",
        "its gradient is a ninth to a seventh of that of the weights",
    )
    for name, measure, said in (
        ("batch norm, bias", "gradient in eval mode, power of ten", (1 / 5, 1 / 4)),
        ("group norm, bias", "gradient, power of ten", (1 / 9, 1 / 7)),
    ):
        shares = sorted(10 ** mean(data, name, measure) for data in SETS)
        assert shares == pytest.approx(said, rel=0.1)
    for data in SETS:
        power = mean(data, "batch norm, bias", "gradient, power of ten")
        assert round(power) == -14
        anew = mean(data, "batch norm, bias raised, new statistics")
        assert abs(anew - mean(data, "batch norm, bias")) < 0.001
    holds(cell, "$10^{-14}$ times", "back within a tenth of a point")


def test_small_batches():
    mean, points = table(claims.small_batches)
    cell = "claim-small-batches-read"

    def change(name):
        found = [100 * (mean(d, f"{name}, 128") - mean(d, f"{name}, 8")) for d in SETS]
        assert max(found) < 0  # batches of 128 are worse
        return of_both(map(abs, found), ".0f")

    def both(name, form=".2f"):
        return of_both((mean(data, name) for data in SETS), form)

    few, many = both("MLP, batch norm, 8", ".3f"), both("MLP, batch norm, 128", ".3f")
    two, none = both("MLP, batch norm, 2"), both("MLP, no norm, 2")
    word = {which(points(data, "d"), "behind", "ahead") for data in SETS}
    examples, epochs, _ = claims.small_batches.full
    holds(
        cell,
        "batches of 128 are worse than batches of 8, by {} points on the digits and {} "
        "on the clothes, and without a norm it is still more ({} and {} points)".format(
            *change("conv, batch norm"), *change("conv, no norm")
        ),
        f"({-(-examples // 128) * epochs} of them here, against "
        f"{-(-examples // 8) * epochs})",
        f"({few[0]} and {many[0]} on the digits, {few[1]} and {many[1]} on the "
        "clothes)",
        f"{two[0]} on the digits against {none[0]} without a norm, {two[1]} against "
        f"{none[1]} on the clothes; with batches of 4 the accuracy is already "
        "{} and {}, ".format(*both("MLP, batch norm, 4")),
        "with batches of 8 it is higher with batch normalization than without.",
        f"batch normalization is {word.pop()} there by "
        f"{sizes_of(points('digits', 'd'))} points on the digits and "
        f"{sizes_of(points('fashion_mnist', 'd'))} on the clothes.",
        "reaches {} in the MLP with batches of 2 on both sets.".format(
            *set(both("MLP, group norm, 2"))
        ),
    )
    assert not word
    for data in SETS:
        assert mean(data, "MLP, batch norm, 8") > mean(data, "MLP, no norm, 8")


def test_covariate_shift():
    mean, _ = table(claims.covariate_shift)
    cell = "claim-covariate-shift-read"

    def said(kind, name, form=".2f"):
        return of_both((mean(data, f"{kind}, {name}") for data in SETS), form)

    def cost(kind):
        return (
            "{:.0f}".format(
                100
                * (
                    mean(data, f"{kind}, batch norm")
                    - mean(data, f"{kind}, batch norm, shift put back")
                )
            )
            for data in SETS
        )

    back = "batch norm, shift put back"
    fitting, same = "none, fitting weights", "none, fitting weights, same shift"
    of_relu = list(
        zip(*(said("ReLU", n) for n in ("none", "batch norm", back)), strict=True)
    )
    found = claims.covariate_shift.stored()
    shifts = of_both((found[data].found["e"].mean for data in SETS), ".1f")
    falls = [
        pair
        for kind in ("ReLU", "sigmoid")
        for pair in zip(said(kind, fitting), said(kind, same), strict=True)
    ]
    holds(
        cell,
        "the accuracy is {} on the digits and {} on the clothes, ".format(
            *said("sigmoid", "batch norm")
        ),
        "and with it and the shift put back still {} and {}.".format(
            *said("sigmoid", back)
        ),
        "With ReLU it is {} without, {} with, {} with the shift put back on the "
        "digits, and {}, {}, {} on the clothes.".format(*of_relu[0], *of_relu[1]),
        "is {} and {} times what it is in the ReLU network".format(*shifts),
        "{} and {} points with sigmoid, {} and {} with ReLU.".format(
            *cost("sigmoid"), *cost("ReLU")
        ),
        "{} and {} with sigmoid, {} and {} with ReLU.".format(
            *said("sigmoid", fitting), *said("ReLU", fitting)
        ),
        "with ReLU its accuracy falls from {} to {} on the digits and from {} to {} on "
        "the clothes, with sigmoid from {} to {} and from {} to {}.".format(
            *(number for pair in falls for number in pair)
        ),
    )


def test_regularizes():
    mean, points = table(claims.regularizes)
    cell = "claim-regularizes-read"

    def between(letter):
        first, second = points("digits", letter), points("fashion_mnist", letter)
        return *loss_and_gain(first, " points"), *loss_and_gain(second)

    word = {which(points(d, "e"), "smaller", "larger") for d in SETS}
    other = {"smaller": "larger", "larger": "smaller"}
    (word,) = word
    from_to = "from {} to {} on the digits, from {} to {} on the clothes)"
    holds(
        cell,
        "In batches of 32 the difference in test accuracy lies between {} and {} on "
        "the digits, between {} and {} on the clothes.".format(*between("a")),
        from_to.format(*between("b")),
        from_to.format(*between("d")),
        "the test accuracy is {} by {:.0f} to {:.0f} points on the digits".format(
            which(points("digits", "c"), "lower", "higher"), *points("digits", "c")
        ),
        "({:.2f} against {:.2f}); on the clothes this is undecided.".format(
            mean("digits", "no norm, 200"), mean("digits", "batch norm, 200")
        ),
        f"batch normalization makes it {word}, not {other[word]}, by "
        f"{sizes_of(points('digits', 'e'))} points on the digits and "
        f"{sizes_of(points('fashion_mnist', 'e'))} on the clothes.",
    )
    low, high = points("fashion_mnist", "c")
    assert low < 0 < high


def test_before_or_behind():
    mean, points = table(claims.before_or_after)
    cells = json.loads(notebook_path("07").read_text("utf-8"))["cells"]
    text = " ".join(" ".join("".join(c["source"]).split()) for c in cells)
    for letter, net, start in (
        ("a", "convolutions", "In the convolutional network {} is better, by"),
        ("b", "MLP", "In the MLP {} is better, by"),
    ):
        places = {which(points(data, letter), "behind", "before") for data in SETS}
        (place,) = places
        (other,) = {"before", "behind"} - places
        first, second = (
            f"({mean(data, f'{net}, {place}'):.3f} against "
            f"{mean(data, f'{net}, {other}'):.3f})"
            for data in SETS
        )
        by = "by " if net == "MLP" else ""
        where = f"{place} it" if net == "MLP" else f"{place} the ReLU"
        sentence = (
            f"{start.format(where)} {sizes_of(points('digits', letter))} points on the "
            f"digits {first} and {by}{sizes_of(points('fashion_mnist', letter))} on "
            f"the clothes {second}"
        )
        assert sentence in text, sentence
