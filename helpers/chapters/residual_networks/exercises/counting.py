"""Layers with weights, counted."""

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


@exercise(
    "The number in the name",
    name="num-layers",
    kind="predict",
    call=lambda answer: one_by_one(answer, num_layers.solution(), int),
    hint="How many convolutions does a basic block have, how many a bottleneck? How "
    "many blocks are there? Then the first convolution and the linear layer at the "
    "end.",
    then="The second is ResNet-101. The third is one of the first paper's networks for "
    "small photographs.",
    usual="""
        68, 101, 56 => 67, 101, 56
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        68, 101, 56 => 66, 101, 56
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        68, 101, 56 => 33, 101, 56
            These are the blocks. Each has two convolutions, and there are two layers
            outside of them.
        68, 101, 56 => 35, 101, 56
            You counted a block as one layer. A basic block has two convolutions.
        68, 101, 56 => 101, 101, 56
            This is the number with bottlenecks, which have three convolutions. A basic
            block has two.
        68, 101, 56 => 71, 101, 56
            You counted the projections of the three shortcuts. They do not lie in the
            way of the signal and are not counted.
        68, 101, 56 => 70, 101, 56
            These are two layers too many outside of the blocks, perhaps the poolings,
            which have no weights.
        68, 101, 56 => 135, 101, 56
            You counted the normalizations as well. They are not counted as layers.
        68, 101, 56 => 68, 68, 56
            A bottleneck has three convolutions: 1×1, 3×3, 1×1.
        68, 101, 56 => 68, 100, 56
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        68, 101, 56 => 68, 99, 56
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        68, 101, 56 => 68, 105, 56
            You counted the projections of the four shortcuts. They do not lie in the
            way of the signal and are not counted.
        68, 101, 56 => 68, 134, 56
            A bottleneck has three convolutions, not four.
        68, 101, 56 => 68, 101, 29
            You counted a block as one layer. A basic block has two convolutions.
        68, 101, 56 => 68, 101, 27
            These are the blocks. Each has two convolutions, and there are two layers
            outside of them.
        68, 101, 56 => 68, 101, 54
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        68, 101, 56 => 68, 101, 55
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        68, 101, 56 => 68, 101, 58
            You counted the projections of the two shortcuts. They do not lie in the way
            of the signal and are not counted.
        68, 101, 56 => 68, 101, 83
            The blocks of the third network are basic ones: two convolutions each.
        68, 101, 56 => 68, 101, 20
            There are three stages of nine blocks each: you counted one stage.
        68, 101, 56 => 68, 101
            Three numbers are asked for: one for each network.
    """,
)
def num_layers():
    return 68, 101, 56
