"""The explorer `layer_by_layer`: feature maps of an image through a trained network."""

from functools import lru_cache

import torch
from torch import Tensor, nn

from helpers.chapters.classic_cnns.parts import parts_of, text_of
from helpers.training.modes import evaluating
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import Explorer, explorer
from helpers.widgets.feature_maps import maps_pane
from helpers.widgets.opened_value import MOST_MAPS, Opened, Step, opened, value_panes
from helpers.widgets.scene import Pane
from helpers.words import many, number

WIDTH, HEIGHT = 690, 330
SHARE = 3.4  # of the maps; the image has 1
TINY = 1e-5  # rounding
NOTES = {
    nn.MaxPool2d: " The largest of a window has the weight 1, the others 0.",
    nn.ReLU: " The weight is 1 above 0, and else 0.",
}
BLOCK = " A block is a weighted sum only around this image: its ReLUs switch."


def layer_by_layer(net: nn.Module, images: Tensor) -> Explorer:
    """Show the feature maps of images in each layer of a network.

    Of one channel a value is opened: the window that it came from, and the products.

    Parameters
    ----------
    net : from images to logits; it stays as it is, and is asked in evaluation mode.
    images : (n, 1, h, w), values 0..1, n of at least 2.

    Raises
    ------
    ValueError : other images, or no layer of ``net`` puts out maps.
    """
    if images.ndim != 4 or images.shape[1] != 1 or len(images) < 2:
        raise ValueError(
            f"images have shape {tuple(images.shape)}: expected (n, 1, h, w) with n of "
            "at least 2"
        )

    @lru_cache(maxsize=32)
    def steps_of(image: int) -> dict[str, Step]:
        return feature_maps(net, images[image : image + 1])

    layers = list(steps_of(0))
    if len(layers) < 2:
        raise ValueError(f"{type(net).__name__} has no two layers that put out maps")
    shapes = [step.maps.shape for step in steps_of(0).values()]
    last, widest = len(images) - 1, max(c for c, _, _ in shapes)
    rows, columns = (max(s[axis] for s in shapes) for axis in (1, 2))

    @explorer(width=WIDTH, height=HEIGHT, handles=("row", "column"))
    def layer_by_layer(
        image=IntSlider(0, last, start=0),
        layer=Choice(*layers, start=layers[1]),
        channel=IntSlider(0, widest, start=0),
        row=IntSlider(1, rows, start=rows // 2),
        column=IntSlider(1, columns, start=columns // 2),
    ):
        """All maps of a layer, as channel 0, or one with one of its values opened."""
        step = steps_of(image)[layer]
        says = _in_words(layer, step.maps)
        if channel:
            count, h, w = step.maps.shape
            at = min(channel, count) - 1, min(row, h) - 1, min(column, w) - 1
            value = opened(step, *at)
            says += _value_in_words(step, at, channel, value)
            return says, *value_panes(layer, step, at, value, WIDTH, HEIGHT)
        left = Pane(f"image {image}", xticks={}, yticks={}, equal=True, name="image")
        gray = images[image, 0].cpu()[..., None].expand(-1, -1, 3)
        left.image(gray, (0, 1), (0, 1), name="pixels")
        size = WIDTH * SHARE / (1 + SHARE), HEIGHT
        shown = range(min(len(step.maps), MOST_MAPS))
        right = maps_pane(layer, step.maps, *size, shown)
        right.share = SHARE
        return f"{says} Channel 0 stands for all of them.", left, right

    return layer_by_layer()


def feature_maps(net: nn.Module, X: Tensor) -> dict[str, Step]:
    """What goes into each layer and comes out, for one image X (1, c, h, w).

    The names are number and words, "1 conv 5 × 5"; layers that put out vectors are
    left out.
    """
    found: dict[str, Step] = {}
    parts = [layer for _, layer in parts_of(net)]
    given: dict[nn.Module, Tensor] = {}

    def begin(layer: nn.Module, inputs: tuple[Tensor]) -> None:
        given[layer] = inputs[0][0].clone()  # a ReLU in place would change it

    def keep(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        if output.ndim == 4:
            step = Step(layer, given[layer], output[0].float().cpu().clone())
            found[f"{len(found) + 1} {text_of(layer)}"] = step

    hooks = [layer.register_forward_pre_hook(begin) for layer in parts]
    hooks += [layer.register_forward_hook(keep) for layer in parts]
    try:
        with torch.no_grad(), evaluating(net):
            net(X)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _in_words(layer: str, maps: Tensor) -> str:
    count, h, w = maps.shape
    empty = int((maps == 0).all(2).all(1).sum())
    zero = "none is" if not empty else "1 is" if empty == 1 else f"{empty} are"
    return (
        f"Layer {layer} makes {many(count, 'map')} of {h} × {w} from this image; "
        f"{zero} 0 everywhere."
    )


def _value_in_words(
    step: Step, at: tuple[int, int, int], asked: int, value: Opened
) -> str:
    one, row, column = (k + 1 for k in at)
    which = f"channel {one}" + (", the last" if one < asked else "")
    share = (step.maps[at[0]] == 0).float().mean().item()
    count, high, wide = value.window.shape
    bias = "the bias " if isinstance(step.layer, nn.Conv2d) else ""
    plus = f", plus {bias}{number(value.rest)}" if abs(value.rest) > TINY else ""
    note = BLOCK if list(step.layer.children()) else NOTES.get(type(step.layer), "")
    return (
        f" In {which}, {share:.0%} of the values are 0. At row {row}, column {column} "
        f"it has {number(value.value)}: {many(value.products.numel(), 'product')} "
        f"from a window of {high} × {wide} in {many(count, 'map')}, with the sum "
        f"{number(value.products.sum().item())}{plus}.{note}"
    )
