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
from helpers.models.residual import Bottleneck, Residual, ResNet, residual_stages

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "BatchNorm",
    "Bottleneck",
    "ConvNet",
    "GoogLeNet",
    "Inception",
    "LayerRow",
    "LayerTable",
    "LeNet",
    "NiN",
    "ResNet",
    "Residual",
    "SoftmaxRegression",
    "inception",
    "kaiming_init",
    "layer_table",
    "nin_block",
    "residual_stages",
    "vgg_block",
]
