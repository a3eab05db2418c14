"""Claims of chapter 8, residual networks: experiment and question of each.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed, which the configurations share: it draws initial weights
and order. Images are shrunk to half their height and width first, but for
`beats_lenet`. Networks train by SGD with momentum, with a rate that falls to 0 along a
cosine. In `new_block`, in `resnext`, and in `skips_alone` without norm, each trains
with the rates of a grid, which goes on where the best stands at its end, and shows the
one that is best on the validation images, measured on the test images. In `degradation`
each configuration has a rate of its own, chosen beforehand; in the others all have the
same.

The cuts that decide a claim were fixed before any run at full size: accuracies differ
from one percentage point on, a block is ahead of another from a tenth of what it learns
on, sizes differ from a quarter on. What was changed after a look at runs with one to
three seeds: `new_block` has a linear layer that sees each place of the maps, since
without blocks the mean of each map could not tell the classes, and it trains in larger
batches; the blocks of `taylor` have equal shapes, so that first and last differ in
their place alone, and their sizes are measured before the training as well; networks
without norm that begin at 0 have Kaiming's weights elsewhere, without which they hardly
trained on the digits; rates, and numbers of seeds. `beats_lenet` was left as it was,
though one run each says that LeNet gets 0.86 to 0.87 of Fashion-MNIST, not 0.84, from
Kaiming's weights or with standardized pixels.

`taylor` and `resnext` have a look, at few images of 7 x 7 pixels; that of `resnext` is
too short to tell. The others have none: at full size one seed of `degradation` takes 42
seconds, of `new_block` 30, of `skips_alone` 64 and of `beats_lenet` 130, each at least;
and what 8 seconds leave for three seeds is not enough for their networks to learn. On
192 images of 7 x 7 pixels, with 8 passes, `skips_alone` has its answer, in 18 seconds;
`degradation` with 6 passes has not, in 20.
"""

from helpers.chapters.residual_networks.claims.blocks import new_block, taylor
from helpers.chapters.residual_networks.claims.depth import degradation, skips_alone
from helpers.chapters.residual_networks.claims.networks import beats_lenet, resnext

__all__ = [
    "beats_lenet",
    "degradation",
    "new_block",
    "resnext",
    "skips_alone",
    "taylor",
]
