"""The slope of many blocks as a product."""

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one, two_digits


@exercise(
    "The slope of fifty blocks",
    name="slopes",
    kind="predict",
    stars=2,
    call=lambda answer: one_by_one(answer, slopes.solution(), two_digits),
    hint="By the chain rule the slopes are multiplied. That of y = x + g(x) is 1 + g'; "
    "without the shortcut it is g'. Python computes `1.5**50`.",
    then="With shortcuts the product can be large, small or 0: what they do is move "
    "each factor from g' to 1 + g'.",
    usual="""
        1.1**50, 0.1**50, 0.9**50, 0 => 5, 0.1**50, 0.9**50, 0
            You added the slopes of the residuals. By the chain rule the slopes of the
            blocks, 1 + 0.1 each, are multiplied.
        1.1**50, 0.1**50, 0.9**50, 0 => 6, 0.1**50, 0.9**50, 0
            This is 1 + 50 · 0.1. The factors 1 + 0.1 are multiplied, so that there is
            interest on the interest.
        1.1**50, 0.1**50, 0.9**50, 0 => 55, 0.1**50, 0.9**50, 0
            You added the slopes of the blocks. By the chain rule they are multiplied.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1, 0.1**50, 0.9**50, 0
            This is the slope of one block. There are 50, one behind another.
        1.1**50, 0.1**50, 0.9**50, 0 => 1, 0.1**50, 0.9**50, 0
            There is a shortcut around each block, not one around all of them, and each
            block has the slope of its residual besides: 1 + 0.1.
        1.1**50, 0.1**50, 0.9**50, 0 => 0.1**50, 1.1**50, 0.9**50, 0
            The first two are exchanged: with a shortcut a block's slope is 1 + 0.1.
        1.1**50, 0.1**50, 0.9**50, 0 => 110, 0.1**50, 0.9**50, 0
            1.1 to the power of 50 is 117.39, to two digits 120.
        1.1**50, 0.1**50, 0.9**50, 0 => 100, 0.1**50, 0.9**50, 0
            The first is near this. Two significant digits are asked for.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 5, 0.9**50, 0
            You added the slopes of the residuals. They are multiplied, without
            shortcuts as well.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0, 0.9**50, 0
            It is tiny, but not 0, and float32 alone makes 0 of it. Give a power of ten.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1, 0.9**50, 0
            This is the slope of one block. There are 50, one behind another.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.9**50, 0.9**50, 0
            Without a shortcut the slope of a block is that of its residual, 0.1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 1e-51, 0.9**50, 0
            The power is off by one: 0.1 to the power of 1 is 1e-1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 1e-49, 0.9**50, 0
            The power is off by one: 0.1 to the power of 1 is 1e-1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.1**50, 0
            This is the third without shortcuts. With a shortcut the slope of a block is
            1 - 0.1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 1.1**50, 0
            With a slope of -0.1 a residual works against its shortcut: the slope of a
            block is 1 - 0.1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, -4, 0
            You added. The slopes of the blocks, 1 - 0.1 each, are multiplied.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, -5, 0
            You added the slopes of the residuals. Those of the blocks, 1 - 0.1 each,
            are multiplied.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9, 0
            This is the slope of one block. There are 50, one behind another.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.005, 0
            The third is near this. Two significant digits are asked for.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0, 0
            0.9 to the power of 50 is small, but two digits of it can be given.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9**50, -(1.1**49)
            The block with the residual's slope -1 has the slope 1 - 1. It multiplies
            all others.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9**50, 1.1**49
            You left out the block whose residual has the slope -1. Its own slope, 1 -
            1, multiplies all others.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9**50, 1
            The shortcuts alone would give 1. The block with the residual's slope -1 has
            the slope 1 - 1.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9**50, -1
            A slope of -1 of the residual makes 1 - 1 of the block.
        1.1**50, 0.1**50, 0.9**50, 0 => 1.1**50, 0.1**50, 0.9**50
            Four slopes are asked for: with shortcuts, without them, with residuals that
            work against them, and with one residual of slope -1.
    """,
)
def slopes():
    return 1.1**50, 0.1**50, 0.9**50, 0
