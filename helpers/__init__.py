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
    NameData,
    PointData,
    Text,
    Vocab,
    WindowData,
    clean_text,
    emoji_concepts,
    load_emoji,
    load_images,
    load_names,
    load_photo_set,
    load_photograph,
    load_time_machine,
    make_points,
    make_regression,
    minibatches,
    ngram_counts,
    random_windows,
    sequential_windows,
    spelled,
    text_windows,
    tokenize,
    windows,
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
    CharModel,
    ConvNet,
    EfficientNetLite0,
    GoogLeNet,
    GRUCell,
    Inception,
    LeNet,
    LSTMCell,
    MBConv,
    NGram,
    NiN,
    Recurrent,
    RNNCell,
    SoftmaxRegression,
    detached,
    efficientnet_input,
    generate,
    imagenet_classes,
    kaiming_init,
    layer_table,
    load_efficientnet,
    nin_block,
    perplexity,
    set_forget_bias,
    softmax_at,
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
    "CharModel",
    "Choice",
    "ConvNet",
    "CostView",
    "DecisionView",
    "EfficientNetLite0",
    "Examples",
    "Pane",
    "GRUCell",
    "GoogLeNet",
    "History",
    "ImageData",
    "Inception",
    "LSTMCell",
    "LeNet",
    "MBConv",
    "NGram",
    "NameData",
    "NiN",
    "RNNCell",
    "Recurrent",
    "Slider",
    "LogSlider",
    "PointData",
    "SketchPad",
    "SoftmaxRegression",
    "Text",
    "TuningPanel",
    "IntSlider",
    "Vocab",
    "WindowData",
    "accuracy",
    "check_band",
    "clean_text",
    "d2l",  # noqa: F822  (made by __getattr__)
    "default_device",
    "efficientnet_input",
    "emoji_concepts",
    "evaluate",
    "explorer",
    "fit",
    "imagenet_classes",
    "detached",
    "evaluate",
    "explorer",
    "fit",
    "generate",
    "kaiming_init",
    "layer_table",
    "load_checkpoint",
    "load_efficientnet",
    "load_emoji",
    "load_images",
    "load_photo_set",
    "load_names",
    "load_photograph",
    "load_time_machine",
    "make_points",
    "make_regression",
    "minibatches",
    "ngram_counts",
    "nin_block",
    "perplexity",
    "plot_curves",
    "plot_network",
    "random_windows",
    "save_checkpoint",
    "seeded",
    "sequential_windows",
    "set_forget_bias",
    "show_images",
    "show_layers",
    "softmax_at",
    "spelled",
    "text_windows",
    "tokenize",
    "train",
    "vgg_block",
    "windows",
    "with_label_noise",
]


def __getattr__(name: str):
    # d2l brings pandas and takes a while, and most notebooks never need it
    if name == "d2l":
        return compat.import_d2l()
    raise AttributeError(f"module 'helpers' has no attribute {name!r}")
