"""The course's package: what the notebooks import, by name, from one place."""

import torch

from helpers import compat
from helpers.threads import num_threads

compat.mend_torchvision()
torch.set_num_threads(num_threads())

# ruff: noqa: E402  (the imports below need what stands above)
from helpers.checkpoints import load_checkpoint, save_checkpoint
from helpers.data import (
    Examples,
    ImageData,
    PointData,
    emoji_concepts,
    load_emoji,
    load_images,
    load_photo_set,
    load_photograph,
    make_points,
    make_regression,
    minibatches,
    with_label_noise,
)
from helpers.devices import default_device
from helpers.figures import (
    plot_curves,
    plot_network,
    show_figures,
    show_images,
    show_layers,
)
from helpers.models import (
    MLP,
    VGG,
    AlexNet,
    BatchNorm,
    ConvNet,
    EfficientNetLite0,
    GoogLeNet,
    Inception,
    LeNet,
    MBConv,
    NiN,
    SoftmaxRegression,
    efficientnet_input,
    imagenet_classes,
    kaiming_init,
    layer_table,
    load_efficientnet,
    nin_block,
    vgg_block,
)
from helpers.seeds import seeded
from helpers.training import History, accuracy, check_band, evaluate, fit, train
from helpers.widgets import (
    Choice,
    CostView,
    DecisionView,
    IntSlider,
    LogSlider,
    SketchPad,
    Slider,
    TuningPanel,
)
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import Pane

show_figures()

__all__ = [
    "MLP",
    "VGG",
    "AlexNet",
    "BatchNorm",
    "Choice",
    "ConvNet",
    "CostView",
    "DecisionView",
    "EfficientNetLite0",
    "Examples",
    "Pane",
    "GoogLeNet",
    "History",
    "ImageData",
    "Inception",
    "LeNet",
    "MBConv",
    "NiN",
    "Slider",
    "LogSlider",
    "PointData",
    "SketchPad",
    "SoftmaxRegression",
    "TuningPanel",
    "IntSlider",
    "accuracy",
    "check_band",
    "d2l",  # noqa: F822  (made by __getattr__)
    "default_device",
    "efficientnet_input",
    "emoji_concepts",
    "evaluate",
    "explorer",
    "fit",
    "imagenet_classes",
    "kaiming_init",
    "layer_table",
    "load_checkpoint",
    "load_efficientnet",
    "load_emoji",
    "load_images",
    "load_photo_set",
    "load_photograph",
    "make_points",
    "make_regression",
    "minibatches",
    "nin_block",
    "plot_curves",
    "plot_network",
    "save_checkpoint",
    "seeded",
    "show_images",
    "show_layers",
    "train",
    "vgg_block",
    "with_label_noise",
]


def __getattr__(name: str):
    # d2l brings pandas and takes a while, and most notebooks never need it
    if name == "d2l":
        return compat.import_d2l()
    raise AttributeError(f"module 'helpers' has no attribute {name!r}")
