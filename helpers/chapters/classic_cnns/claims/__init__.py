"""Claims of chapter 6, classic convolutional networks: experiment and question of each.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed, which the configurations share: it draws initial weights
and order. Images are shrunk to half their height and width first, but for AlexNet's
additions and the families, whose networks are made for 28 x 28 pixels. Networks train
by Adam, with a rate that goes through one cycle. Where they are compared, each trains
with the rates of a grid and shows the one that is best on the validation images,
measured on the test images; the families and NiN's starts say which rates they have.
The cuts that decide a claim were fixed before any run: accuracies differ from one
percentage point on, and a start fails where the accuracy stays below a half. What was
changed after a look: the second cut of the gradients' ratio, from 10 to 100; the cycle,
where a rate that starts at its height stopped AlexNet; and the sizes of NiN's starts
and of AlexNet's additions, which were too small to tell slow from stuck.
"""

from helpers.chapters.classic_cnns.claims.blocks import (
    alexnet_steps,
    bottleneck,
    several_sizes,
)
from helpers.chapters.classic_cnns.claims.networks import families
from helpers.chapters.classic_cnns.claims.starts import auxiliary_head, nin_starts

__all__ = [
    "alexnet_steps",
    "auxiliary_head",
    "bottleneck",
    "families",
    "nin_starts",
    "several_sizes",
]
