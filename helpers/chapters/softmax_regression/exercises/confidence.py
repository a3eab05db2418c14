"""Confidence against accuracy: too sure, or not sure enough."""

from helpers.exercises import exercise


@exercise(
    "Too sure, or not sure enough?",
    kind="predict",
    hint="Both means are over all 300 answers. How many of these are right?",
    then="It is too sure on average, by six points. Bin by bin it is wrong both ways: "
    "by +0.15 at 0.9 and by -0.12 at 0.6, and the mean hides part of that.",
    usual="""
        240 / 300 - 222 / 300 => 222 / 300 - 240 / 300
            The sign is turned: confidence comes first, so that too sure is above 0.
        240 / 300 - 222 / 300 => (0.9 + 0.6) / 2 - (0.75 + 0.72) / 2
            The two groups are not equally large: one of 200 counts twice as much as
            one of 100.
        240 / 300 - 222 / 300 => (0.9 + 0.6) / 2 - 222 / 300
            Your mean confidence gives both groups the same weight, but 200 answers
            have 0.9, and only 100 have 0.6.
        240 / 300 - 222 / 300 => 240 / 300 - (0.75 + 0.72) / 2
            Your accuracy gives both groups the same weight. Count the right ones among
            all 300.
        240 / 300 - 222 / 300 => (200 * 0.15 + 100 * 0.12) / 300
            You took the gaps of the two groups without their signs. One is too sure,
            the other not sure enough: in the mean they partly cancel.
        240 / 300 - 222 / 300 => 0.15 - 0.12
            The gaps of the two groups have to be weighed by their sizes, 200 and 100.
        240 / 300 - 222 / 300 => 240 / 300
            That is the mean confidence; the accuracy is still to be subtracted.
        240 / 300 - 222 / 300 => 222 / 300
            That is the accuracy; subtract it from the mean confidence.
        240 / 300 - 222 / 300 => 240 - 222
            These are sums over the 300 answers; means are wanted.
        240 / 300 - 222 / 300 => 6.0
            In percentage points, yes. As a difference of shares it is a hundredth of
            that.
    """,
)
def confidence_gap():
    return 240 / 300 - 222 / 300
