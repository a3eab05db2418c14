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
    then="The first two are ResNet-34 and ResNet-50: the same numbers of blocks, of "
    "another kind.",
    usual="""
        34, 50, 44 => 33, 50, 44
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        34, 50, 44 => 32, 50, 44
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        34, 50, 44 => 16, 50, 44
            These are the blocks. Each has two convolutions, and there are two layers
            outside of them.
        34, 50, 44 => 18, 50, 44
            You counted a block as one layer. A basic block has two convolutions.
        34, 50, 44 => 50, 50, 44
            This is the number with bottlenecks, which have three convolutions. A basic
            block has two.
        34, 50, 44 => 37, 50, 44
            You counted the projections of the three shortcuts. They do not lie in the
            way of the signal and are not counted.
        34, 50, 44 => 36, 50, 44
            These are two layers too many outside of the blocks, perhaps the poolings,
            which have no weights.
        34, 50, 44 => 67, 50, 44
            You counted the normalizations as well. They are not counted as layers.
        34, 50, 44 => 34, 34, 44
            A bottleneck has three convolutions: 1×1, 3×3, 1×1.
        34, 50, 44 => 34, 49, 44
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        34, 50, 44 => 34, 48, 44
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        34, 50, 44 => 34, 54, 44
            You counted the projections of the four shortcuts. They do not lie in the
            way of the signal and are not counted.
        34, 50, 44 => 34, 66, 44
            A bottleneck has three convolutions, not four.
        34, 50, 44 => 34, 50, 23
            You counted a block as one layer. A basic block has two convolutions.
        34, 50, 44 => 34, 50, 21
            These are the blocks. Each has two convolutions, and there are two layers
            outside of them.
        34, 50, 44 => 34, 50, 42
            These are the layers in the blocks. The first convolution and the linear
            layer at the end have weights, too.
        34, 50, 44 => 34, 50, 43
            Either the first convolution or the linear layer at the end is missing: both
            have weights.
        34, 50, 44 => 34, 50, 46
            You counted the projections of the two shortcuts. They do not lie in the way
            of the signal and are not counted.
        34, 50, 44 => 34, 50, 65
            The blocks of the third network are basic ones: two convolutions each.
        34, 50, 44 => 34, 50, 16
            There are three stages of seven blocks each: you counted one stage.
        34, 50, 44 => 34, 50
            Three numbers are asked for: one for each network.
    """,
)
def num_layers():
    return 34, 50, 44
