"""The explorer `layer_by_layer`: feature maps of an image through a trained network."""

from functools import lru_cache

import torch
from torch import Tensor, nn

from helpers.chapters.classic_cnns.parts import parts_of, text_of
from helpers.training.modes import evaluating
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import Explorer, explorer
from helpers.widgets.feature_maps import maps_pane
from helpers.widgets.scene import Pane
from helpers.words import many

WIDTH, HEIGHT = 690, 330
SHARE = 3.4  # of the maps; the image has 1
MOST_MAPS = 64  # that are drawn


def layer_by_layer(net: nn.Module, images: Tensor) -> Explorer:
    """Show the feature maps of images in each layer of a network.

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
    def maps_of(image: int) -> dict[str, Tensor]:
        return feature_maps(net, images[image : image + 1])

    layers = list(maps_of(0))
    if len(layers) < 2:
        raise ValueError(f"{type(net).__name__} has no two layers that put out maps")
    last, widest = len(images) - 1, max(map(len, maps_of(0).values()))

    @explorer(width=WIDTH, height=HEIGHT)
    def layer_by_layer(
        image=IntSlider(0, last, start=0),
        layer=Choice(*layers),
        channel=IntSlider(0, widest, start=0),
    ):
        """The maps of a layer; channel 0 shows all of them."""
        maps = maps_of(image)[layer]
        left = Pane(f"image {image}", xticks={}, yticks={}, equal=True, name="image")
        gray = images[image, 0].cpu()[..., None].expand(-1, -1, 3)
        left.image(gray, (0, 1), (0, 1), name="pixels")
        one = min(channel, len(maps))
        shown = [one - 1] if one else range(min(len(maps), MOST_MAPS))
        size = WIDTH * SHARE / (1 + SHARE), HEIGHT
        right = maps_pane(layer, maps, *size, shown)
        right.share = SHARE
        return _in_words(layer, maps, channel), left, right

    return layer_by_layer()


def feature_maps(net: nn.Module, X: Tensor) -> dict[str, Tensor]:
    """Maps (c, h, w) that each layer makes of one image X (1, c, h, w).

    The names are number and words, "1 conv 5 × 5"; layers that put out vectors are
    left out.
    """
    found: dict[str, Tensor] = {}
    parts = [layer for _, layer in parts_of(net)]

    def keep(layer: nn.Module, inputs: tuple, output: Tensor) -> None:
        if output.ndim == 4:
            maps = output[0].float().cpu().clone()  # a ReLU in place would change it
            found[f"{len(found) + 1} {text_of(layer)}"] = maps

    hooks = [layer.register_forward_hook(keep) for layer in parts]
    try:
        with torch.no_grad(), evaluating(net):
            net(X)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _in_words(layer: str, maps: Tensor, channel: int) -> str:
    count, h, w = maps.shape
    empty = int((maps == 0).all(2).all(1).sum())
    zero = "none is" if not empty else "1 is" if empty == 1 else f"{empty} are"
    says = (
        f"Layer {layer} makes {many(count, 'map')} of {h} × {w} from this image; "
        f"{zero} 0 everywhere."
    )
    if not channel:
        return f"{says} Channel 0 stands for all of them."
    one = min(channel, count)
    which = f"channel {one}" + (", the last" if one < channel else "")
    share = (maps[one - 1] == 0).float().mean().item()
    return f"{says} In {which}, {share:.0%} of the values are 0."
