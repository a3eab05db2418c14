"""Sizes and numbers of parameters, by hand."""

from helpers.exercises import exercise


@exercise(
    "Three output sizes",
    name="sizes-by-hand",
    kind="predict",
    hint="Add the padding on both sides, subtract the kernel, divide by the stride, "
    "round down, and count the first position.",
    then="In the second case one of the seven columns is never looked at: 7 - 3 = 4 is "
    "no multiple of the stride 3. Padding of 1 would bring it back.",
    usual="""
        55, 2, 28 => 56, 3, 28
            You rounded up. A window that does not fit any more is left out.
        55, 2, 28 => 55, 3, 28
            In the second case two windows cover six pixels. A third would need nine.
        55, 2, 28 => 56, 2, 28
            In the first case the kernel moves 54.25 times. It stops after 54, which
            makes 55 positions.
        55, 2, 28 => 55.25, 7 / 3, 28
            There are no parts of a position: round down.
        55, 2, 28 => 55.25, 2.33, 28
            There are no parts of a position: round down.
        55, 2, 28 => 55.25, 2.3, 28
            There are no parts of a position: round down.
        55, 2, 28 => 54, 1, 27
            These are the moves of the kernel; its first position counts as well.
        55, 2, 28 => 54, 2, 28
            In the first case the kernel moves 54 times; its first position counts as
            well.
        55, 2, 28 => 55, 1, 28
            In the second case the kernel fits twice: at the columns 0 to 2 and 3 to 5.
        55, 2, 28 => (55, 55), (2, 2), (28, 28)
            The numbers are right. The images are square: one number for each is enough.
        55, 2, 28 => 54, 2, 26
            Padding is added on both sides: 2 makes the image 4 pixels wider.
        55, 2, 28 => 54, 2, 24
            You left the padding out.
        55, 2, 28 => 218, 5, 28
            You left the stride out: the kernel moves by 4 pixels, and by 3.
        55, 2, 28 => 2, 1, 5
            The image and the kernel are mixed up: the size begins with the width of the
            image, (28 + 4 - 5) / 1 + 1 in the last case.
        55, 2, 28 => 55, 2, 32
            In the last case the padded image is 32 pixels wide; the kernel then takes 4
            of them away.
    """,
)
def sizes_by_hand():
    return 55, 2, 28


@exercise(
    "Parameters of two layers",
    name="count-parameters",
    kind="predict",
    hint="How deep is one kernel? It has as many channels as its input. How many such "
    "kernels are there, and how many biases does each of them have?",
    then="The size of the image occurs nowhere in it: the same 760 numbers serve a "
    "thumbnail and a poster.",
    usual="""
        760, 11_300 => 750, 11_250
            These are the weights; each output channel has a bias, too.
        760, 11_300 => 760, 11_250
            The first is right. The second layer has biases, too: one for each output
            channel.
        760, 11_300 => 750, 11_300
            The second is right. The first layer has biases, too: one for each output
            channel.
        760, 11_300 => 780, 12_500
            You gave every slice of a kernel a bias. It has one for all its slices,
            added after their sum: one for each output channel.
        760, 11_300 => 751, 11_251
            One bias for the whole layer is too few: each output channel has its own.
        760, 11_300 => 753, 11_275
            The biases belong to the output channels, not to the input channels.
        760, 11_300 => 76, 226
            This is one kernel with its bias. There are as many as output channels.
        760, 11_300 => 75, 225
            These are the weights of one kernel. There are as many kernels as output
            channels, each with a bias.
        760, 11_300 => 260, 500
            A kernel is as deep as its input: 5 × 5 × 3 weights, not 5 × 5.
        760, 11_300 => 250, 450
            A kernel is as deep as its input, 5 × 5 × 3 and not 5 × 5, and each output
            channel has a bias.
        760, 11_300 => 160, 3_800
            A 5×5 kernel has 25 weights for each input channel, not 5.
        760, 11_300 => 85, 275
            You added where you must multiply: every output channel has a kernel of its
            own.
    """,
)
def count_parameters():
    return 760, 11_300
