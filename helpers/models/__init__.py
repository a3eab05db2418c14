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
from helpers.models.efficientnet import (
    EfficientNetLite0,
    MBConv,
    efficientnet_input,
    imagenet_classes,
    load_efficientnet,
)
from helpers.models.layer_table import LayerRow, LayerTable, layer_table
from helpers.models.normalization import BatchNorm

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "BatchNorm",
    "ConvNet",
    "EfficientNetLite0",
    "GoogLeNet",
    "Inception",
    "LayerRow",
    "LayerTable",
    "LeNet",
    "MBConv",
    "NiN",
    "SoftmaxRegression",
    "efficientnet_input",
    "imagenet_classes",
    "inception",
    "kaiming_init",
    "layer_table",
    "load_efficientnet",
    "nin_block",
    "vgg_block",
]
