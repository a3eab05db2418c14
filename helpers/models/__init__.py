"""Reference networks; each docstring names the chapter that teaches it."""

from helpers.models.classic import (
    VGG,
    AlexNet,
    GoogLeNet,
    Inception,
    LeNet,
    NiN,
    inception,
    nin_block,
    vgg_block,
)
from helpers.models.conv_net import ConvNet
from helpers.models.dense import MLP, SoftmaxRegression, kaiming_init
from helpers.models.layer_table import LayerRow, LayerTable, layer_table
from helpers.models.normalization import BatchNorm

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "BatchNorm",
    "ConvNet",
    "GoogLeNet",
    "Inception",
    "LayerRow",
    "LayerTable",
    "LeNet",
    "NiN",
    "SoftmaxRegression",
    "inception",
    "kaiming_init",
    "layer_table",
    "nin_block",
    "vgg_block",
]
