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
from helpers.models.ngram import NGram
from helpers.models.normalization import BatchNorm
from helpers.models.recurrent import (
    CharModel,
    GRUCell,
    LSTMCell,
    Recurrent,
    RNNCell,
    detached,
    generate,
    perplexity,
    set_forget_bias,
    softmax_at,
)
from helpers.models.residual import Bottleneck, Residual, ResNet, residual_stages

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "BatchNorm",
    "Bottleneck",
    "CharModel",
    "ConvNet",
    "EfficientNetLite0",
    "GRUCell",
    "GoogLeNet",
    "Inception",
    "LSTMCell",
    "LayerRow",
    "LayerTable",
    "LeNet",
    "MBConv",
    "NGram",
    "NiN",
    "ResNet",
    "Residual",
    "RNNCell",
    "Recurrent",
    "SoftmaxRegression",
    "efficientnet_input",
    "imagenet_classes",
    "detached",
    "generate",
    "inception",
    "kaiming_init",
    "layer_table",
    "load_efficientnet",
    "nin_block",
    "residual_stages",
    "perplexity",
    "set_forget_bias",
    "softmax_at",
    "vgg_block",
]
